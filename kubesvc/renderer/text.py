"""A report as text for people: verdict, causes, the tree, what to ask next, what was not read."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Final

from kubesvc.model.read import Gap
from kubesvc.model.report import Finding, NotChecked, Report, Subject, Verdict
from kubesvc.renderer.comparison import put_comparison
from kubesvc.renderer.console import Terminal
from kubesvc.renderer.findings import put_check, put_finding, put_fix
from kubesvc.renderer.ink import VERDICT_STYLES, Spans, Style
from kubesvc.renderer.page import Page
from kubesvc.renderer.tree import put_tree
from kubesvc.renderer.why import put_why

_LIVE: Final = "cluster"
_HINT: Final = "Every line explained: --annotate"


def render_text(report: Report, terminal: Terminal, *, annotate: bool = False) -> str:
    """Return the report as lines, each ended; empty where there is nothing to say."""
    page = Page(terminal)
    moment = _moment(page, report)
    for at, subject in enumerate(report.subjects):
        page.blank()
        _put_header(page, subject, moment if at == 0 else ())
        for finding in report.findings_of(subject.ref):
            put_finding(page, finding, report.query.flags, sources=annotate)
        page.blank()
        put_tree(page, subject.line, annotate=annotate)
        _put_fixes(page, subject, report.query.flags)
        _put_checks(page, subject, report.query.flags)
        for why in subject.why:
            put_why(page, why, annotate=annotate)
        if subject.comparison:
            put_comparison(page, subject, subject.comparison, report.query.flags, annotate=annotate)
    _put_elsewhere(page, report, sources=annotate)
    _put_footer(page, report)
    if report.subjects and not annotate:
        page.put((page.pen(_HINT, Style.FAINT),))
    return page.text()


def _put_header(page: Page, subject: Subject, right: Spans) -> None:
    kind, namespace, name = subject.ref
    prefix = "" if kind == "Service" else f"{kind} "
    full = f"{prefix}{namespace}/{name}" if namespace else f"{prefix}{name}"
    body = (
        page.pen(full, Style.STRONG),
        page.pen(" is "),
        page.pen(subject.verdict.word, VERDICT_STYLES[subject.verdict]),
        page.pen(f": {subject.summary}" if subject.summary else ""),
    )
    page.put(body, right=right)


def _moment(page: Page, report: Report) -> Spans:
    """Say which cluster and when; the day too, unless the answer is live."""
    taken = report.taken_at.astimezone(UTC)
    live = report.origin == _LIVE
    day = "" if live else f"{taken:%Y-%m-%d} "
    where = f"context {report.context}" if report.context else report.server
    parts = [part for part in (where, "" if live else report.origin, f"{day}{taken:%H:%M:%S} UTC") if part]
    return (page.pen(" · ".join(parts), Style.FAINT),)


def _put_fixes(page: Page, subject: Subject, flags: Sequence[str]) -> None:
    """Write what would make a Service select a pod or workload."""
    for member in subject.services:
        if member.fix:
            page.blank()
            put_fix(page, member.fix, member.service.namespace, flags)


def _put_checks(page: Page, subject: Subject, flags: Sequence[str]) -> None:
    if not subject.checks:
        return
    page.blank()
    page.put((page.pen("If a client still fails:"),))
    for check in subject.checks:
        put_check(page, check, subject.ref.namespace, flags)


def _put_elsewhere(page: Page, report: Report, *, sources: bool) -> None:
    """Write the findings that are about none of the subjects: no finding is lost."""
    shown = {subject.ref for subject in report.subjects}
    others = [finding for finding in report.findings if not _services(finding) & shown]
    if others:
        page.blank()
        page.put((page.pen("Also found:"),))
    for finding in others:
        put_finding(page, finding, report.query.flags, sources=sources)


def _services(finding: Finding) -> set[tuple[str, str, str]]:
    return {place.service for place in finding.places}


def _put_footer(page: Page, report: Report) -> None:
    page.blank()
    lines = (_unread(report), _unchecked(report.not_checked), _outside(report.not_evaluated))
    for line in lines:
        if line:
            page.put((page.pen(line),))


def _unread(report: Report) -> str:
    if not report.gaps:
        return ""
    verdicts = [verdict for subject in report.subjects for verdict in {subject.verdict, subject.judged}]
    known = bool(verdicts) and Verdict.UNKNOWN not in verdicts
    harmless = (
        f"; cannot change {'this verdict' if len(verdicts) == 1 else 'these verdicts'}" if known else ""
    )
    return f"Not read: {', '.join(_kinds(report.gaps))}{harmless}."


def _kinds(gaps: Sequence[Gap]) -> Iterable[str]:
    """Say once what is missing of a kind for one reason; the JSON has the server's words about each."""
    groups: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        groups.setdefault((gap.read.kind, gap.reason.value), []).append(gap)
    for (_, reason), same in groups.items():
        yield f"{same[0].read if len(same) == 1 else same[0].read.kinds} ({reason})"


def _unchecked(not_checked: Sequence[NotChecked]) -> str:
    """Say which causes were not looked for, by what they lacked."""
    codes: dict[str, list[str]] = {}
    for missed in not_checked:
        lacking = codes.setdefault(str(missed.read), [])
        if missed.code not in lacking:
            lacking.append(missed.code)
    parts = [f"{', '.join(missed)} without {read}" for read, missed in codes.items()]
    return f"Not checked: {'; '.join(parts)}." if parts else ""


def _outside(not_evaluated: Sequence[str]) -> str:
    return f"Not evaluated: {', '.join(not_evaluated)}." if not_evaluated else ""
