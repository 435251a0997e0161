"""The verdicts of a report, from facts: a Service's own, and those of its ports."""

from collections.abc import Iterable

from kubesvc.analyzer.rules.run.crashed import crashed
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell
from kubesvc.model.report import Finding, PortVerdict, Verdict


def of_service(view: ServiceView, findings: tuple[Finding, ...]) -> Verdict:
    """Return the verdict from facts; nothing is known of what a rule that failed would have shown."""
    return Verdict.UNKNOWN if any(f.code == crashed.code for f in findings) else view.verdict


def of_ports(view: ServiceView) -> tuple[PortVerdict, ...]:
    """Count the endpoints of each port, by the key of its facts."""
    return tuple(
        PortVerdict(
            facts.key or "",
            view.verdicts[facts.key],
            len(_endpoints(facts.usable)),
            len(_endpoints(facts.expected)),
        )
        for facts in view.ports
    )


def _endpoints(cells: Iterable[Cell]) -> set[object]:
    return {cell.place.endpoint for cell in cells}
