"""`python -m e2e.kind [CMD…]`: run a command whose clusters are of kind, and tell what it left behind.

What takes long the first time is done before, where its progress can be seen; without a command, that is all.
The exit status is that of the command, or 1 where the machine is not as it was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from e2e.cluster.build import build
from e2e.cluster.errors import ClusterError, ToolchainError
from e2e.cluster.parts import PARTS
from e2e.cluster.provider import PROVIDER
from e2e.kind import images, machine, testserver
from e2e.kind.engine import NAME, answers, may_start, open_engine, things
from e2e.kind.node_image import node_image

_SETTLE_SECONDS = 10.0


def main(command: Sequence[str]) -> int:
    """Prepare, run the command if there is one, and compare the machine; returns the exit status."""
    # Beside an engine that was there before, all kinds of things come and go that are not ours.
    everything = may_start() and not answers()
    before = _look()
    environment = {**os.environ, PROVIDER: "kind"}
    began = time.monotonic()
    try:
        environment[images.CHOICE] = chosen = prepare()
        seconds = time.monotonic() - began
        print(f"e2e: kind and the {chosen} node image were ready after {seconds:.0f} s", file=sys.stderr)
    except ToolchainError as error:
        print(f"e2e: {error}", file=sys.stderr)
        if not command:
            return 1
        # The command skips or fails, as it was told.
    except ClusterError as error:
        print(f"e2e: {error}", file=sys.stderr)
        return 1
    status = 0
    if command:
        prepared = time.monotonic()
        # Ctrl-C reaches the command as well, which then ends; what it leaves is to be told all the same.
        signal.signal(signal.SIGINT, lambda *_: None)
        status = subprocess.run(command, env=environment, check=False).returncode
        print(f"e2e: the run on kind took {time.monotonic() - prepared:.0f} s", file=sys.stderr)
    changes = _settled(before, everything=everything)
    for line in changes:
        print(f"e2e: left behind: {line}", file=sys.stderr)
    if not changes:
        what = "the machine is as it was" if everything else "nothing of ours is left"
        print(f"e2e: {what}: {', '.join(before.seen)}", file=sys.stderr)
    if status:
        return 128 - status if status < 0 else status
    return 1 if changes else 0


def prepare() -> str:
    """Build what has to be built; returns which image it will be, so that nobody has to find out again.

    Raises StartError where the public image is asked for and not to be had.
    """
    with open_engine() as engine:
        if images.choice() == "public":
            images.ask(engine)
        chosen = images.decide(engine)
    build([PARTS["kind"], PARTS["programs"], testserver.PART])
    if chosen == "built":
        node_image()
    return chosen


def _look() -> machine.Machine:
    """See the machine, and what is ours in the engine that answers."""
    return machine.Machine({**machine.look().seen, "engine": things(NAME)})


def _settled(before: machine.Machine, *, everything: bool) -> list[str]:
    """What differs; others' commands that come and go are given a moment to be gone."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        changes = before.changes(_look())
        if not everything:
            changes = [line for line in changes if NAME in line]
        if not changes or time.monotonic() > deadline:
            return changes
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
