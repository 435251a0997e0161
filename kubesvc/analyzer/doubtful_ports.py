"""Target ports that look like others than the pods serve: by declarations, arguments and probes."""

from typing import Final

from msgspec import Struct

from kubesvc.analyzer import listening, named_ports, spoken
from kubesvc.analyzer.listening import Asked, Said
from kubesvc.analyzer.numbered_ports import NumberedPort
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.report import Confidence, Row
from kubesvc.semantics import ports

PORTS: Final = "spec.containers[].ports"
_DEFAULT: Final = "TCP"
"""The protocol of ports that name none, of Services and of containers."""


class Clue(Struct, frozen=True):
    """What makes a target port doubtful; `value` is what its `field` probably should be, if known.

    `instead` tells of pods that lack what others declare what they do: a verb, and the rest.
    """

    headline: str
    instead: str
    confidence: Confidence
    value: int | str | None
    rows: tuple[Row, ...] = ()
    field: str = "targetPort"


def clue(view: ServiceView, wanted: NumberedPort) -> Clue | None:
    """Return what makes a target port doubtful for its pods, if anything does: declarations are no proof."""
    other = _other_protocol(view, wanted) if wanted.declared else None
    if other or listening.is_aside(wanted.port.name) or listening.is_aside(view.service.metadata.name):
        return other
    if wanted.declared:
        return _exporter(wanted)
    if wanted.number in listening.mentioned(wanted.pods):
        return None
    if not all(listening.serving(pod) for pod in wanted.pods):
        return _unsaid(view, wanted)
    return _elsewhere(wanted) or _undeclared(wanted, alone=len(view.service.spec.ports) == 1)


def _exporter(wanted: NumberedPort) -> Clue | None:
    """Tell of a number that is declared for metrics or the like, where the named port is another one.

    A target that is given by name was chosen: then it takes a port of the name of the Service port.
    """
    first, meant = wanted.declared[0], wanted.namesake
    chosen = isinstance(ports.target(wanted.port), str)
    if meant is None or (chosen and not wanted.port.name) or not all(map(listening.aside, wanted.declared)):
        return None
    name = f" as {first.port.name}" if first.port.name and not chosen else ""
    besides = f", and another port is called {meant.port.name}" if chosen else ""
    headline = f"declared{name} by container {first.container}{besides}"
    alike = "has the name of the port" if wanted.port.name else "is the only other one"
    rows = (Row("meant", f"{named_ports.show([meant])} of container {meant.container} {alike}", PORTS),)
    value = meant.port.name if chosen else meant.port.container_port
    return Clue(headline, "", Confidence.LIKELY, value, rows)


def _other_protocol(view: ServiceView, wanted: NumberedPort) -> Clue | None:
    """Tell of a number that is declared for another protocol alone, by a port that may just not say which.

    Not where a probe asks there, which speaks TCP, nor where a port of the Service for that protocol has the
    number, or leads there: one application often listens for both, and declares one.
    """
    protocols = {entry.port.protocol for entry in wanted.declared}
    if len(protocols) > 1 or wanted.port.protocol != _DEFAULT:
        return None
    (protocol,) = protocols
    twin = any(
        other.port == wanted.port.port or ports.find_port(pod, other, view.minor) == wanted.number
        for other in view.service.spec.ports
        if other.protocol == protocol
        for pod in wanted.pods
    )
    probed = any(wanted.number in listening.probed(pod) for pod in wanted.pods)
    if twin or probed or spoken.runs_over_tcp(wanted.port):
        return None
    headline = f"declared for {protocol} alone, and the Service port is {_DEFAULT}"
    rows = (Row("note", f"{_DEFAULT} is the default where none is written", "spec.ports[].protocol"),)
    return Clue(headline, "", Confidence.LIKELY, protocol, rows, "protocol")


def _elsewhere(wanted: NumberedPort) -> Clue | None:
    """Tell of arguments or readiness probes that all name one other port."""
    called = wanted.namesake.port.container_port if wanted.namesake else None
    probes = [asked for asked in wanted.asked if asked.number == called]
    numbers = {said.number for said in wanted.said} | {asked.number for asked in probes}
    rows = (*map(_argument, wanted.said), *map(_probe, probes))
    if not rows:
        return None
    meant = next(iter(numbers)) if len(numbers) == 1 else None
    named = meant or " or ".join(map(str, sorted(numbers)))
    instead = f"seem to listen on {named}"
    headline = f"declared by none of the containers, and the pods {instead}"
    return Clue(headline, instead, Confidence.LIKELY, meant, rows)


def _unsaid(view: ServiceView, wanted: NumberedPort) -> Clue | None:
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
    return Clue(headline, f"seem to listen on {number}", Confidence.LIKELY, number, rows)


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


def _undeclared(wanted: NumberedPort, *, alone: bool) -> Clue | None:
    """Tell what is declared instead, unless a container that declares nothing may be the one that listens.

    Of several Service ports some are often not declared: only one that is called like the other is told.
    """
    silent = any(not container.ports for pod in wanted.pods for container in listening.running(pod))
    if silent or not (wanted.namesake or (alone and wanted.others)):
        return None
    meant = wanted.namesake or (wanted.others[0] if len(wanted.others) == 1 else None)
    headline = "declared by none of the containers, which declare others"
    number = meant.port.container_port if meant else None
    return Clue(headline, "declare others", Confidence.PROOF, number)
