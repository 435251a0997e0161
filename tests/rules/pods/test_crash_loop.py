"""KSV305: a container does not stay up."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kubesvc.model.objects import ContainerStatus, Event, ExecAction, Pod, PodIP, Probe
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Effect, Verdict
from tests.support.builders import (
    NOW,
    container,
    ended,
    event,
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
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BY_RS = owned_by("ReplicaSet", "web-abc")
BACK_OFF = "back-off 5m0s restarting failed container=app pod=web-9_shop(uid-web-9)"
LOOPING = waiting("CrashLoopBackOff", BACK_OFF, restart_count=12, last_state=terminated(137, "OOMKilled"))


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
        "kubelet: CrashLoopBackOff: back-off 5m0s",
        "ended: OOMKilled, exit code 137, 1 min ago, 12 restarts",
    ]
    assert found.confirm[0].argv == (
        "kubectl", "logs", "web-9", "-c", "app", "--tail=20", "--previous",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "field", "previous"),
    [
        (ended(1), "state", False),
        (ended(1, restart_count=2, last_state=terminated(2)), "state", False),
        (waiting("CrashLoopBackOff", restart_count=2, last_state=terminated(1)), "lastState", True),
    ],
    ids=["the only run", "the current run", "the run before the wait"],
)
def test_the_log_is_that_of_the_end_that_is_told(
    status: ContainerStatus, field: str, *, previous: bool
) -> None:
    """`--previous` skips the current run, which may be over; the kubelet then says no more than that."""
    found = only(explain(settled(service(), crashing(status), replica_set())), "KSV305")

    told = found.rows[-1]
    assert told.value.startswith("Error, exit code 1, 1 min ago")
    assert told.source == f"status.containerStatuses[app].{field}.terminated"
    assert ("--previous" in found.confirm[0].argv) is previous
    assert ("kubelet" in [row.label for row in found.rows]) is previous


def test_an_end_that_the_kubelet_has_forgotten_is_not_told() -> None:
    """There is no log of a previous run then, either."""
    found = only(explain(settled(service(), crashing(waiting("CrashLoopBackOff", BACK_OFF)))), "KSV305")

    assert rows(found)[1:] == ["kubelet: CrashLoopBackOff: back-off 5m0s"]
    assert "--previous" not in found.confirm[0].argv


LIVENESS = http_probe(8080, "/livez")
PROBED = "GET http://:8080/livez every 10 s, timeout 1 s, 3 failures"
STARTED, FINISHED = NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)


def stopped(code: int = 0, reason: str = "Completed", **probes: Any) -> Pod:
    """A pod whose container ended a minute ago, with these probes."""
    run = ended(code, reason)
    status = with_(run, state__terminated__started_at=STARTED, state__terminated__finished_at=FINISHED)
    return with_(crashing(status), spec__containers=(container(**probes),))


def told_by(of: Pod, reason: str, message: str, at: datetime = FINISHED) -> Event:
    """What the kubelet says of the container."""
    said = event(of, reason, message, times=6)
    return with_(said, last_timestamp=at, involved_object__field_path="spec.containers{app}")


KILLED = ("Killing", "Container app failed liveness probe, will be restarted")
FAILED = ("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")
ANSWER = '"HTTP probe failed with statuscode: 500", 6 times, last 1 min ago'


NO_EVENT = "may be why the container ended: no event tells it (events are rate-limited and kept for an hour)"


@pytest.mark.parametrize("code", [0, 1, 137, 143])
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((KILLED, FAILED), f"it failed, so the kubelet ended the container: {ANSWER}"),
        ((KILLED,), "it failed, so the kubelet ended the container"),
        ((FAILED,), f"it failed, which may be why the container ended: {ANSWER}"),
    ],
    ids=["killed, and why", "killed", "failed"],
)
def test_a_liveness_probe_that_ended_the_container_is_named(
    said: tuple[tuple[str, str], ...], told: str, code: int
) -> None:
    """From the pod's events, however the process ended: it answers SIGTERM as it likes."""
    sick = stopped(code, "Error", liveness_probe=LIVENESS)

    found = only(explain(settled(service(), sick, *(told_by(sick, *one) for one in said))), "KSV305")

    assert rows(found)[-1] == f"liveness: {PROBED}; {told}"
    assert [command.argv[1] for command in found.confirm] == ["logs", "describe"]


EARLIER = "so the kubelet ended an earlier run; may be why this one ended, too"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (STARTED, "it failed, so the kubelet ended the container"),
        (FINISHED, "it failed, so the kubelet ended the container"),
        (STARTED - timedelta(minutes=5), f"it failed 7 min ago, {EARLIER}"),
        (FINISHED + timedelta(seconds=1), NO_EVENT),
    ],
    ids=["as the run began", "as it ended", "of a run before", "of a run after"],
)
def test_an_event_of_another_run_is_no_proof_of_this_ones_end(at: datetime, told: str) -> None:
    """It may have ended otherwise; of a loop that lasts, the kubelet tells the first runs alone."""
    sick = stopped(liveness_probe=LIVENESS)

    found = only(explain(settled(service(), sick, told_by(sick, *KILLED, at=at))), "KSV305")

    assert rows(found)[-1] == f"liveness: {PROBED}; {told}"


def test_a_probe_that_failed_in_an_earlier_run_is_not_quoted() -> None:
    """What it was told then is not why this run ended."""
    sick = stopped(liveness_probe=LIVENESS)
    earlier = told_by(sick, *FAILED, at=STARTED - timedelta(minutes=5))

    of_this = only(explain(settled(service(), sick, earlier, told_by(sick, *KILLED))), "KSV305")
    of_none = only(explain(settled(service(), sick, earlier)), "KSV305")

    assert rows(of_this)[-1].endswith("; it failed, so the kubelet ended the container")
    assert rows(of_none)[-1].endswith(f"; {NO_EVENT}")


@pytest.mark.parametrize(
    ("said", "at", "told"),
    [
        (KILLED, FINISHED, ["liveness"]),
        (KILLED, STARTED - timedelta(minutes=5), []),
        (FAILED, FINISHED, []),
    ],
    ids=["killed", "an earlier run killed", "failed"],
)
def test_of_a_container_out_of_memory_a_probe_is_named_only_if_the_kubelet_ended_it(
    said: tuple[str, str], at: datetime, told: list[str]
) -> None:
    """Its memory is why it ended; but a runtime also says so where one process of several had none."""
    sick = stopped(137, "OOMKilled", liveness_probe=LIVENESS)

    found = only(explain(settled(service(), sick, told_by(sick, *said, at=at))), "KSV305")

    assert [row.label for row in found.rows[2:]] == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('failed: command timed out: "sh -H token" timed out after 1s', "the command timed out after 1s"),
        ("failed: the cache is cold\n", '"the cache is cold"'),
    ],
    ids=["too slow", "failed by itself"],
)
def test_the_command_of_a_probe_is_not_shown(said: str, told: str) -> None:
    """It may hold a secret."""
    sick = stopped(liveness_probe=Probe(exec=ExecAction()))
    failed = told_by(sick, "Unhealthy", f"Liveness probe {said}")

    found = only(explain(settled(service(), sick, failed, told_by(sick, *KILLED))), "KSV305")

    shown = rows(found)[-1]
    assert shown.startswith("liveness: a command in the container every 10 s")
    assert shown.endswith(f"so the kubelet ended the container: {told}, 6 times, last 1 min ago")


def test_what_is_not_known_of_the_times_speaks_against_no_event() -> None:
    """The kubelet said that it killed this container."""
    sick = crashing(ended(0, "Completed"))
    sick = with_(sick, spec__containers=(container(liveness_probe=LIVENESS),))
    timeless = with_(told_by(sick, *KILLED), last_timestamp=None)
    unfinished = with_(
        sick, status__container_statuses=(with_(ended(0), state__terminated__finished_at=None),)
    )

    for member, said in ((sick, timeless), (unfinished, told_by(unfinished, *KILLED))):
        found = only(explain(settled(service(), member, said)), "KSV305")
        assert "so the kubelet ended the container" in rows(found)[-1]


@pytest.mark.parametrize(
    ("member", "probes"),
    [
        (stopped(startup_probe=LIVENESS, liveness_probe=LIVENESS), ["startup", "liveness"]),
        (stopped(143, "Error", startup_probe=LIVENESS), ["startup"]),
        (stopped(137, "Error", liveness_probe=LIVENESS), ["liveness"]),
        (stopped(137, "OOMKilled", liveness_probe=LIVENESS), []),
        (stopped(1, "Error", liveness_probe=LIVENESS), []),
        (stopped(readiness_probe=LIVENESS), []),
    ],
    ids=["both", "SIGTERM", "SIGKILL", "out of memory", "by itself", "readiness ends nothing"],
)
def test_without_events_a_probe_is_named_where_the_end_looks_like_it(member: Pod, probes: list[str]) -> None:
    """As processes end that are told to."""
    found = only(explain(settled(service(), member)), "KSV305")

    assert [row.label for row in found.rows[2:]] == probes


def test_another_containers_end_is_not_this_ones() -> None:
    """Its name may begin with this one's."""
    sick = stopped(1, "Error", liveness_probe=LIVENESS)
    said = [
        told_by(sick, "Killing", "Container app2 failed liveness probe, will be restarted"),
        told_by(sick, "Killing", "Container app failed startup probe, will be restarted"),
        told_by(sick, "Killing", "Stopping container app"),
        with_(told_by(sick, *FAILED), involved_object__field_path="spec.containers{other}"),
    ]

    assert len(only(explain(settled(service(), sick, *said)), "KSV305").rows) == 2


def pod_events(source: FakeSource) -> list[Read]:
    """The reads of a pod's events."""
    asked = [read for wanted in source.rounds for read in wanted]
    return [read for read in asked if ("involvedObject.kind", "Pod") in read.fields]


def test_the_events_of_one_pod_are_read_for_a_container_that_a_probe_may_end() -> None:
    """In sixteen requests at most, however many pods there are."""
    members = [
        with_(
            stopped(1, "Error", startup_probe=LIVENESS, liveness_probe=LIVENESS),
            metadata__name=f"web-{n}",
            metadata__uid=f"uid-{n}",
            spec__node_name=f"node-{n}",
            status__pod_ips=(PodIP(ip=f"10.0.9.{n}"),),
        )
        for n in range(3)
    ]
    source = FakeSource(settled(service(), *members, replica_set(), told_by(members[0], *KILLED)))

    found = only(ask(Query("shop", ("web",)), source), "KSV305")

    assert found.headline.endswith("on 3 of 3 pods")
    assert "so the kubelet ended the container" in rows(found)[-1]
    assert [dict(read.fields)["involvedObject.name"] for read in pod_events(source)] == ["web-0"]
    assert source.requests <= 16


@pytest.mark.parametrize(
    "member",
    [
        stopped(readiness_probe=LIVENESS),
        with_(crashing(waiting("CrashLoopBackOff")), spec__containers=(container(liveness_probe=LIVENESS),)),
    ],
    ids=["no probe ends it", "its end is not known"],
)
def test_otherwise_no_event_is_read(member: Pod) -> None:
    """None could be about the end."""
    source = FakeSource(settled(service(), member, replica_set()))

    only(ask(Query("shop", ("web",)), source), "KSV305")

    assert pod_events(source) == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, [f"liveness: {PROBED}; may be why the container ended: events could not be read (forbidden)"]),
        (1, []),
    ],
)
def test_events_that_may_not_be_read_are_said_to_be_unread(code: int, told: list[str]) -> None:
    """Where the end looks like that of a process that was told to."""
    cluster = settled(service(), stopped(code, "Error", liveness_probe=LIVENESS))

    report = ask(Query("shop", ("web",)), FakeSource(cluster, denied=(Read("Event"),)))

    (found,) = find(report, "KSV305")
    assert rows(found)[2:] == told


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
    ("status", "told", "field"),
    [
        (ended(1, name="setup"), ["ended: Error, exit code 1, 1 min ago, 0 restarts"], "state.terminated"),
        (
            waiting("CrashLoopBackOff", "back-off", "setup", restart_count=3, last_state=terminated(2)),
            ["kubelet: CrashLoopBackOff: back-off", "ended: Error, exit code 2, 1 min ago, 3 restarts"],
            "lastState.terminated",
        ),
    ],
    ids=["ended", "waits for its restart"],
)
def test_an_init_container_that_fails_is_one_too(
    status: ContainerStatus, told: list[str], field: str
) -> None:
    """However young the pod is: no deadline runs for what does not end by itself."""
    report = explain(settled(service(), setting_up(status), replica_set()))

    found = only(report, "KSV305")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "init container setup does not succeed on 1 of 1 pod"
    assert rows(found)[1:] == told
    assert found.rows[-1].source == f"status.initContainerStatuses[setup].{field}"
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


def test_published_pods_that_crash_take_no_traffic() -> None:
    """They are sent it: the Service is broken, and the crash is why."""
    report = explain(settled(service(publish_not_ready_addresses=True), crashing(LOOPING), replica_set()))

    assert verdict(report) is Verdict.BROKEN
    assert [(found.code, found.effect) for found in report.findings] == [("KSV305", Effect.BROKEN)]
