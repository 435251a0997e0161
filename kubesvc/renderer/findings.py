"""Findings as blocks: the cause, its facts, what it leads to, how to confirm it and how to fix it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Final

from kubesvc.model.place import listed
from kubesvc.model.report import Check, Command, Confidence, Finding, Fix, Outcome, Row, Verdict
from kubesvc.renderer.commands import complete, quoted
from kubesvc.renderer.ink import VERDICT_STYLES, Span, Spans, Style, blanks, width
from kubesvc.renderer.page import Page

INDENT: Final = 10
_LABEL: Final = 10
_WIDEST_LABEL: Final = 18
_NAMED: Final = 3
_UNSAFE: Final = "(no command: a value in it cannot be written safely for a shell)"


def namespace_of(finding: Finding) -> str:
    """Return the namespace that the commands of a finding run in: that of the Service it is about."""
    return finding.places[0].service.namespace if finding.places else finding.culprit.namespace


def put_finding(page: Page, finding: Finding, flags: Sequence[str], *, sources: bool) -> None:
    """Write one finding with everything that hangs on it; with `sources`, also where each fact was read."""
    pen, namespace = page.pen, namespace_of(finding)
    page.blank()
    lead = pad((blanks(2), pen(finding.code, Style.CODE)), INDENT)
    page.put(
        (pen(finding.headline, Style.STRONG),),
        lead=lead,
        rest=(blanks(INDENT),),
        right=(pen(finding.confidence.value, _confidence(finding.confidence)),),
    )
    put_rows(page, (*finding.rows, *_consequences(finding.consequences)), sources=sources)
    if finding.confirm or finding.fixes:
        page.blank()
    for command in finding.confirm:
        _put_confirm(page, command, namespace, flags)
    for fix in finding.fixes:
        put_fix(page, fix, namespace, flags)
    page.blank()


def put_rows(page: Page, rows: Sequence[Row], *, sources: bool = False) -> None:
    """Write labels in one column, values in the next."""
    pen = page.pen
    labels = [pen(row.label, Style.FAINT) for row in rows]
    fitting = [size + 2 for label in labels if (size := width(label.text)) <= _WIDEST_LABEL]
    column = max([_LABEL, *fitting])
    for label, row in zip(labels, rows, strict=True):
        source = (pen(f"   ({row.source})", Style.FAINT),) if sources and row.source else ()
        body = (*pad((label,), column), pen(row.value), *source)
        page.put(body, lead=(blanks(INDENT),), hang=column)


def put_check(page: Page, check: Check, namespace: str, flags: Sequence[str]) -> None:
    """Write a next active check with what each outcome would prove."""
    pen = page.pen
    page.put((pen(check.title),), lead=_label(page, "next"), rest=(blanks(INDENT),))
    if check.command.purpose:
        page.put((pen(check.command.purpose, Style.FAINT),), lead=(blanks(INDENT),))
    put_command(page, check.command.argv, namespace, flags)
    outcomes = (("answers", check.answers), ("refuses", check.refuses), ("hangs", check.hangs))
    put_rows(page, [Row(label, value) for label, value in outcomes if value])


def put_command(page: Page, argv: Sequence[str], namespace: str, flags: Sequence[str]) -> None:
    """Write a command alone at column 0, or say why there is none."""
    line = quoted(complete(argv, namespace, flags), ascii_only=not page.terminal.unicode)
    if line is None:
        page.put((page.pen(_UNSAFE, Style.FAINT),), lead=(blanks(INDENT),))
    else:
        page.command(line)


def pad(spans: Spans, size: int) -> Spans:
    """Widen spans to a column; what is wider gets two blanks."""
    used = sum(width(span.text) for span in spans)
    return (*spans, blanks(size - used if used + 2 <= size else 2))


def _label(page: Page, word: str) -> Spans:
    return pad((blanks(2), page.pen(word, Style.STRONG)), INDENT)


def _confidence(confidence: Confidence) -> Style:
    return Style.STRONG if confidence is Confidence.PROOF else Style.FAINT


def _consequences(findings: Iterable[Finding]) -> Iterator[Row]:
    """Yield one row for all that are told in the same words, and then what these lead to."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for follower in findings:
        alike.setdefault((follower.code, follower.headline), []).append(follower)
    for (code, headline), several in alike.items():
        yield Row("leads to", f"{code}  {headline}{_culprits(several)}")
        yield from _consequences(chain.from_iterable(follower.consequences for follower in several))


def _culprits(findings: Iterable[Finding]) -> str:
    """Name the culprits where the same is told of several."""
    names = list(dict.fromkeys(str(finding.culprit) for finding in findings))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f" ({', '.join(names[:_NAMED])}{more})" if len(names) > 1 else ""


def _put_confirm(page: Page, command: Command, namespace: str, flags: Sequence[str]) -> None:
    purpose = (page.pen(f"({command.purpose})"),) if command.purpose else ()
    lead = (blanks(2), page.pen("confirm", Style.STRONG), Span(" "))
    page.put(purpose, lead=lead, rest=(blanks(INDENT),))
    put_command(page, command.argv, namespace, flags)


def put_fix(page: Page, fix: Fix, namespace: str, flags: Sequence[str]) -> None:
    """Write a fix with what it leads to, and its commands."""
    pen = page.pen
    page.put(
        (pen(fix.title), *_outcome(page, fix.outcome)),
        lead=_label(page, "fix"),
        rest=(blanks(INDENT),),
        right=(pen(fix.certainty.value, _confidence(fix.certainty)),),
    )
    if fix.outcome and fix.outcome.remaining:
        page.put((pen(f"then still {', '.join(fix.outcome.remaining)}"),), lead=(blanks(INDENT),))
    for note in fix.notes:  # before the command: a caution is read first
        page.put((pen(note),), lead=(blanks(INDENT),))
    if fix.command is not None:
        put_command(page, fix.command, namespace, flags)
    for argv in fix.then:
        put_command(page, argv, namespace, flags)


def _outcome(page: Page, outcome: Outcome | None) -> Spans:
    if outcome is None or not outcome.simulated:
        return ()
    reached = ", ".join((*_endpoints(outcome), *_still(outcome)))
    return (page.pen(" → "), page.pen(reached, VERDICT_STYLES[outcome.verdict]), page.pen(" (simulated)"))


def _endpoints(outcome: Outcome) -> Iterator[str]:
    """Say `2 of 3 endpoints on port http`, ports of equal fate together."""
    for (usable, expected), group in groupby(outcome.ports, key=lambda port: (port.usable, port.expected)):
        ports = [port.key for port in group]
        count = f"{usable} of {expected}" if usable < expected else f"{usable}"
        noun = "endpoint" if count == "1" else "endpoints"
        yield f"{count} {noun} {listed('on port', ports)}"


def _still(outcome: Outcome) -> Iterator[str]:
    if not outcome.ports or outcome.verdict is not Verdict.HEALTHY:
        yield outcome.verdict.word
