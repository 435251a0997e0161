"""Why a pod is Ready or not: kubelet status/generate.go and prober/worker.go."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from kubesvc.model.cell import Chain, Step, StepKind
from kubesvc.model.objects import Condition, ContainerState, ContainerStatus, Pod, ReadinessGate
from kubesvc.semantics import readiness
from tests.support.builders import (
    LONG_AGO,
    NOW,
    condition,
    container,
    ended,
    http_probe,
    pod,
    running,
    terminated,
    unready,
    unscheduled,
    waiting,
    with_,
)

SECOND = timedelta(seconds=1)
PROBED = container(readiness_probe=http_probe())
STARTING = container(startup_probe=http_probe(), readiness_probe=http_probe())


def why(of: Pod) -> Step:
    """The reason why a pod is not ready."""
    found = Chain(readiness.ready_steps(of)).why
    assert found is not None
    return found


def not_ready(*statuses: ContainerStatus, of: Pod | None = None) -> Pod:
    """A pod with a readiness probe that is not Ready."""
    base = of or pod("web-1", PROBED, ready=False)
    return with_(base, status__container_statuses=statuses)


def test_the_ready_condition_alone_decides() -> None:
    """Whatever the container statuses say: the controller looks at nothing else."""
    lagging = with_(pod(), status__container_statuses=(running(ready=False),))

    assert readiness.is_ready(lagging)
    assert [step.kind for step in readiness.ready_steps(lagging)] == [StepKind.READY]
    assert Chain(readiness.ready_steps(lagging)).why is None


@pytest.mark.parametrize(
    "conditions",
    [
        (),
        (condition("Ready", "False"),),
        (condition("Ready", "Unknown"),),
        (condition("ContainersReady", "True"), condition("Ready", "False")),
        (condition("ContainersReady", "True"),),
    ],
)
def test_anything_but_true_is_not_ready(conditions: tuple[Condition, ...]) -> None:
    """Missing and Unknown too, and whatever the containers are."""
    assert not readiness.is_ready(pod(conditions=conditions))


@dataclass(frozen=True)
class Case:
    """A container's status, and the condition that it misses."""

    status: ContainerStatus
    kind: StepKind
    reason: str = ""


CASES = {
    "probe fails": Case(running(ready=False), StepKind.PROBED),
    "image": Case(waiting("ImagePullBackOff", "Back-off"), StepKind.CREATED, "ImagePullBackOff"),
    "config": Case(waiting("CreateContainerConfigError"), StepKind.CREATED, "CreateContainerConfigError"),
    "being created": Case(waiting("ContainerCreating"), StepKind.CREATED, "ContainerCreating"),
    "crash loop": Case(waiting("CrashLoopBackOff", "back-off 10s"), StepKind.RUNNING, "CrashLoopBackOff"),
    "ended": Case(ended(1), StepKind.RUNNING, "Error"),
    "killed": Case(ended(137, "OOMKilled"), StepKind.RUNNING, "OOMKilled"),
    "no state": Case(ContainerStatus(name="app"), StepKind.CREATED),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_first_unmet_condition_is_the_reason(case: Case) -> None:
    """In the kubelet's order; the container is named."""
    found = why(not_ready(case.status))

    assert (found.kind, found.reason, found.container) == (case.kind, case.reason, "app")


def test_a_container_without_a_status_is_not_created() -> None:
    """The kubelet has not spoken yet."""
    assert why(not_ready()).kind is StepKind.CREATED


def test_a_startup_probe_comes_before_the_readiness_probe() -> None:
    """The readiness probe does not run before."""
    status = with_(running(ready=False), started=False)

    assert why(not_ready(status, of=pod("web-1", STARTING, ready=False))).kind is StepKind.STARTED


def test_without_a_probe_the_condition_itself_is_the_reason() -> None:
    """Such as on a lost node: containers are ready, the condition is not."""
    lost = pod(conditions=(condition("Ready", "False", "KubeletNotReady"),))

    found = why(lost)

    assert (found.kind, found.value, found.reason) == (StepKind.READY, "False", "KubeletNotReady")


def test_a_container_without_a_probe_is_not_probed() -> None:
    """Whatever its status says; and one without a startup probe need not say that it has started."""
    plain, probed = pod("web-1", ready=False), pod("web-1", PROBED, ready=False)
    silent = with_(running(ready=False), started=None)

    assert why(not_ready(silent, of=plain)).kind is StepKind.READY
    assert why(not_ready(silent, of=probed)).kind is StepKind.PROBED


def test_any_container_holds_the_pod_back() -> None:
    """The one that is not ready is named."""
    two = pod("web-1", container("app"), container("proxy", readiness_probe=http_probe()), ready=False)

    found = why(not_ready(running("app"), running("proxy", ready=False), of=two))

    assert (found.kind, found.container) == (StepKind.PROBED, "proxy")


@pytest.mark.parametrize(
    ("status", "passed"),
    [
        (ContainerStatus(name="init", state=terminated(0, "Completed")), True),
        (ContainerStatus(name="init", state=terminated(1)), False),
        (running("init"), False),
        (waiting("PodInitializing", name="init"), False),
        (ContainerStatus(name="init", state=ContainerState()), False),
        (None, False),
    ],
)
def test_an_init_container_must_have_ended_well(status: ContainerStatus | None, *, passed: bool) -> None:
    """It comes before the containers."""
    base = with_(
        pod("web-1", PROBED, ready=False),
        spec__init_containers=(container("init"),),
        status__init_container_statuses=(status,) if status else (),
    )

    found = why(not_ready(running(ready=False), of=base))

    assert found.kind is (StepKind.PROBED if passed else StepKind.INITIALIZED)


def test_a_sidecar_counts_like_a_container() -> None:
    """Its readiness counts toward the pod's."""
    sidecar = container("proxy", restart_policy="Always", readiness_probe=http_probe())
    base = with_(
        pod("web-1", ready=False),
        spec__init_containers=(sidecar,),
        status__init_container_statuses=(running("proxy", ready=False),),
    )

    found = why(base)

    assert (found.kind, found.container) == (StepKind.PROBED, "proxy")
    assert found.field.startswith("status.initContainerStatuses[proxy]")


@pytest.mark.parametrize(("status", "shown"), [(None, "<none>"), ("False", "False"), ("Unknown", "Unknown")])
def test_a_readiness_gate_holds_a_pod_back(status: str | None, shown: str) -> None:
    """Although all its containers are ready."""
    gate = "target-health.example/web"
    given = (condition("ContainersReady", "True"), condition("Ready", "False", "ReadinessGatesNotReady"))
    added = (condition(gate, status),) if status else ()
    gated = with_(
        pod(conditions=(*given, *added)), spec__readiness_gates=(ReadinessGate(condition_type=gate),)
    )

    found = why(gated)

    assert (found.kind, found.value, found.field) == (StepKind.GATES, shown, f"status.conditions[{gate}]")


def test_containers_come_before_readiness_gates() -> None:
    """The kubelet looks at them first (GeneratePodReadyCondition)."""
    both = with_(
        not_ready(running(ready=False)), spec__readiness_gates=(ReadinessGate(condition_type="unset"),)
    )

    assert why(both).kind is StepKind.PROBED


def test_the_scheduler_speaks_through_a_condition() -> None:
    """Its message is quoted."""
    found = readiness.scheduled(unscheduled())

    assert (found.passed, found.reason, found.value) == (False, "Unschedulable", "0/3 nodes fit")


def test_a_pod_that_the_scheduler_has_not_seen_has_no_reason() -> None:
    """It is new."""
    found = readiness.scheduled(with_(unscheduled(), status__conditions=()))

    assert (found.passed, found.reason) == (False, "")
    assert readiness.scheduled(pod()).passed


def left(of: Pod, now: datetime = NOW) -> timedelta | None:
    """The time that is left for what a pod waits for."""
    return readiness.time_left(of, why(of), now)


def test_a_probe_may_fail_before_it_counts() -> None:
    """FailureThreshold × periodSeconds, after initialDelaySeconds."""
    since = NOW - timedelta(seconds=10)
    probe = http_probe(initial_delay_seconds=5, period_seconds=10, failure_threshold=3)
    young = pod(
        "web-1", container(readiness_probe=probe), statuses=(running(ready=False, since=since),), ready=False
    )

    assert left(young) == 25 * SECOND
    assert left(young, NOW + 25 * SECOND) is None


def test_a_startup_probe_has_its_own_budget() -> None:
    """Usually a longer one."""
    probe = http_probe(period_seconds=10, failure_threshold=30)
    status = with_(running(ready=False, since=NOW), started=False)
    young = pod("web-1", container(startup_probe=probe), statuses=(status,), ready=False)

    assert left(young) == 300 * SECOND


def test_readiness_is_given_the_time_of_the_startup_probe_too() -> None:
    """It is asked once that has passed; when that was is not in the API."""
    app = container(
        startup_probe=http_probe(period_seconds=10, failure_threshold=30),
        readiness_probe=http_probe(period_seconds=10, failure_threshold=3),
    )
    started = pod("web-1", app, statuses=(running(ready=False, since=NOW),), ready=False)

    assert why(started).kind is StepKind.PROBED
    assert left(started, NOW + 300 * SECOND) == 30 * SECOND
    assert left(started, NOW + 330 * SECOND) is None


@pytest.mark.parametrize("started", [True, False])
def test_only_the_first_run_has_a_deadline(*, started: bool) -> None:
    """A container that is restarted again and again would come up for ever."""
    status = with_(running(ready=False, since=NOW, restart_count=9), started=started)
    again = pod("web-1", STARTING, statuses=(status,), ready=False)

    assert why(again).kind is (StepKind.PROBED if started else StepKind.STARTED)
    assert left(again) is None
    assert left(with_(again, status__container_statuses=(with_(status, restart_count=0),)))


@pytest.mark.parametrize("reason", ["", "ContainerCreating", "PodInitializing"])
def test_a_young_pod_may_be_without_containers(reason: str) -> None:
    """For a minute; Kubernetes sets no deadline."""
    young = with_(not_ready(waiting(reason)), metadata__creation_timestamp=NOW - timedelta(seconds=20))

    assert left(young) == 40 * SECOND
    assert left(young, NOW + timedelta(minutes=1)) is None


def initializing(status: ContainerStatus) -> Pod:
    """A pod whose init container is in this state."""
    return with_(
        not_ready(waiting("PodInitializing")),
        spec__init_containers=(container("init"),),
        status__init_container_statuses=(status,),
    )


@pytest.mark.parametrize(
    "stuck",
    [
        initializing(waiting("CrashLoopBackOff", name="init")),
        initializing(waiting("ImagePullBackOff", name="init")),
        initializing(ended(1, name="init")),
        not_ready(waiting("ImagePullBackOff")),
        not_ready(waiting("CrashLoopBackOff")),
        not_ready(ended(1)),
        unready(),
        pod(conditions=(condition("Ready", "False"),)),
    ],
)
def test_no_deadline_runs_for_what_does_not_end_by_itself(stuck: Pod) -> None:
    """However young the pod is."""
    assert left(with_(stuck, metadata__creation_timestamp=NOW)) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ended(1), True),
        (waiting("CrashLoopBackOff"), True),
        (waiting("ContainerCreating"), False),
        (running(restart_count=9), False),
        (ContainerStatus(name="app"), False),
        (ended(1, name="another"), False),
    ],
)
def test_what_has_ended_runs_no_more(status: ContainerStatus, *, expected: bool) -> None:
    """Whether it waits for its next start or not."""
    assert readiness.has_ended(not_ready(status), "app") is expected


def test_an_unschedulable_pod_is_given_no_time() -> None:
    """The scheduler has decided; before that it has a minute."""
    decided = with_(unscheduled(), metadata__creation_timestamp=NOW)
    undecided = with_(decided, status__conditions=())

    assert readiness.time_left(decided, readiness.scheduled(decided), NOW) is None
    assert readiness.time_left(undecided, readiness.scheduled(undecided), NOW) == 60 * SECOND


@pytest.mark.parametrize("since", [datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
def test_absurd_times_are_no_error(since: datetime) -> None:
    """Statuses are written by anybody with the right to."""
    absurd = not_ready(running(ready=False, since=since))

    readiness.time_left(absurd, why(absurd), NOW)


def test_containers_and_statuses_are_found_by_name() -> None:
    """Init containers included."""
    found = with_(
        pod(),
        spec__init_containers=(container("init"),),
        status__init_container_statuses=(ended(0, "Completed", "init"),),
    )

    assert readiness.find_container(found, "init") == container("init")
    assert readiness.find_container(found, "none") is None
    assert readiness.container_status(found, "app") == running(since=LONG_AGO)
    assert readiness.container_status(found, "none") is None
