"""KSV303: the scheduler finds no node."""

import pytest

from kubesvc.model.objects import Pod
from kubesvc.model.report import Effect, Verdict
from tests.support.builders import NOW, pod, pods, service, settled, terminating, unscheduled, waiting, with_
from tests.support.sources import explain, find, only, rows, verdict


def test_the_schedulers_words_are_quoted() -> None:
    """No node, no address, no endpoint."""
    report = explain(
        settled(
            service(), *pods(1), unscheduled("web-9", message="0/3 nodes are available: 3 Insufficient cpu.")
        )
    )

    found = only(report, "KSV303")
    assert verdict(report) is Verdict.DEGRADED
    assert found.headline == "1 of 2 pods cannot be scheduled"
    assert (found.culprit.name, found.effect) == ("web-9", Effect.DEGRADED)
    assert rows(found) == [
        "pod: web-9",
        "scheduler: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.",
    ]
    assert found.confirm[0].argv == ("kubectl", "describe", "pod", "web-9")


def test_a_gate_holds_a_pod_back_too() -> None:
    """It has no message."""
    found = only(explain(settled(service(), unscheduled(reason="SchedulingGated", message=""))), "KSV303")

    assert rows(found)[1] == "scheduler: SchedulingGated: no message"


@pytest.mark.parametrize(
    "member",
    [
        with_(unscheduled(), status__conditions=(), metadata__creation_timestamp=NOW),
        with_(unscheduled(), status__phase="Failed"),
        terminating(unscheduled()),
        pod("web-1", ips=(), ready=False, statuses=(waiting("ContainerCreating"),)),
    ],
    ids=["not looked at yet", "failed", "terminating", "scheduled, no address yet"],
)
def test_what_looks_like_it_is_not_it(member: Pod) -> None:
    """The scheduler has said nothing, or it no longer matters."""
    assert find(explain(settled(service(), member)), "KSV303") == ()


def test_a_pod_that_was_just_made_is_progressing() -> None:
    """The scheduler is given a minute."""
    new = with_(unscheduled(), status__conditions=(), metadata__creation_timestamp=NOW)

    report = explain(settled(service(), new))

    assert (verdict(report), report.findings) == (Verdict.PROGRESSING, ())
