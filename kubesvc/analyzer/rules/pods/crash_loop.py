"""KSV305: a container does not stay up."""

from collections.abc import Iterator

from kubesvc.analyzer import commands, troubles, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.troubles import Trouble
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Step, StepKind
from kubesvc.model.objects import ContainerStatus, Pod, StateTerminated
from kubesvc.model.report import Command, Finding, Row
from kubesvc.semantics import readiness


@rule("KSV305", "container-crashing", since="0.1")
def crash_loop(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report selected pods with a container that has ended and is not running.

    What it means
        The container's process ended: by itself, by a signal, or killed for its memory. The kubelet starts it
        again, waiting longer each time (CrashLoopBackOff). While it does not run, the pod is not Ready. An
        init container has to end with exit code 0 before the containers after it are started.

    How to confirm
        `kubectl logs POD -c CONTAINER --previous` shows the last words of the process that ended.

    How to fix
        Correct what the process complains of. With exit code 137 and reason OOMKilled it needs more memory
        than its limit.

    When this is fine
        The container waits by ending until something it needs is there, and comes up by itself.
    """

    def misses(pod: Pod, step: Step) -> bool:
        kinds = (StepKind.RUNNING, StepKind.INITIALIZED)
        return step.kind in kinds and readiness.has_ended(pod, step.container)

    for trouble in troubles.troubles(view, misses):
        status = readiness.container_status(trouble.pod, trouble.why.container)
        pod, container = trouble.pod.metadata.name, trouble.why.container
        restarted = bool(status and status.restart_count)
        shown = Command(
            commands.logs(pod, container, previous=restarted), "shows what the process wrote before it ended"
        )
        yield this.finding(
            view,
            f"{_what(trouble.why)} on {troubles.share(view, trouble)}",
            trouble.places,
            trouble.owner,
            _rows(view, trouble, status),
            confidence=troubles.confidence(trouble),
            confirm=(shown,),
        )


def _what(why: Step) -> str:
    if why.kind is StepKind.INITIALIZED:
        return f"init container {why.container} does not succeed"
    return f"container {why.container} does not stay up"


def _rows(view: ServiceView, trouble: Trouble, status: ContainerStatus | None) -> Iterator[Row]:
    yield troubles.pod_row(trouble)
    why = trouble.why
    yield Row("kubelet", f"{why.reason}: {why.value}" if why.reason else why.value, why.field)
    ended = (status.state.terminated or status.last_state.terminated) if status else None
    if status and ended:
        restarts = wording.count(status.restart_count, "restart")
        field = why.field.partition(".state")[0]
        yield Row("ended", f"{_how(ended)}, {wording.ago(ended.finished_at, view.now)}, {restarts}", field)
    yield from troubles.doubts(trouble)


def _how(ended: StateTerminated) -> str:
    by = f", signal {ended.signal}" if ended.signal else ""
    said = f": {ended.message}" if ended.message else ""
    return f"{ended.reason or 'ended'}, exit code {ended.exit_code}{by}{said}"
