"""KSV203: a numeric target port that looks like another one than the pods serve."""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import commands, listening, named_ports, numbered_ports, wording
from kubesvc.analyzer.listening import Asked, Said
from kubesvc.analyzer.numbered_ports import NumberedPort
from kubesvc.analyzer.port_changes import port_change
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.report import Command, Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import ports

_PORTS = "spec.containers[].ports"


@rule("KSV203", "undeclared-target-port", since="0.1")
def undeclared_target_port(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a numeric target port that looks like another one than the pods serve.

    What it means
        A number is taken as it is: nothing checks that a container declares it or listens there, and the
        endpoints are ready either way. A target port that is left out is the number of the port itself.
        Declarations inform and open nothing, so that an undeclared target port is no error. It is worth a
        look where the pods declare another port to which nothing of the Service leads; and more so where
        arguments or the readiness probe name that one, or where the number is that of an exporter. Where
        nothing is declared, arguments alone tell: those of the only container, if all pods are given the same
        one number and no port of the Service leads there.

    How to confirm
        A request through the API server's pod proxy dials the pod's address at that port; `kubectl
        port-forward` dials localhost inside the pod and proves less.

    How to fix
        Set the target port to the number, or the name, of the port that the application listens on; or
        declare the port in the template, if it does listen there.

    When this is fine
        The application listens on the port, and the template does not say so.
    """
    for wanted in numbered_ports.numbered_ports(view):
        clue = _clue(view, wanted)
        if clue is not None:
            yield this.finding(
                view,
                f"target port {wanted.number} of port {wanted.port.key} is {clue.headline}",
                [view.place._replace(port=wanted.port.key)],
                view.ref,
                _rows(wanted, clue),
                confirm=_confirm(wanted),
                fixes=_fixes(view, wanted, clue),
                confidence=clue.confidence,
                effect=Effect.ADVICE,
            )


class _Clue(Struct, frozen=True):
    """What makes a target port doubtful; `number` is the one that was probably meant, if one stands out."""

    headline: str
    confidence: Confidence
    number: int | None
    rows: tuple[Row, ...] = ()


def _clue(view: ServiceView, wanted: NumberedPort) -> _Clue | None:
    if listening.is_aside(wanted.port.name) or listening.is_aside(view.service.metadata.name):
        return None
    if wanted.declared:
        return _exporter(wanted)
    if wanted.number in listening.mentioned(wanted.pods):
        return None
    if not all(listening.serving(pod) for pod in wanted.pods):
        return _unsaid(view, wanted)
    return _elsewhere(wanted) or _undeclared(wanted, alone=len(view.service.spec.ports) == 1)


def _exporter(wanted: NumberedPort) -> _Clue | None:
    """Tell of a number that is declared for metrics or the like, where the named port is another one."""
    first, meant = wanted.declared[0], wanted.namesake
    if meant is None or not all(map(listening.aside, wanted.declared)):
        return None
    name = f" as {first.port.name}" if first.port.name else ""
    headline = f"declared{name} by container {first.container}"
    alike = "has the name of the port" if wanted.port.name else "is the only other one"
    rows = (Row("meant", f"{named_ports.show([meant])} of container {meant.container} {alike}", _PORTS),)
    return _Clue(headline, Confidence.LIKELY, meant.port.container_port, rows)


def _elsewhere(wanted: NumberedPort) -> _Clue | None:
    """Tell of arguments or readiness probes that all name one other port."""
    called = wanted.namesake.port.container_port if wanted.namesake else None
    probes = [asked for asked in wanted.asked if asked.number == called]
    numbers = {said.number for said in wanted.said} | {asked.number for asked in probes}
    rows = (*map(_argument, wanted.said), *map(_probe, probes))
    if not rows:
        return None
    meant = next(iter(numbers)) if len(numbers) == 1 else None
    named = meant or " or ".join(map(str, sorted(numbers)))
    headline = f"declared by none of the containers, and the pods seem to listen on {named}"
    return _Clue(headline, Confidence.LIKELY, meant, rows)


def _unsaid(view: ServiceView, wanted: NumberedPort) -> _Clue | None:
    """Tell of the arguments of pods that declare nothing: which number is another one only they say.

    A probe that asks there as well confirms it; by itself it may ask a port that is for health alone.
    """
    declared = any(listening.serving(pod) for pod in wanted.pods)
    if declared or not (wanted.said_by_all and _is_only_target(view, wanted)):
        return None
    number = wanted.said[0].number
    probes = [asked for asked in wanted.asked if asked.number == number]
    headline = f"not what the pods seem to listen on, which is {number}; nothing is declared"
    rows = (*map(_argument, wanted.said), *map(_probe, probes))
    return _Clue(headline, Confidence.LIKELY, number, rows)


def _is_only_target(view: ServiceView, wanted: NumberedPort) -> bool:
    """Tell whether no other target could be the one that the arguments mean; ports beside it are not."""
    others = (port for port in view.service.spec.ports if not listening.is_aside(port.name))
    return all(ports.target(port) == wanted.number for port in others)


def _argument(said: Said) -> Row:
    return Row("arguments", f"container {said.container}: {said.flag} {said.number}", "arguments")


def _probe(asked: Asked) -> Row:
    called = f" ({asked.name})" if asked.name else ""
    value = f"the readiness probe of container {asked.container} asks {asked.number}{called}"
    return Row("probe", value, "spec.containers[].readinessProbe")


def _undeclared(wanted: NumberedPort, *, alone: bool) -> _Clue | None:
    """Tell what is declared instead, unless a container that declares nothing may be the one that listens.

    Of several Service ports some are often not declared: only one that is called like the other is told.
    """
    silent = any(not container.ports for pod in wanted.pods for container in listening.running(pod))
    if silent or not (wanted.namesake or (alone and wanted.others)):
        return None
    meant = wanted.namesake or (wanted.others[0] if len(wanted.others) == 1 else None)
    headline = "declared by none of the containers, which declare others"
    return _Clue(headline, Confidence.PROOF, meant.port.container_port if meant else None)


def _rows(wanted: NumberedPort, clue: _Clue) -> Iterator[Row]:
    pods = wording.count(len(wanted.pods), "pod")
    verb = "declares" if len(wanted.pods) == 1 else "declare"
    shown = named_ports.show(named_ports.declared_by(wanted.pods))
    yield Row("pods", f"{pods} {verb}: {shown}", _PORTS)
    yield from clue.rows
    if wanted.number == wanted.port.port:
        value = f"{wanted.number} is the number of the port itself, which is the default"
        yield Row("target", value, "spec.ports[].targetPort")
    if not wanted.declared:
        value = f"declarations open nothing: something may listen on {wanted.number} all the same"
        yield Row("note", value, _PORTS)


def _confirm(wanted: NumberedPort) -> Iterator[Command]:
    if wanted.port.protocol == "TCP":
        meta = wanted.pods[0].metadata
        yield Command(
            commands.raw(f"/api/v1/namespaces/{meta.namespace}/pods/{meta.name}:{wanted.number}/proxy/"),
            "any HTTP answer: something listens there; needs the right pods/proxy",
        )


def _fixes(view: ServiceView, wanted: NumberedPort, clue: _Clue) -> Iterator[Fix]:
    if clue.number is None:
        return
    change = port_change(view.service, wanted.position, "targetPort", clue.number)
    yield Fix(
        title=f"target port {clue.number}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
    )
