"""`kubesvc rules`, and `kubesvc explain KSV101`: the causes kubesvc knows."""

from collections.abc import Sequence

from kubesvc.cli.grouped import grouped
from kubesvc.cli.options import Debug
from kubesvc.cli.streams import emit
from kubesvc.errors import UsageError

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

    width = max(len(rule.name) for rule in RULES)
    emit("".join(f"{rule.code}  {rule.name:{width}}  {rule.summary}\n" for rule in RULES))
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
    emit("\n".join(pages))
    return 0
