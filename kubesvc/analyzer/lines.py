"""The tree: a Service from the client's side to its pods, with all of `kubectl describe service` and more."""

from collections.abc import Iterator

from kubesvc.analyzer import exposure, settings, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import Service
from kubesvc.model.place import Place
from kubesvc.model.report import Finding, Line, LineKind, Mark, Verdict
from kubesvc.semantics import endpoints, readiness
from kubesvc.semantics.ports import target

MOST_ENDPOINTS = 100


def tree(view: ServiceView, findings: tuple[Finding, ...]) -> Line:
    """Return the tree of a Service; each line carries the codes of the findings about its place."""
    service = view.service
    created = service.metadata.creation_timestamp
    children = (
        *exposure.lines(view),
        *_ports(view, findings),
        *_selector(view, findings),
        *_slices(view, findings),
        *settings.lines(view),
    )
    return Line(
        LineKind.SERVICE,
        view.place,
        f"Service {service.metadata.namespace}/{service.metadata.name}",
        exposure.nesting(service),
        children=children,
        details=(f"age {wording.span(view.now - created)}",) if created else (),
    )


def _codes(findings: tuple[Finding, ...], place: Place) -> tuple[str, ...]:
    """Return the codes of the findings about exactly this place (whatever field they name)."""
    bare = place._replace(field=None)
    return tuple(
        dict.fromkeys(
            finding.code
            for finding in _all(findings)
            if any(p._replace(field=None) == bare for p in finding.places)
        )
    )


def _all(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _all(finding.consequences)


def _ports(view: ServiceView, findings: tuple[Finding, ...]) -> Iterator[Line]:
    yield from _judged(view, findings)
    others = [port for port in view.service.spec.ports if port not in view.judged.ports]
    if others:
        place = view.place._replace(port=view.asked, field="spec.ports")
        shown = ", ".join(f"{wording.mapping(port)}" for port in others)
        lacking = view.judged.lacking
        yield Line(
            LineKind.PORT,
            place,
            "Ports" if lacking else "Other ports",
            shown,
            mark=Mark.BAD if lacking else Mark.NONE,
            state=f"no port {view.asked}" if lacking else "not asked about",
            codes=tuple(f.code for f in findings if place in f.places),
        )


def _judged(view: ServiceView, findings: tuple[Finding, ...]) -> Iterator[Line]:
    for facts in view.optional(lambda: view.ports) or ():
        place = view.place._replace(port=facts.key)
        verdict = view.verdicts[facts.key]
        yield Line(
            LineKind.PORT,
            place,
            port_label(facts),
            mapping(view.service, facts),
            mark=Mark.NONE if view.service.spec.type == "ExternalName" else MARKS[verdict],
            state=_port_state(view, facts, verdict),
            codes=_codes(findings, place) if facts.key else (),
            children=tuple(endpoint_lines(facts, findings)),
        )


def port_label(facts: PortFacts) -> str:
    """Name a port; what has none is looked up by name."""
    if facts.port is None:
        return "Name"
    return f"Port {facts.port.name or '<unset>'}"


def mapping(service: Service, facts: PortFacts) -> str:
    """Say where a port leads, and by which others."""
    port = facts.port
    if port is None:
        return "resolves to the pods' addresses; no port is declared"
    wanted = target(port)
    default = "" if port.target_port else ", the default"
    parts = [f"{port.port}/{port.protocol} → targetPort {wanted}{default}"]
    if service.headless and wanted != port.port:
        parts.append("headless: clients dial the target port")
    if port.node_port:
        parts.append(f"node port {port.node_port}")
    if port.app_protocol:
        parts.append(f"appProtocol {port.app_protocol}")
    return ", ".join(parts)


MARKS = {
    Verdict.HEALTHY: Mark.GOOD,
    Verdict.IDLE: Mark.NONE,
    Verdict.PROGRESSING: Mark.WARN,
    Verdict.DEGRADED: Mark.WARN,
    Verdict.BROKEN: Mark.BAD,
    Verdict.UNKNOWN: Mark.WARN,
}


def _port_state(view: ServiceView, facts: PortFacts, verdict: Verdict) -> str:
    if view.service.spec.type == "ExternalName":
        return "not used: an alias translates no port"
    families = dict.fromkeys(cell.place.family for cell in facts.cells)
    word = "usable" if any(cell.state is State.NO_PORT for cell in facts.cells) else "ready"
    counts: list[str] = []
    for family in families:
        usable = sum(cell.place.family == family for cell in facts.usable)
        total = sum(cell.place.family == family for cell in facts.expected)
        prefix = f"{family} " if len(families) > 1 else ""
        gone = sum(cell.place.family == family for cell in facts.gone)
        counts.append(prefix + _counted(usable, total, gone, word))
    state = ", ".join(counts) or "0 endpoints"
    if verdict is Verdict.UNKNOWN:
        return f"{state}, verdict unknown"
    return f"{state}, idle" if verdict is Verdict.IDLE else state


def _counted(usable: int, total: int, gone: int, word: str) -> str:
    if not total and not usable:
        return f"{gone} of {gone} gone" if gone else "0 endpoints"
    others = f", {gone} gone" if gone else ""
    return f"{usable} of {total} {word}{others}" if total else f"{usable} still serving{others}"


def endpoint_lines(facts: PortFacts, findings: tuple[Finding, ...]) -> Iterator[Line]:
    """Yield a line for each cell of a port, up to a number."""
    usable, expected = ({cell.place for cell in cells} for cells in (facts.usable, facts.expected))
    for cell in facts.cells[:MOST_ENDPOINTS]:
        used = cell.place in usable
        yield Line(
            LineKind.ENDPOINT,
            cell.place,
            address_of(cell),
            cell.place.endpoint.name if cell.pod and cell.place.endpoint else behind(cell),
            mark=_mark(cell, used=used, expected=cell.place in expected),
            state=state_of(cell, used=used),
            codes=_codes(findings, cell.place),
            details=(cell.node, cell.zone),
        )
    left = len(facts.cells) - MOST_ENDPOINTS
    if left > 0:
        place = Place(facts.cells[0].place.service, facts.key)
        yield Line(LineKind.ENDPOINT, place, f"+ {left} more", "not shown")


def _mark(cell: Cell, *, used: bool, expected: bool) -> Mark:
    if used:
        return Mark.GOOD if cell.state is State.READY else Mark.WARN
    return Mark.BAD if expected or cell.gone or cell.silent else Mark.NONE


def address_of(cell: Cell) -> str:
    """Write an endpoint's address with its number."""
    if cell.address is None:
        return "no endpoint"
    host = f"[{cell.address}]" if ":" in cell.address else cell.address
    return f"{host}:{cell.number}" if cell.number else host


def behind(cell: Cell) -> str:
    """Say what stands behind an endpoint that is no selected pod."""
    endpoint = cell.place.endpoint
    if endpoint is None or not endpoint.namespace:
        return "no pod is named"
    return f"pod {endpoint.name}, {'gone' if cell.gone else 'not selected'}"


_SENT = {State.PUBLISHED: "published", State.READY: "listed as ready"}
"""How to call what is sent traffic, where it has to be told apart from what gets it."""


def state_of(cell: Cell, *, used: bool) -> str:
    """Say what the slices make of a cell, and why where that is not obvious."""
    if cell.gone:
        return f"still listed as {cell.state}"
    if cell.silent and cell.state in _SENT:
        return f"{_SENT[cell.state]}, but not running: {wording.step(cell.silent)}"
    if used and cell.state is State.READY and cell.pod is None:
        return str(cell.state)
    if cell.state is State.PUBLISHED and cell.pod:
        missed = next((step for step in readiness.ready_steps(cell.pod) if step.passed is False), None)
        return f"{cell.state}: {wording.step(missed)}" if missed else str(cell.state)
    listed = cell.state is not State.ABSENT
    # What could not be read needs no word where the slices show how it was decided.
    if cell.why is None or cell.state is State.NO_PORT or (listed and cell.why.passed is None):
        return str(cell.state)
    return f"{cell.state}: {wording.step(cell.why)}"


def _selector(view: ServiceView, findings: tuple[Finding, ...]) -> Iterator[Line]:
    service = view.service
    place = view.place._replace(field="spec.selector")
    shown = selector.show(service.spec.selector)
    codes = tuple(f.code for f in findings if any(p.field == "spec.selector" for p in f.places))
    if service.spec.type == "ExternalName":
        if service.spec.selector:
            ignored = f"{shown} (ignored: the type is ExternalName)"
            yield Line(LineKind.SELECTOR, place, "Selector", ignored, codes=codes)
        return
    if not service.spec.selector:
        yield Line(
            LineKind.SELECTOR, place, "Selector", "<none>: somebody else writes the endpoints", codes=codes
        )
        return
    pods = view.optional(lambda: view.pods)
    if pods is None:
        yield Line(LineKind.SELECTOR, place, "Selector", shown, Mark.WARN, "pods not read", codes)
        return
    if pods:
        yield Line(
            LineKind.SELECTOR,
            place,
            "Selector",
            shown,
            Mark.GOOD,
            f"{wording.count(len(pods), 'pod')}",
            codes,
        )
        return
    total = view.optional(lambda: view.namespace_pods)
    state = f"0 of {wording.count(total, 'pod')}" if total is not None else "0 pods"
    mark = Mark.NONE if view.verdict is Verdict.IDLE else Mark.BAD
    yield Line(LineKind.SELECTOR, place, "Selector", shown, mark, state, codes)


def _slices(view: ServiceView, findings: tuple[Finding, ...]) -> Iterator[Line]:
    place = view.place._replace(field="slices")
    slices = view.optional(lambda: view.slices)
    if slices is None:
        yield Line(LineKind.SLICES, place, "Slices", "", Mark.WARN, "not read")
        return
    if view.service.spec.type == "ExternalName" and not slices:
        return
    if not slices:
        yield Line(
            LineKind.SLICES, place, "Slices", "none", state="no EndpointSlice carries the Service's name"
        )
        return
    culprits = {
        finding.culprit.name: finding.code
        for finding in _all(findings)
        if finding.culprit.kind == "EndpointSlice"
    }
    children: list[Line] = []
    for entry in slices:
        manager = entry.metadata.labels.get(endpoints.MANAGED_BY, "")
        ports = ",".join(
            f"{port.name or '<unset>'} {port.port or '<unset>'}/{port.protocol}" for port in entry.ports
        )
        size = wording.count(len(entry.endpoints), "endpoint") if entry.endpoints else "empty"
        children.append(
            Line(
                LineKind.SLICE,
                place,
                entry.metadata.name,
                entry.address_type,
                state="" if manager == endpoints.CONTROLLER else f"managed by {manager or 'nobody named'}",
                codes=tuple(code for name, code in culprits.items() if name == entry.metadata.name),
                details=(size, f"ports {ports}" if ports else "ports: []" if entry.endpoints else ""),
            )
        )
    yield Line(LineKind.SLICES, place, "Slices", "", children=tuple(children))
