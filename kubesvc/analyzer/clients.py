"""What a client of a Service's ports sees, from the facts of those ports. Claims name their premise."""

from collections.abc import Iterable

from kubesvc.analyzer import wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.model.objects import Service, ServicePort
from kubesvc.semantics import proxy


def seen(service: Service, ports: Iterable[PortFacts]) -> str:
    """Write what clients of `ports` see: who is reached where somebody is, how the others are refused."""
    known = tuple(ports)
    if service.headless:
        return _names(service, known)
    if not known:
        return "nobody is reached"
    without = [facts.port for facts in known if facts.port and not facts.usable]
    parts = [_rejected(service, without)] if without else []
    parts += [
        f"{_target(service, facts.port)} {_reached(service, facts)}"
        for facts in known
        if facts.port and facts.usable
    ]
    said = ", ".join(parts)
    if not proxy.has_virtual_address(service):
        return said
    return f"inside the cluster, {said} (where kube-proxy forwards)"


def _reached(service: Service, facts: PortFacts) -> str:
    """Write who of a port's endpoints is reached inside the cluster; an unnamed node is no client's own.

    Whether anybody is at an address that is no selected pod's is not known.
    """
    local = proxy.is_local_inside(service)
    cells = facts.local if local else facts.usable
    number = len({cell.place.endpoint for cell in cells})
    if local and not number:
        return "reaches no endpoint, as none names its node"
    verb = "reaches" if all(cell.pod for cell in cells) else "is forwarded to"
    each = "each " if number > 1 else ""
    own = f", {each}from its own node only" if local else ""
    return f"{verb} {wording.count(number, 'endpoint')}{own}"


def _rejected(service: Service, ports: Iterable[ServicePort]) -> str:
    ways: dict[proxy.Rejection, list[str]] = {}
    for port in ports:
        ways.setdefault(proxy.rejection(service, port), []).append(_target(service, port))
    return ", ".join(f"{wording.names(targets)} {_verb(way, len(targets))}" for way, targets in ways.items())


def _target(service: Service, port: ServicePort) -> str:
    suffix = "" if port.protocol == "TCP" else f"/{port.protocol}"
    return f"{service.metadata.name}:{port.port}{suffix}"


def _verb(way: proxy.Rejection, number: int) -> str:
    singular, _, rest = way.value.partition(" ")
    plural = {"has": "have"}.get(singular, singular.removesuffix("s"))
    return f"{singular if number == 1 else plural} {rest}"


def _names(service: Service, ports: Iterable[PortFacts]) -> str:
    """A headless name answers ready endpoints, whatever their ports; only SRV records need a port."""
    known = tuple(ports)
    answered = {cell.address for facts in known for cell in facts.usable}
    if not answered:
        return f"{service.metadata.name} resolves to no address (where CoreDNS answers)"
    said = f"{service.metadata.name} resolves to {wording.count(len(answered), 'address')}"
    lacking = [facts.key for facts in known if facts.key and any(not cell.number for cell in facts.usable)]
    records = f"; SRV records of {', '.join(lacking)} lack those without the port" if lacking else ""
    return f"{said} (where CoreDNS answers){records}"
