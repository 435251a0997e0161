"""KSV901: a port in trouble that no rule explains. The engine yields it after all other rules."""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer import clients, reasons, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.reasons import Case
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell
from kubesvc.model.objects import Ref
from kubesvc.model.report import Confidence, Finding, Row, Verdict
from kubesvc.semantics import readiness


@rule("KSV901", "unexplained", confidence=Confidence.LIKELY, residual=True, since="0.1")
def unexplained(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a port whose traffic suffers for a reason that no rule names.

    What it means
        The endpoints of this port do not all get traffic, and none of the causes that kubesvc knows applies.
        The first condition that each pod misses is shown as the controller and the kubelet see it.

    How to confirm
        `kubectl describe pod NAME` for the pods listed.

    How to fix
        Follow the condition that is named. Please report the case, with a snapshot made by `kubesvc capture`.

    When this is fine
        While something is starting or stopping.
    """
    for facts in view.ports:
        if view.verdicts[facts.key] not in (Verdict.BROKEN, Verdict.DEGRADED):
            continue
        name = f"port {facts.key}" if facts.key else "the name"
        place = view.place._replace(port=facts.key)
        # What the port suffers: endpoints of which the last one leaves get all their traffic themselves.
        effect = view.effect([place])
        suffering = view.suffering(facts)
        if not suffering:
            rows = [Row("pods", f"{wording.count(len(view.pods), 'pod')} selected", "Pod")]
            yield this.finding(view, f"no rule explains the trouble of {name}", [place], view.ref, rows)
        for culprit, cells in _alike(view, suffering):
            source = cells[0].why.field if cells[0].why else "EndpointSlice"
            rows = [Row("pod", _why(view, facts, cell), source) for cell in cells[:_SHOWN]]
            if not {cell.place for cell in facts.silent}.isdisjoint(cell.place for cell in cells):
                rows.append(Row("clients", clients.seen(view.service, [facts]), "EndpointSlice"))
            places = [cell.place for cell in cells]
            yield this.finding(
                view, f"no rule explains the trouble of {name}", places, culprit, rows, effect=effect
            )


_SHOWN: Final = 3


def _alike(view: ServiceView, suffering: tuple[Cell, ...]) -> Iterator[tuple[Ref, list[Cell]]]:
    """Group cells by direct owner and by what they miss; those that are still given time are left out.

    No owner further up is asked for: what another rule explains must cost no request here.
    """
    groups: dict[tuple[Ref, tuple[str, str, str]], list[Cell]] = {}
    for cell in suffering:
        if not _has_time(view, cell):
            why = (cell.why.kind, cell.why.container, cell.why.reason) if cell.why else ("", "", "")
            groups.setdefault((_culprit(view, cell), why), []).append(cell)
    for (owner, _), cells in sorted(groups.items()):
        yield owner, cells


def _culprit(view: ServiceView, cell: Cell) -> Ref:
    if cell.pod is None:
        return view.ref
    owner = cell.pod.owner
    return Ref(owner.kind, cell.pod.metadata.namespace, owner.name) if owner else cell.pod.ref


def _has_time(view: ServiceView, cell: Cell) -> bool:
    return bool(cell.pod and cell.why and readiness.time_left(cell.pod, cell.why, view.now))


def _why(view: ServiceView, facts: PortFacts, cell: Cell) -> str:
    name = cell.place.endpoint.name if cell.place.endpoint else ""
    if cell.why is None or cell.pod is None:
        return f"{name}: {cell.state}"
    nodes = view.selected.nodes if view.selected else None
    case = Case(view.service, cell.pod, facts.port, cell.place.family or "", nodes, view.minor)
    return f"{name}: {cell.state}; {reasons.tell(cell.why, case)}"
