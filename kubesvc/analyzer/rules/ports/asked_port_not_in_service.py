"""KSV204: a client dials a port that the Service does not have."""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import asked_port, commands, named_ports, near_names, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import ContainerPort, Pod, ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import ports, readiness
from kubesvc.semantics.ports import Declared

_SHOWN = 8


@rule("KSV204", "asked-port-not-in-service", since="0.1")
def asked_port_not_in_service(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a port that was asked about with --port and that the Service does not have.

    What it means
        The virtual address of a Service forwards the ports that `spec.ports` lists, and no others, whatever
        its pods listen on. Clients dial `port`; `targetPort` is where the pods receive, and `nodePort` is for
        the addresses of nodes. A headless name leads to the pods themselves: there any port may be dialed
        that a pod listens on, and the Service does not say which.

    How to confirm
        `kubectl get service NAME` shows each port, after a colon its node port, and its protocol.

    How to fix
        Have the client dial a port of the Service, or add the port to it.

    When this is fine
        The question was about another Service.
    """
    if not view.judged.lacking:
        return
    meant, declared = tuple(_meant(view)), tuple(_declared(view))
    yield this.finding(
        view,
        f"port {view.asked} is not among the ports of the Service",
        [view.place._replace(port=view.asked, field="spec.ports")],
        view.ref,
        _rows(view, meant, declared),
        fixes=_fixes(view, meant, declared),
        # A headless name hides no port: what is dialed reaches the pods.
        effect=Effect.ADVICE if view.service.headless else None,
    )


class _Meant(Struct, frozen=True):
    """A port of the Service that was probably meant, and what speaks for it."""

    port: ServicePort
    because: str


def _meant(view: ServiceView) -> Iterator[_Meant]:
    """Yield what the number or the name is instead, else the names near to it."""
    wanted, protocol = asked_port.split(view.asked)
    found = False
    for port in view.service.spec.ports:
        for because in _is(view, port, wanted, protocol):
            found = True
            yield _Meant(port, because)
    if isinstance(wanted, str) and not found:
        named = {port.name: port for port in view.service.spec.ports}
        for name in near_names.nearest(wanted, named):
            yield _Meant(named[name], f"port {name} is the nearest by name")


def _is(view: ServiceView, port: ServicePort, wanted: int | str, protocol: str) -> Iterator[str]:
    """Say what else of a port the number or name is, unless it is for another protocol than is dialed."""
    if protocol and port.protocol != protocol:
        if wanted == port.port:
            yield f"{wanted} is there for {port.protocol}"
        return
    if wanted in {ports.target(port), *_led(view, port), *_called(view, port)}:
        yield f"{wanted} is the target port of port {port.key}: pods receive there, clients dial {port.port}"
    if port.node_port and wanted == port.node_port:
        yield (
            f"{wanted} is the node port of port {port.key}: it is dialed at the address of a node, "
            f"and {port.port} at that of the Service"
        )


def _led(view: ServiceView, port: ServicePort) -> set[int | None]:
    """Return the numbers of the pods to which a port leads."""
    return {cell.number for cell in view.all_cells if cell.place.port == port.key}


def _called(view: ServiceView, port: ServicePort) -> set[str]:
    """Return how pods call the numbers to which a port leads."""
    led = _led(view, port)
    found = named_ports.declared_by(_live(view))
    return {e.port.name for e in found if e.port.container_port in led and e.port.protocol == port.protocol}


def _declared(view: ServiceView) -> Iterator[Declared]:
    """Yield what every pod declares by this number or name, where no port of the Service leads."""
    wanted, protocol = asked_port.split(view.asked)
    members = _live(view)
    led = {(number, port.protocol) for port in view.service.spec.ports for number in _led(view, port)}
    for entry in named_ports.declared_by(members):
        port = entry.port
        fits = wanted in (port.container_port, port.name) and port.protocol == (protocol or port.protocol)
        everywhere = all(port in [other.port for other in ports.declared(pod.spec)] for pod in members)
        free = (port.container_port, port.protocol) not in led
        if fits and everywhere and free and entry.role is not ports.Role.INIT:
            yield entry


def _live(view: ServiceView) -> list[Pod]:
    pods = view.optional(lambda: view.pods) or ()
    return [p for p in pods if not readiness.is_terminal(p) and p.metadata.deletion_timestamp is None]


def _rows(view: ServiceView, meant: tuple[_Meant, ...], declared: tuple[Declared, ...]) -> Iterator[Row]:
    known = view.service.spec.ports
    for position, port in enumerate(known[:_SHOWN]):
        yield Row("ports" if position == 0 else "", wording.mapping(port), "spec.ports")
    if len(known) > _SHOWN:
        yield Row("", f"and {len(known) - _SHOWN} more", "spec.ports")
    for found in meant:
        yield Row("meant", found.because, "spec.ports")
    if view.asked == str(view.service.spec.health_check_node_port):
        value = f"{view.asked} is the health check node port: kube-proxy answers load balancers there"
        yield Row("meant", value, "spec.healthCheckNodePort")
    if declared:
        shown = named_ports.show(declared)
        pods = wording.count(len(_live(view)), "pod")
        yield Row("pods", f"{pods}, each declares {shown}: no port leads there", "spec.containers[].ports")
    if isinstance(asked_port.split(view.asked)[0], int):
        yield Row("clients", _clients(view), "spec.ports")


def _clients(view: ServiceView) -> str:
    dialed = f"{view.service.metadata.name}:{view.asked}"
    if view.service.headless:
        return f"{dialed} reaches the pods themselves, where it is not known what listens"
    return (
        f"{dialed} leads nowhere: kube-proxy refuses it in its nftables mode, and has no rule for it "
        "in its iptables mode, so that packets usually get lost"
    )


def _fixes(view: ServiceView, meant: tuple[_Meant, ...], declared: tuple[Declared, ...]) -> Iterator[Fix]:
    if view.service.headless:
        return
    if len(declared) == 1:
        yield from _addition(view, declared[0].port)
    for port in dict.fromkeys(found.port for found in meant):
        suffix = "" if port.protocol == "TCP" else f"/{port.protocol}"
        title = f"dial {view.service.metadata.name}:{port.port}{suffix}"
        yield Fix(title=title, certainty=Confidence.LIKELY)


def _addition(view: ServiceView, declared: ContainerPort) -> Iterator[Fix]:
    """Offer to add the port; of several each needs a name of its own (validation.go, ValidateService)."""
    known = view.service.spec.ports
    number, protocol = declared.container_port, declared.protocol
    name = declared.name or f"port-{number}"
    taken = any(port.name == name or (port.port, port.protocol) == (number, protocol) for port in known)
    if taken or not all(port.name for port in known):
        return
    added = {"name": name, "port": number, "protocol": protocol, "targetPort": number}
    guard = (("spec", "ports", len(known) - 1, "name"), known[-1].name)
    change = Change(view.ref, (Op(("spec", "ports", len(known)), added, guard, new=True),))
    outside = view.service.spec.type in ("NodePort", "LoadBalancer")
    yield Fix(
        title=f"add port {number}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=("It is then open from outside the cluster, too.",) if outside else (),
    )
