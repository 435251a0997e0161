"""KSV305: a container does not stay up."""

import pytest

from kubesvc.model.objects import ContainerStatus, Pod
from kubesvc.model.report import Effect, Verdict
from tests.support.builders import (
    NOW,
    container,
    ended,
    http_probe,
    owned_by,
    pod,
    pods,
    replica_set,
    running,
    service,
    settled,
    terminated,
    terminating,
    waiting,
    with_,
)
from tests.support.sources import explain, find, only, rows, verdict

BY_RS = owned_by("ReplicaSet", "web-abc")
LOOPING = waiting(
    "CrashLoopBackOff", "back-off 5m0s restarting", restart_count=12, last_state=terminated(137, "OOMKilled")
)


def crashing(status: ContainerStatus, name: str = "web-1", ip: str = "10.0.9.1") -> Pod:
    """A pod whose only container is in this state."""
    app = container(readiness_probe=http_probe())
    return pod(name, app, ips=(ip,), ready=False, statuses=(status,), owner=owned_by("ReplicaSet", "web-abc"))


def test_the_last_end_is_told() -> None:
    """Reason, exit code, time, restarts; and where its last words are."""
    report = explain(settled(service(), *pods(1), crashing(LOOPING, "web-9"), replica_set()))

    found = only(report, "KSV305")
    assert verdict(report) is Verdict.DEGRADED
    assert found.headline == "container app does not stay up on 1 of 2 pods"
    assert (found.culprit.name, found.effect) == ("web", Effect.DEGRADED)
    assert rows(found)[1:] == [
        "kubelet: CrashLoopBackOff: back-off 5m0s restarting",
        "ended: OOMKilled, exit code 137, 1 min ago, 12 restarts",
    ]
    assert found.confirm[0].argv == (
        "kubectl", "logs", "web-9", "-c", "app", "--tail=20", "--previous",
    )  # fmt: skip


def test_an_end_without_a_restart_has_no_previous_log() -> None:
    """The log of the only run is the current one."""
    found = only(explain(settled(service(), crashing(ended(1)), replica_set())), "KSV305")

    assert "--previous" not in found.confirm[0].argv
    assert rows(found)[1:] == [
        "kubelet: Error: Error, exit code 1",
        "ended: Error, exit code 1, 1 min ago, 0 restarts",
    ]


def test_waiting_and_ended_alternate_in_one_finding() -> None:
    """The kubelet shows one or the other, as it happens to be."""
    members = (crashing(LOOPING, "web-1", "10.0.0.1"), crashing(ended(1), "web-2", "10.0.0.2"))

    found = only(explain(settled(service(), *members, replica_set())), "KSV305")

    assert found.headline.endswith("on 2 of 2 pods")


def test_two_containers_are_two_findings() -> None:
    """Each has its own log."""
    two = pod(
        "web-1", container("app"), container("proxy"), ready=False, statuses=(ended(1), running("proxy"))
    )
    other = pod(
        "web-2", container("app"), container("proxy"), ips=("10.0.0.2",), ready=False,
        statuses=(running("app"), ended(2, name="proxy")),
    )  # fmt: skip

    report = explain(settled(service(), two, other))

    assert [found.headline.split()[1] for found in report.findings] == ["app", "proxy"]


def test_two_containers_of_one_owner_are_two_findings_with_identities_of_their_own() -> None:
    """A pod counts with the first container that holds it back, so that no place is in both."""
    both = (container("app"), container("proxy"))
    members = [
        pod("web-1", *both, ready=False, statuses=(ended(1), ended(1, name="proxy")), owner=BY_RS),
        pod("web-2", *both, ips=("10.0.0.2",), ready=False, owner=BY_RS,
            statuses=(running("app"), ended(2, name="proxy"))),
    ]  # fmt: skip

    first, second = explain(settled(service(), *members, replica_set())).findings

    assert (first.code, first.culprit) == (second.code, second.culprit)
    assert [f.headline for f in (first, second)] == [
        "container app does not stay up on 1 of 2 pods",
        "container proxy does not stay up on 1 of 2 pods",
    ]
    assert first.id != second.id
    assert not {*first.places} & {*second.places}


def setting_up(status: ContainerStatus) -> Pod:
    """A pod whose init container is in this state; it was made a moment ago."""
    return with_(
        crashing(waiting("PodInitializing")),
        metadata__creation_timestamp=NOW,
        spec__init_containers=(container("setup"),),
        status__init_container_statuses=(status,),
    )


@pytest.mark.parametrize(
    ("status", "kubelet", "told"),
    [
        (ended(1, name="setup"), "Error: Error, exit code 1", "Error, exit code 1, 1 min ago, 0 restarts"),
        (
            waiting("CrashLoopBackOff", "back-off", "setup", restart_count=3, last_state=terminated(2)),
            "CrashLoopBackOff: back-off",
            "Error, exit code 2, 1 min ago, 3 restarts",
        ),
    ],
    ids=["ended", "waits for its restart"],
)
def test_an_init_container_that_fails_is_one_too(status: ContainerStatus, kubelet: str, told: str) -> None:
    """However young the pod is: no deadline runs for what does not end by itself."""
    report = explain(settled(service(), setting_up(status), replica_set()))

    found = only(report, "KSV305")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "init container setup does not succeed on 1 of 1 pod"
    assert rows(found)[1:] == [f"kubelet: {kubelet}", f"ended: {told}"]
    assert {row.source for row in found.rows[2:]} == {"status.initContainerStatuses[setup]"}
    assert found.confirm[0].argv[:5] == ("kubectl", "logs", "web-1", "-c", "setup")


@pytest.mark.parametrize(
    "member",
    [
        setting_up(running("setup")),
        setting_up(waiting("PodInitializing", name="setup")),
        setting_up(waiting("ImagePullBackOff", name="setup")),
        setting_up(ended(0, "Completed", name="setup")),
        crashing(running(ready=False)),
        crashing(waiting("ContainerCreating")),
        terminating(crashing(LOOPING)),
        pod("web-1", statuses=(running(restart_count=9, last_state=terminated(1)),)),
        pod("web-1", ready=False, statuses=(ended(0, "Completed"),), phase="Succeeded"),
    ],
    ids=[
        "init container runs",
        "init container waits",
        "init container without an image",
        "init container has succeeded",
        "runs, not ready",
        "being created",
        "terminating",
        "restarted, ready again",
        "finished for good",
    ],
)
def test_what_looks_like_it_is_not_it(member: Pod) -> None:
    """It runs, has not started, or is not meant to serve."""
    assert find(explain(settled(service(), member, replica_set())), "KSV305") == ()


def test_a_restarted_pod_that_is_ready_is_healthy() -> None:
    """What is over is over."""
    report = explain(settled(service(), pod("web-1", statuses=(running(restart_count=9),))))

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())
