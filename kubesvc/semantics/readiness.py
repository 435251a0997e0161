"""Why a pod is Ready or not, as the kubelet decides it (status/generate.go, GeneratePodReadyCondition).

The conditions of a pod are met in the order of these steps; the first unmet one is the cause.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from kubesvc.model.cell import Step, StepKind, met, unmet
from kubesvc.model.objects import Condition, Container, ContainerStatus, Pod, Probe, StateTerminated
from kubesvc.semantics.ports import is_sidecar

BACK_OFF: Final = "CrashLoopBackOff"
INITIALIZING: Final = "PodInitializing"
"""Why containers wait in a pod with init containers, until anything else is known of them."""
_STARTING: Final = frozenset({"", "ContainerCreating", INITIALIZING})
CREATION_GRACE: Final = timedelta(seconds=60)
"""How long a pod may lack a started container before that counts as trouble; Kubernetes sets no deadline."""


def condition(conditions: tuple[Condition, ...], kind: str) -> Condition | None:
    """Return the condition of a type."""
    return next((entry for entry in conditions if entry.type == kind), None)


def is_ready(pod: Pod) -> bool:
    """Tell whether the Ready condition is True (endpointslice util/controller_utils.go, IsPodReady)."""
    ready = condition(pod.status.conditions, "Ready")
    return ready is not None and ready.status == "True"


def is_terminal(pod: Pod) -> bool:
    """Tell whether the pod has finished for good (endpointslice util/controller_utils.go, isPodTerminal)."""
    return pod.status.phase in ("Succeeded", "Failed")


def scheduled(pod: Pod) -> Step:
    """Tell whether the scheduler has given the pod a node."""
    if pod.spec.node_name:
        return met(StepKind.SCHEDULED, "spec.nodeName", pod.spec.node_name)
    verdict = condition(pod.status.conditions, "PodScheduled")
    if verdict is None:
        return unmet(StepKind.SCHEDULED, "spec.nodeName", "<none>")
    return unmet(
        StepKind.SCHEDULED, "status.conditions[PodScheduled]", verdict.message, reason=verdict.reason
    )


def ready_steps(pod: Pod) -> tuple[Step, ...]:
    """Return the steps to Ready. The condition alone decides; where it is not True those before say why."""
    ready = condition(pod.status.conditions, "Ready")
    decided = Step(
        StepKind.READY,
        ready is not None and ready.status == "True",
        "status.conditions[Ready]",
        ready.status if ready else "<none>",
        reason=ready.reason if ready else "",
    )
    if decided.passed:
        return (decided,)
    return (*_container_steps(pod), *_gate_steps(pod), decided)


def _container_steps(pod: Pod) -> Iterator[Step]:
    statuses = {status.name: status for status in pod.status.container_statuses}
    for container in pod.spec.init_containers:
        status = next((s for s in pod.status.init_container_statuses if s.name == container.name), None)
        if is_sidecar(container):
            yield from _serving_steps(container, status, "status.initContainerStatuses")
        else:
            yield _initialized(container, status)
    for container in pod.spec.containers:
        yield from _serving_steps(container, statuses.get(container.name), "status.containerStatuses")


def _initialized(container: Container, status: ContainerStatus | None) -> Step:
    field = f"status.initContainerStatuses[{container.name}].state"
    state = status.state if status else None
    if state and state.terminated:
        ended, where = state.terminated, f"{field}.terminated"
        done = ended.exit_code == 0
        return Step(StepKind.INITIALIZED, done, where, _how(ended), container.name, ended.reason)
    if state and state.waiting:
        reason = state.waiting.reason
        value = state.waiting.message or reason
        return unmet(StepKind.INITIALIZED, f"{field}.waiting", value, container.name, reason)
    value = "running" if state and state.running else "waiting"
    return unmet(StepKind.INITIALIZED, field, value, container.name)


def _how(ended: StateTerminated) -> str:
    return f"{ended.reason or 'terminated'}, exit code {ended.exit_code}"


def _serving_steps(container: Container, status: ContainerStatus | None, where: str) -> Iterator[Step]:
    """Yield created, running, started, probed for one container (pkg/kubelet/prober/worker.go)."""
    field = f"{where}[{container.name}]"
    yield _created(container, status, field)
    yield _running(container, status, field)
    started = bool(status and status.started)
    if container.startup_probe:
        yield Step(StepKind.STARTED, started, f"{field}.started", str(started).lower(), container.name)
    ready = bool(status and status.ready)
    if container.readiness_probe:
        yield Step(StepKind.PROBED, ready, f"{field}.ready", str(ready).lower(), container.name)


def _created(container: Container, status: ContainerStatus | None, field: str) -> Step:
    waiting = status.state.waiting if status else None
    nothing = status is None or (
        waiting is None and status.state.running is None and status.state.terminated is None
    )
    if nothing or (waiting and waiting.reason != BACK_OFF):
        reason = waiting.reason if waiting else ""
        value = (waiting.message or reason) if waiting else "no status"
        return unmet(StepKind.CREATED, f"{field}.state.waiting", value, container.name, reason)
    return met(StepKind.CREATED, f"{field}.state", "created", container.name)


def _running(container: Container, status: ContainerStatus | None, field: str) -> Step:
    state = status.state if status else None
    if state and state.running:
        return met(StepKind.RUNNING, f"{field}.state", "running", container.name)
    if state and state.terminated:
        ended = state.terminated
        where = f"{field}.state.terminated"
        return unmet(StepKind.RUNNING, where, _how(ended), container.name, ended.reason)
    waiting = state.waiting if state else None
    return unmet(
        StepKind.RUNNING,
        f"{field}.state.waiting",
        waiting.message if waiting else "waiting",
        container.name,
        waiting.reason if waiting else "",
    )


def _gate_steps(pod: Pod) -> Iterator[Step]:
    for gate in pod.spec.readiness_gates:
        found = condition(pod.status.conditions, gate.condition_type)
        value = found.status if found else "<none>"
        yield Step(StepKind.GATES, value == "True", f"status.conditions[{gate.condition_type}]", value)


def time_left(pod: Pod, why: Step, now: datetime) -> timedelta | None:
    """Return how long the kubelet still gives what the step waits for; None when no deadline runs (any more).

    A probe may fail `failureThreshold` times, `periodSeconds` apart, after `initialDelaySeconds`. Only the
    first run has such a deadline: a container that is restarted again and again would come up for ever.
    """
    match why.kind:
        case StepKind.STARTED | StepKind.PROBED:
            return _probe_time_left(pod, why, now)
        case StepKind.SCHEDULED if why.reason:
            return None
        case StepKind.CREATED | StepKind.INITIALIZED if why.reason not in _STARTING:
            return None
        case StepKind.SCHEDULED | StepKind.ADDRESS | StepKind.CREATED | StepKind.INITIALIZED:
            return _positive(pod.metadata.creation_timestamp, CREATION_GRACE, now)
        case _:
            return None


def _probe_time_left(pod: Pod, why: Step, now: datetime) -> timedelta | None:
    container = find_container(pod, why.container)
    status = container_status(pod, why.container)
    if container is None or status is None or status.state.running is None or status.restart_count:
        return None
    # Readiness is asked once the startup probe has passed (prober/worker.go, doProbe); when that was is not
    # in the API, so that the latest moment at which it can have been counts.
    probes = [container.startup_probe]
    if why.kind is StepKind.PROBED:
        probes.append(container.readiness_probe)
    allowed = sum((budget(probe) for probe in probes if probe), start=timedelta())
    return _positive(status.state.running.started_at, allowed, now)


def budget(probe: Probe) -> timedelta:
    """Return the time a probe gives before its failure counts."""
    return timedelta(seconds=probe.initial_delay_seconds + probe.period_seconds * probe.failure_threshold)


def _positive(since: datetime | None, allowed: timedelta, now: datetime) -> timedelta | None:
    left = allowed - (now - since) if since else None
    return left if left and left > timedelta(0) else None


def find_container(pod: Pod, name: str) -> Container | None:
    """Return the declaration of a container, init containers included."""
    return next((c for c in (*pod.spec.containers, *pod.spec.init_containers) if c.name == name), None)


def has_ended(pod: Pod, name: str) -> bool:
    """Tell whether a container has ended and does not run again yet."""
    status = container_status(pod, name)
    if status is None:
        return False
    waiting = status.state.waiting
    return status.state.terminated is not None or (waiting is not None and waiting.reason == BACK_OFF)


def container_status(pod: Pod, name: str) -> ContainerStatus | None:
    """Return the status of a container, init containers included."""
    statuses = (*pod.status.container_statuses, *pod.status.init_container_statuses)
    return next((status for status in statuses if status.name == name), None)
