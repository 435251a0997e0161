"""KSV305: a container does not stay up."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import commands, probes, troubles, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.troubles import Trouble
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Step, StepKind
from kubesvc.model.objects import ContainerStatus, Event, Pod, StateTerminated
from kubesvc.model.read import Gap
from kubesvc.model.report import Command, Finding, Row
from kubesvc.semantics import readiness


@rule("KSV305", "container-crashing", since="0.1")
def crash_loop(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report selected pods with a container that has ended and is not running.

    What it means
        The container's process ended: by itself, by a signal, killed for its memory, or because the kubelet
        ended it when its liveness or startup probe failed. The kubelet starts it again, waiting longer each
        time (CrashLoopBackOff). While it does not run, the pod is not Ready. An init container has to end
        with exit code 0 before the containers after it are started.

    How to confirm
        `kubectl logs POD -c CONTAINER` shows the last words of the process that ended, until it is started
        again; from then on `--previous` does. The pod's events tell whether a probe ended it, and quote the
        probe's last answer; they are kept for an hour, and of a pod that restarts often few are written. The
        command of an exec probe is not read, since it may hold a secret: `kubectl describe pod POD` shows it.

    How to fix
        Correct what the process complains of. With exit code 137 and reason OOMKilled it needs more memory
        than its limit. A container that a probe ends (often with exit code 0, 137 or 143) needs a probe that
        asks what it answers and gives it the time it takes.

    When this is fine
        The container waits by ending until something it needs is there, and comes up by itself.
    """

    def misses(pod: Pod, step: Step) -> bool:
        kinds = (StepKind.RUNNING, StepKind.INITIALIZED)
        return step.kind in kinds and readiness.has_ended(pod, step.container)

    for trouble in troubles.troubles(view, misses):
        end = _last_end(readiness.container_status(trouble.pod, trouble.why.container))
        probed = tuple(_probes(view, trouble, end)) if end else ()
        yield this.finding(
            view,
            f"{_what(trouble.why)} on {troubles.share(view, trouble)}",
            trouble.places,
            trouble.owner,
            (*_rows(view, trouble, end), *probed, *troubles.doubts(trouble)),
            confidence=troubles.confidence(trouble),
            confirm=_confirm(trouble, end, probed=bool(probed)),
        )


class _End(Struct, frozen=True):
    """The last run of a container, which is over; `previous`: its status shows what came after it, too."""

    how: StateTerminated
    restarts: int
    field: str
    previous: bool


def _last_end(status: ContainerStatus | None) -> _End | None:
    """Return how the last run ended; None where the kubelet has forgotten it.

    While a run that is over is the current one, `kubectl logs` shows it and `--previous` the run before it
    (pkg/kubelet/kubelet_pods.go, validateContainerLogStatus).
    """
    if status is None:
        return None
    if status.state.terminated:
        return _End(status.state.terminated, status.restart_count, "state.terminated", previous=False)
    if status.last_state.terminated:
        return _End(status.last_state.terminated, status.restart_count, "lastState.terminated", previous=True)
    return None


def _what(why: Step) -> str:
    if why.kind is StepKind.INITIALIZED:
        return f"init container {why.container} does not succeed"
    return f"container {why.container} does not stay up"


def _rows(view: ServiceView, trouble: Trouble, end: _End | None) -> Iterator[Row]:
    yield troubles.pod_row(trouble)
    why = trouble.why
    if why.reason == readiness.BACK_OFF:
        yield Row("kubelet", ": ".join(filter(None, (why.reason, wording.pause(why.value)))), why.field)
    if end:
        restarts = wording.count(end.restarts, "restart")
        where = f"{why.field.partition('.state')[0]}.{end.field}"
        yield Row(
            "ended", f"{_how(end.how)}, {wording.ago(end.how.finished_at, view.now)}, {restarts}", where
        )


def _how(ended: StateTerminated) -> str:
    by = f", signal {ended.signal}" if ended.signal else ""
    said = f": {ended.message}" if ended.message else ""
    return f"{ended.reason or 'ended'}, exit code {ended.exit_code}{by}{said}"


_STOPPED: Final = frozenset({0, 137, 143})
"""How most processes end that are told to: in order, by SIGKILL after the grace period, by SIGTERM."""


def _probes(view: ServiceView, trouble: Trouble, end: _End) -> Iterator[Row]:
    """Name the probes for which the kubelet ended the run, or may have."""
    container = readiness.find_container(trouble.pod, trouble.why.container)
    for kind in (probes.Kind.STARTUP, probes.Kind.LIVENESS):
        probe = kind.of(container) if container else None
        told = _told(view, trouble, end.how, kind) if probe else ""
        if probe and told:
            field = f"spec.containers[{trouble.why.container}].{kind.lower()}Probe"
            yield Row(kind.lower(), f"{wording.probe(probe)}; {told}", field)


def _told(view: ServiceView, trouble: Trouble, ended: StateTerminated, kind: probes.Kind) -> str:
    """Say what speaks for it that a probe ended the run; empty where nothing does."""
    read = view.pod_events(trouble.pod)
    events = () if isinstance(read, Gap) else tuple(event for event in read if _seen_by(ended, event))
    killed = probes.last_kill(events, trouble.why.container, kind)
    failed = probes.last_answer(events, trouble.pod, trouble.why.container, kind)
    said = f": {probes.answer(failed, view.now)}" if failed and _during(ended, failed) else ""
    if killed and _during(ended, killed):
        return f"it failed, so the kubelet ended the container{said}"
    if ended.reason == "OOMKilled":
        return ""
    if said:
        return f"it failed, which may be why the container ended{said}"
    if killed:
        # The kubelet may write 25 events about a pod, then one in five minutes (client-go, events_cache.go):
        # a loop that lasts is told of by its first runs.
        ago = wording.ago(killed.last_seen, view.now)
        return f"it failed {ago}, so the kubelet ended an earlier run; may be why this one ended, too"
    untold = probes.untold(read if isinstance(read, Gap) else None)
    return f"may be why the container ended: {untold}" if ended.exit_code in _STOPPED else ""


def _seen_by(run: StateTerminated, event: Event) -> bool:
    """Tell whether an event is of a run or of one before it; what is not known does not speak against it."""
    seen = event.last_seen
    return seen is None or seen <= (run.finished_at or seen)


def _during(run: StateTerminated, event: Event) -> bool:
    """Tell whether an event that a run has seen is of that run, not of one before it."""
    seen = event.last_seen
    return seen is None or seen >= (run.started_at or seen)


def _confirm(trouble: Trouble, end: _End | None, *, probed: bool) -> Iterator[Command]:
    pod = trouble.pod.metadata.name
    logs = commands.logs(pod, trouble.why.container, previous=bool(end and end.previous))
    yield Command(logs, "shows what the process wrote before it ended")
    if probed:
        yield Command(commands.describe_pod(pod), "shows in the events whether a probe ended it")
