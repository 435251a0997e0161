"""Makes a plan that fails small: rounds and operations are left out as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from e2e.oracle.plan import Op, Plan, Round

Failing = Callable[[Sequence[Plan]], Plan | None]
"""Returns one of some plans that still fails, None if none does."""

_MOST_AT_ONCE: Final = 16


def shrink(plan: Plan, failed_round: int, failing: Failing) -> Plan:
    """Return a plan that fails too and from which no operation can be left out, one at a time.

    (Zeller's ddmin, over the operations of all rounds.) What came after the round that failed goes first. Any
    number of candidates is offered at once, so that they may be tried side by side.
    """
    cut = replace(plan, rounds=plan.rounds[: failed_round + 1])
    smallest = failing([cut]) or plan
    pieces = 2
    while smallest.size > 1:
        pieces = min(pieces, smallest.size)
        found = _first(_candidates(smallest, pieces), failing)
        if found is not None:
            smallest, pieces = found, max(pieces - 1, 2)
        elif pieces == smallest.size:
            break
        else:
            pieces *= 2
    return smallest


def _first(candidates: list[Plan], failing: Failing) -> Plan | None:
    for start in range(0, len(candidates), _MOST_AT_ONCE):
        found = failing(candidates[start : start + _MOST_AT_ONCE])
        if found is not None:
            return found
    return None


def _candidates(plan: Plan, pieces: int) -> list[Plan]:
    """Return the plan without each of so many pieces of its operations, of about equal length."""
    size = plan.size
    bounds = [size * piece // pieces for piece in range(pieces + 1)]
    return [_without(plan, range(start, end)) for start, end in pairwise(bounds)]


def _without(plan: Plan, left_out: range) -> Plan:
    rounds: list[Round] = []
    number = 0
    for one in plan.rounds:
        ops: list[Op] = []
        for op in one.ops:
            if number not in left_out:
                ops.append(op)
            number += 1
        if ops:
            rounds.append(replace(one, ops=tuple(ops)))
    return replace(plan, rounds=tuple(rounds))
