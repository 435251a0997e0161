"""A Service before and after an imagined change: who comes and goes at each port, which causes do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from kubesvc.analyzer import commands, lines, summary, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell, State
from kubesvc.model.change import ABSENT, Change, Path, apply, show
from kubesvc.model.place import Place
from kubesvc.model.read import Gap
from kubesvc.model.report import (
    Cause,
    Comparison,
    EndpointComparison,
    Finding,
    Line,
    LineKind,
    Mark,
    NotChecked,
    PortComparison,
    PortVerdict,
    Seen,
    Standing,
    Verdict,
)
from kubesvc.semantics import endpoints

_SIMULATED: Final = "(simulated)"
_DEFAULTS: Final = {"type": "ClusterIP", "protocol": "TCP", "publishNotReadyAddresses": "false"}
"""What fields are that nobody has set."""


class Look(Struct, frozen=True):
    """A Service at one moment: what was found, as folded, and what could not be looked for."""

    view: ServiceView
    verdict: Verdict
    ports: tuple[PortVerdict, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()


def compare(change: Change, before: Look, after: Look) -> Comparison:
    """Compare two looks at one Service; the second one is simulated."""
    ports = tuple(_ports(before, after))
    known, left = tuple(_all(before.findings)), tuple(_all(after.findings))
    told = Comparison(
        change=change,
        command=commands.patch(change),
        before=_standing(before),
        after=_standing(after),
        line=Line(LineKind.WHAT_IF, before.view.place, "", ""),
        ports=ports,
        gone=_causes(f for f in before.findings if not _among(f, left)),
        remaining=_causes(f for f in after.findings if _among(f, known)),
        new=_causes(f for f in after.findings if not _among(f, known)),
        not_checked=after.not_checked,
        notes=tuple(_notes(before.view, after.view)),
    )
    return msgspec.structs.replace(told, line=_tree(told, before, after))


def unknown(change: Change, before: Look, gap: Gap) -> Comparison:
    """Return the comparison where what would decide could not be read."""
    told = Comparison(
        change=change,
        command=commands.patch(change),
        before=_standing(before),
        after=Standing(Verdict.UNKNOWN, f"{gap.read} could not be read ({gap.reason})"),
        line=Line(LineKind.WHAT_IF, before.view.place, "", ""),
    )
    return msgspec.structs.replace(told, line=_tree(told, before, None))


def _standing(look: Look) -> Standing:
    return Standing(look.verdict, summary.summarize(look.view))


def _all(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _all(finding.consequences)


def _among(finding: Finding, others: Iterable[Finding]) -> bool:
    """Tell whether a finding is about the cause of another: pods may come and go where it is."""
    return any(
        (finding.code, finding.culprit) == (other.code, other.culprit)
        and _touch(finding.places, other.places)
        for other in others
    )


def _touch(some: Sequence[Place], others: Sequence[Place]) -> bool:
    """Tell whether places meet; of thousands of pods among them no two are compared with each other."""
    if not set(some).isdisjoint(others):
        return True
    return any(
        place.within(wide)
        for these, those in ((some, others), (others, some))
        for wide in those
        if wide.endpoint is None
        for place in these
    )


def _causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    return tuple(Cause(f.code, f.culprit, f.headline, f.effect) for f in findings)


def _ports(before: Look, after: Look) -> Iterator[PortComparison]:
    verdicts = [{port.key: port for port in look.ports} for look in (before, after)]
    cells = [{facts.key or "": _seen(facts) for facts in look.view.ports} for look in (before, after)]
    for key in dict.fromkeys(key for known in verdicts for key in known):
        was, now = (known.get(key, {}) for known in cells)
        yield PortComparison(
            key,
            verdicts[0].get(key),
            verdicts[1].get(key),
            tuple(
                EndpointComparison(place, was.get(place), now.get(place))
                for place in sorted(was.keys() | now.keys(), key=str)
            ),
        )


def _seen(facts: PortFacts) -> dict[Place, Seen]:
    used = {cell.place for cell in facts.usable}
    return {cell.place: _cell(cell, used=cell.place in used) for cell in facts.cells}


def _cell(cell: Cell, *, used: bool) -> Seen:
    listed = cell.state is not State.ABSENT
    return Seen(lines.address_of(cell) if listed else "", used, lines.state_of(cell, used=used))


def _notes(before: ServiceView, after: ServiceView) -> Iterator[str]:
    """Say what else the API server and the controllers do along with the change."""
    old, new = before.service.spec, after.service.spec
    nodes = ("NodePort", "LoadBalancer")
    if old.cluster_ip not in ("", "None") and not new.cluster_ip:
        yield f"The address {old.cluster_ip} is given back; a way back may bring another one."
    elif len(old.cluster_ips) > max(1, len(new.cluster_ips)):
        yield f"The address {old.cluster_ips[-1]} is given back; a way back may bring another one."
    if old.type not in nodes and new.type in nodes:
        yield "Each port is given a port on every node; the API server chooses which."
    given = [str(port.node_port) for port in old.ports if port.node_port]
    if given and new.type not in nodes:
        what = "Node port" if len(given) == 1 else "Node ports"
        yield f"{what} {', '.join(given)} {'is' if len(given) == 1 else 'are'} given back."
    if old.type == "LoadBalancer" != new.type:
        yield "Its load balancer is taken down."
    if endpoints.managed(before.service) and not endpoints.managed(after.service):
        left = sum(map(endpoints.is_managed, after.slices))
        if left:
            stay = f"{wording.count(left, 'slice')} of its own {'stays' if left == 1 else 'stay'}"
            yield f"The controller looks away from then on: {stay}."


def _tree(told: Comparison, before: Look, after: Look | None) -> Line:
    view = before.view
    return Line(
        LineKind.WHAT_IF,
        view.place,
        _headline(told, f"{view.ref.namespace}/{view.ref.name}"),
        "",
        details=(_SIMULATED,) if after else (),
        children=(
            *_settings(view, told.change),
            _stood(LineKind.BEFORE, "Before", told.before, view.place),
            _stood(LineKind.AFTER, "After", told.after, view.place),
            *(_port_lines(told, before, after) if after else ()),
            *_cause_lines(told, view.place),
            *(Line(LineKind.NOTE, view.place, "Note", note) for note in (*told.notes, *_unchecked(told))),
        ),
    )


def _headline(told: Comparison, name: str) -> str:
    before, after = told.before.verdict, told.after.verdict
    if after is Verdict.UNKNOWN:
        return f"How {name} would fare with this change is not known"
    if before is after:
        return f"With this change {name} would still be {after.word}"
    return f"With this change {name} would be {after.word} instead of {before.word}"


def _settings(view: ServiceView, change: Change) -> Iterator[Line]:
    document: Any = msgspec.to_builtins(view.service)
    for op in change.ops:
        was = _written(document, op.path)
        now = "removed" if op.value is ABSENT else _word(op.value)
        value = f"{now}, as it is" if now == was else f"{was} → {now}"
        yield Line(LineKind.SETTING, view.place, "Set", show(op.path), details=(value,))
        document = apply((op,), document)


def _written(document: Any, path: Path) -> str:  # noqa: ANN401 - JSON
    """Write what a field is; msgspec leaves out what is the default."""
    found = document
    for key in path:
        try:
            found = found[key]
        except (LookupError, TypeError):
            return _DEFAULTS.get(str(path[-1]), "unset")
    return _word(found)


def _word(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) and value else msgspec.json.encode(value).decode()


def _stood(kind: LineKind, label: str, standing: Standing, place: Place) -> Line:
    mark = lines.MARKS[standing.verdict]
    return Line(kind, place, label, standing.summary, mark, standing.verdict.word)


def _port_lines(told: Comparison, before: Look, after: Look) -> Iterator[Line]:
    facts = {f.key or "": (look.view, f) for look in (before, after) for f in look.view.ports}
    cells = {cell.place: cell for look in (before, after) for cell in look.view.cells}
    for port in told.ports:
        view, found = facts[port.key]
        yield Line(
            LineKind.PORT,
            view.place._replace(port=port.key or None),
            lines.port_label(found),
            lines.mapping(view.service, found) if port.after else "is no longer there",
            mark=lines.MARKS[port.after.verdict] if port.after else Mark.WARN,
            state=f"{_number(port.before)} → {_number(port.after)} endpoints",
            children=tuple(_endpoint_lines(port, view.place, cells)),
        )


def _number(port: PortVerdict | None) -> str:
    if port is None:
        return "none"
    return f"{port.usable} of {port.expected}" if port.usable < port.expected else str(port.usable)


def _endpoint_lines(port: PortComparison, of: Place, cells: Mapping[Place, Cell]) -> Iterator[Line]:
    moving = [entry for entry in port.endpoints if entry.before != entry.after]
    for entry in moving[: lines.MOST_ENDPOINTS]:
        cell, now = cells[entry.place], entry.after or entry.before
        name = cell.place.endpoint.name if cell.pod and cell.place.endpoint else lines.behind(cell)
        yield Line(
            LineKind.ENDPOINT,
            entry.place,
            (now.address if now else "") or "no endpoint",
            name,
            mark=_mark(entry),
            state=_movement(entry),
            details=(cell.node, cell.zone),
        )
    left = len(moving) - lines.MOST_ENDPOINTS
    same = len(port.endpoints) - len(moving)
    place = of._replace(port=port.key)
    if left > 0:
        yield Line(LineKind.ENDPOINT, place, f"+ {left} more", "not shown")
    if same:
        yield Line(LineKind.ENDPOINT, place, f"+ {same}", "as before")


def _mark(entry: EndpointComparison) -> Mark:
    if entry.after is None:
        return Mark.WARN
    return Mark.GOOD if entry.after.used else Mark.BAD


def _movement(entry: EndpointComparison) -> str:
    """Say what becomes of an endpoint in a word, and how it then is."""
    before, after = entry.before, entry.after
    if after is None:
        return "goes" if before and before.address else "no longer selected"
    if before is None or not before.address:
        return f"comes, {after.state}" if after.address else f"selected, {after.state}"
    if not after.address:
        return f"goes, {after.state}"
    parts = [] if before.state == after.state else [after.state, f"was {before.state.partition(':')[0]}"]
    parts += [] if before.address == after.address else [f"was {before.address}"]
    return ", ".join(parts)


def _cause_lines(told: Comparison, place: Place) -> Iterator[Line]:
    groups = (
        (LineKind.GONE, "Gone", told.gone),
        (LineKind.REMAINING, "Remains", told.remaining),
        (LineKind.NEW, "New", told.new),
    )
    for kind, label, causes in groups:
        for cause in causes:
            yield Line(kind, place, label, cause.headline, codes=(cause.code,))


def _unchecked(told: Comparison) -> Iterator[str]:
    if told.not_checked:
        codes = ", ".join(dict.fromkeys(missed.code for missed in told.not_checked))
        yield f"Not looked for after the change, since something could not be read: {codes}."
