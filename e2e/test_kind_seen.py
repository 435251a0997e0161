"""What clients see is held against what a report says of them; no cluster is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from e2e.kind.seen import contradictions
from e2e.scenario import KIND_SCENARIOS, Scenario, load, scenarios

HEALTHY = load(KIND_SCENARIOS / "node-port")
"""Service web in namespace node-port, port 80."""


def _report(usable: int, clients: str = "") -> dict[str, Any]:
    line = {"kind": "port", "value": "80/TCP → targetPort 8080", "place": {"port": "http"}}
    subject = {
        "ref": {"name": "web"},
        "ports": [{"key": "http", "usable": usable}],
        "line": {"children": [line]},
    }
    rows = [{"label": "clients", "value": clients}] if clients else []
    return {"subjects": [subject], "findings": [{"rows": rows}]}


def test_agreement_is_silent() -> None:
    """A usable endpoint answers; what nodes see of other addresses is nothing that is claimed."""
    seen = {"a": {"http://web.node-port": "answered 500"}, "node a": {"http://{b}:30080": "timed out"}}

    assert contradictions(_report(1), HEALTHY, seen) == []


@pytest.mark.parametrize(("usable", "word"), [(1, "refused"), (1, "timed out"), (0, "answered 200")])
def test_usable_endpoints_answer_and_no_others(usable: int, word: str) -> None:
    """Both ways."""
    (wrong,) = contradictions(_report(usable), HEALTHY, {"a": {"http://web.node-port": word}})

    assert wrong.startswith(f"a sees {word} at http://web.node-port")


@pytest.mark.parametrize("scenario", [replace(HEALTHY, check="refuses"), replace(HEALTHY, explained="later")])
def test_what_kubesvc_cannot_tell_is_not_held_against_it(scenario: Scenario) -> None:
    """Its first check proves it, or the work is to come."""
    assert contradictions(_report(1), scenario, {"a": {"http://web.node-port": "refused"}}) == []


@pytest.mark.parametrize(
    ("said", "target", "right", "wrong"),
    [
        ("inside the cluster, web:80 refuses connections", "http://web.node-port", "refused", "timed out"),
        (
            "web resolves to no address (where CoreDNS answers)",
            "dns://web.node-port",
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
    """In the row `clients` of a finding."""
    report = _report(0, said)

    assert contradictions(report, HEALTHY, {"a": {target: right}}) == []
    assert len(contradictions(report, HEALTHY, {"a": {target: wrong}})) == 1


@pytest.mark.parametrize("scenario", scenarios(KIND_SCENARIOS), ids=lambda scenario: scenario.name)
def test_a_scenario_says_what_clients_see(scenario: Scenario) -> None:
    """And its state is one that a kubelet wrote."""
    assert scenario.source == "observed"
    assert scenario.dials
    assert not scenario.images, "the image of the server is not one of `provide_images`"
