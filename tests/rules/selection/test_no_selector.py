"""KSV103: no selector, and nobody wrote endpoints by hand."""

import json

import pytest

from kubesvc.model.objects import Obj, Service
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Effect, Verdict
from tests.support.builders import deployment, endpoint, hand_made, pod, service, settled, with_
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BARE = service(selector={})


def test_nobody_writes_the_endpoints() -> None:
    """Neither the controller nor a person."""
    report = explain(settled(BARE))

    found = only(report, "KSV103")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "it has no selector, and no EndpointSlice belongs to it"
    assert (found.culprit, found.effect) == (BARE.ref, Effect.BROKEN)
    assert rows(found)[0] == "slices: none is labeled kubernetes.io/service-name=web"
    assert found.fixes == ()


def test_a_workload_of_the_same_name_is_offered() -> None:
    """Simulated: the controller would write slices then."""
    found = only(explain(settled(BARE, pod(), deployment(), deployment("other"))), "KSV103")

    (fix,) = found.fixes
    assert fix.title == "select app=web, as Deployment/web does"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == {"spec": {"selector": {"app": "web"}}}
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("of", "others"),
    [
        (BARE, (hand_made(endpoint("192.0.2.1")),)),
        (BARE, (hand_made(),)),
        (service(), ()),
        (with_(BARE, spec__type="ExternalName", spec__external_name="x.example"), ()),
    ],
    ids=["endpoints by hand", "an empty slice by hand", "a selector", "an alias"],
)
def test_what_looks_like_it_is_not_it(of: Service, others: tuple[Obj, ...]) -> None:
    """Somebody wrote a slice, or nobody has to."""
    assert find(explain(settled(of, *others)), "KSV103") == ()


def test_endpoints_by_hand_make_it_healthy() -> None:
    """No pod has to stand behind them."""
    report = explain(settled(BARE, hand_made(endpoint("192.0.2.1", ready=None))))

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_slices_that_could_not_be_read_are_not_none() -> None:
    """Forbidden is not empty."""
    report = ask(Query("shop", ("web",)), FakeSource(settled(BARE), denied=(Read("EndpointSlice"),)))

    assert (verdict(report), report.findings) == (Verdict.UNKNOWN, ())
    assert "KSV103" in [missed.code for missed in report.not_checked]
