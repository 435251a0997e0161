"""runc, for a machine on which no process may have CAP_SYS_RESOURCE.

Docker names every capability that a privileged container should have, and the kernel refuses them all because
of this one. It is taken out of what Docker wrote for runc, which then takes over.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

CAPABILITY = "CAP_SYS_RESOURCE"
NUMBER = 24


def main(arguments: Sequence[str]) -> None:
    """Become runc with the same arguments; does not return."""
    for option, value in pairwise(arguments):
        if option == "--bundle":
            _edit(Path(value, "config.json"))
        elif option == "--process":
            _edit(Path(value))
    os.execvp("runc", ("runc", *arguments))  # noqa: S606 - it is the purpose


def _edit(file: Path) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(without_capability(document)), encoding="utf-8")


def without_capability(document: dict[str, Any]) -> dict[str, Any]:
    """A bundle's config.json, or the process of an exec, with the capability in none of its sets."""
    process = document.get("process", document)
    sets: dict[str, list[str] | None] | None = process.get("capabilities")
    if not sets:
        return document
    kept = {name: [one for one in held or () if one != CAPABILITY] for name, held in sets.items()}
    edited = {**process, "capabilities": kept}
    return {**document, "process": edited} if "process" in document else edited


if __name__ == "__main__":
    main(sys.argv[1:])
