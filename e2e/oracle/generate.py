"""A plan from a seed: a random small cluster, then changes to it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Final

from e2e.oracle.draw.draft import SERVICES, AloneError, Draft, Place
from e2e.oracle.draw.endpoints import change_endpoints
from e2e.oracle.draw.nodes import change_node, new_node
from e2e.oracle.draw.pods import change_pod, new_pod
from e2e.oracle.draw.services import change_service, new_service
from e2e.oracle.draw.slices import change_slices
from e2e.oracle.plan import Op, Plan, Round

EXCLUSIVE_SHARE: Final = 0.07
"""How many plans have Services whose hints go by the CPU of all Nodes."""

_PODS: Final = {0: 0.07, 1: 0.15, 2: 0.2, 3: 0.2, 4: 0.18, 6: 0.12, 8: 0.08}
_NAMESPACES: Final = {1: 0.6, 2: 0.25, 3: 0.1, 4: 0.05}

_Change = Callable[[Draft, Place], list[Op]]


def generate(seed: int) -> Plan:
    """Return the plan of a seed; the same each time."""
    rng = Random(seed)  # noqa: S311 - to repeat itself is the purpose
    draft = Draft(rng, exclusive=rng.random() < EXCLUSIVE_SHARE)
    count = 1 if draft.exclusive else _drawn(rng, _NAMESPACES)
    draft.places = [Place("abcd"[number]) for number in range(count)]
    rounds = [Round(tuple(_beginning(draft)), fence=_fence(draft))]
    rounds += [_round(draft) for _ in range(rng.choice((2, 3, 3, 4, 5)))]
    return Plan(seed, tuple(rounds), draft.exclusive)


def _drawn(rng: Random, weights: dict[int, float]) -> int:
    return rng.choices(list(weights), list(weights.values()))[0]


def _beginning(draft: Draft) -> list[Op]:
    """Create the Nodes, then all else in any order."""
    rng = draft.rng
    ops = [
        new_node(draft, f"n{n}") for n in range(rng.choice((2, 3, 4) if draft.exclusive else (1, 2, 2, 3)))
    ]
    for place in draft.places:
        names = rng.sample(SERVICES, rng.choice((1, 1, 2, 3)))
        parts = [new_service(draft, place, name) for name in names]
        pods = _drawn(rng, _PODS) + 6 * draft.exclusive  # hints go by the CPU only of many endpoints
        parts += [new_pod(draft, place) for _ in range(pods)]
        rng.shuffle(parts)
        ops += [op for part in parts for op in part]
    return ops


def _round(draft: Draft) -> Round:
    changes: dict[_Change, float] = {
        change_pod: 5,
        change_service: 5,
        change_slices: 2,
        change_endpoints: 2,
        change_node: 1 + 2 * draft.exclusive,
    }
    ops: list[Op] = []
    for change in draft.rng.choices(list(changes), list(changes.values()), k=draft.rng.choice((1, 1, 2, 3))):
        index = draft.rng.randrange(len(draft.places))
        before = copy.deepcopy(draft.places[index])
        try:
            ops += change(draft, draft.places[index])
        except AloneError as alone:
            if not ops:
                return Round(tuple(alone.ops), fence=_fence(draft))
            draft.places[index] = before
    return Round(tuple(ops), fence=_fence(draft))


def _fence(draft: Draft) -> bool:
    """A pod of a missing Node fails every sync, and each is tried again later: do not await that."""
    failing = any(pod.node not in draft.nodes for place in draft.places for pod in place.pods.values())
    return failing or draft.chance(0.35)
