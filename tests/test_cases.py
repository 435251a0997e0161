"""Recorded cases: what kubesvc says of a real cluster is what it said when the case was recorded."""

import json
from fnmatch import fnmatchcase

import pytest

from kubesvc.renderer.console import Terminal
from kubesvc.renderer.json_v1 import render_json
from kubesvc.renderer.text import render_text
from tests.support import cases
from tests.support.cases import Case

ALL = cases.cases()
SOURCES = {"observed", "simulated", "patched"}

each = pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)


def test_there_are_cases() -> None:
    """Without any, the tests below would pass in silence."""
    assert ALL


@each
def test_a_case_says_where_its_state_came_from(case: Case) -> None:
    """A real component wrote it, a stage played a kubelet, or a status was patched."""
    assert case.expected["source"] in SOURCES


@each
def test_the_verdict_is_the_recorded_one(case: Case) -> None:
    """Of the Service."""
    (subject,) = case.report().subjects

    assert subject.verdict.word == case.expected["verdict"]


@each
def test_causes_culprits_and_outcomes_are_the_recorded_ones(case: Case) -> None:
    """In order; a culprit may have a random name."""
    report = case.report()

    assert cases.codes(report) == case.expected["codes"]
    assert cases.outcomes(report) == case.expected["outcomes"]
    found, expected = cases.culprits(report), case.expected["culprits"]
    assert len(found) == len(expected)
    assert all(map(fnmatchcase, found, expected)), found


@each
def test_the_text_is_the_recorded_one(case: Case) -> None:
    """Whole, as written into a pipe."""
    assert render_text(case.report(), Terminal()) == case.text("report.txt")


@each
def test_the_json_is_the_recorded_one(case: Case) -> None:
    """Whole."""
    assert json.loads(render_json(case.report())) == json.loads(case.text("report.json"))
