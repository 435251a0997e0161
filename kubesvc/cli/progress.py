"""What is told on stderr while a cluster is read: a line on a terminal, or each request for --debug."""

import sys
import time
from typing import Final
from urllib.parse import urlencode

from kubesvc.cli.streams import say
from kubesvc.client.cluster import Observer
from kubesvc.client.request import Request
from kubesvc.errors import KubesvcError

_PATIENCE: Final = 0.3  # seconds; a faster answer needs no progress


class Progress(Observer):
    """One line that is overwritten, and cleared by `done`."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._start = time.monotonic()
        self._answers = 0
        self._shown = 0

    def waiting(self) -> None:
        """Show how long it has taken."""
        seconds = time.monotonic() - self._start
        if seconds >= _PATIENCE:
            text = f"reading {self._where}: {self._answers} answers, {seconds:.0f} s"[:79]
            sys.stderr.write(f"\r{text:{self._shown}}")
            sys.stderr.flush()
            self._shown = len(text)

    def answered(self, request: Request, status: int, seconds: float) -> None:
        """Count."""
        del request, status, seconds
        self._answers += 1

    def done(self) -> None:
        """Leave an empty line for the result."""
        if self._shown:
            sys.stderr.write(f"\r{'':{self._shown}}\r")
            sys.stderr.flush()


class Trace(Observer):
    """A line per request: what was asked, the status and the time; never a header."""

    def answered(self, request: Request, status: int, seconds: float) -> None:
        """Write the line."""
        say(f"GET {_shown(request)} {status} in {seconds * 1000:.0f} ms")

    def failed(self, request: Request, error: KubesvcError, seconds: float) -> None:
        """Write the line, with what went wrong."""
        say(f"GET {_shown(request)} failed in {seconds * 1000:.0f} ms: {error.message}")


def _shown(request: Request) -> str:
    return f"{request.path}?{urlencode(request.query)}" if request.query else request.path
