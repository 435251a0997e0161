"""Fixes of several causes as one."""

from msgspec.structs import replace

from kubesvc.analyzer import commands
from kubesvc.model.change import Change
from kubesvc.model.report import Confidence, Finding, Fix


def together(fix: Fix, cause: Finding, more: Fix) -> Fix | None:
    """Return one fix for two causes, the second one's `more` added; None where they do not go together."""
    first, second = fix.change, more.change
    if first is None or second is None or first.target != second.target or fix.then or more.then:
        return None
    change = Change(first.target, (*first.ops, *second.ops))
    return replace(
        fix,
        title=f"{fix.title} and {more.title}",
        certainty=max(fix.certainty, more.certainty, key=list(Confidence).index),
        change=change,
        command=commands.patch(change),
        notes=(
            *fix.notes,
            f"Otherwise {cause.code} would remain: {cause.headline}.",
            *(f"{more.title}: {note}" for note in more.notes),
        ),
    )
