"""What would come of a change: the tree of what differs, and the command that makes it."""

from collections.abc import Sequence
from typing import Final

from kubesvc.model.report import Comparison, Subject
from kubesvc.renderer.findings import put_command
from kubesvc.renderer.page import Page
from kubesvc.renderer.tree import put_tree

_MADE: Final = "To make this change:"


def put_comparison(
    page: Page, subject: Subject, comparison: Comparison, flags: Sequence[str], *, annotate: bool
) -> None:
    """Write a comparison; its command stands alone, to be pasted, unless it would change nothing."""
    page.blank()
    put_tree(page, comparison.line, annotate=annotate)
    if comparison.needless:
        return
    page.blank()
    page.put((page.pen(_MADE),))
    put_command(page, comparison.command, subject.ref.namespace, flags)
