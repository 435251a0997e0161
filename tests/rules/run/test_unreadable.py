"""KSV903: an object that could not be decoded."""

import pytest

from kubesvc.model.objects import Ref
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.report import Verdict
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import headless, pods, service, settled
from tests.support.sources import explain, find, only, rows, verdict


def damaged(kind: str, namespace: str = "shop", base: Snapshot | None = None) -> Snapshot:
    """A healthy cluster with an object of which nothing but the name is known."""
    gap = Gap(Read(kind, namespace, "odd"), GapReason.UNREADABLE, "Expected `int`, got `str` - at `$.spec`")
    return (base or settled(service(), *pods(2))).with_answers((), (), [gap])


@pytest.mark.parametrize("kind", ["Pod", "EndpointSlice"])
def test_an_unreadable_object_leaves_the_verdict_unknown(kind: str) -> None:
    """It may belong to the Service; its field is named."""
    report = explain(damaged(kind))

    found = only(report, "KSV903")
    assert verdict(report) is Verdict.UNKNOWN
    assert found.culprit == Ref(kind, "shop", "odd")
    assert rows(found) == ["field: Expected `int`, got `str` - at `$.spec`"]


@pytest.mark.parametrize(
    ("kind", "namespace"), [("Pod", "other"), ("EndpointSlice", "other"), ("Event", "shop")]
)
def test_an_unreadable_object_elsewhere_does_not_matter(kind: str, namespace: str) -> None:
    """It cannot belong to the Service, or decides nothing."""
    report = explain(damaged(kind, namespace))

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_an_unreadable_pod_is_no_stale_endpoint() -> None:
    """It is there; only kubesvc cannot read it."""
    of = headless()
    whole = settled(of, *pods(2))
    without = {ref: obj for ref, obj in whole.objects.items() if ref.name != "web-2"}
    base = Snapshot(whole.context, whole.taken_at).with_answers(without.values(), whole.covered)
    gap = Gap(Read("Pod", "shop", "web-2"), GapReason.UNREADABLE, "field")

    report = explain(base.with_answers((), (), [gap]))

    assert find(report, "KSV401") == ()
    assert verdict(report) is Verdict.UNKNOWN


def test_readable_objects_are_no_finding() -> None:
    """Nothing to say."""
    assert find(explain(settled(service(), *pods(1))), "KSV903") == ()
