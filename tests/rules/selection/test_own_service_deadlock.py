"""KSV109: pods ask for their own Service before they are ready, and it has no endpoint before they are."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kubesvc.model import derived
from kubesvc.model.mentions import Mention
from kubesvc.model.objects import GRPCAction, Obj, Pod, Probe, Service
from kubesvc.model.report import Confidence, Effect, Report, Verdict
from tests.support.builders import (
    NOW,
    container,
    event,
    headless,
    http_probe,
    owned_by,
    pod,
    port,
    running,
    service,
    settled,
    unready,
    unscheduled,
    waiting,
    with_,
)
from tests.support.sources import explain, find, rows, verdict

JOIN = Mention("app", "--join", "web", host=True)


def asking(*named: Mention, of: Pod | None = None, **more: Any) -> Pod:
    """A pod of StatefulSet web that is not ready, named by the Service; and what its containers name."""
    note = msgspec.json.encode(named or (JOIN,)).decode()
    sick = of or unready(owner=owned_by("StatefulSet", "web"), **more)
    noted = with_(sick, metadata__annotations={derived.PREFIX + "services-named": note})
    return with_(noted, spec__subdomain="web")


def told(*objects: Obj, of: Service | None = None) -> Report:
    """What is said of a Service."""
    return explain(settled(of or headless(), *objects))


def test_pods_that_wait_for_each_other_are_told() -> None:
    """The probe that fails is what follows."""
    sick = asking()
    report = told(sick, event(sick, "Unhealthy", "Readiness probe failed: HTTP 503"))

    (found,) = report.findings
    assert verdict(report) is Verdict.BROKEN
    assert (found.code, found.confidence, found.effect) == ("KSV109", Confidence.LIKELY, Effect.BROKEN)
    assert found.headline == "1 of 1 pod asks for web, which has no endpoint before one of them is ready"
    assert [under.code for under in found.consequences] == ["KSV301"]
    assert rows(found) == [
        "pod: web-1 of StatefulSet/web on node-a",
        "asks: --join of container app names web",
        "waits: not ready: readiness probe of app",
        'answer: "HTTP 503", 1 time, last 6 s ago',
        "unless: it is not ready for another reason: its log tells",
    ]


def test_the_fix_publishes_them() -> None:
    """Its outcome is simulated."""
    (fix,) = told(asking()).findings[0].fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1]) == {"spec": {"publishNotReadyAddresses": True}}
    assert fix.outcome is not None
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(1, 1)]
    assert fix.notes[0].startswith("DNS then leads")
    assert told(asking(), of=service()).findings[0].fixes[0].notes[0].startswith("The Service then leads")


CRASHING = pod(
    ready=False,
    statuses=(waiting("CrashLoopBackOff", "back-off 5m0s restarting", restart_count=9),),
    owner=owned_by("StatefulSet", "web"),
)
INIT = with_(
    pod(ready=False, statuses=(waiting("PodInitializing"),), owner=owned_by("StatefulSet", "web")),
    spec__init_containers=(container("wait"),),
    status__init_container_statuses=(running("wait", ready=False),),
)


@pytest.mark.parametrize(
    ("sick", "under"),
    [
        (asking(of=CRASHING), ["KSV305"]),
        (asking(Mention("wait", "nslookup", "web", host=False), of=INIT), []),
        (asking(Mention("wait", "", "web", host=True), of=INIT), []),
        (asking(Mention("app", "INITIAL_CLUSTER", "web", host=True)), ["KSV301"]),
        (asking(Mention("app", "discovery.seed_hosts", "web", host=False)), ["KSV301"]),
        (asking(Mention("app", "-…join…", "web", host=True)), ["KSV301"]),
    ],
    ids=["crashes", "looks up", "dials", "variable", "bare word", "single dash"],
)
def test_ways_to_wait(sick: Pod, under: list[str]) -> None:
    """While a container starts, or before any does."""
    (found,) = told(sick).findings

    assert found.code == "KSV109"
    assert [entry.code for entry in found.consequences] == under


@pytest.mark.parametrize(
    "sick",
    [
        asking(Mention("app", "--join", "other", host=True)),
        asking(Mention("app", "OTEL_SERVICE_NAME", "web", host=False)),
        asking(Mention("app", "CLUSTER_NAME", "web", host=False)),
        asking(Mention("app", "--advertise-url", "web", host=True)),
        asking(Mention("app", "ROOT_URL", "web", host=True)),
        asking(Mention("wait", "nslookup", "web", host=False)),
        asking(Mention("wait", "nslookup", "other", host=False), of=INIT),
        asking(Mention("app", "--join", "web", host=True), of=INIT),
        asking(Mention("wait", "--name", "web", host=False), of=INIT),
        asking(of=unscheduled()),
        asking(of=pod(ready=False, statuses=(waiting("ImagePullBackOff", "no"),))),
        asking(of=pod(ready=False, phase="Failed")),
        unready(),
    ],
    ids=[
        "another service",
        "what it is called",
        "the cluster's name",
        "its own address",
        "where users find it",
        "an init container that is done",
        "waits for another",
        "not yet",
        "its name",
        "not scheduled",
        "no image",
        "finished",
        "names nothing",
    ],
)
def test_what_looks_like_it_is_not_it(sick: Pod) -> None:
    """It does not wait for the Service, or not yet."""
    assert find(told(sick), "KSV109") == ()


def test_a_lookup_of_a_service_with_an_address_is_answered_without_endpoints() -> None:
    """Only the name of a headless Service waits for one; who dials waits for one in any case."""
    looks, dials = (asking(Mention("wait", by, "web", host=True), of=INIT) for by in ("nslookup", "wget"))

    assert find(told(looks, of=service()), "KSV109") == ()
    assert len(find(told(looks), "KSV109")) == 1
    assert len(find(told(dials, of=service()), "KSV109")) == 1


@pytest.mark.parametrize(
    ("by", "cures"), [("getent", True), ("nslookup", True), ("nc", False), ("curl", False), ("", False)]
)
def test_publishing_cures_a_lookup_before_containers_run_and_no_dial(by: str, *, cures: bool) -> None:
    """Nothing listens in a pod before its init containers have ended."""
    (found,) = told(asking(Mention("wait", by, "web", host=True), of=INIT)).findings
    (fix,) = found.fixes

    assert (fix.outcome is not None) is cures
    assert (fix.title == "take the wait for the Service out of init container wait") is not cures
    assert cures or fix.target == found.culprit


def test_where_an_endpoint_is_ready_nobody_is_locked_out() -> None:
    """Or where those that are not ready are published."""
    ready = pod("web-2", ips=("10.244.0.9",))

    assert find(told(asking(), ready), "KSV109") == ()
    assert find(told(asking(), of=headless(publish_not_ready_addresses=True)), "KSV109") == ()


def test_a_probe_that_still_has_time_is_no_deadlock() -> None:
    """It has just started."""
    status = running(ready=False, since=NOW - timedelta(seconds=1))
    young = with_(asking(), status__container_statuses=(status,))

    assert told(young).findings == ()


def test_a_probe_at_a_wrong_port_is_its_own_reason() -> None:
    """Two causes that look alike: the fix of the probe must not be hidden."""
    for probe in (http_probe(9999), Probe(grpc=GRPCAction(port=9999))):
        astray = container("app", port(8080), readiness_probe=probe)
        sick = asking(of=pod("web-1", astray, ready=False, owner=owned_by("StatefulSet", "web")))
        assert [found.code for found in told(sick).findings] == ["KSV301"]

    named = container("app", port(8080, "http"), readiness_probe=http_probe("http"))
    right = asking(of=pod("web-1", named, ready=False, owner=owned_by("StatefulSet", "web")))

    assert [found.code for found in told(right).findings] == ["KSV109"]
