"""Compares kubesvc's JSON with what a scenario expects."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from e2e.product import Answer
    from e2e.scenario import Scenario


def of_subject(answer: Answer) -> dict[str, Any]:
    """The first subject of a report; raises AssertionError with what was said instead."""
    assert answer.stdout, answer.stderr
    subjects = answer.report["subjects"]
    assert subjects, answer.report
    subject: dict[str, Any] = subjects[0]
    return subject


def outcomes(state: dict[str, Any]) -> list[str]:
    """The verdict and ports of a subject or an outcome, in one form: `healthy`, `http 3/3`."""
    ports = [f"{port['key']} {port['usable']}/{port['expected']}" for port in state["ports"]]
    return [state["verdict"], *ports]


def fits(answer: Answer, scenario: Scenario) -> list[str]:
    """What differs from the scenario's expectation; nothing where all is as expected."""
    if answer.status not in (0, 1, 3):
        return [f"exit status {answer.status}: {answer.stderr}"]
    findings = answer.report["findings"]
    found = {
        "exit status": answer.status,
        "verdict": of_subject(answer)["verdict"],
        "codes": tuple(finding["code"] for finding in findings),
        "outcomes": tuple(_outcome(fix) for finding in findings for fix in finding["fixes"]),
    }
    expected = {
        "exit status": scenario.exit,
        "verdict": scenario.verdict,
        "codes": scenario.codes,
        "outcomes": scenario.outcomes,
    }
    wrong = [f"{key}: {found[key]}, expected {expected[key]}" for key in found if found[key] != expected[key]]
    culprits = [f"{f['culprit']['kind']}/{f['culprit']['name']}" for f in findings]
    fitting = len(culprits) == len(scenario.culprits) and all(map(fnmatchcase, culprits, scenario.culprits))
    return wrong if fitting else [*wrong, f"culprits: {culprits}, expected {scenario.culprits}"]


def _outcome(fix: dict[str, Any]) -> str:
    if fix["outcome"] is None:
        return "none"
    return " ".join([*outcomes(fix["outcome"]), *fix["outcome"]["remaining"]])
