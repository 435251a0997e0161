"""The pages of the rules in docs/rules, and their index, from the docstrings. `make docs` writes them."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kubesvc.analyzer.registry import RENAMED, RETIRED, RULES
from kubesvc.analyzer.rule import SECTIONS, Rule

FOLDER: Final = Path(__file__).parents[2] / "docs" / "rules"
FAMILIES: Final = {
    "1": "Selection: which pods a Service selects",
    "2": "Ports: which container port a Service port reaches",
    "3": "Pods and readiness: why selected pods do not serve",
    "4": "Endpoint slices, controllers, IP families",
    "5": "Addresses and exposure",
    "6": "Traffic paths",
    "7": "Discovery",
    "8": "Dependents",
    "9": "The run itself",
}
_GENERATED: Final = "<!-- written by `make docs` from the rule's docstring -->\n"


def sections(rule: Rule) -> dict[str, str]:
    """Return the text under each heading of a page, in order; "" holds what stands before the first."""
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for line in rule.page.splitlines():
        if line and not line.startswith(" ") and line != rule.page.splitlines()[0]:
            heading = line
            found[heading] = []
        else:
            found[heading].append(line.removeprefix("    "))
    return {heading: "\n".join(lines).strip() for heading, lines in found.items()}


def page(rule: Rule) -> str:
    """Return a rule's page as Markdown."""
    text = sections(rule)
    parts = [
        f"# {rule.code} {rule.name}\n",
        _GENERATED,
        f"{text['']}\n",
        f"{FAMILIES[rule.code[3]]} · confidence {rule.confidence} · since {rule.since}\n",
        *(f"## {heading}\n\n{text[heading]}\n" for heading in SECTIONS),
    ]
    if rule.explains:
        listed = ", ".join(f"[{code}]({code}.md)" for code in sorted(rule.explains))
        parts.append(f"At the same place it also explains {listed}, which is then shown below it.\n")
    return "\n".join(parts)


def index() -> str:
    """Return the list of all rules by family."""
    lines = ["# Rules\n", _GENERATED, "`kubesvc explain CODE` prints the same pages.\n"]
    for number, family in FAMILIES.items():
        rules = [rule for rule in RULES if rule.code[3] == number]
        if rules:
            lines.append(f"## {family}\n\n| code | name | reports |\n|---|---|---|")
            lines += [f"| [{r.code}]({r.code}.md) | {r.name} | {r.summary} |" for r in rules]
            lines.append("")
    if RETIRED:
        lines.append(f"Retired codes, never used again: {', '.join(sorted(RETIRED))}.\n")
    if RENAMED:
        lines += [f"* {old} is now called {new}" for old, new in sorted(RENAMED.items())]
    return "\n".join(lines).rstrip() + "\n"


def pages() -> Mapping[str, str]:
    """Return the content of every file in docs/rules."""
    return {"README.md": index(), **{f"{rule.code}.md": page(rule) for rule in RULES}}


def main() -> int:
    """Write docs/rules; files of rules that are gone are removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
