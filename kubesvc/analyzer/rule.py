"""A rule: a function from a view to findings, with its page as docstring."""

from collections.abc import Callable, Iterable
from inspect import cleandoc

from msgspec import Struct

from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.report import Command, Confidence, Effect, Finding, Fix, Row

Check = Callable[["Rule", ServiceView], Iterable[Finding]]

SECTIONS = ("What it means", "How to confirm", "How to fix", "When this is fine")
"""The sections of every rule's page, in order."""


class Rule(Struct, frozen=True):
    """One cause. `explains` names the codes that are consequences of it at the same place.

    A `residual` rule speaks only for places that no finding of another rule is about.
    """

    code: str
    name: str
    confidence: Confidence
    explains: frozenset[str]
    since: str
    check: Check
    page: str
    residual: bool = False

    @property
    def summary(self) -> str:
        """The first line of the page, without its leading `Report`."""
        first = self.page.splitlines()[0]
        return first.removeprefix("Report ").rstrip(".")

    def finding(  # noqa: PLR0913 - a finding has as many parts
        self,
        view: ServiceView,
        headline: str,
        places: Iterable[Place],
        culprit: Ref,
        rows: Iterable[Row],
        *,
        confirm: Iterable[Command] = (),
        fixes: Iterable[Fix] = (),
        confidence: Confidence | None = None,
        effect: Effect | None = None,
    ) -> Finding:
        """Build a finding of this rule; its effect, unless known, is what its places, or else all, suffer."""
        where = tuple(sorted(set(places), key=str)) or (view.place,)
        return Finding(
            code=self.code,
            headline=headline,
            places=where,
            culprit=culprit,
            confidence=confidence or self.confidence,
            effect=effect or view.effect(where),
            rows=tuple(rows),
            confirm=tuple(confirm),
            fixes=tuple(fixes),
        )


def rule(  # noqa: PLR0913 - a rule has as many parts
    code: str,
    name: str,
    *,
    since: str,
    confidence: Confidence = Confidence.PROOF,
    explains: Iterable[str] = (),
    residual: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of a function; its docstring is the product page."""

    def build(check: Check) -> Rule:
        page = cleandoc(check.__doc__ or "")
        return Rule(code, name, confidence, frozenset(explains), since, check, page, residual)

    return build
