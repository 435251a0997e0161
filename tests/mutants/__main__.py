"""`python -m tests.mutants [WORD...]`: judge all faults, or those that name one of some words.

Exit status 1 where too many survive, 2 where nothing could be judged.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutants.faults import StaleError, load
from tests.mutants.runner import Judged, Project, Suite, UnsoundError, judge

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = Project(ROOT, ("kubesvc", "tests", "e2e", "pyproject.toml"), "kubesvc/semantics")
FAULTS: Final = Path(__file__).with_name("faults.toml")
FLOOR: Final = 95
"""Percent of the faults that the tests have to see."""

_PYTEST: Final = (sys.executable, "-m", "pytest", "-x", "-q", "--tb=short", "-p", "no:cacheprovider")
_RECORDED: Final = (
    "test_the_prediction_is_what_the_controllers_left",
    "test_what_is_told_of_the_slices_is_so",
)
"""The tests that compare with what was recorded; by name, since others only look at what was chosen."""

SUITES: Final = (
    Suite("recorded clusters", (*_PYTEST, *(f"tests/test_oracle_cases.py::{name}" for name in _RECORDED))),
    Suite("unit tests", (*_PYTEST, "tests/unit/semantics", "tests/rules")),
)


def main(words: Sequence[str]) -> int:
    """Judge, and print what became of the faults."""
    faults = [fault for fault in load(FAULTS) if not words or any(word in str(fault) for word in words)]
    if not faults:
        sys.stderr.write("No fault names any of these words.\n")
        return 2
    progress = _Progress(len(faults))
    try:
        judged = judge(PROJECT, faults, SUITES, told=progress)
    except (StaleError, UnsoundError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(summary(judged))
    return 0 if caught(judged) >= FLOOR else 1


class _Progress:
    """Says on stderr which fault was judged, and how many are left."""

    def __init__(self, total: int) -> None:
        self._left = total

    def __call__(self, judged: Judged) -> None:
        self._left -= 1
        sys.stderr.write(f"{self._left:4} left  {_fate(judged)}: {judged.fault}\n")


def _fate(judged: Judged) -> str:
    return f"caught by {judged.caught_by}" if judged.caught_by else "SURVIVED"


def caught(judged: Sequence[Judged]) -> float:
    """Return how many of the faults were caught, in percent."""
    return 100 * sum(one.caught_by is not None for one in judged) / len(judged)


def summary(judged: Sequence[Judged]) -> str:
    """Return how many faults were caught by which tests, and those that were not, as lines."""
    by = Counter(one.caught_by for one in judged)
    lines = [f"{len(judged)} faults, {caught(judged):.1f} % caught"]
    lines += [f"{number:5} by {name}" for name, number in by.items() if name]
    lines += [f"survived: {one.fault}" for one in judged if one.caught_by is None]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
