"""Pods of recorded cases, asked about: each has its chain, and of some the whole text is kept."""

import json
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from kubesvc.renderer.console import Terminal
from kubesvc.renderer.json_v1 import render_json
from kubesvc.renderer.page import Page
from kubesvc.renderer.text import render_text
from kubesvc.renderer.why import put_why
from tests.support import cases, golden
from tests.support.cases import Case
from tests.support.output import SCHEMA

ALL: Final = [case for case in cases.cases() if case.pods]
FOLDER: Final = Path(__file__).parent / "golden" / "why"
LOOKS: Final = {
    "60": Terminal(60),
    "100": Terminal(100),
    "100-color": Terminal(100, color=True),
    "piped": Terminal(),
}
KEPT: Final = ("crash-loop", "dual-stack", "named-port-some", "readiness-probe", "unschedulable")
DIFFERENT: Final = {"slices-behind"}

ALONE: Final = [case for case in ALL if "beside" not in case.expected]
"""Those of one Service."""

each = pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)


@each
def test_each_pod_has_its_chain_and_the_slices_agree_where_they_are_in_order(case: Case) -> None:
    """A step that decides is one that is not met; where nothing decides, the pod is a ready endpoint."""
    subject = case.report(*case.pods).subjects[0]

    assert [why.pod.name for why in subject.why] == case.pods
    for why in subject.why:
        decided = {place for step in why.steps for place in step.decides}
        assert not any(step.passed for step in why.steps if step.decides)
        for result in why.results:
            ready = result.predicted == "ready"
            assert all((place in decided) is not ready for place in result.places)
    differ = any(result.agrees is False for why in subject.why for result in why.results)
    assert differ is (case.name in DIFFERENT)


@each
def test_a_report_that_was_asked_about_pods_is_valid(case: Case) -> None:
    """By the published schema."""
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render_json(case.report(*case.pods))))


@each
def test_a_question_about_a_pod_changes_nothing_else(case: Case) -> None:
    """Neither verdict nor findings."""
    asked, plain = case.report(*case.pods), case.report()

    assert asked.findings == plain.findings
    assert [subject.verdict for subject in asked.subjects] == [subject.verdict for subject in plain.subjects]
    assert asked.gaps == plain.gaps


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("case", [case for case in ALL if case.name in KEPT], ids=lambda case: case.name)
def test_the_text_is_as_it_was_when_it_was_last_read(case: Case, look: str) -> None:
    """Whole, of the first pod of each fate: `UPDATE_GOLDEN=1` after the cases were recorded again."""
    golden.check(FOLDER / f"{case.name}.{look}.txt", _text(case, LOOKS[look], annotate=False))


def test_the_annotated_text_is_as_it_was_when_it_was_last_read() -> None:
    """Each kind of step is explained once, below the first of it."""
    (case,) = (case for case in ALL if case.name == "readiness-probe")

    golden.check(FOLDER / "readiness-probe.100-annotated.txt", _text(case, Terminal(100), annotate=True))


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
@pytest.mark.parametrize("look", LOOKS)
def test_a_report_tells_of_each_pod_after_all_else_of_its_service(case: Case, look: str) -> None:
    """Where the eye is when the command ends."""
    text = render_text(case.report(*case.pods), LOOKS[look])
    plain = render_text(case.report(), LOOKS[look])

    before, told, after = text.partition(_told(case, LOOKS[look], *case.pods, annotate=False))
    assert told
    assert f"{before}{after.removeprefix(chr(10))}" == plain
    assert "├─" not in after


def _text(case: Case, look: Terminal, *, annotate: bool) -> str:
    return _told(case, look, *_different(case), annotate=annotate)


def _told(case: Case, look: Terminal, *pods: str, annotate: bool) -> str:
    page = Page(look)
    for why in case.report(*pods).subjects[0].why:
        put_why(page, why, annotate=annotate)
    return page.text()


def _different(case: Case) -> list[str]:
    """The first pod of each fate."""
    subject = case.report(*case.pods).subjects[0]
    fates = {
        tuple(step.text for step in why.steps if step.decides): why.pod.name for why in reversed(subject.why)
    }
    return sorted(fates.values())
