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

_CLUSTER_LABEL = "io.x-k8s.kind.cluster"
_GROUP_SECONDS = 10.0


@dataclass(slots=True)
class Deeds:
    """What is to be taken back.

    sysctls: the values to put back, by path below /proc/sys. cgroups: names of groups below each hierarchy.
    links: network links. The rest is in a container engine that stays, reached as `environment` says: names
    of kind clusters, networks, images.
    """

    sysctls: dict[str, str] = field(default_factory=dict)
    cgroups: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
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
        label = f"label={_CLUSTER_LABEL}={cluster}"
        nodes = _run(("docker", "ps", "--all", "--quiet", "--filter", label), environment).split()
        if nodes:
            _run(("docker", "rm", "--force", "--volumes", *nodes), environment)
    for network in deeds.networks:
        _run(("docker", "network", "rm", network), environment)
    for image in deeds.images:
        _run(("docker", "rmi", "--force", image), environment)
    for link in deeds.links:
        if Path("/sys/class/net", link).exists():
            _run(("ip", "link", "delete", link), environment)
    remove_cgroups(deeds.cgroups)
    put_back(deeds.sysctls)


def _run(command: Iterable[str], environment: Mapping[str, str]) -> str:
    with suppress(OSError):
        done = subprocess.run(tuple(command), env=environment, capture_output=True, text=True, check=False)
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
