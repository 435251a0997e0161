"""Recorded cases: what kubesvc says of a real cluster is what it said when the case was recorded."""

import json
import re
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from msgspec.structs import replace

from kubesvc.renderer.console import Terminal
from kubesvc.renderer.ink import width as columns
from kubesvc.renderer.json_v1 import render_json
from kubesvc.renderer.text import render_text
from tests.support import cases, golden
from tests.support.cases import Case
from tests.support.commands import commands

ALL = cases.cases()
GOLDEN = Path(__file__).parent / "golden"

each = pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)


def test_there_are_cases() -> None:
    """Without any, the tests below would pass in silence."""
    assert ALL


@each
def test_a_real_component_wrote_what_decides(case: Case) -> None:
    """No case is recorded of what a stage plays for a kubelet."""
    assert case.expected["source"] == "observed"


@each
def test_the_verdict_is_the_recorded_one(case: Case) -> None:
    """Of the Service, the first that was asked about."""
    subject = case.report().subjects[0]

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


LOOKS = {
    f"{width}{'-color' * color}{'-ascii' * (not drawn)}": Terminal(width, color, drawn)
    for width in (60, 100)
    for color in (False, True)
    for drawn in (False, True)
}
KEPT = ("my-service", "readiness-probe")
COLORS = re.compile(r"\x1b\[[0-9;]*m")


def characters(text: str) -> Counter[str]:
    """The letters and digits of a text: a word longer than a line is cut, and lines are drawn between."""
    return Counter(filter(str.isalnum, text))


@each
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("annotate", [False, True], ids=["short", "annotated"])
def test_the_text_fits_a_terminal_and_loses_nothing(case: Case, look: Terminal, *, annotate: bool) -> None:
    """Only commands are longer than a line: they are pasted. Every code and headline is there."""
    report = case.report()
    text = COLORS.sub("", render_text(report, look, annotate=annotate))
    piped = render_text(report, replace(look, width=None, color=False), annotate=annotate)

    assert look.width
    assert {line for line in text.splitlines() if columns(line) > look.width} <= set(commands(report))
    assert look.unicode or text.isascii()
    flat = " ".join(text.split())
    for finding in cases.everything(report.findings):
        assert f"{finding.code} {finding.headline}" in flat
    assert characters(text) == characters(piped)


@pytest.mark.parametrize("look", ["60", "60-color", "100", "100-color"])
@pytest.mark.parametrize("case", [case for case in ALL if case.name in KEPT], ids=lambda case: case.name)
def test_the_text_on_a_terminal_is_as_it_was(case: Case, look: str) -> None:
    """Whole, of two cases: `UPDATE_GOLDEN=1` after they were recorded again."""
    golden.check(GOLDEN / f"{case.name}.{look}.txt", render_text(case.report(), LOOKS[look]))
