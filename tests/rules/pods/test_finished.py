"""KSV302: all selected pods have finished."""

import pytest

from kubesvc.model.objects import Pod, Ref
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    deployment,
    ended,
    owned_by,
    pod,
    pods,
    service,
    settled,
    terminating,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict


def finished(
    name: str = "job-1", phase: str = "Succeeded", reason: str = "", code: int = 0, **more: str
) -> Pod:
    """A pod that has ended for good."""
    done = pod(name, phase=phase, statuses=(ended(code),), ready=False, owner=owned_by("Job", "job"))
    return with_(done, status__reason=reason, **more)


def test_finished_pods_are_never_endpoints() -> None:
    """The phase, the end and its time are told."""
    report = explain(settled(service(), finished()))

    found = only(report, "KSV302")
    assert verdict(report) is Verdict.BROKEN
    assert report.subjects[0].summary == "its pods have finished"
    assert found.headline == "the selected pod job-1 has finished"
    assert (found.culprit, found.effect) == (Ref("Job", "shop", "job"), Effect.BROKEN)
    assert rows(found) == ["pod: job-1: Succeeded, exit code 0, 1 min ago"]


def test_an_eviction_is_told_with_its_reason() -> None:
    """Kubernetes' own words."""
    evicted = finished(
        phase="Failed", reason="Evicted", code=137, status__message="The node was low on memory."
    )

    assert rows(only(explain(settled(service(), evicted)), "KSV302")) == [
        "pod: job-1: Failed, Evicted, The node was low on memory, exit code 137, 1 min ago"
    ]


def test_without_slices_it_is_about_the_whole_service() -> None:
    """A finding without a place would be shown nowhere."""
    source = FakeSource(settled(service(), finished()), denied=(Read("EndpointSlice"),))

    found = only(ask(Query("shop", ("web",)), source), "KSV302")

    assert [(place.service, place.port) for place in found.places] == [(service().ref, None)]


def test_several_are_one_finding_per_owner() -> None:
    """At most three are shown."""
    members = [finished(f"job-{n}") for n in range(5)]

    found = only(explain(settled(service(), *members)), "KSV302")

    assert found.headline == "all 5 selected pods of Job/job have finished"
    assert (len(found.rows), len(found.places)) == (3, 5)


def test_publishing_unready_addresses_does_not_help() -> None:
    """A finished pod is out whatever the Service says."""
    only(explain(settled(service(publish_not_ready_addresses=True), finished())), "KSV302")


@pytest.mark.parametrize(
    "members",
    [(finished(), *pods(1)), (finished(), unready()), (finished(), terminating(pod())), ()],
    ids=["another serves", "another is not ready", "another terminates", "no pod"],
)
def test_what_looks_like_it_is_not_it(members: tuple[Pod, ...]) -> None:
    """Some pod has not finished."""
    assert find(explain(settled(service(), *members)), "KSV302") == ()


def test_a_finished_pod_beside_a_serving_one_does_not_matter() -> None:
    """Completed hook pods lie around everywhere."""
    report = explain(settled(service(), finished(), *pods(1)))

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_a_workload_that_could_not_be_read_leaves_a_doubt() -> None:
    """It may be scaled to zero, which is another cause."""
    source = FakeSource(settled(service(), finished(), deployment(replicas=0)), denied=(Read("Deployment"),))

    found = only(ask(Query("shop", ("web",)), source), "KSV302")

    assert found.confidence is Confidence.LIKELY
    assert rows(found)[-1] == (
        "not read: deployments in shop could not be read (forbidden): "
        "one that is scaled to zero would explain it too"
    )
