"""KSV303: the scheduler finds no node."""

from collections.abc import Iterator

from kubesvc.analyzer import commands, troubles
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import StepKind
from kubesvc.model.report import Command, Finding, Row


@rule("KSV303", "pods-unschedulable", since="0.1")
def unschedulable(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report selected pods that no node takes.

    What it means
        The scheduler has looked at every node and found none that fits, or the pod is gated. Without a node
        the pod gets no address, so it is no endpoint. The scheduler's own words count the nodes by reason.

    How to confirm
        `kubectl describe pod NAME` ends with the scheduler's events.

    How to fix
        Remove what the message names: ask for less, tolerate the taint, correct the node selector, add a
        node.

    When this is fine
        A cluster autoscaler is adding a node.
    """
    misses = troubles.troubles(view, lambda _, step: step.kind is StepKind.SCHEDULED and bool(step.reason))
    for trouble in misses:
        rows = (
            troubles.pod_row(trouble),
            Row("scheduler", f"{trouble.why.reason}: {trouble.why.value or 'no message'}", trouble.why.field),
        )
        shown = Command(
            commands.describe_pod(trouble.pod.metadata.name),
            "shows what the pod asks for, and the scheduler's events",
        )
        yield this.finding(
            view,
            f"{troubles.share(view, trouble)} cannot be scheduled",
            trouble.places,
            trouble.owner,
            rows,
            confidence=troubles.confidence(trouble),
            confirm=(shown,),
        )
