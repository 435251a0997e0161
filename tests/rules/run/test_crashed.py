"""KSV902: a rule failed."""

from collections.abc import Iterator

import pytest

from kubesvc.analyzer import registry
from kubesvc.analyzer.rule import Rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Ref
from kubesvc.model.report import Effect, Finding, Verdict
from tests.support.builders import pod, pods, service, settled, unready
from tests.support.sources import explain, find, only, rows, verdict


def _fail(_this: Rule, _view: ServiceView) -> Iterator[Finding]:
    raise ZeroDivisionError("of nothing")


def _failing(rule: Rule) -> Rule:
    return Rule(
        rule.code, rule.name, rule.confidence, rule.explains, rule.since, _fail, rule.page, rule.residual
    )


def crash(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rule of a code fail."""
    rules = tuple(_failing(r) if r.code == code else r for r in registry.RULES)
    monkeypatch.setattr(registry, "RULES", rules)


def test_a_crash_is_visible_and_leaves_the_verdict_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never silence; the rule and its error are named."""
    crash("KSV401", monkeypatch)

    report = explain(settled(service(), *pods(2)))

    found = only(report, "KSV902")
    assert verdict(report) is Verdict.UNKNOWN
    assert found.headline == "rule KSV401 failed: a bug in kubesvc"
    assert (found.culprit, found.effect) == (Ref("Rule", "", "KSV401"), Effect.ADVICE)
    assert rows(found) == ["rule: KSV401 slices-differ", "error: ZeroDivisionError: of nothing"]
    assert report.subjects[0].checks == ()


def test_the_other_rules_still_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their findings are not lost."""
    crash("KSV401", monkeypatch)

    report = explain(settled(service(), unready()))

    assert sorted(found.code for found in report.findings) == ["KSV301", "KSV902"]


def test_a_crash_during_a_simulation_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome is not known."""
    crash("KSV301", monkeypatch)

    report = explain(settled(service(selector={"app": "Web"}), pod()))

    (found,) = find(report, "KSV101")
    assert found.fixes[0].outcome is None
    assert found.fixes[0].notes[-1].startswith("Not simulated")


def test_nothing_crashes_by_itself() -> None:
    """The rule of this code yields nothing."""
    assert find(explain(settled(service(), pod())), "KSV902") == ()
