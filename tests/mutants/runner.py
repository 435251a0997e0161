"""Plants faults, one at a time, in copies of the code, and asks the tests about each."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from msgspec import Struct

from tests.mutants.faults import Fault, StaleError, faulty

PASSED: Final = 0
FAILED: Final = 1
_SHOWN: Final = 2000
"""Characters of the tests' output that are shown where they cannot judge."""


class UnsoundError(Exception):
    """The tests judge nothing: they fail without a fault, or stop for another reason than a failed test."""


class Suite(Struct, frozen=True):
    """Tests that judge, in words and as a command: exit status 0 means passed, 1 failed."""

    name: str
    command: tuple[str, ...]


class Judged(Struct, frozen=True):
    """A fault, and the first suite that failed with it in place; None: it survived."""

    fault: Fault
    caught_by: str | None


class Project(Struct, frozen=True):
    """What is copied of `root`, and the package in it to which the files of the faults belong."""

    root: Path
    parts: tuple[str, ...]
    package: str


def judge(
    project: Project,
    faults: Sequence[Fault],
    suites: Sequence[Suite],
    *,
    copies: int = 2,
    told: Callable[[Judged], None] = lambda _: None,
) -> tuple[Judged, ...]:
    """Return what becomes of each fault, in their order; `told` hears of each as soon as it is known.

    Raises StaleError for a fault that does not fit, before any test runs, and UnsoundError.
    """
    _fit(project, faults)
    free: SimpleQueue[Path] = SimpleQueue()

    def one(fault: Fault) -> Judged:
        folder = free.get()
        try:
            judged = Judged(fault, _caught_by(folder / project.package, fault, folder, suites))
        finally:
            free.put(folder)
        told(judged)
        return judged

    with ExitStack() as stack, ThreadPoolExecutor(copies) as pool:
        folders = [stack.enter_context(_copy(project)) for _ in range(copies)]
        # The first run also writes the compiled files that make the others fast.
        list(pool.map(lambda folder: _sound(folder, suites), folders))
        for folder in folders:
            free.put(folder)
        return tuple(pool.map(one, faults))


def _fit(project: Project, faults: Iterable[Fault]) -> None:
    stale: list[str] = []
    for fault in faults:
        try:
            faulty(fault, (project.root / project.package / fault.file).read_text("utf-8"))
        except StaleError as error:
            stale.append(str(error))
    if stale:
        raise StaleError("\n".join(stale))


@contextmanager
def _copy(project: Project) -> Iterator[Path]:
    """Other people may go on working on the original."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for part in project.parts:
            source = project.root / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, folder / part)
        yield folder


def _sound(folder: Path, suites: Iterable[Suite]) -> None:
    for suite in suites:
        status, output = _run(folder, suite, compiled=True)
        if status != PASSED:
            raise UnsoundError(f"{suite.name} do not pass without a fault:\n{output}")


def _caught_by(package: Path, fault: Fault, folder: Path, suites: Iterable[Suite]) -> str | None:
    path = package / fault.file
    text = path.read_text("utf-8")
    # A compiled file is told from its source by size and second, so that a fault might not be noticed.
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    try:
        path.write_text(faulty(fault, text), "utf-8")
        for suite in suites:
            status, output = _run(folder, suite, compiled=False)
            if status == FAILED:
                return suite.name
            if status != PASSED:
                raise UnsoundError(f"{fault}\n{suite.name} stopped with status {status}:\n{output}")
    finally:
        path.write_text(text, "utf-8")
    return None


def _run(folder: Path, suite: Suite, *, compiled: bool) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "" if compiled else "1"}
    done = subprocess.run(
        suite.command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout[-_SHOWN:]
