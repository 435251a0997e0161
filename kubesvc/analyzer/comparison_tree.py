"""The tree of a comparison: what is set, how the Service fares, who comes and goes, which causes do."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from kubesvc.analyzer import lines, wording
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell
from kubesvc.model.change import ABSENT, Change, Path, apply, show
from kubesvc.model.place import Place
from kubesvc.model.report import (
    Comparison,
    EndpointComparison,
    Line,
    LineKind,
    Mark,
    PortComparison,
    PortVerdict,
    Standing,
    Verdict,
)

_SIMULATED: Final = "(simulated)"
_DEFAULTS: Final = {"type": "ClusterIP", "protocol": "TCP", "publishNotReadyAddresses": "false"}
"""What fields are that nobody has set."""


def tree(told: Comparison, before: ServiceView, after: ServiceView | None) -> Line:
    """Return the tree of a comparison; `after` is None where nothing could be compared."""
    place, ref = before.place, before.ref
    return Line(
        LineKind.WHAT_IF,
        place,
        _headline(told, f"{ref.namespace}/{ref.name}"),
        "",
        details=(_SIMULATED,) if after else (),
        children=(
            *_settings(before, told.change),
            _stood(LineKind.BEFORE, "Before", told.before, place),
            _stood(LineKind.AFTER, "After", told.after, place),
            *(_port_lines(told, before, after) if after else ()),
            *_cause_lines(told, place),
            *(Line(LineKind.NOTE, place, "Note", note) for note in (*told.notes, *_unchecked(told))),
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


def _port_lines(told: Comparison, before: ServiceView, after: ServiceView) -> Iterator[Line]:
    facts = {f.key or "": (view, f) for view in (before, after) for f in view.ports}
    cells = {cell.place: cell for view in (before, after) for cell in view.cells}
    for port in told.ports:
        view, found = facts[port.key]
        yield Line(
            LineKind.PORT,
            view.place._replace(port=port.key or None),
            lines.port_label(found),
            lines.mapping(view.service, found) if port.after else "is no longer there",
            mark=lines.MARKS[port.after.verdict] if port.after else Mark.WARN,
            state=_becoming(port.before, port.after),
            children=tuple(_endpoint_lines(port, view.place, cells)),
        )


def _becoming(before: PortVerdict | None, after: PortVerdict | None) -> str:
    """Say how many endpoints a port has and would have; of one that goes or comes there is one number."""
    if before and after:
        return f"{_number(before)} → {_number(after)} endpoints"
    if after:
        return f"new, {_counted(after)}"
    return f"had {_counted(before)}" if before else ""


def _number(port: PortVerdict) -> str:
    return f"{port.usable} of {port.expected}" if port.usable < port.expected else str(port.usable)


def _counted(port: PortVerdict) -> str:
    most = wording.count(port.expected, "endpoint")
    return (
        f"{port.usable} of {most}" if port.usable < port.expected else wording.count(port.usable, "endpoint")
    )


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
    return ", ".join(parts) or ("used from then on" if after.used else "used no more, as others are ready")


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
