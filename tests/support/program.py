"""Runs the command line, in this process or in one of its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from kubesvc.cli.app import run
from kubesvc.client.cluster import READER


class Result(NamedTuple):
    """What a run left behind."""

    status: int
    out: str
    err: str


Kubesvc = Callable[..., Result]


def kubesvc_with(capsys: pytest.CaptureFixture[str]) -> Iterator[Kubesvc]:
    """Yield what runs kubesvc in this process; then wait for threads that a deadline has left behind."""

    def kubesvc(*arguments: str, plugin: bool = False) -> Result:
        capsys.readouterr()
        status = run(arguments, plugin=plugin)
        return Result(status, *capsys.readouterr())

    yield kubesvc
    for thread in threading.enumerate():
        if thread.name == READER:
            thread.join(5)


def start(
    *arguments: str, python: tuple[str, ...] = (), stderr: int = subprocess.PIPE, **environment: str
) -> subprocess.Popen[str]:
    """Start kubesvc in a process of its own, with pipes."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has what it runs in the background ignore Ctrl-C, and a process hands that on.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        [sys.executable, *python, "-m", "kubesvc", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env={**os.environ, **environment},
    )


def outcome(process: subprocess.Popen[str], given: str | None = None) -> Result:
    """Wait for a process, and return what it left behind."""
    out, err = process.communicate(given, timeout=20)
    return Result(process.returncode, out, err)
