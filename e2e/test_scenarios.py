"""Every scenario on a real cluster: first the situation, then what kubesvc says, then what its fix does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from e2e.cluster import Cluster, await_condition
from e2e.kind.claims import contradictions
from e2e.kind.seen import Clients
from e2e.paste import check_first, paste
from e2e.product import Answer, Product
from e2e.scenario import Scenario, scenarios
from e2e.situation import situation
from e2e.verdict import fits, of_subject, outcomes

MOST_REQUESTS = {"healthy": 8}
MOST_REQUESTS_BROKEN = 16
_AGENT = "kubesvc/"


FIXES = [
    pytest.param(scenario, number, id=scenario.name if number == 0 else f"{scenario.name}-fix-{number + 1}")
    for scenario in scenarios()
    for number in range(max(1, len(scenario.outcomes)))
]
"""Each fix of each scenario has a situation of its own; one without any is explained all the same."""


@pytest.mark.parametrize(("scenario", "number"), FIXES)
def test_explains_the_scenario_and_its_fix_does_what_it_promises(
    scenario: Scenario, number: int, cluster: Cluster, product: Product, dialing: Clients | None
) -> None:
    """What is printed fits what was observed, by clients as well where containers run.

    The printed command, applied, leads where its outcome said.
    """
    missing = scenario.needs - cluster.supports
    if missing:
        pytest.skip(f"this cluster does not support {', '.join(sorted(missing))}")
    with situation(cluster, scenario):
        before = len(cluster.audit(_AGENT)) if "audit" in cluster.supports else 0
        answer = _explain(product, cluster, scenario, "-o", "json")
        if "audit" in cluster.supports:
            _assert_modest(cluster.audit(_AGENT)[before:], scenario)
        assert fits(answer, scenario) == []
        if dialing:
            _assert_true(dialing, scenario, answer)
            if scenario.check:
                check_first(of_subject(answer), scenario.check, cluster.kubeconfig)
        if scenario.fix == "command":
            after = _apply_and_compare(scenario, cluster, product, answer, number)
            if dialing:
                _assert_true(dialing, replace(scenario, dials=(), check=""), after)
        else:
            assert not any(fix["command"] for fix in _fixes(answer)), (
                "a fix that is a command must be applied here"
            )
            assert "no command" in _why(scenario) or "nothing to fix" in _why(scenario)


def _explain(product: Product, cluster: Cluster, scenario: Scenario, *more: str) -> Answer:
    return product.run("explain", *scenario.asked, *more, kubeconfig=cluster.kubeconfig)


def _assert_true(dialing: Clients, scenario: Scenario, answer: Answer) -> None:
    """What the scenario says that clients see, they see, and what the report says of them as well."""
    seen = dialing.see(scenario, answer.report)
    assert contradictions(answer.report, scenario, seen, dialing.nodes) == []


def _assert_modest(requests: list[Any], scenario: Scenario) -> None:
    """Few requests, all of HTTP method GET: the audit log's verbs for it are get and list."""
    most = MOST_REQUESTS.get(scenario.verdict, MOST_REQUESTS_BROKEN) * (1 + len(scenario.beside))
    assert 0 < len(requests) <= most, [request.uri for request in requests]
    assert {request.verb for request in requests} <= {"get", "list"}


def _why(scenario: Scenario) -> str:
    return " ".join((scenario.folder / "why.md").read_text(encoding="utf-8").split())


def _fixes(answer: Answer) -> list[dict[str, Any]]:
    return [fix for finding in answer.report["findings"] for fix in finding["fixes"]]


def _apply_and_compare(
    scenario: Scenario, cluster: Cluster, product: Product, answer: Answer, number: int
) -> Answer:
    fix = _fixes(answer)[number]
    lines = [command["shell"] for command in (fix["command"], *fix["then"])]
    printed = _explain(product, cluster, scenario).stdout.splitlines()
    # one command may heal what several findings are about, and stands under each
    assert list(dict.fromkeys(line for line in printed if line in lines)) == lines, (
        "the commands stand alone, at column 0, in order, ready to paste"
    )
    for line in lines:
        paste(line, cluster.kubeconfig)
    promised = fix["outcome"]
    remaining = promised["remaining"] if promised else []
    verdict = promised["verdict"] if promised and number else scenario.after

    def as_promised() -> Answer | None:
        now = _explain(product, cluster, scenario, "-o", "json")
        subject = of_subject(now)
        if subject["verdict"] != verdict:
            return None
        if promised is None:
            return now
        if promised["verdict"] == "unknown":  # what stays is all that is promised
            return now if _codes(now) == remaining else None
        return now if outcomes(subject) == outcomes(promised) else None

    after = await_condition("the state that the fix promises", as_promised, seconds=90, every=0.5)
    assert _codes(after) == remaining
    return after


def _codes(answer: Answer) -> list[str]:
    return [finding["code"] for finding in answer.report["findings"]]
