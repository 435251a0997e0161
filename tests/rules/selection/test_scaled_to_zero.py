"""KSV102: every workload behind the Service is scaled to zero."""

import pytest

from kubesvc.model.objects import Obj, Pod
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    daemon_set,
    deployment,
    pod,
    service,
    settled,
    stateful_set,
    terminating,
    unready,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict


@pytest.mark.parametrize("make", [deployment, stateful_set])
def test_a_workload_that_wants_no_pod_makes_the_service_idle(make: type[object]) -> None:
    """Idle is not broken; the command scales it up."""
    workload = make(replicas=0)  # type: ignore[call-arg]
    assert isinstance(workload, Obj)

    report = explain(settled(service(), workload))

    found = only(report, "KSV102")
    assert verdict(report) is Verdict.IDLE
    assert report.subjects[0].summary == "every workload behind it is scaled to zero"
    assert found.headline == f"{workload.ref} is scaled to zero"
    assert (found.culprit, found.effect, found.confidence) == (workload.ref, Effect.IDLE, Confidence.PROOF)
    assert rows(found)[0] == f"workload: {workload.ref} makes pods with app=web, and wants 0"
    (fix,) = found.fixes
    assert fix.command == ("kubectl", "scale", f"{workload.kind.lower()}/web", "--replicas=1")
    assert fix.outcome is None


def test_a_daemon_set_without_nodes_wants_no_pod() -> None:
    """It cannot be scaled: its node selector decides."""
    found = only(explain(settled(service(), daemon_set(desired=0))), "KSV102")

    assert found.fixes == ()


def test_each_workload_is_a_culprit() -> None:
    """Two workloads, two findings."""
    report = explain(settled(service(), deployment("web"), deployment("canary", replicas=0)))
    both = explain(settled(service(), deployment("web", replicas=0), deployment("canary", replicas=0)))

    assert find(report, "KSV102") == ()
    assert [found.culprit.name for found in both.findings] == ["canary", "web"]


@pytest.mark.parametrize(
    "objects",
    [
        (deployment(replicas=1),),
        (deployment(replicas=0, labels={"app": "other"}),),
        (deployment(replicas=0), pod()),
        (daemon_set(desired=2),),
        (),
    ],
    ids=["wants one", "of another", "a bare pod serves", "fits nodes", "no workload"],
)
def test_what_looks_like_it_is_not_it(objects: tuple[Obj, ...]) -> None:
    """Somebody wants a pod, or nobody makes one."""
    report = explain(settled(service(), *objects))

    assert find(report, "KSV102") == ()
    assert verdict(report) is not Verdict.IDLE


def test_a_service_without_a_selector_is_not_about_workloads() -> None:
    """It has another cause."""
    assert find(explain(settled(service(selector={}), deployment(replicas=0))), "KSV102") == ()


@pytest.mark.parametrize(
    "left",
    [pod(phase="Failed"), pod(phase="Succeeded"), terminating(unready())],
    ids=["evicted", "finished", "leaving"],
)
def test_pods_that_do_not_stay_leave_it_idle(left: Pod) -> None:
    """Nobody wants them back."""
    report = explain(settled(service(), deployment(replicas=0), left))

    only(report, "KSV102")
    assert verdict(report) is Verdict.IDLE


def test_a_pod_that_still_drains_is_explained() -> None:
    """It serves its last clients, because nobody wants another."""
    report = explain(settled(service(), deployment(replicas=0), terminating(pod())))

    only(report, "KSV102")
    assert verdict(report) is Verdict.DEGRADED


@pytest.mark.parametrize(
    ("workloads", "headlines", "summary"),
    [
        (
            (daemon_set(desired=0),),
            ["DaemonSet/web fits no node"],
            "no node fits the DaemonSet behind it",
        ),
        (
            (deployment("other", replicas=0), daemon_set(desired=0)),
            ["Deployment/other is scaled to zero", "DaemonSet/web fits no node"],
            "every workload behind it is scaled to zero",
        ),
    ],
    ids=["alone", "beside a Deployment"],
)
def test_a_daemon_set_fits_no_node(workloads: tuple[Obj, ...], headlines: list[str], summary: str) -> None:
    """It is not scaled."""
    report = explain(settled(service(), *workloads))

    assert [found.headline for found in report.findings] == headlines
    assert report.subjects[0].summary == summary


def test_a_kind_that_could_not_be_read_leaves_a_doubt() -> None:
    """Another workload may want pods: the verdict is unknown, and nothing is proven."""
    source = FakeSource(settled(service(), deployment(replicas=0)), denied=(Read("StatefulSet"),))

    report = ask(Query("shop", ("web",)), source)

    assert only(report, "KSV102").confidence is Confidence.LIKELY
    assert verdict(report) is Verdict.UNKNOWN


@pytest.mark.parametrize("lost", ["EndpointSlice", "Pod"])
def test_who_serves_is_not_nobody_where_it_could_not_be_read(lost: str) -> None:
    """A bare pod serves: not read is not idle."""
    source = FakeSource(settled(service(), deployment(replicas=0), pod()), denied=(Read(lost),))

    report = ask(Query("shop", ("web",)), source)

    assert find(report, "KSV102") == ()
    assert "KSV102" in [missed.code for missed in report.not_checked]
    assert verdict(report) is Verdict.UNKNOWN
