"""A registry in each node, of its own: it answers, and has no image; see `e2e.scenario.REGISTRY`.

It is Debian's docker-registry, copied from this machine; it ends with the node. Runtimes ask a registry on
localhost by plain HTTP, so that nothing has to be set for it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.cluster.await_condition import await_condition
from e2e.cluster.errors import StartError, ToolchainError

if TYPE_CHECKING:
    from e2e.kind.cluster import KindCluster

PROGRAM = "docker-registry"
"""Of the Debian package of that name."""

_ADDRESS = "127.0.0.1:5000"
_CONFIG = f"""\
version: 0.1
storage:
  inmemory: {{}}
http:
  addr: {_ADDRESS}
"""
_PLACE = "/usr/local/bin/docker-registry"
_CONFIG_PLACE = "/etc/docker-registry.yml"
_SECONDS = 20.0


def program() -> Path:
    """Where the registry is on this machine; raises ToolchainError where it is not installed."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise ToolchainError(f"{PROGRAM} is missing, which a registry in the nodes needs")
    return Path(found)


def provide(cluster: KindCluster) -> None:
    """Start it on every node; raises ToolchainError where it is missing, AwaitError where one is silent."""
    source = program()
    config = cluster.kubeconfig.with_name("registry.yml")
    config.write_text(_CONFIG, encoding="utf-8")
    nodes = cluster.nodes()
    for node in nodes:
        cluster.engine.docker("cp", str(source), f"{node}:{_PLACE}")
        cluster.engine.docker("cp", str(config), f"{node}:{_CONFIG_PLACE}")
        cluster.engine.docker("exec", "--detach", node, _PLACE, "serve", _CONFIG_PLACE)
    config.unlink()

    def answering() -> bool:
        return all(_answers(cluster, node) for node in nodes)

    await_condition(f"a registry answers on {', '.join(nodes)}", answering, seconds=_SECONDS)


def _answers(cluster: KindCluster, node: str) -> bool:
    try:
        cluster.run_on_node(node, "curl", "--silent", "--fail", f"http://{_ADDRESS}/v2/")
    except StartError:
        return False
    return True
