"""Clusters of kind leave nothing behind, however they end, and touch nobody else's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import AwaitError, Cluster, await_condition
from e2e.kind import engine, machine
from e2e.kind.cluster import KindCluster
from e2e.kind.engine import Engine

_ROOT = Path(__file__).parents[2]
_LABEL = "io.x-k8s.kind.cluster"
_NAME = engine.NAME
_SECONDS = 300.0
_OWNER = """
from e2e.cluster.provider import open_cluster
with open_cluster():
    raise SystemExit("killed too late")
"""


def _kinds() -> set[int]:
    """The processes that create a cluster of kind now."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if Path(words[0]).name == "kind" and "create" in words:
            found.add(int(entry.parent.name))
    return found


def _folders() -> set[Path]:
    """The folders of engines, which hold all their files."""
    return set(engine.FOLDERS.glob(f"{_NAME}*"))


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is about to open a cluster of kind, in the engine that answers or in one of its own."""
    environment = {**os.environ, "KUBESVC_E2E_PROVIDER": "kind"}
    with subprocess.Popen((sys.executable, "-c", _OWNER), cwd=_ROOT, env=environment) as process:
        yield process
        process.kill()


@pytest.mark.skipif(engine.answers() or not engine.may_start(), reason="no engine is to be started here")
def test_nothing_is_left_when_the_owner_is_killed_while_kind_is_at_work(
    owner: subprocess.Popen[bytes],
) -> None:
    """Neither kind, nor the engine, nor what they changed: links, mounts, groups, settings, files."""
    before, folders, others = machine.look(), _folders(), _kinds()
    await_condition("kind at work", lambda: _kinds() - others, seconds=_SECONDS, every=0.5)
    await_condition("a node", lambda: "containerd-shim" in str(before.changes(machine.look())), seconds=60)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    changes: list[str] = []

    def as_it_was() -> bool:
        changes[:] = before.changes(machine.look())
        return not changes and _kinds() == others and _folders() == folders

    try:
        await_condition("the machine as it was", as_it_was, seconds=90)
    except AwaitError:
        assert changes == []
        raise


@pytest.fixture
def bridge_of_another() -> Iterator[str]:
    """The bridge that Docker leaves behind when it ends: one that is there, or one made for this."""
    name = "docker0"
    there = name in (link for _, link in socket.if_nameindex())
    if not there:
        subprocess.run(("ip", "link", "add", name, "type", "bridge"), check=True)
        subprocess.run(("ip", "address", "add", "172.17.0.1/16", "dev", name), check=True)
        subprocess.run(("ip", "link", "set", name, "addrgenmode", "none", "up"), check=True)
    yield name
    if not there:
        subprocess.run(("ip", "link", "delete", name), check=True)


@pytest.mark.skipif(engine.answers() or not engine.may_start(), reason="no engine is to be started here")
def test_an_engine_of_our_own_has_a_network_of_its_own(bridge_of_another: str) -> None:
    """What another engine has left on the machine's stays, and is in nobody's way."""
    before = machine.look()
    assert bridge_of_another in before.seen["link"]
    with engine.open_engine() as ours:
        ours.docker("network", "create", "--driver=bridge", ours.name)
        assert [line for line in before.changes(machine.look()) if not line.startswith("process ")] == []
    assert before.changes(machine.look()) == []


@pytest.mark.skipif(not engine.answers(), reason="no engine runs here")
def test_an_engine_that_stays_is_as_it_was_when_the_owner_is_killed(owner: subprocess.Popen[bytes]) -> None:
    """Neither nodes, nor their network and image; what others have in it is not asked for."""
    before, folders = engine.things(_NAME), _folders()

    def at_work() -> bool:
        return any(thing.endswith("-worker") for thing in engine.things(_NAME).keys() - before.keys())

    await_condition("nodes in the engine", at_work, seconds=_SECONDS, every=0.5)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    await_condition(
        "the engine as it was",
        lambda: engine.things(_NAME) == before and _folders() == folders,
        seconds=90,
        every=0.5,
    )


@pytest.fixture
def running(cluster: Cluster) -> Engine:
    """The engine that the cluster of all tests runs in."""
    if not isinstance(cluster, KindCluster):
        pytest.skip("the cluster is none of kind")
    return cluster.engine


@pytest.fixture
def foreign(running: Engine) -> Iterator[str]:
    """A container that says it is a node of another cluster."""
    image = running.docker("ps", "--format", "{{.Image}}").split()[0]
    name = f"{running.name}-foreign"
    label = f"--label={_LABEL}=somebody-elses"
    running.docker("run", "--detach", "--rm", f"--name={name}", label, "--entrypoint=sleep", image, "600")
    yield name
    running.docker("rm", "--force", name)


def test_a_cluster_is_deleted_when_the_block_raises_and_others_stay(
    cluster: Cluster, running: Engine, foreign: str
) -> None:
    """Its nodes and its network go; the cluster of all tests and a foreign one run on."""
    containers, networks = _containers(running), _networks(running)
    assert foreign in containers
    made = KindCluster(running, ("zone-a",))
    assert made.name != cluster.name
    with pytest.raises(ZeroDivisionError), made:
        _raise_beside(running, containers | {f"{made.name}-control-plane"})
    assert _containers(running, "--all") == containers
    assert _networks(running) == networks


def _raise_beside(running: Engine, containers: set[str]) -> None:
    assert _containers(running) == containers
    raise ZeroDivisionError


def _containers(running: Engine, *options: str) -> set[str]:
    return _ours(running, running.docker("ps", *options, "--format={{.Names}}"))


def _networks(running: Engine) -> set[str]:
    return _ours(running, running.docker("network", "ls", "--format={{.Name}}"))


def _ours(running: Engine, names: str) -> set[str]:
    """Those of this run: in an engine that is not ours, others come and go."""
    return {name for name in names.split() if name.startswith(running.name)}
