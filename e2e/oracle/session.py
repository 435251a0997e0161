"""Many plans at once: side by side on a shared control plane, one after another where all Nodes matter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from e2e.oracle.lanes import EXCLUSIVE_MAXIMUM, SHARED_MAXIMUM, Lane, lane
from e2e.oracle.plan import Plan
from e2e.oracle.run import Result, carry_out
from e2e.oracle.shrink import shrink
from e2e.oracle.subject import Settled

PARALLEL: Final = 16
SHRINKING: Final = 150.0
"""Seconds after which a plan that fails is not made smaller any more."""

Kept = Callable[[Plan, int, str, Settled], None]
"""Gets every settled cluster with its plan, its round and the version of the server."""


@dataclass(slots=True)
class Session:
    """Two control planes, and the threads that carry plans out on them."""

    shared: Lane
    exclusive: Lane
    _alone: threading.Lock
    _pool: ThreadPoolExecutor

    def run(self, plans: Iterable[Plan], kept: Kept | None = None) -> Iterator[Result]:
        """Carry plans out, and yield what became of them as they end."""
        ordered = sorted(plans, key=lambda plan: not plan.exclusive)  # those take longest as a whole
        with ThreadPoolExecutor(1) as one_by_one:
            futures: list[Future[Result]] = [
                (one_by_one if plan.exclusive else self._pool).submit(self._carry_out, plan, kept)
                for plan in ordered
            ]
            for future in as_completed(futures):
                yield future.result()

    def shrunk(self, result: Result) -> Result:
        """Return the result of the smallest plan that was found in time and fails too."""
        smallest = result
        deadline = time.monotonic() + SHRINKING

        def failing(plans: Sequence[Plan]) -> Plan | None:
            nonlocal smallest
            if time.monotonic() > deadline:
                return None
            found = next((one for one in list(self.run(plans)) if one.wrong), None)
            if found is None:
                return None
            smallest = found
            return found.plan

        shrink(result.plan, result.round, failing)
        return smallest

    def _carry_out(self, plan: Plan, kept: Kept | None) -> Result:
        chosen = self.exclusive if plan.exclusive else self.shared

        def keep(number: int, settled: Settled) -> None:
            if kept is not None:
                kept(plan, number, chosen.version, settled)

        if not plan.exclusive:
            return carry_out(chosen, plan, keep)
        with self._alone:
            return carry_out(chosen, plan, keep)


@contextmanager
def session(kubernetes: str) -> Iterator[Session]:
    """Start both control planes of a Kubernetes (a directory of e2e/cluster/modules)."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as starters:
        opened = [
            lane(kubernetes, maximum=SHARED_MAXIMUM, connections=2 * PARALLEL),
            lane(kubernetes, maximum=EXCLUSIVE_MAXIMUM, connections=PARALLEL),
        ]
        shared, exclusive = starters.map(stack.enter_context, opened)
        pool = stack.enter_context(ThreadPoolExecutor(PARALLEL))
        yield Session(shared, exclusive, threading.Lock(), pool)
