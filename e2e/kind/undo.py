"""Takes back what a cluster has done to a machine: `python -I -S undo.py FILE`, run by the supervisor.

FILE says what was done, or was about to be done; each step is tried, whatever became of the ones before. It
runs when nothing of the cluster's owner is left, so it uses the standard library alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

CLUSTER_LABEL = "io.x-k8s.kind.cluster"
# The supervisor gives all of it a minute.
_GROUP_SECONDS = 10.0
_RUN_SECONDS = 15.0
_NODES_SECONDS = 30.0
_LOOKS = 3
_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class Deeds:
    """What is to be taken back.

    sysctls: the values to put back, by path below /proc/sys. cgroups: names of groups below each hierarchy.

    The rest is in a container engine that stays, reached as `environment` says: names of kind clusters,
    networks, images.
    """

    sysctls: dict[str, str] = field(default_factory=dict)
    cgroups: list[str] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        """Write them down for `main`; a reader sees the old or the new whole."""
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        partial.rename(file)

    @classmethod
    def read(cls, file: Path) -> Deeds:
        """Read what was written; raises FileNotFoundError."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def main(file: Path) -> None:
    """Take everything back that the file names."""
    deeds = Deeds.read(file)
    environment = {**os.environ, **deeds.environment}
    for cluster in deeds.clusters:
        _remove_nodes(cluster, environment)
    put_back(deeds.sysctls)
    for network in deeds.networks:
        _run(("docker", "network", "rm", network), environment)
    for image in deeds.images:
        _run(("docker", "rmi", "--force", image), environment)
    remove_cgroups(deeds.cgroups)


def _remove_nodes(cluster: str, environment: Mapping[str, str]) -> None:
    """Remove the nodes of a cluster, those too that the engine is still making.

    It makes a container to the end, also where whoever asked for it was killed. Until then it lists it, soon
    after it was asked, and says that there is none to be removed.
    """
    label = f"label={CLUSTER_LABEL}={cluster}"
    deadline = time.monotonic() + _NODES_SECONDS
    looks_without = 0
    while looks_without < _LOOKS and time.monotonic() < deadline:
        nodes = _run(("docker", "ps", "--all", "--quiet", "--filter", label), environment).split()
        if nodes:
            _run(("docker", "rm", "--force", "--volumes", *nodes), environment)
        looks_without = 0 if nodes else looks_without + 1
        time.sleep(_LOOK_SECONDS)


def _run(command: Iterable[str], environment: Mapping[str, str]) -> str:
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            tuple(command), env=environment, capture_output=True, text=True, check=False, timeout=_RUN_SECONDS
        )
        return done.stdout
    return ""


def remove_cgroups(names: Iterable[str], root: Path = Path("/sys/fs/cgroup")) -> None:
    """Remove groups with all below them, in every hierarchy; waits a little for their last processes."""
    deadline = time.monotonic() + _GROUP_SECONDS
    for name in names:
        for group in [root / name, *root.glob(f"*/{name}")]:
            while group.is_dir() and time.monotonic() < deadline:
                for folder, _, _ in os.walk(group, topdown=False):
                    with suppress(OSError):
                        Path(folder).rmdir()
                if group.is_dir():
                    time.sleep(0.1)


def put_back(values: Mapping[str, str], root: Path = Path("/proc/sys")) -> None:
    """Write the values that are no longer so."""
    for name, value in values.items():
        with suppress(OSError):
            if (root / name).read_text(encoding="utf-8").strip() != value:
                (root / name).write_text(value, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
