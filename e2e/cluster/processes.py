"""The owner's side of the supervisor: start components, ask after them, end them all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from e2e.cluster.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGS = "logs"
_STOP_SECONDS = 90.0


class Processes:
    """The running components of one cluster; see `supervisor` for what is promised.

    `folder` belongs to the supervisor from here on: it removes it at the end.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pids: dict[str, int] = {}
        self._supervisor = subprocess.Popen(
            (sys.executable, "-I", "-S", Path(__file__).with_name("supervisor.py"), folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, name: str, argv: Sequence[str | Path]) -> int:
        """Start a component that writes to `logs/NAME.log`; returns its process id.

        Raises StartError where the program cannot be run.
        """
        log = self.log(name)
        request = {"do": "start", "name": name, "argv": [str(word) for word in argv]}
        answer = self._ask({**request, "log": str(log)})
        if "error" in answer:
            raise StartError(f"{name} cannot be started: {answer['error']}")
        pid: int = answer["pid"]
        self._pids[name] = pid
        return pid

    def afterwards(self, argv: Sequence[str | Path]) -> None:
        """Have a command run once all components are dead, whatever ends them, before the folder goes."""
        self._ask({"do": "afterwards", "argv": [str(word) for word in argv]})

    def pid(self, name: str) -> int:
        """The process id of a component that was started."""
        return self._pids[name]

    def log(self, name: str) -> Path:
        """Where the component of that name writes."""
        return self._folder / LOGS / f"{name}.log"

    def exited(self) -> dict[str, int]:
        """The components that have ended, with their exit status (negative: the signal)."""
        answer = self._ask({"do": "poll"})
        exited: dict[str, int] = answer["exited"]
        return exited

    def stop(self, *, keep_logs: bool = False) -> None:
        """Kill all components and remove the folder, but for its logs if they are to be kept.

        May be called again, and when the supervisor is dead; everything is gone on return.
        """
        keep = [LOGS] if keep_logs else []
        with suppress(StartError):
            self._ask({"do": "stop", "keep": keep})
        for pipe in (self._supervisor.stdin, self._supervisor.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._supervisor.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:  # its death kills the components
            self._supervisor.kill()
            self._supervisor.wait()
        if not keep_logs:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request, return its answer; raise StartError if the supervisor is gone."""
        stdin, stdout = self._supervisor.stdin, self._supervisor.stdout
        line = ""
        with self._lock, suppress(OSError, ValueError):
            if stdin is not None and stdout is not None:
                stdin.write(json.dumps(request) + "\n")
                stdin.flush()
                line = stdout.readline()
        if not line:
            raise StartError("the cluster's supervisor is gone, and with it the cluster")
        answer: dict[str, Any] = json.loads(line)
        return answer
