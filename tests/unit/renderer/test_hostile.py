"""No text of a cluster reaches the terminal as anything but text, and no report is too odd to print."""

import re
from collections.abc import Iterator
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubesvc.model.report import Finding, Report
from kubesvc.model.text import clean
from kubesvc.renderer.console import Terminal
from kubesvc.renderer.ink import Pen, width
from kubesvc.renderer.text import render_text
from tests.support import reports
from tests.support.commands import commands
from tests.support.report_strategies import reports as any_report

OUR_CODES: Final = re.compile(r"\x1b\[(?:0|1|2|32|33|1;31|1;36)m")
terminals = st.builds(Terminal, st.none() | st.integers(40, 100), st.booleans(), st.booleans())


few = settings(max_examples=50)


@given(any_report, terminals, st.booleans())
@few
def test_no_control_byte_is_printed(report: Report, terminal: Terminal, annotate: bool) -> None:  # noqa: FBT001
    """Outside our own colors; and only ASCII where there is nothing else."""
    text = render_text(report, terminal, annotate=annotate)
    if terminal.color:
        text = OUR_CODES.sub("", text)
    assert clean(text) == text
    assert "\t" not in text
    assert terminal.unicode or text.isascii()


@given(any_report, st.integers(40, 100), st.booleans())
@few
def test_on_a_terminal_only_commands_exceed_the_width(report: Report, limit: int, annotate: bool) -> None:  # noqa: FBT001
    """They are pasted, so they are never wrapped; and no code is lost, however narrow it is."""
    text = render_text(report, Terminal(limit), annotate=annotate)
    assert {line for line in text.splitlines() if width(line) > limit} <= set(commands(report))
    assert all(finding.code in text for finding in _all(report.findings))


@given(any_report)
@few
def test_a_pipe_gets_every_finding_and_nothing_is_wrapped(report: Report) -> None:
    """Headlines and facts are each on one line, in one piece."""
    text = render_text(report, Terminal(), annotate=True)
    for finding in _all(report.findings):
        assert f"{finding.code}  {_flat(finding.headline)}".rstrip(" ") in text
    for finding in report.findings:
        assert all(_flat(row.value) in text for row in finding.rows)


def _flat(text: str) -> str:
    return Pen(Terminal())(text).text.rstrip(" ")


def _all(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _all(finding.consequences)


def test_markup_of_a_terminal_library_is_text() -> None:
    """Names are not interpreted."""
    report = reports.healthy()
    subject = replace(report.subjects[0], summary="[bold]x[/bold] [/y] [link=http://e]")
    text = render_text(replace(report, subjects=(subject,)), Terminal(100, color=True))
    assert "[bold]x[/bold] [/y] [link=http://e]" in text
