"""KSV109: pods ask for their own Service before they are ready, and it has no endpoint before they are."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kubesvc.analyzer.exposure import ZONE
from kubesvc.model import derived
from kubesvc.model.mentions import Mention
from kubesvc.model.objects import (
    ExecAction,
    GRPCAction,
    HTTPGetAction,
    Obj,
    Pod,
    Probe,
    Service,
    TCPSocketAction,
)
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


def probing(probe: Probe, *named: Mention, of: Pod | None = None) -> Pod:
    """A pod with that readiness probe, which fails; and what its containers name."""
    app = container("app", port(8080), readiness_probe=probe)
    sick = of or pod(ready=False, owner=owned_by("StatefulSet", "web"))
    return asking(
        *named or (Mention("app", "A", "other", host=False),), of=with_(sick, spec__containers=(app,))
    )


def http_at(host: str) -> Probe:
    """A probe of port 80 there."""
    return Probe(http_get=HTTPGetAction(port=80, host=host))


def tcp_at(host: str) -> Probe:
    """A probe of port 80 there."""
    return Probe(tcp_socket=TCPSocketAction(port=80, host=host))


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
    spec__init_containers=(with_(container("wait"), ports=()),),
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

    assert (fix.change is not None) is cures
    assert fix.outcome is None
    assert not cures or fix.notes[-1].startswith("Not simulated")
    assert (fix.title == "take the wait for the Service out of init container wait") is not cures
    assert cures or fix.target == found.culprit


def test_a_variable_is_judged_by_the_program_that_is_given_it() -> None:
    """Beside it, where it is set, stands a host in any case."""
    set_, looks = Mention("wait", "HOST", "web", host=True), Mention("wait", "nslookup", "web", host=True)
    dials = Mention("wait", "nc", "web", host=True)

    assert find(told(asking(set_, looks, of=INIT), of=service()), "KSV109") == ()
    assert len(find(told(asking(set_, looks, dials, of=INIT), of=service()), "KSV109")) == 1
    (found,) = find(told(asking(set_, of=INIT), of=service()), "KSV109")
    assert "asks: HOST of container wait names web" in rows(found)
    (found,) = find(told(asking(set_, looks, of=INIT)), "KSV109")
    assert "asks: nslookup of container wait names web" in rows(found)


@pytest.mark.parametrize("of", [service, headless])
def test_a_dial_before_containers_run_is_never_answered_by_published_pods(
    of: Callable[..., Service],
) -> None:
    """Traffic is sent to the pod that waits, and nothing listens there; its name is there all the same."""
    publishing = of(publish_not_ready_addresses=True)
    dials, looks = (asking(Mention("wait", by, "web", host=True), of=INIT) for by in ("nc", "nslookup"))

    report = told(dials, of=publishing)

    (found,) = report.findings
    assert verdict(report) is Verdict.BROKEN
    assert (found.code, found.effect) == ("KSV109", Effect.BROKEN)
    assert found.headline == (
        "1 of 1 pod asks for web, where nothing listens before an init container ends that waits for it"
    )
    (fix,) = found.fixes
    assert fix.title == "take the wait for the Service out of init container wait"
    assert find(told(looks, of=publishing), "KSV109") == ()


BY_CURL = Mention("app", "curl", "web", host=True, probe=True)


@pytest.mark.parametrize("of", [service, headless])
def test_a_readiness_probe_that_asks_its_own_service_is_told(of: Callable[..., Service]) -> None:
    """The pod is not ready for want of an endpoint, which it would be."""
    report = told(probing(Probe(exec=ExecAction()), BY_CURL), of=of())

    (found,) = report.findings
    assert (found.code, found.confidence, found.effect) == ("KSV109", Confidence.LIKELY, Effect.BROKEN)
    assert found.headline == "1 of 1 pod asks for web, which has no endpoint before one of them is ready"
    assert [under.code for under in found.consequences] == ["KSV301"]
    assert rows(found)[1] == "asks: curl of the readiness probe of container app names web"
    itself, publish = found.fixes
    assert itself.title == "let the readiness probe of container app ask localhost"
    assert (itself.command, itself.target) == (None, found.culprit)
    assert itself.notes[-1] == "The port is then one of the container: it declares 8080."
    assert publish.outcome is not None
    assert [(p.usable, p.expected) for p in publish.outcome.ports] == [(1, 1)]
    assert publish.notes[0].endswith("The probe is then answered, if it asks a port of the Service.")


@pytest.mark.parametrize(
    "host",
    ["web", "web.shop", "web.shop.svc", f"web.shop.svc.{ZONE}", f"web.shop.svc.{ZONE}.", "10.96.0.10"],
)
@pytest.mark.parametrize("kind", [http_at, tcp_at])
def test_a_probe_with_the_service_as_its_host_is_told(kind: Callable[[str], Probe], host: str) -> None:
    """Whose port it asks: that the container declares none of that number is no other reason."""
    (found,) = told(probing(kind(host)), of=service()).findings

    assert found.code == "KSV109"
    assert rows(found)[1] == "asks: host of the readiness probe of container app names web"
    (fix,) = found.fixes
    assert fix.title == "take the host out of the readiness probe of container app"


def test_published_pods_do_not_end_a_wait_for_something_else() -> None:
    """Another container of the pod is not ready either: only the advice is left."""
    both = with_(
        probing(Probe(exec=ExecAction()), BY_CURL),
        spec__containers=(
            container("app", port(8080), readiness_probe=Probe(exec=ExecAction())),
            container("beside", port(1), readiness_probe=http_probe(1)),
        ),
        status__container_statuses=(running(ready=False), running("beside", ready=False)),
    )

    (fix,) = find(told(both, of=service()), "KSV109")[0].fixes

    assert fix.command is None


@pytest.mark.parametrize(
    "sick",
    [
        probing(Probe(exec=ExecAction()), Mention("app", "curl", "other", host=True, probe=True)),
        probing(Probe(exec=ExecAction()), Mention("beside", "curl", "web", host=True, probe=True)),
        probing(Probe(exec=ExecAction()), Mention("app", "nslookup", "web", host=True, probe=True)),
        probing(Probe(exec=ExecAction()), Mention("app", "curl", "web", host=True)),
        probing(http_at("")),
        probing(http_at("localhost")),
        probing(http_at("other")),
        probing(http_at("web.other.svc")),
        with_(
            probing(Probe(exec=ExecAction()), BY_CURL),
            spec__containers=(
                container(startup_probe=http_probe(), readiness_probe=Probe(exec=ExecAction())),
            ),
            status__container_statuses=(with_(running(ready=False), started=False),),
        ),
    ],
    ids=[
        "another service",
        "another container's",
        "a lookup, answered at once",
        "what the container runs",
        "itself",
        "localhost",
        "another host",
        "another namespace",
        "its startup probe fails",
    ],
)
def test_a_probe_that_does_not_wait_for_its_own_service_is_another_case(sick: Pod) -> None:
    """Or it is not asked yet."""
    assert find(told(sick, of=service()), "KSV109") == ()


def test_a_pod_that_is_ready_has_not_asked_in_vain() -> None:
    """Another one that is ready answers, too."""
    ready = probing(Probe(exec=ExecAction()), BY_CURL, of=pod())
    sick = probing(Probe(exec=ExecAction()), BY_CURL)

    assert told(ready, of=service()).findings == ()
    assert find(told(sick, pod("web-2", ips=("10.0.0.2",)), of=service()), "KSV109") == ()


def test_what_crashes_for_want_of_peers_may_run_once_it_has_them() -> None:
    """The outcome is not told from that it does not run now."""
    (fix,) = told(asking(of=CRASHING)).findings[0].fixes

    assert (fix.title, fix.outcome) == ("publish pods that are not ready", None)
    assert fix.notes[-1] == "Not simulated: what starts with the answer is not known before."


def test_a_probe_in_a_container_that_declares_nothing_is_given_no_port() -> None:
    """Which one it listens on is not known."""
    silent = with_(
        probing(Probe(exec=ExecAction()), BY_CURL),
        spec__containers=(with_(container(readiness_probe=Probe(exec=ExecAction())), ports=()),),
    )

    itself = told(silent, of=service()).findings[0].fixes[0]

    assert len(itself.notes) == 1


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
