"""The locks, the version and the make targets agree with what declares them."""

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import kubesvc

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / lock).read_text()
    return {canonicalize_name(match["name"]): match["version"] for match in PIN.finditer(text)}


def _accepted(requirements: list[str], pins: dict[str, str]) -> list[str]:
    """The requirements that the pins do not satisfy."""
    wanted = [Requirement(text) for text in requirements]
    return [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ]


def test_the_version_is_written_once() -> None:
    """The installed metadata repeats `kubesvc.__version__`."""
    assert metadata.version("kubesvc") == kubesvc.__version__


def test_both_commands_start_the_same_program() -> None:
    """`kubectl explain-service` is kubesvc under the name that kubectl looks for."""
    scripts = _pyproject()["project"]["scripts"]
    assert scripts["kubesvc"] == scripts["kubectl-explain_service"]


def test_the_runtime_lock_satisfies_every_dependency() -> None:
    """A bound raised in pyproject.toml is followed by `make lock`."""
    assert _accepted(_pyproject()["project"]["dependencies"], _pins("run.txt")) == []


def test_the_development_lock_satisfies_every_group() -> None:
    """The same for the tools; included groups are looked at where they are defined."""
    groups = _pyproject()["dependency-groups"].values()
    listed = [entry for group in groups for entry in group if isinstance(entry, str)]
    assert _accepted(listed, _pins("dev.txt")) == []


@pytest.mark.parametrize("lock", ["run.txt", "build.txt"])
def test_development_runs_on_the_locked_versions(lock: str) -> None:
    """`make setup` installs the development lock on top of the others and changes none of them."""
    development = _pins("dev.txt")
    assert {name: development.get(name) for name in _pins(lock)} == _pins(lock)


@pytest.mark.parametrize("lock", LOCKS, ids=[lock.name for lock in LOCKS])
def test_a_lock_names_no_place(lock: Path) -> None:
    """Where packages are downloaded from is a matter of the machine, not of the lock."""
    assert [line for line in lock.read_text().splitlines() if re.search(r"/|--index|--find", line)] == []


def test_workflows_call_make_targets_only() -> None:
    """What CI runs can be typed by anyone, and every target it names exists."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        for command in re.findall(r"run: (.+)", workflow.read_text()):
            program, *named = command.split()
            assert program == "make"
            assert set(named) <= targets
