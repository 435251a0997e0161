"""KSV302: all selected pods have finished."""

from collections.abc import Iterator

from kubesvc.analyzer import wording, workloads
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod
from kubesvc.model.read import Gap
from kubesvc.model.report import Confidence, Finding, Row
from kubesvc.semantics import readiness


@rule("KSV302", "pods-finished", since="0.1")
def finished(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service whose selected pods have all finished.

    What it means
        Pods in phase Succeeded or Failed are never endpoints, even with publishNotReadyAddresses. All pods
        that the selector matches are in such a phase: completed jobs, or pods that were evicted or ended for
        good.

    How to confirm
        `kubectl get pods -l SELECTOR` shows Completed, Error or Evicted.

    How to fix
        Look at why their workload makes no new ones; a bare pod has to be made again by hand.

    When this is fine
        The Service belongs to a job that is not running now.
    """
    pods = view.pods
    if not pods or not all(readiness.is_terminal(pod) for pod in pods) or view.unwanted:
        return
    for owner, mine in workloads.by_owner(view.snapshot, pods).items():
        refs = {pod.ref for pod in mine}
        places = [cell.place for cell in view.cells if cell.pod and cell.pod.ref in refs]
        rows = [Row("pod", _ended(view, pod), "status") for pod in mine[:3]]
        rows += [_doubt(gap) for gap in view.workloads.gaps]
        headline = f"all {wording.count(len(mine), 'selected pod')} of {owner} have finished"
        if len(mine) == 1:
            headline = f"the selected pod {mine[0].metadata.name} has finished"
        # A workload of a kind that could not be read may be why nobody follows them: KSV102 would say so.
        confidence = Confidence.LIKELY if view.workloads.gaps else None
        yield this.finding(view, headline, places, owner, rows, confidence=confidence)


def _doubt(gap: Gap) -> Row:
    value = f"{gap.read} could not be read ({gap.reason}): one that is scaled to zero would explain it too"
    return Row("not read", value, gap.read.kind)


def _ended(view: ServiceView, pod: Pod) -> str:
    ends = [s.state.terminated for s in pod.status.container_statuses if s.state.terminated]
    last = max((end.finished_at for end in ends if end.finished_at), default=None)
    codes = sorted({end.exit_code for end in ends})
    parts = [f"{pod.metadata.name}: {pod.status.phase}", pod.status.reason, pod.status.message.strip(". ")]
    if codes:
        parts.append(f"exit code {', '.join(map(str, codes))}")
    if last:
        parts.append(wording.ago(last, view.now))
    return ", ".join(part for part in parts if part)
