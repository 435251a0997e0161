"""Recorded cases with a change that is imagined: the whole text of some is kept, all promises are sound."""

import json
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from kubesvc.cli.changes import changes
from kubesvc.model.report import Report
from kubesvc.renderer.console import Terminal
from kubesvc.renderer.json_v1 import render_json
from kubesvc.renderer.text import render_text
from tests.support import cases, golden
from tests.support.cases import Case
from tests.support.output import LOOKS, SCHEMA

FOLDER: Final = Path(__file__).parent / "golden" / "what-if"
ASKED: Final = {
    "my-service": ("spec.selector.app=myapp",),
    "selector-and-port": ("spec.selector.app=web-app",),
    "readiness-probe": ("spec.publishNotReadyAddresses=true", "spec.ports[http].targetPort=8081"),
    "healthy": ("spec.type=ExternalName", "spec.externalName=api.example"),
    "dual-stack": ("spec.ipFamilyPolicy=SingleStack",),
    "named-port-some": ("spec.ports[0]-", "spec.ports[0].port=80", "spec.ports[0].targetPort=nobody"),
}


def of(name: str) -> Case:
    """A recorded case."""
    return next(case for case in cases.cases() if case.name == name)


def asked(name: str) -> Report:
    """What would come of the change in that case."""
    return of(name).report(changes=changes(ASKED[name]))


def told(name: str, look: Terminal, *, annotate: bool = False) -> str:
    """What is said of it, without the present."""
    text = render_text(asked(name), look, annotate=annotate)
    plain = render_text(of(name).report(), look, annotate=annotate)
    present = plain[: plain.index("Not evaluated")]
    assert text.startswith(present.rstrip("\n")), "the present is told as without the question"
    return text[len(present.rstrip("\n")) :].partition("\nNot evaluated")[0].lstrip("\n")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ASKED)
def test_the_text_is_as_it_was_when_it_was_last_read(name: str, look: str) -> None:
    """Whole: `UPDATE_GOLDEN=1` after the cases were recorded again."""
    golden.check(FOLDER / f"{name}.{look}.txt", told(name, LOOKS[look]))


def test_the_annotated_text_is_as_it_was_when_it_was_last_read() -> None:
    """Each kind of line is explained."""
    golden.check(FOLDER / "my-service.100-annotated.txt", told("my-service", Terminal(100), annotate=True))


@pytest.mark.parametrize("name", ASKED)
def test_the_json_is_valid(name: str) -> None:
    """By the published schema."""
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render_json(asked(name))))


@pytest.mark.parametrize(
    "case", [case for case in cases.cases() if case.expected["outcomes"]], ids=lambda case: case.name
)
def test_a_fix_that_is_asked_about_promises_what_it_promises_itself(case: Case) -> None:
    """A comparison and an outcome are one simulation."""
    report = case.report()
    fixes = [fix for finding in report.findings for fix in finding.fixes if fix.outcome and fix.change]
    for fix in fixes:
        assert fix.change is not None
        assert fix.outcome is not None
        if fix.change.target.kind != "Service":
            continue
        (subject,) = case.report(changes=fix.change.ops).subjects
        assert subject.comparison is not None
        assert subject.comparison.after.verdict is fix.outcome.verdict
        assert tuple(port.after for port in subject.comparison.ports if port.after) == fix.outcome.ports
        left = dict.fromkeys(c.code for c in (*subject.comparison.remaining, *subject.comparison.new))
        assert set(left) <= set(fix.outcome.remaining)
