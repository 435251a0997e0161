"""`kubesvc rules`, and `kubesvc explain KSV101`: the causes kubesvc knows."""

from collections.abc import Sequence
from typing import Final

from kubesvc.cli.grouped import grouped
from kubesvc.cli.options import Debug
from kubesvc.cli.streams import emit
from kubesvc.errors import UsageError

_NARROW: Final = 4  # where the columns leave no room for a text

EXAMPLES = """
kubesvc rules
kubesvc explain KSV101
"""


@grouped
def rules(*, debug: Debug) -> int:
    """List the causes that explain can find.

    Each has a code, a name and a line; explain CODE prints its page.
    """
    del debug
    from kubesvc.analyzer.registry import RULES

    column = max(len(rule.name) for rule in RULES)
    heads = [f"{rule.code}  {rule.name:{column}}  " for rule in RULES]
    lines = zip(heads, (rule.summary for rule in RULES), strict=True)
    emit("".join(f"{line}\n" for head, text in lines for line in _fitted(head + text, len(head))))
    return 0


def explain_codes(codes: Sequence[str], others: Sequence[str]) -> int:
    """Print the pages of causes; `others` are words beside the codes, for which there is no place.

    Raises:
        UsageError: A code is unknown, or a Service is named too.
    """
    from kubesvc.analyzer.registry import find

    if others:
        raise UsageError("cause codes and Services cannot be explained together")
    pages: list[str] = []
    for code in codes:
        rule = find(code)
        if rule is None:
            raise UsageError(f"no cause has the code {code}", "kubesvc rules lists them all.")
        pages.append(f"{rule.code} {rule.name}\n\n{rule.page.rstrip()}\n")
    lines = "\n".join(pages).splitlines()
    emit("".join(f"{part}\n" for line in lines for part in _fitted(line, len(line) - len(line.lstrip()))))
    return 0


def _fitted(line: str, column: int) -> list[str]:
    """Break a line at the width of the terminal, if there is one; what follows begins at a column."""
    import os
    import sys
    from textwrap import wrap

    from kubesvc.renderer import console

    stream = console.facts(sys.stdout)
    width = console.detect(console.ColorOption.NEVER, ascii_only=True, env=os.environ, stream=stream).width
    if width is None or len(line) <= width:
        return [line]
    indent = " " * (column if column <= width // 2 else _NARROW)
    return wrap(
        line, width, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False, tabsize=1
    )
