"""Why a pod is an endpoint or not: its conditions by stage, the first unmet one named, then the result."""

from collections.abc import Sequence
from typing import Final

from kubesvc.model.place import narrowed
from kubesvc.model.report import Mark, Stage, Why, WhyResult, WhyStep
from kubesvc.renderer.ink import MARK_STYLES, MARKS, Spans, Style, blanks
from kubesvc.renderer.page import Page

_LABELS: Final = {
    Stage.SELECTED: "Selected",
    Stage.LISTED: "Listed",
    Stage.PORT: "Port",
    Stage.READY: "Ready",
}
_RESULT: Final = "Result"
_COLUMN: Final = 10
_ANSWER: Final = 11
_ANSWERS: Final = {
    True: (Mark.GOOD, "passed"),
    False: (Mark.BAD, "failed"),
    None: (Mark.WARN, "unknown"),
}
_COMPARISONS: Final = {
    True: (Mark.GOOD, "agrees"),
    False: (Mark.BAD, "differs"),
    None: (Mark.WARN, "open"),
}


def put_why(page: Page, why: Why, *, annotate: bool) -> None:
    """Write the chain of a pod; with `annotate` also what Kubernetes asks at each, and where in its code."""
    page.blank()
    page.put((page.pen(why.headline, Style.STRONG),))
    told: set[str] = set()
    before: Stage | None = None
    for step in why.steps:
        label = _LABELS[step.stage] if step.stage is not before else ""
        _put_step(page, step, label, annotate=annotate and step.kind not in told)
        told.add(step.kind)
        before = step.stage
    _put_results(page, why.results)


def _put_step(page: Page, step: WhyStep, label: str, *, annotate: bool) -> None:
    pen = page.pen
    mark, word = _ANSWERS[step.passed]
    under = (pen("│  "), blanks(_COLUMN))
    body = (*_answer(page, mark, word), pen(step.text), pen(f"   ({step.field})", Style.FAINT))
    page.put(
        body,
        lead=(pen("├─ "), *_label(page, label)) if label else under,
        rest=under,
        hang=_ANSWER,
        right=(pen(_reason(step), MARK_STYLES[mark]),) if step.decides else (),
    )
    if annotate:
        note = pen(f"{step.rule} ({step.upstream})", Style.FAINT)
        page.put((note,), lead=(*under, blanks(_ANSWER)))


def _reason(step: WhyStep) -> str:
    """Name what decides; where it does for a part of the step's ports and families only, name those too."""
    word = "left open" if step.passed is None else "the reason"
    return f"{word} {narrowed(step.decides, step.places)}".rstrip()


def _put_results(page: Page, results: Sequence[WhyResult]) -> None:
    pen = page.pen
    everywhere = [place for result in results for place in result.places]
    under = (pen("   "), blanks(_COLUMN))
    for at, result in enumerate(results):
        lead = under if at else (pen("└─ "), *_label(page, _RESULT))
        where = narrowed(result.places, everywhere)
        body = (
            *_answer(page, *_COMPARISONS[result.agrees]),
            pen(f"{where}: " if where else ""),
            pen(result.text),
        )
        page.put(body, lead=lead, rest=under, hang=_ANSWER)


def _label(page: Page, word: str) -> Spans:
    span = page.pen(word, Style.STRONG)
    return (span, blanks(_COLUMN - len(span.text)))


def _answer(page: Page, mark: Mark, word: str) -> Spans:
    """Write symbol and word: neither color nor symbol is needed to read it."""
    span = page.pen(f"{MARKS[mark]} {word}", MARK_STYLES[mark])
    return (span, blanks(_ANSWER - len(span.text)))
