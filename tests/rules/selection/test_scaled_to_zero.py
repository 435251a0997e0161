"""KSV102: every workload behind the Service is scaled to zero."""

import pytest

from kubesvc.model.objects import Obj
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    daemon_set,
    deployment,
    pod,
    service,
    settled,
    stateful_set,
)
from tests.support.sources import explain, find, only, rows, verdict


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
