"""KSV106: two Services lead to the same pods, at the same ports, in the same way."""

from typing import Any

import pytest

from kubesvc.model.objects import Service, ServicePort
from kubesvc.model.query import Query
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    HTTP,
    NOW,
    OTHER,
    headless,
    owned_by,
    pods,
    service,
    settled,
    slices,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, rows

UNNAMED = ServicePort(port=80, target_port=8080)


def beside(other: Service, of: Service | None = None) -> Any:
    """What is said of Service web with another one beside it, both with their slices."""
    of = of or service()
    members = pods(2)
    snapshot = settled(of, *members).with_answers([other, *slices(other, *members)], ())
    return explain(snapshot)


def twin(name: str = "web-old", *ports: ServicePort, **spec: Any) -> Service:
    """Another Service of the same pods, at an address of its own."""
    return service(name, *ports, **{"cluster_ip": "10.96.0.11", "cluster_ips": ("10.96.0.11",), **spec})


@pytest.mark.parametrize("other", [twin(), twin("web-old", UNNAMED)], ids=["equal", "port names"])
def test_a_second_service_that_does_the_same_is_told(other: Service) -> None:
    """As advice: both work."""
    report = beside(other)

    (found,) = report.findings
    assert (found.code, found.effect, found.confidence) == ("KSV106", Effect.ADVICE, Confidence.PROOF)
    assert (found.headline, found.culprit) == ("Service/web-old does the same", other.ref)
    assert rows(found) == ["selector: both select app=web", "ports: both lead to 8080/TCP"]
    assert report.subjects[0].verdict is Verdict.HEALTHY


RELEASE = {"meta.helm.sh/release-name": "front"}


@pytest.mark.parametrize(
    "other",
    [
        headless("web-peers"),
        twin("web-old", OTHER),
        twin("web-old", HTTP, OTHER),
        twin("web-old", with_(HTTP, port=8080)),
        twin(selector={"app": "web", "track": "stable"}),
        twin(type="NodePort"),
        twin(type="LoadBalancer"),
        twin(internal_traffic_policy="Local"),
        twin(publish_not_ready_addresses=True),
        twin(session_affinity="ClientIP"),
        with_(twin(), metadata__owner_references=(owned_by("Canary", "web"),)),
        with_(twin(), metadata__namespace="other"),
        with_(twin(), metadata__deletion_timestamp=NOW),
        with_(twin(), metadata__annotations={"service.kubernetes.io/topology-mode": "Auto"}),
    ],
)
def test_what_differs_on_purpose_is_no_twin(other: Service) -> None:
    """A headless one for peers, another port, an address for clients outside, a canary's."""
    assert beside(other).findings == ()


def test_services_of_one_release_are_there_on_purpose() -> None:
    """Of two that name themselves, each has its own: the selector is too broad."""
    of, other = (with_(entry, metadata__annotations=RELEASE) for entry in (service(), twin()))
    elsewhere = with_(other, metadata__annotations={"meta.helm.sh/release-name": "back"})
    one = with_(of, metadata__labels={"release": "a"})
    two = with_(elsewhere, metadata__labels={"release": "b"})

    assert beside(other, of).findings == ()
    assert find(beside(two, one), "KSV106") == ()
    assert [found.code for found in beside(elsewhere, of).findings] == ["KSV106"]


@pytest.mark.parametrize("key", ["pod-template-hash", "rollouts-pod-template-hash"])
def test_services_of_a_rollout_are_no_twins(key: str) -> None:
    """Between two rollouts stable and canary select the same."""
    selector = {"app": "web", key: "abc"}
    members = pods(2, labels=selector)
    of, other = service(selector=selector), twin(selector=selector)

    snapshot = settled(of, *members).with_answers([other, *slices(other, *members)], ())

    assert find(explain(snapshot), "KSV106") == ()


def test_two_aliases_are_no_twins() -> None:
    """Their selectors are ignored."""
    of, other = (
        service(name, type="ExternalName", external_name="x.example", cluster_ip="")
        for name in ("web", "web-old")
    )

    assert find(explain(settled(of, other)), "KSV106") == ()


def test_it_costs_no_request() -> None:
    """It is told where both were asked about, and not where one was."""
    members = pods(2)
    truth = settled(service(), *members).with_answers([twin(), *slices(twin(), *members)], ())

    one, both = (ask(Query("shop", names), FakeSource(truth)) for names in (("web",), ("web", "web-old")))

    assert one.findings == ()
    assert [found.culprit.name for found in both.findings] == ["web-old", "web"]
