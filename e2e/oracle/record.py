"""Chooses settled clusters so that few files show every rule, and writes them."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from e2e.oracle.cases import Case, dump
from e2e.oracle.tags import REQUIRED, tags

FILES: Final = 110
"""How many clusters are recorded."""
_BYTES: Final = 22_000
"""A cluster that takes more is not recorded."""


class _Candidate(NamedTuple):
    case: Case
    raw: bytes
    tags: frozenset[str]


class Recorder:
    """Takes what settles, from many threads."""

    def __init__(self) -> None:
        self._candidates: list[_Candidate] = []
        self._lock = threading.Lock()

    def take(self, case: Case) -> None:
        """Offer a settled cluster that agreed."""
        raw = dump(case)
        if len(raw) <= _BYTES:
            candidate = _Candidate(case, raw, tags(case.settled))
            with self._lock:
                self._candidates.append(candidate)

    def write(self, folder: Path) -> frozenset[str]:
        """Write the chosen clusters in place of what the folder held; returns the tags that none shows."""
        chosen = self._chosen()
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.json"):
            old.unlink()
        for candidate in chosen:
            (folder / candidate.case.name).write_bytes(candidate.raw)
        return REQUIRED - frozenset(tag for candidate in chosen for tag in candidate.tags)

    def _chosen(self) -> list[_Candidate]:
        """Take what shows most of what was shown least, for its size, again and again."""
        left = sorted(self._candidates, key=lambda one: (one.case.seed, one.case.round))
        shown: Counter[str] = Counter()
        chosen: list[_Candidate] = []
        while left and len(chosen) < FILES:
            best = max(
                left, key=lambda one: sum(0.2 ** shown[tag] for tag in one.tags) / (2000 + len(one.raw))
            )
            left.remove(best)
            chosen.append(best)
            shown.update(best.tags)
        return chosen
