"""KSV901: a port in trouble that no rule explains."""

from datetime import timedelta

import pytest

from kubesvc.model.objects import Obj, Pod, ReadinessGate
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    NOW,
    cluster,
    condition,
    container,
    deployment,
    endpoint,
    hand_made,
    http_probe,
    node,
    owned_by,
    pod,
    pods,
    port,
    replica_set,
    running,
    service,
    settled,
    terminating,
    unready,
    waiting,
    with_,
)
from tests.support.sources import explain, find, only, rows, verdict

GATED = with_(
    pod("web-9", ips=("10.0.0.9",), conditions=(condition("Ready", "False", "ReadinessGatesNotReady"),)),
    spec__readiness_gates=(ReadinessGate(condition_type="example.com/ready"),),
)


def test_the_first_missed_condition_is_shown() -> None:
    """Never a dead end: the field and its value are told."""
    report = explain(settled(service(), *pods(1), GATED))

    found = only(report, "KSV901")
    assert verdict(report) is Verdict.DEGRADED
    assert found.headline == "no rule explains the trouble of port http"
    assert (found.culprit, found.confidence, found.effect) == (GATED.ref, Confidence.LIKELY, Effect.DEGRADED)
    assert rows(found) == [
        "pod: web-9: not ready; readiness gate example.com/ready: nobody has set that condition"
    ]
    assert found.rows[0].source == "status.conditions[example.com/ready]"


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (pod(ips=("fd00::1",)), "; has no IPv4 address, only fd00::1"),
        (
            pod(conditions=(condition("Ready", "False"),)),
            "; the condition Ready is False although its containers are ready",
        ),
        (
            pod(ready=False, statuses=(waiting("CreateContainerConfigError", 'secret "x" not found'),)),
            '; container app is not created: CreateContainerConfigError: secret "x" not found',
        ),
        (with_(pod(), status__pod_ips=(), status__pod_ip=""), "; has no address yet"),
    ],
    ids=["family", "condition alone", "configuration", "address"],
)
def test_causes_of_later_releases_are_at_least_shown(member: Pod, said: str) -> None:
    """With Kubernetes' own value."""
    found = only(explain(settled(service(), member)), "KSV901")

    assert said in rows(found)[0]


def test_a_missing_node_is_shown() -> None:
    """Its pods are left out of the slices."""
    lost = pod(node="gone")
    found = only(explain(cluster(service(), lost)), "KSV901")

    assert "gone does not exist" in rows(found)[0]


def test_pods_of_one_owner_that_miss_the_same_are_one_finding() -> None:
    """At most three are shown; another condition, or another owner, is another finding."""
    lost = [
        pod(f"web-{n}", ips=(f"10.0.0.{n}",), node="gone", owner=owned_by("Job", "j")) for n in range(1, 6)
    ]

    report = explain(cluster(service(), *lost, GATED))

    assert [(f.culprit.kind, len(f.places), len(f.rows)) for f in report.findings] == [
        ("Job", 5, 3),
        ("Pod", 1, 1),
    ]


def test_it_is_silent_where_another_rule_speaks() -> None:
    """About the same pod; about another one it speaks."""
    both = explain(settled(service(), unready(), GATED))
    one = explain(settled(service(), unready()))

    assert sorted(f.code for f in both.findings) == ["KSV301", "KSV901"]
    assert find(one, "KSV901") == ()


def test_advice_explains_no_trouble() -> None:
    """A finding that does nothing to traffic is no explanation, although it is about the same endpoint."""
    last = hand_made(endpoint("192.0.2.1", ready=False, terminating=True))

    report = explain(settled(service(), terminating(unready()), last))

    assert [(f.code, f.effect) for f in report.findings] == [
        ("KSV901", Effect.DEGRADED),
        ("KSV401", Effect.ADVICE),
    ]
    assert report.findings[0].places == report.findings[1].places


def test_a_pod_that_is_given_time_is_no_trouble_yet() -> None:
    """Beside one whose time is over."""
    since = NOW - timedelta(seconds=5)
    young = pod(
        "young",
        container(readiness_probe=http_probe()),
        ips=("10.0.0.8",),
        ready=False,
        statuses=(running(ready=False, since=since),),
    )

    report = explain(settled(service(), unready(), young))

    assert find(report, "KSV901") == ()
    assert verdict(report) is Verdict.BROKEN


@pytest.mark.parametrize(
    "objects",
    [
        (service(), *pods(2)),
        (service(), deployment(replicas=0)),
        (service(), deployment(replicas=3), deployment("off", replicas=0)),
        (service(selector={}),),
        (service("web", type="ExternalName", external_name="x.example", cluster_ip=""),),
        (service(), *pods(1), terminating(unready("web-2"))),
        (service(), pod(phase="Failed")),
        (service(publish_not_ready_addresses=True), GATED),
        (service(), unready(owner=owned_by("ReplicaSet", "r")), replica_set("r"), node()),
    ],
    ids=["healthy", "idle", "no pods", "no selector", "alias", "leaving", "finished", "published", "probe"],
)
def test_what_is_explained_or_fine_is_not_unexplained(objects: tuple[Obj, ...]) -> None:
    """No scenario may end there."""
    assert find(explain(settled(objects[0], *objects[1:])), "KSV901") == ()  # type: ignore[arg-type]


def test_an_unreadable_pod_explains_nothing_about_another() -> None:
    """The other one has its own trouble."""
    gap = Gap(Read("Pod", "shop", "odd"), GapReason.UNREADABLE, "field")

    report = explain(settled(service(), *pods(1), GATED).with_answers((), (), [gap]))

    assert [found.code for found in report.findings] == ["KSV901", "KSV903"]


def test_published_pods_that_are_not_initialized_are_told_with_what_clients_see() -> None:
    """Traffic is sent to them, and nothing listens there."""
    member = with_(
        pod(ready=False, statuses=(waiting("PodInitializing"),)),
        spec__init_containers=(container("wait", port(1)),),
        status__init_container_statuses=(running("wait", ready=False),),
    )

    found = only(explain(settled(service(publish_not_ready_addresses=True), member)), "KSV901")

    assert found.effect is Effect.BROKEN
    assert rows(found) == [
        "pod: web-1: published, not Ready; init container wait still runs, and the containers start after it",
        (
            "clients: inside the cluster, web:80 is forwarded to 1 endpoint, which refuses connections: "
            "the containers of its pod do not run (where kube-proxy forwards)"
        ),
    ]
