"""Carries out one round of a plan and waits until the real slices agree, or are found not to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from e2e.oracle.compare import agrees, disagreements
from e2e.oracle.plan import Round
from e2e.oracle.subject import Settled, Subject
from e2e.oracle.told import complaints, waits_for_sync
from e2e.oracle.world import World

QUIET: Final = 4.0
"""Seconds without a change of any slice after which nothing more is expected: the controllers try again after
one second, then two."""
SLOW: Final = 66.0
"""The same for copies of Endpoints: where one slice is to be reused and another made, the controller
may try both under one name, and again after 1, 2, 4 … s (reconciler_helpers.go, recycleSlices)."""
FENCES: Final = 3
"""How often Services are fenced again: what a sync looked at may itself have been behind."""
STABLE: Final = 1.3
"""Seconds for a wrong reaction to show: the controller waits one after a slice that it did not write."""
_EVERY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Control:
    """What of a control plane decides about slices."""

    minor: int
    maximum: int


@dataclass(slots=True)
class Outcome:
    """How a round ended: `unsynced` counts Services that kubesvc said were as of their last sync."""

    settled: Settled
    wrong: list[str] = field(default_factory=list)
    unsynced: int = 0
    services: int = 0


def settle(world: World, control: Control, one: Round) -> Outcome:
    """Carry out a round; returns the cluster as it settled, and what disagrees."""
    for op in one.ops:
        world.apply(op)
    world.await_written()
    unsynced = 0
    if one.late:
        early, unsynced = _await_explained(world, control)
        if early:
            return Outcome(_look(world, control, fenced=False), early, unsynced)
    if one.fenced:
        world.fence()
        world.await_written()
    settled = _await_agreement(world, control, fenced=one.fenced)
    return _outcome(settled, unsynced)


def stay(world: World, control: Control, *, fenced: bool) -> Outcome:
    """Wait for late reactions, then look again."""
    world.area.rest(STABLE)
    settled = _await_agreement(world, control, fenced=fenced)
    return _outcome(settled, 0)


def _outcome(settled: Settled, unsynced: int) -> Outcome:
    subjects = list(settled.subjects())
    wrong = [text for subject in subjects for text in disagreements(subject)]
    if not wrong:
        wrong = [text for subject in subjects for text in complaints(subject)]
    return Outcome(settled, wrong, unsynced, len(subjects))


def _look(world: World, control: Control, *, fenced: bool) -> Settled:
    return world.settled(minor=control.minor, maximum=control.maximum, fenced=fenced)


def _await_explained(world: World, control: Control) -> tuple[list[str], int]:
    """Wait until kubesvc says of all that differs that it is as of the last sync.

    Returns what differs otherwise, and how many Services wait for a sync.
    """
    waiter = _Waiter(world)
    while True:
        waiter.mark()
        looked = _look(world, control, fenced=False).subjects()
        subjects = [one for one in looked if one.managed and not agrees(one)]
        unexplained = [one for one in subjects if not waits_for_sync(one)]
        if not unexplained or any(one.unreachable for one in unexplained):
            return [], len(subjects) - len(unexplained)
        if waiter.quiet(QUIET):
            return list(_unexplained(unexplained)), len(subjects)
        waiter.wait()


def _unexplained(subjects: list[Subject]) -> Iterator[str]:
    for subject in subjects:
        for text in disagreements(subject):
            yield f"{text}; kubesvc does not say that this waits for a sync"


def _patience(subject: Subject) -> float:
    return QUIET if subject.managed or subject.endpoints is None else SLOW


def _await_agreement(world: World, control: Control, *, fenced: bool) -> Settled:
    """Return the cluster once it agrees, or once nothing changes any more."""
    waiter = _Waiter(world)
    fences = FENCES if fenced else 0
    first = ("", "")
    while True:
        waiter.mark()
        settled = _look(world, control, fenced=fenced)
        subjects = sorted(settled.subjects(), key=lambda one: (one.namespace, one.name) != first)
        disagreeing = next((one for one in subjects if not agrees(one)), None)
        if disagreeing is None:
            return settled
        first = (disagreeing.namespace, disagreeing.name)
        if waiter.quiet(_patience(disagreeing) * (1 if fenced else 2)):
            if not fences:
                return settled
            fences -= 1
            world.fence()
            world.await_written()
            waiter = _Waiter(world)
        waiter.wait()


class _Waiter:
    """Waits for something to be told, and knows how long no slice has changed."""

    def __init__(self, world: World) -> None:
        self._area = world.area
        self._since = time.monotonic()
        self._seen = 0

    def mark(self) -> None:
        """Begin a look: what is told from here on ends the next wait."""
        self._seen = self._area.told

    def wait(self) -> None:
        """Wait until something was told since the mark, or a while."""
        self._area.wait(lambda: self._area.told != self._seen, _EVERY)

    def quiet(self, seconds: float) -> bool:
        """Tell whether for so long no slice has changed."""
        return time.monotonic() - max(self._since, self._area.slices_changed_at) > seconds
