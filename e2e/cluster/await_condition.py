"""Waiting for a condition of the cluster, the only place of e2e that sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from e2e.cluster.errors import AwaitError

T = TypeVar("T")


def await_condition(
    what: str,
    probe: Callable[[], T | None],
    *,
    seconds: float = 30.0,
    every: float = 0.1,
) -> T:
    """Return the first truthy value of `probe`, asked every `every` seconds.

    Raises AwaitError, naming `what` and the last value seen, once `seconds` have passed. What
    the probe raises is not caught: an API error is an answer, not a reason to wait.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AwaitError(f"{what}: not so within {seconds:g} s (last seen: {value!r})")
        time.sleep(every)
