"""Carries a plan out round by round, as far as it agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from e2e.oracle.lanes import Lane
from e2e.oracle.plan import Plan
from e2e.oracle.settle import Outcome, settle, stay
from e2e.oracle.subject import Settled


@dataclass(slots=True)
class Result:
    """What became of a plan: `wrong` tells what disagreed first, `round` in which round."""

    plan: Plan
    wrong: list[str] = field(default_factory=list)
    round: int = 0
    rounds: int = 0
    services: int = 0
    unsynced: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    settled: Settled | None = None


def carry_out(lane: Lane, plan: Plan, kept: Callable[[int, Settled], None] | None = None) -> Result:
    """Carry a plan out until a round disagrees; `kept` gets every settled cluster with its round's number."""
    result = Result(plan)
    world = lane.world(plan)
    try:
        fenced = False
        for number, one in enumerate(plan.rounds):
            outcome = settle(world, lane.control, one)
            _count(result, number, outcome)
            if outcome.wrong:
                return result
            if kept:
                kept(number, outcome.settled)
            world.stand()
            fenced = one.fenced
        last = stay(world, lane.control, fenced=fenced)
        result.wrong = [f"later: {text}" for text in last.wrong]
        result.settled = last.settled
        return result
    finally:
        result.refused = world.refused
        world.close()


def _count(result: Result, number: int, outcome: Outcome) -> None:
    result.wrong, result.round, result.settled = outcome.wrong, number, outcome.settled
    result.rounds += 1
    result.services += outcome.services
    result.unsynced += outcome.unsynced
