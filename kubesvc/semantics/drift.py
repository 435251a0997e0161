"""Where the slices differ from what the controller should have written."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from kubesvc.model.cell import Cell, StepKind
from kubesvc.model.objects import EndpointSlice, Service
from kubesvc.model.place import Place
from kubesvc.semantics import endpoints


class DriftKind(StrEnum):
    """How the slices and the prediction disagree."""

    BEHIND = "behind"
    LEFT_BEHIND = "left behind"
    FOREIGN = "foreign manager"
    NODE_DEPENDENT = "depends on when a Node was last seen"


class Drift(Struct, frozen=True):
    """One disagreement; `expected` and `actual` are short facts."""

    kind: DriftKind
    place: Place
    expected: str
    actual: str
    slices: tuple[str, ...] = ()


def drift(
    service: Service,
    slices: tuple[EndpointSlice, ...],
    cells: Iterable[Cell],
    unread: frozenset[str] | None = frozenset(),
) -> tuple[Drift, ...]:
    """Return the disagreements of a Service that has a selector; of others the controller writes nothing.

    `unread` names pods that are there and could not be decoded; None: no pod could be read. Of those, and of
    cells whose chain is not known, only what needs no prediction is told: a slice of another manager.
    """
    if not endpoints.managed(service):
        return ()
    ours = {entry.metadata.name for entry in slices if is_controllers(entry, service)}
    foreign = {entry.metadata.name for entry in slices if not endpoints.is_managed(entry)}
    found: list[Drift] = []
    for cell in cells:
        listed = _of(cell, service, ours, foreign)
        if listed and (listed.kind is DriftKind.FOREIGN or cell.pod or not _is_unread(cell, unread)):
            found.append(listed)
    return tuple(found)


def _is_unread(cell: Cell, unread: frozenset[str] | None) -> bool:
    return unread is None or (cell.place.endpoint is not None and cell.place.endpoint.name in unread)


def is_controllers(entry: EndpointSlice, service: Service) -> bool:
    """Tell whether the controller keeps this slice for this incarnation of the Service (utils.go, ownedBy).

    Others that it manages it deletes: of an earlier incarnation, or of a family that the Service no longer
    has.
    """
    owned = endpoints.is_owned(entry, service)
    return owned and endpoints.is_managed(entry) and entry.address_type in endpoints.families(service)


def _of(cell: Cell, service: Service, ours: set[str], foreign: set[str]) -> Drift | None:
    if cell.slices and set(cell.slices) <= foreign:
        return Drift(DriftKind.FOREIGN, cell.place, "not listed", "listed", cell.slices)
    if cell.pod is None or (cell.slices and not set(cell.slices) & ours):
        # Listed by the controller, but in a slice that it deletes, or the pod is not selected (any more).
        return Drift(DriftKind.LEFT_BEHIND, cell.place, "not listed", "listed", cell.slices)
    member = endpoints.is_member(cell.chain) if cell.chain else None
    if member is None:
        return None
    if member != (cell.conditions is not None):
        return _membership(cell, member=member)
    if member and cell.conditions is not None:
        return _details(cell, service, ours)
    return None


def _membership(cell: Cell, *, member: bool) -> Drift:
    if member:
        return Drift(DriftKind.BEHIND, cell.place, "listed", "not listed")
    # A Node that comes or goes does not make the controller sync the Service again.
    node = cell.why is not None and cell.why.kind is StepKind.NODE
    kind = DriftKind.NODE_DEPENDENT if node else DriftKind.LEFT_BEHIND
    return Drift(kind, cell.place, "not listed", "listed", cell.slices)


def _details(cell: Cell, service: Service, ours: set[str]) -> Drift | None:
    if cell.pod is None or cell.chain is None or not set(cell.slices) <= ours:
        return None
    expected = endpoints.conditions(service, cell.pod)
    if expected != cell.conditions:
        return Drift(DriftKind.BEHIND, cell.place, _words(expected), _words(cell.conditions), cell.slices)
    address = endpoints.address(cell.pod, cell.place.family or "IPv4")
    if address != cell.address:
        return Drift(DriftKind.BEHIND, cell.place, address or "no address", cell.address or "", cell.slices)
    resolved = next((step for step in cell.chain.steps if step.kind is StepKind.PORT), None)
    wanted = resolved.value if resolved and resolved.passed else None
    actual = str(cell.number) if cell.number else None
    if resolved is not None and wanted != actual:
        return Drift(
            DriftKind.BEHIND,
            cell.place,
            f"port {wanted or 'left out'}",
            f"port {actual or 'left out'}",
            cell.slices,
        )
    return None


def _words(conditions: object) -> str:
    names = ("ready", "serving", "terminating")
    return ", ".join(name if getattr(conditions, name) else f"not {name}" for name in names)
