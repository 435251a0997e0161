"""What the rules find about a Service, and what of it follows from what."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import partial

from msgspec.structs import replace

from kubesvc.analyzer import registry
from kubesvc.analyzer.rule import Rule
from kubesvc.analyzer.rules.run.crashed import crashed
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.wants import Wants
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.read import Unavailable
from kubesvc.model.report import Effect, Finding, NotChecked, Row


def apply(view: ServiceView, wants: Wants) -> tuple[tuple[Finding, ...], tuple[NotChecked, ...]]:
    """Run every rule; one that lacks a read is not checked, one that fails becomes a visible finding."""
    found: list[Finding] = []
    residual: list[Finding] = []
    skipped: list[NotChecked] = []
    for rule in registry.RULES:
        try:
            findings = wants.attempt(partial(_check, rule, view)) or ()
        except Unavailable as unavailable:
            skipped.append(NotChecked(rule.code, view.place, unavailable.gap.read))
            continue
        except Exception as error:  # noqa: BLE001 - a failing rule must be seen, and must not take others along
            findings = (_crash(view, rule, error),)
        (residual if rule.residual else found).extend(findings)
    known = {place for other in found if other.effect is not Effect.ADVICE for place in other.places}
    found += [finding for finding in residual if not _covered(finding, known)]
    return tuple(found), tuple(skipped)


def _check(rule: Rule, view: ServiceView) -> tuple[Finding, ...]:
    return tuple(rule.check(rule, view))


def _crash(view: ServiceView, rule: Rule, error: Exception) -> Finding:
    rows = (Row("rule", f"{rule.code} {rule.name}", ""), Row("error", f"{type(error).__name__}: {error}", ""))
    return Finding(
        code=crashed.code,
        headline=f"rule {rule.code} failed: a bug in kubesvc",
        places=(view.place,),
        culprit=Ref("Rule", "", rule.code),
        confidence=crashed.confidence,
        effect=Effect.ADVICE,
        rows=rows,
    )


def _covered(finding: Finding, known: AbstractSet[Place]) -> bool:
    return all(place in known or any(map(place.within, known)) for place in finding.places)


def fold(findings: tuple[Finding, ...], asked: str = "") -> tuple[Finding, ...]:
    """Put consequences under their cause: its rule lists their code, and their places lie within its.

    The worst come first, among equals those about the port that was `asked` about, as the verdict says.
    """
    explains = {rule.code: rule.explains for rule in registry.RULES}

    def causes(finding: Finding) -> Iterator[Finding]:
        for cause in findings:
            if finding.code in explains.get(cause.code, ()) and all(
                any(place.within(theirs) for theirs in cause.places) for place in finding.places
            ):
                yield cause

    parent = {finding.id: next(causes(finding), None) for finding in findings}

    def grown(finding: Finding) -> Finding:
        under = tuple(grown(other) for other in findings if parent[other.id] is finding)
        return replace(finding, consequences=under) if under else finding

    top = [grown(finding) for finding in findings if parent[finding.id] is None]

    def order(finding: Finding) -> tuple[int, bool]:
        return -list(Effect).index(finding.effect), all(place.port != asked for place in finding.places)

    return tuple(sorted(top, key=order))
