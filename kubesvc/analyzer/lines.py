"""The tree: a Service from the client's side to its pods, with all that `kubectl describe service` prints and what it lacks."""

from collections.abc import Iterator

from kubesvc.analyzer import exposure, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.cell import Cell, State
from kubesvc.model.place import Place
from kubesvc.model.report import Finding, Line, LineKind, Mark, Verdict
from kubesvc.semantics import endpoints
from kubesvc.semantics.ports import target

_MOST_ENDPOINTS = 100
_MOST_EVENTS = 5


def tree(view: ServiceView, findings: tuple[Finding, ...]) -> Line:
    """Return the tree of a Service; each line carries the codes of the findings about its place."""
    service = view.service
    created = service.metadata.creation_timestamp
    children = (
        *exposure.lines(view),
        *_ports(view, findings),
        *_selector(view, findings),
        *_slices(view, findings),
        *_settings(view),
        *_events(view),
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
    for facts in view.optional(lambda: view.ports) or ():
        place = view.place._replace(port=facts.key)
        verdict = view.verdicts[facts.key]
        yield Line(
            LineKind.PORT,
            place,
            _port_label(facts),
            _mapping(view, facts),
            mark=_MARKS[verdict],
            state=_port_state(view, facts, verdict),
            codes=_codes(findings, place) if facts.key else (),
            children=tuple(_endpoints(facts, findings)),
        )


def _port_label(facts: PortFacts) -> str:
    if facts.port is None:
        return "Name"
    return f"Port {facts.port.name or '<unset>'}"


def _mapping(view: ServiceView, facts: PortFacts) -> str:
    port = facts.port
    if port is None:
        return "resolves to the pods' addresses; no port is declared"
    wanted = target(port)
    default = "" if port.target_port else ", the default"
    parts = [f"{port.port}/{port.protocol} → targetPort {wanted}{default}"]
    if view.service.headless and wanted != port.port:
        parts.append("headless: clients dial the target port")
    if port.node_port:
        parts.append(f"node port {port.node_port}")
    if port.app_protocol:
        parts.append(f"appProtocol {port.app_protocol}")
    return ", ".join(parts)


_MARKS = {
    Verdict.HEALTHY: Mark.GOOD,
    Verdict.IDLE: Mark.NONE,
    Verdict.PROGRESSING: Mark.WARN,
    Verdict.DEGRADED: Mark.WARN,
    Verdict.BROKEN: Mark.BAD,
    Verdict.UNKNOWN: Mark.WARN,
}


def _port_state(view: ServiceView, facts: PortFacts, verdict: Verdict) -> str:
    families = dict.fromkeys(cell.place.family for cell in facts.cells)
    counts = []
    for family in families:
        usable = sum(cell.place.family == family for cell in facts.usable)
        total = sum(cell.place.family == family for cell in facts.expected)
        prefix = f"{family} " if len(families) > 1 else ""
        counts.append(f"{prefix}{usable} of {total} ready" if total else f"{prefix}0 endpoints")
    state = ", ".join(counts) or "0 endpoints"
    if verdict is Verdict.UNKNOWN:
        return f"{state}, verdict unknown"
    return f"{state}, idle" if verdict is Verdict.IDLE else state


def _endpoints(facts: PortFacts, findings: tuple[Finding, ...]) -> Iterator[Line]:
    for cell in facts.cells[:_MOST_ENDPOINTS]:
        used = cell in facts.usable
        yield Line(
            LineKind.ENDPOINT,
            cell.place,
            _address(cell),
            cell.place.endpoint.name if cell.pod and cell.place.endpoint else _behind(cell),
            mark=Mark.GOOD if used else Mark.BAD if cell in facts.expected else Mark.NONE,
            state=_cell_state(cell, used=used),
            codes=_codes(findings, cell.place),
            details=tuple(part for part in (cell.node, cell.zone) if part),
        )
    left = len(facts.cells) - _MOST_ENDPOINTS
    if left > 0:
        place = Place(facts.cells[0].place.service, facts.key)
        yield Line(LineKind.ENDPOINT, place, f"+ {left} more", "not shown")


def _address(cell: Cell) -> str:
    if cell.address is None:
        return "no endpoint"
    host = f"[{cell.address}]" if ":" in cell.address else cell.address
    return f"{host}:{cell.number}" if cell.number else host


def _behind(cell: Cell) -> str:
    endpoint = cell.place.endpoint
    return f"pod {endpoint.name}, not selected" if endpoint and endpoint.namespace else "no pod is named"


def _cell_state(cell: Cell, *, used: bool) -> str:
    if used and cell.state is State.READY and (cell.why is None or cell.pod is None):
        return str(cell.state)
    if cell.why is None or cell.state is State.NO_PORT:
        return str(cell.state)
    return f"{cell.state}: {wording.step(cell.why)}"


def _selector(view: ServiceView, findings: tuple[Finding, ...]) -> Iterator[Line]:
    service = view.service
    place = view.place._replace(field="spec.selector")
    shown = selector.show(service.spec.selector)
    if service.spec.type == "ExternalName":
        if service.spec.selector:
            yield Line(LineKind.SELECTOR, place, "Selector", f"{shown} (ignored: the type is ExternalName)")
        return
    if not service.spec.selector:
        yield Line(LineKind.SELECTOR, place, "Selector", "<none>: endpoints are written by somebody else")
        return
    codes = tuple(f.code for f in findings if any(p.field == "spec.selector" for p in f.places))
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
    children = []
    for entry in slices:
        manager = entry.metadata.labels.get(endpoints.MANAGED_BY, "")
        ports = ",".join(f"{port.name or '<unset>'} {port.port}/{port.protocol}" for port in entry.ports)
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


def _settings(view: ServiceView) -> Iterator[Line]:
    spec, meta = view.service.spec, view.service.metadata
    if spec.session_affinity == "ClientIP":
        seconds = spec.session_affinity_config.client_ip.timeout_seconds or 10800
        default = ", the default" if seconds == 10800 else ""  # noqa: PLR2004 - defaults.go
        yield Line(
            LineKind.AFFINITY,
            view.place,
            "Affinity",
            f"ClientIP for {seconds} s{default}: one client, one endpoint",
        )
    elif spec.type != "ExternalName":
        yield Line(
            LineKind.AFFINITY,
            view.place,
            "Affinity",
            "None (the default): each connection may reach another pod",
        )
    policies = list(exposure.policies(view.service))
    if policies:
        yield Line(LineKind.TRAFFIC, view.place, "Traffic", ", ".join(policies))
    if spec.publish_not_ready_addresses:
        value = "publishNotReadyAddresses: pods get traffic before and without being Ready"
        yield Line(LineKind.PUBLISH, view.place, "Publish", value, Mark.WARN, "unready pods are served")
    if meta.labels:
        yield Line(LineKind.LABELS, view.place, "Labels", selector.show(meta.labels))
    if meta.annotations:
        shown = {
            key: value
            for key, value in meta.annotations.items()
            if not key.startswith("derived.kubesvc.dev/")
        }
        written = ",".join(
            f"{key}={value}" if value else f"{key} (value not read)" for key, value in sorted(shown.items())
        )
        if written:
            yield Line(LineKind.ANNOTATIONS, view.place, "Annotations", written)
    for entry in view.service.status.conditions:
        value = f"{entry.type}={entry.status} {entry.reason}: {entry.message}".rstrip(": ")
        yield Line(LineKind.CONDITIONS, view.place, "Condition", value)
    if meta.deletion_timestamp:
        held = f", held by {', '.join(meta.finalizers)}" if meta.finalizers else ""
        since = wording.ago(meta.deletion_timestamp, view.now)
        yield Line(
            LineKind.DELETION, view.place, "Deletion", f"asked for {since}{held}", Mark.WARN, "terminating"
        )


def _events(view: ServiceView) -> Iterator[Line]:
    events = view.optional(lambda: view.events)
    if events is None:
        yield Line(LineKind.EVENTS, view.place, "Events", "", Mark.WARN, "not read")
        return
    if not events:
        yield Line(LineKind.EVENTS, view.place, "Events", "none (they are kept for an hour)")
        return
    children = tuple(
        Line(
            LineKind.EVENT,
            view.place,
            event.reason,
            event.message,
            mark=Mark.WARN if event.type == "Warning" else Mark.NONE,
            state=f"{event.type}, {wording.count(event.times, 'time')}, last {wording.ago(event.last_seen, view.now)}",
            details=(event.source.component or event.reporting_component,),
        )
        for event in events[-_MOST_EVENTS:]
    )
    more = len(events) - len(children)
    yield Line(
        LineKind.EVENTS,
        view.place,
        "Events",
        f"the last {len(children)} of {len(events)}" if more else "",
        children=children,
    )
