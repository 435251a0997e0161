"""One local cluster that stays up between commands: up, status, down.

The cluster is owned by a process of its own (`python -m e2e.cluster.background`), which holds a
lock for as long as it lives. The lock says whether it lives, the state file which cluster it has.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from filelock import FileLock, Timeout

from e2e.cluster.await_condition import await_condition
from e2e.cluster.build import build
from e2e.cluster.errors import ClusterError, StartError
from e2e.cluster.local import LocalCluster
from e2e.cluster.marker import mark
from e2e.cluster.parts import control_plane_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_LOCK_SECONDS = 5.0  # others take the owner's lock for a moment, to see whether they can


@dataclass(frozen=True, slots=True)
class State:
    """The cluster that is up: its name, kubeconfig, logs, and the process that owns it."""

    name: str
    kubeconfig: str
    logs: str
    pid: int


def up() -> State:
    """Start the background cluster, or find it running; it carries the marker of our clusters.

    Raises StartError with the last line of the owner's output if it ends before it is ready.
    """
    with _one_command_at_a_time():
        if not _owned():
            _file().unlink(missing_ok=True)  # of an owner that was killed
            build(control_plane_parts())
            _start_owner()
        return await_condition("the background cluster up", _started, seconds=_START_SECONDS)


def status() -> State | None:
    """The background cluster, if it runs and is ready."""
    return _state() if _owned() else None


def down() -> bool:
    """End the background cluster; whether there was one. Nothing of it is left on return."""
    with _one_command_at_a_time():
        if not _owned():
            return False
        state = await_condition("the background cluster up", _started, seconds=_START_SECONDS)
        os.kill(state.pid, signal.SIGTERM)
        folder = Path(state.kubeconfig).parent
        await_condition(
            f"{state.name} gone", lambda: not _owned() and not folder.exists(), seconds=_STOP_SECONDS
        )
        return True


def main() -> None:
    """Own the cluster until told to end (SIGTERM), or until one of its components dies."""
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    with FileLock(_lock("owner"), timeout=_LOCK_SECONDS), LocalCluster() as cluster:
        with cluster.client() as api:
            mark(api, cluster.supports & {"nodes", "simulation", "dual-stack"})
        state = State(cluster.name, str(cluster.kubeconfig), str(cluster.logs), os.getpid())
        partial = _file().with_suffix(".partial")
        partial.write_text(json.dumps(asdict(state)), encoding="utf-8")
        partial.rename(_file())
        try:
            while not asked_to_end.wait(1.0):
                cluster.assert_running()
        finally:
            _file().unlink()


@contextmanager
def _one_command_at_a_time() -> Iterator[None]:
    with FileLock(_lock("command")):
        yield


def _start_owner() -> None:
    """Start the owner in a session of its own; returns once it holds the lock, or has ended."""
    with _output().open("wb") as sink:
        owner = subprocess.Popen(
            (sys.executable, "-m", "e2e.cluster.background"),
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    await_condition("the owner started", lambda: _owned() or owner.poll() is not None)


def _owned() -> bool:
    """Whether a process owns a background cluster."""
    try:
        with FileLock(_lock("owner"), timeout=0):
            return False
    except Timeout:
        return True


def _started() -> State | None:
    """What the owner wrote, None while it is starting; raises StartError if it has ended."""
    if not _owned():
        lines = _output().read_text(encoding="utf-8").strip().splitlines()
        raise StartError(f"the cluster did not come up: {lines[-1] if lines else 'no output'}")
    return _state()


def _state() -> State | None:
    try:
        return State(**json.loads(_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _folder() -> Path:
    folder = platformdirs.user_state_path("kubesvc-e2e", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _file() -> Path:
    return _folder() / "state.json"


def _output() -> Path:
    return _folder() / "output.log"


def _lock(name: str) -> Path:
    return _folder() / f"{name}.lock"


if __name__ == "__main__":
    try:
        main()
    except ClusterError as error:
        sys.exit(str(error))
