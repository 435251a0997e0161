"""What a client of a Service's ports sees, from the facts of those ports. Claims name their premise."""

from collections.abc import Iterable

from kubesvc.analyzer import wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.model.cell import Cell
from kubesvc.model.objects import Service, ServicePort
from kubesvc.semantics import processes, proxy


def seen(service: Service, ports: Iterable[PortFacts]) -> str:
    """Write what clients of `ports` see: who is reached where somebody is, how the others are refused."""
    known = tuple(ports)
    if service.headless:
        return _names(service, known)
    if not known:
        return "nobody is reached"
    without = [facts.port for facts in known if facts.port and not facts.sent]
    parts = [_rejected(service, without)] if without else []
    parts += [
        f"{_target(service, facts.port)} {_reached(service, facts)}"
        for facts in known
        if facts.port and facts.sent
    ]
    said = ", ".join(parts)
    if not proxy.has_virtual_address(service):
        return said
    return f"inside the cluster, {said} (where kube-proxy forwards)"


def _reached(service: Service, facts: PortFacts) -> str:
    """Write who of a port's endpoints is reached inside the cluster; an unnamed node is no client's own.

    Whether anybody is at an address that is no selected pod's is not known, unless its pod is gone.
    """
    gone, silent, usable = (_number(cells) for cells in (facts.gone, facts.silent, facts.usable))
    if gone:
        return _astray(gone, usable + silent)
    if silent and not usable:
        return f"is forwarded to {wording.count(silent, 'endpoint')}, {_unheard(facts)}"
    local = proxy.is_local_inside(service)
    cells = facts.local if local else facts.usable
    number = _number(cells)
    if local and not number:
        return "reaches no endpoint, as none names its node"
    verb = "reaches" if all(cell.pod for cell in cells) else "is forwarded to"
    each = "each " if number > 1 else ""
    own = f", {each}from its own node only" if local else ""
    return f"{verb} {wording.count(number, 'endpoint')}{own}{_unheard_too(silent)}"


def _number(cells: Iterable[Cell]) -> int:
    return len({cell.place.endpoint for cell in cells})


def _unheard(facts: PortFacts) -> str:
    """Say what comes of it that no container which would listen runs; where none does, that is sure."""
    one = _number(facts.silent) == 1
    if not all(cell.pod and processes.is_empty(cell.pod) for cell in facts.silent):
        return "whose container does not run" if one else "whose containers do not run"
    tcp = facts.port is None or facts.port.protocol == "TCP"
    way = proxy.Rejection.REFUSED if tcp else proxy.Rejection.UNREACHABLE
    whose = "its pod" if one else "their pods"
    return f"which {_verb(way, 1 if one else 2)}: the containers of {whose} do not run"


def _unheard_too(silent: int) -> str:
    if not silent:
        return ""
    whose = "whose container does" if silent == 1 else "whose containers do"
    return f", and leads to {silent} more, {whose} not run"


def _astray(gone: int, others: int) -> str:
    if others:
        return f"is forwarded to {wording.count(gone + others, 'endpoint')}, {gone} of them gone"
    pods = "the pod of its only endpoint is" if gone == 1 else f"the pods of its {gone} endpoints are"
    return f"leads nowhere: {pods} gone"


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
    sent = {facts.key: facts.sent for facts in known}
    answered = {cell.address for cells in sent.values() for cell in cells}
    if not answered:
        return f"{service.metadata.name} resolves to no address (where CoreDNS answers)"
    gone = {cell.address for facts in known for cell in facts.gone}
    silent = {cell.address for facts in known for cell in facts.silent}
    left = f", {len(gone)} of them of pods that are gone" if gone else ""
    left += f", {len(silent)} of them of pods whose container does not run" if silent else ""
    said = f"{service.metadata.name} resolves to {wording.count(len(answered), 'address')}{left}"
    lacking = [key for key, cells in sent.items() if key and any(not cell.number for cell in cells)]
    records = f"; SRV records of {', '.join(lacking)} lack those without the port" if lacking else ""
    return f"{said} (where CoreDNS answers){records}"
