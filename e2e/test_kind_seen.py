"""What clients see is held against what a report says of them; no cluster is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from e2e.kind.claims import Seen, claims, contradictions
from e2e.scenario import KIND_SCENARIOS, Scenario, load, scenarios

HEALTHY = load(KIND_SCENARIOS / "node-port")
"""Service web in namespace node-port, port 80."""


NODES = {"a": "one", "b": "two"}


def _report(
    usable: int, clients: str = "", *, nodes: str = "", hangs: str = "", inside: str = ""
) -> dict[str, Any]:
    port = {"kind": "port", "value": "80/TCP → targetPort 8080", "place": {"port": "http"}}
    addresses = {
        "kind": "addresses",
        "value": "",
        "children": [{"kind": "inside", "value": inside}, {"kind": "nodes", "value": nodes}],
    }
    subject = {
        "ref": {"name": "web"},
        "ports": [{"key": "http", "usable": usable}],
        "line": {"children": [addresses, port]},
        "checks": [{"hangs": hangs}],
    }
    rows = [{"label": "clients", "value": clients}] if clients else []
    return {"subjects": [subject], "findings": [{"rows": rows}]}


def _said(report: dict[str, Any], scenario: Scenario = HEALTHY) -> dict[tuple[str, str], str]:
    """What is claimed, by client and target."""
    found = claims(report, NODES, doubted=scenario.doubted)
    return {(claim.client, claim.target(scenario.namespace)): claim.pattern for claim in found}


def _wrong(report: dict[str, Any], seen: Seen, scenario: Scenario = HEALTHY) -> list[str]:
    return contradictions(report, scenario, seen, NODES)


def test_agreement_is_silent() -> None:
    """A usable endpoint answers; of another Service nothing is claimed."""
    seen = {"a": {"http://web.node-port": "answered 500", "http://api.node-port": "timed out"}}

    assert _wrong(_report(1), seen) == []


@pytest.mark.parametrize(("usable", "word"), [(1, "refused"), (1, "timed out"), (0, "answered 200")])
def test_usable_endpoints_answer_and_no_others(usable: int, word: str) -> None:
    """Both ways."""
    (wrong,) = _wrong(_report(usable), {"a": {"http://web.node-port": word}})

    assert wrong.startswith(f"a sees {word} at http://web.node-port")


@pytest.mark.parametrize("scenario", [replace(HEALTHY, check="refuses"), replace(HEALTHY, explained="later")])
def test_what_kubesvc_cannot_tell_is_not_held_against_it(scenario: Scenario) -> None:
    """Its first check proves it, or the work is to come."""
    assert _wrong(_report(1), {"a": {"http://web.node-port": "refused"}}, scenario) == []
    assert _said(_report(1), scenario) == {}


@pytest.mark.parametrize(
    ("said", "target", "right", "wrong"),
    [
        ("inside the cluster, web:80 refuses connections", "tcp://web.node-port:80", "refused", "timed out"),
        ("inside the cluster, web:53/UDP rejects packets", "udp://web.node-port:53", "refused", "answered"),
        ("web:8080 leads nowhere: kube-proxy …", "tcp://web.node-port:8080", "timed out", "answered"),
        (
            "web:80 leads nowhere: the pod of its only endpoint is gone",
            "tcp://web.node-port:80",
            "timed out",
            "answered",
        ),
        ("web:80 reaches 2 endpoints", "tcp://web.node-port:80", "answered", "refused"),
        (
            "web resolves to no address (where CoreDNS answers)",
            "dns://web.node-port.svc.cluster.local.",
            "nxdomain",
            "1 addresses",
        ),
        (
            "web resolves to 2 addresses (where CoreDNS answers)",
            "dns://web.node-port.svc.cluster.local.",
            "2 addresses",
            "nxdomain",
        ),
    ],
)
def test_what_is_said_of_clients_is_what_they_see(said: str, target: str, right: str, wrong: str) -> None:
    """In the row `clients` of a finding; on either node."""
    report = _report(0, said)

    assert {("a", target), ("b", target)} <= _said(report).keys()
    assert _wrong(report, {"a": {target: right}}) == []
    assert len(_wrong(report, {"a": {target: wrong}})) == 1


@pytest.mark.parametrize("value", ["no pod is named", "pod web-1, not selected"])
def test_who_answers_at_an_address_that_is_no_pod_of_the_service_is_not_known(value: str) -> None:
    """That it is sent what clients send is all that follows; where it is not, nobody answers."""
    report = _report(1)
    (subject,) = report["subjects"]
    subject["line"]["children"][1]["children"] = [{"kind": "endpoint", "mark": "good", "value": value}]
    assert _said(report) == {}

    subject["ports"][0]["usable"] = 0
    assert _said(report).keys() == {("a", "tcp://web.node-port:80"), ("b", "tcp://web.node-port:80")}


def _with_gone(usable: int, **more: str) -> dict[str, Any]:
    report = _report(usable, **more)
    gone = {"kind": "endpoint", "value": "pod web-9, gone", "state": "still listed as ready", "mark": "bad"}
    report["subjects"][0]["line"]["children"][1]["children"] = [gone]
    return report


def test_nobody_answers_where_every_pod_is_gone() -> None:
    """What is sent to their addresses gets lost; that it is refused is not said."""
    (wrong,) = _wrong(_with_gone(0), {"a": {"http://web.node-port": "answered 200"}})

    assert "(?!answered).*" in wrong
    for word in ("timed out", "unreachable", "refused"):
        assert _wrong(_with_gone(0), {"a": {"http://web.node-port": word}}) == []


def test_whom_a_client_meets_is_left_to_chance_where_some_pods_are_gone() -> None:
    """Neither that it is answered nor that it is not follows from the counts, nor from what a row says."""
    every = "port 30080/TCP on every node"
    said = "web:80 is forwarded to 2 endpoints, 1 of them gone"

    assert _said(_with_gone(1, nodes=every)) == {}
    assert _said(_with_gone(1, clients=said)) == {}


def test_a_headless_name_resolves_to_the_addresses_of_pods_that_are_gone() -> None:
    """CoreDNS reads slices alone."""
    said = _said(_with_gone(1, inside="web.… → the addresses of the ready pods   (cluster.local assumed)"))

    assert set(said.values()) == {"2 addresses"}


def test_one_target_in_other_words_is_the_same() -> None:
    """A port may be that of the scheme, a name be written out."""
    report = _report(0, "inside the cluster, web:80 refuses connections")

    for target in ("http://web.node-port", "http://web.node-port.svc.cluster.local.", "tcp://web:80"):
        assert len(_wrong(report, {"b": {target: "answered 200"}})) == 1


def test_a_node_port_is_answered_on_every_node() -> None:
    """Whoever asks."""
    said = _said(_report(1, nodes="port 30080/TCP on every node   (default range 30000-32767)"))
    asked = {key: pattern for key, pattern in said.items() if "{" in key[1]}

    assert {client for client, _ in asked} == {"a", "b", "node a", "node b"}
    assert {target for _, target in asked} == {"tcp://{a}:30080", "tcp://{b}:30080"}
    assert set(asked.values()) == {"answered.*"}


def test_a_node_port_is_answered_where_it_is_said_to_be() -> None:
    """Elsewhere not, but to who asks the own node: such traffic comes from inside."""
    said = _said(_report(1, nodes="ports 30080/TCP on nodes with a ready endpoint: two   (default range …)"))
    asked = {key: pattern for key, pattern in said.items() if "{" in key[1]}

    assert {key for key, pattern in asked.items() if pattern == "answered.*"} == {
        (client, "tcp://{b}:30080") for client in ("a", "b", "node a", "node b")
    }
    assert {key for key in asked if "{a}" in key[1]} == {
        ("b", "tcp://{a}:30080"),
        ("node b", "tcp://{a}:30080"),
    }


def test_a_node_port_is_answered_by_an_endpoint_that_leaves() -> None:
    """Where its node has no other."""
    leaving = "with one that is terminating, still serving: one"
    for ready in ("two", "none"):
        ports = f"ports 30080/TCP on nodes with a ready endpoint: {ready}, {leaving}   (default range …)"
        said = _said(_report(1, nodes=ports))

        assert {said[client, "tcp://{a}:30080"] for client in ("a", "b", "node a", "node b")} == {
            "answered.*"
        }
        assert (said["a", "tcp://{b}:30080"] == "answered.*") is (ready == "two")


@pytest.mark.parametrize(
    "said",
    [
        "web:80 reaches 2 endpoints, each from its own node only",
        "web:80 reaches 1 endpoint, from its own node only",
        "web:80 reaches no endpoint, as none names its node",
    ],
)
def test_what_depends_on_the_clients_node_is_said_of_no_other(said: str) -> None:
    """A row that says so of a port tells nothing of where the client stands."""
    assert _said(_report(0, said)) == _said(_report(0))


def test_a_node_without_an_endpoint_sees_none_under_a_local_policy() -> None:
    """As the check tells where it comes to hang."""
    said = _said(_report(1, hangs="…, under internalTrafficPolicy Local: only two has one"))

    assert said["b", "tcp://web.node-port:80"] == "answered.*"
    assert said["a", "tcp://web.node-port:80"] != "answered.*"


@pytest.mark.parametrize(("usable", "pattern"), [(0, "nxdomain"), (2, "2 addresses")])
def test_a_headless_name_resolves_to_what_is_ready(usable: int, pattern: str) -> None:
    """No port of it is dialed: nothing forwards."""
    said = _said(_report(usable, inside="web.… → the addresses of the ready pods   (cluster.local assumed)"))

    assert said == {(client, "dns://web.node-port.svc.cluster.local."): pattern for client in ("a", "b")}


@pytest.mark.parametrize("scenario", scenarios(KIND_SCENARIOS), ids=lambda scenario: scenario.name)
def test_a_scenario_says_what_clients_see(scenario: Scenario) -> None:
    """And its state is one that a kubelet wrote."""
    assert scenario.source == "observed"
    assert scenario.dials
    assert not scenario.images, "the image of the server is not one of `provide_images`"
