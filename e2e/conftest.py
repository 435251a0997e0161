"""What every end-to-end test shares: one cluster with two nodes, clients in it, and the installed command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.cluster import Cluster, ToolchainError, open_cluster
from e2e.kind.cluster import KindCluster
from e2e.kind.seen import Clients, clients
from e2e.product import Product, install

NODES = {"node-a": "zone-a", "node-b": "zone-b"}


@contextmanager
def toolchain() -> Iterator[None]:
    """Skip a test where a program is missing on this machine; fail it where KUBESVC_E2E_REQUIRED is set."""
    try:
        yield
    except ToolchainError as error:
        if os.environ.get("KUBESVC_E2E_REQUIRED"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster of ours with two nodes in two zones; see `toolchain` for when there is none."""
    with toolchain(), open_cluster() as opened:
        if "nodes" in opened.supports:
            for name, zone in NODES.items():
                opened.create_node(name, zone=zone)
        yield opened


@pytest.fixture(scope="session")
def dialing(cluster: Cluster) -> Iterator[Clients | None]:
    """Client pods on either node; none where nobody runs containers."""
    if isinstance(cluster, KindCluster):
        with clients(cluster) as made:
            yield made
    else:
        yield None


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The built wheel, installed into an environment of its own."""
    folder: Path = tmp_path_factory.mktemp("product")
    return install(folder)
