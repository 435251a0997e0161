"""The process that owns a cluster's components, so that none outlives the test that started them.

Run as a script, with the cluster's folder as its argument. It reads one JSON request a line from
its standard input and answers each with one JSON line:

    {"do": "start", "name": N, "argv": [...], "log": PATH}  ->  {"pid": P} or {"error": TEXT}
    {"do": "poll"}                                          ->  {"exited": {N: exit status}}
    {"do": "afterwards", "argv": [...]}                     ->  {"noted": true}
    {"do": "stop", "keep": [NAMES]}                         ->  {"stopped": true}, then it ends

Why a process of its own: whatever ends the owner (exception, Ctrl-C, SIGTERM, SIGKILL, the memory
killer), the kernel closes the owner's end of the pipe. The supervisor sees the end of its input,
kills every component's process group and whatever was left to it by them, runs the commands that it was
given for afterwards, removes the folder and ends. It leads a session of its own, so that Ctrl-C in the
owner's terminal does not reach it. Should it be killed itself, the kernel
kills the components (PR_SET_PDEATHSIG; that signal follows the thread that forked, which is why
the owner, where threads come and go, does not start them). Uses the standard library alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_OWNER_CHECK_SECONDS = 1.0
_AFTERWARDS_SECONDS = 60.0


def main(folder: Path) -> None:
    """Serve requests until told to stop, or until the owner is gone; leave nothing running."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _end)
    _adopt_orphans()
    components: dict[str, subprocess.Popen[bytes]] = {}
    afterwards: list[list[str]] = []
    keep: list[str] = []
    asked_to_stop = False
    try:
        for request in _requests():
            if request["do"] == "stop":
                keep, asked_to_stop = request["keep"], True
                break
            if request["do"] == "afterwards":
                afterwards.append(request["argv"])
                _answer({"noted": True})
            else:
                _answer(_serve(request, components))
    finally:
        _kill(components)
        _clean_up(afterwards)
        _remove(folder, keep)
        if asked_to_stop:
            _answer({"stopped": True})


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def _requests() -> Iterator[dict[str, Any]]:
    """Requests as they come; ends with the input, or when the owner is no longer the parent.

    The second test is for an owner whose end of the pipe lives on in a forked child.
    """
    owner = os.getppid()
    buffer = b""
    while os.getppid() == owner:
        if not select.select([0], [], [], _OWNER_CHECK_SECONDS)[0]:
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            return
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _answer(answer: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode() + b"\n")


def _serve(request: dict[str, Any], components: dict[str, subprocess.Popen[bytes]]) -> dict[str, Any]:
    if request["do"] == "poll":
        codes = {name: component.poll() for name, component in components.items()}
        return {"exited": {name: code for name, code in codes.items() if code is not None}}
    try:
        component = _start(request["argv"], request["log"])
    except OSError as error:
        return {"error": str(error)}
    components[request["name"]] = component
    return {"pid": component.pid}


def _start(argv: list[str], log: str) -> subprocess.Popen[bytes]:
    with Path(log).open("ab") as sink:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            process_group=0,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 - this process has one thread
        )


def _die_with_parent() -> Callable[[], None] | None:
    """What a child runs between fork and exec, on Linux: be killed when the parent dies."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the kernel was asked
            os._exit(1)

    return ask_kernel


def _kill(components: dict[str, subprocess.Popen[bytes]]) -> None:
    """Kill at once: no state of a test cluster is worth an orderly end."""
    for component in components.values():
        if component.poll() is None:  # of one that has ended, the number may be another's by now
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(component.pid, signal.SIGKILL)
    for component in components.values():
        component.wait()
    _kill_orphans()


def _adopt_orphans() -> None:
    """Become the parent of what components leave behind, on Linux, so that its end can be awaited."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_orphans() -> None:
    """Kill and await all children, also those that come to light when their parents end.

    The first process of a PID namespace takes all others of it along.
    """
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children.exists() and (pids := children.read_text(encoding="ascii").split()):
        for pid in map(int, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in map(int, pids):
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _clean_up(commands: list[list[str]]) -> None:
    """Run what is to be done once nothing runs any more, the last noted first."""
    for command in reversed(commands):
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
                timeout=_AFTERWARDS_SECONDS,
            )


def _remove(folder: Path, keep: list[str]) -> None:
    """Remove the folder, or, if entries of it are to be kept, everything else in it."""
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for entry in folder.iterdir():
        if entry.name in keep:
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
