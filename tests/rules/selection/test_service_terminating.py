"""KSV107: the Service is being deleted, and something holds it."""

import json
from datetime import timedelta

import pytest

from kubesvc.model.objects import Service
from kubesvc.model.report import Confidence, Effect, Outcome, Verdict
from tests.support.builders import NOW, deployment, event, pods, service, settled, unready, with_
from tests.support.sources import explain, find, only, rows, verdict

CLEANUP = "service.kubernetes.io/load-balancer-cleanup"


def going(*finalizers: str, minutes: int = 1) -> Service:
    """Service web some minutes after its deletion was asked for."""
    asked = NOW - timedelta(minutes=minutes)
    return with_(service(), metadata__deletion_timestamp=asked, metadata__finalizers=finalizers)


def test_what_serves_now_is_about_to_stop() -> None:
    """All pods get their traffic, for as long as the Service is there."""
    of = going(CLEANUP)
    told = event(of, "SyncLoadBalancerFailed", "Error syncing load balancer: quota")

    report = explain(settled(of, *pods(2), told))

    found = only(report, "KSV107")
    assert verdict(report) is Verdict.DEGRADED
    assert report.subjects[0].summary == "2 of 2 pods receive traffic, until its deletion is complete"
    assert (found.effect, found.confidence) == (Effect.DEGRADED, Confidence.PROOF)
    assert found.headline == "it is being deleted, held by 1 finalizer"
    assert rows(found)[:3] == [
        "deletion: asked for 1 min ago",
        f"held by: {CLEANUP}: the cloud controller, until the load balancer is gone",
        'event: "Error syncing load balancer: quota", last 6 s ago',
    ]
    assert found.fixes == ()


@pytest.mark.parametrize(
    ("finalizer", "said"),
    [
        (
            "foregroundDeletion",
            "foregroundDeletion: the garbage collector, until",
        ),
        ("service.k8s.aws/resources", "service.k8s.aws/resources: the AWS Load Balancer Controller, until"),
        ("gke.networking.io/l4-ilb-v1", "gke.networking.io/l4-ilb-v1: the controller of GKE, until"),
        ("example.com/keep", "example.com/keep"),
    ],
)
def test_who_holds_it_is_told_where_it_is_known(finalizer: str, said: str) -> None:
    """By the finalizer's name."""
    found = only(explain(settled(going(finalizer), *pods(1))), "KSV107")

    assert rows(found)[1].startswith(f"held by: {said}")


@pytest.mark.parametrize(("minutes", "offered"), [(9, False), (10, True)])
def test_the_last_resort_is_offered_late(minutes: int, *, offered: bool) -> None:
    """A cloud takes minutes; what its controller would clean up stays."""
    found = only(explain(settled(going(CLEANUP, "b", minutes=minutes), *pods(1))), "KSV107")

    assert bool(found.fixes) is offered
    for fix in found.fixes:
        assert fix.command is not None
        assert json.loads(fix.command[-1]) == {"metadata": {"finalizers": None}}
        assert "stays where it is" in fix.notes[0]


def test_another_trouble_is_another_finding() -> None:
    """Deletion explains no failing probe."""
    report = explain(settled(going(CLEANUP), unready(), *pods(1)[:0]))

    assert [found.code for found in report.findings] == ["KSV107", "KSV301"]
    assert verdict(report) is Verdict.BROKEN


def test_what_is_mended_elsewhere_leaves_the_deletion() -> None:
    """That much is certain of a fix that is not simulated; of one of the Service itself nothing is."""
    report = explain(settled(going(CLEANUP, minutes=10), deployment(replicas=0)))

    outcomes = {found.code: [fix.outcome for fix in found.fixes] for found in report.findings}
    assert outcomes == {"KSV102": [Outcome(Verdict.UNKNOWN, (), ("KSV107",))], "KSV107": [None]}


def test_what_is_not_being_deleted_is_not_held() -> None:
    """A finalizer alone is usual."""
    of = with_(service(), metadata__finalizers=(CLEANUP,))

    assert find(explain(settled(of, *pods(1))), "KSV107") == ()
    assert verdict(explain(settled(of, *pods(1)))) is Verdict.HEALTHY
