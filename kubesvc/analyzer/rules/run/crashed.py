"""KSV902: a rule failed. The engine yields it in the rule's place."""

from collections.abc import Iterator

from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.report import Finding


@rule("KSV902", "rule-crashed", since="0.1")
def crashed(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a rule that failed: a bug in kubesvc.

    What it means
        The rule that is named could not finish, so its cause was not looked for, and the verdict is unknown.

    How to confirm
        Run the same command again with `--debug`.

    How to fix
        Please report it, with a snapshot made by `kubesvc capture`.

    When this is fine
        Never.
    """
    del this, view
    return iter(())
