"""The seam between tests and clusters: what a test may ask of a cluster, and which it gets."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from e2e.cluster.errors import ProviderError
from e2e.cluster.given import GivenCluster
from e2e.cluster.local import LocalCluster
from e2e.kind.cluster import KindCluster
from e2e.kind.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernetes.client import ApiClient

    from e2e.cluster.audit import AuditEntry
    from e2e.cluster.options import Options

KUBECONFIG = "KUBESVC_E2E_KUBECONFIG"
PROVIDER = "KUBESVC_E2E_PROVIDER"
_PROVIDERS = ("local", "given", "kind")


class Cluster(Protocol):
    """A cluster that a test may use as it likes, with all rights.

    `supports` names what not every cluster has. A test that needs one is skipped where it is missing; calling
    it there all the same raises ProviderError.

    audit: `audit()` answers. nodes: `create_node()` works; elsewhere the nodes are there from the start.
    pause: `paused()` works; pause_node: `paused_node()` does; exec: `run_on_node()` does.
    images: containers really run, those of `provide_images()`. registry: `provide_registry()` works.
    simulation: kwok plays the kubelet, and does what annotations of pods say. dual-stack: Services can have
    addresses of both families.
    """

    @property
    def name(self) -> str:
        """A name for messages."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""

    @property
    def supports(self) -> frozenset[str]:
        """What the cluster can do beyond serving its API."""

    def client(self, user_agent: str = ...) -> ApiClient:
        """A new API client with all rights; close it, or use it in a `with` block."""

    def audit(self, user_agent_prefix: str) -> list[AuditEntry]:
        """Every request so far of clients whose user agent starts with the prefix."""

    def create_node(self, name: str, *, zone: str | None = ..., managed: bool = ...) -> None:
        """Create a node and await its readiness."""

    def paused(self, component: str) -> AbstractContextManager[None]:
        """Let a component stand still for the length of a `with` block."""

    def paused_node(self, name: str) -> AbstractContextManager[None]:
        """Let a node stand still for the length of a `with` block."""

    def run_on_node(self, name: str, *command: str) -> str:
        """Run a command on a node as root; returns what it prints."""

    def provide_images(self, names: Iterable[str]) -> None:
        """Have images of these names on every node; a server on the ports of all scenarios."""

    def provide_registry(self) -> None:
        """Have a registry without images in every node, at `e2e.scenario.REGISTRY`."""


@contextmanager
def open_cluster(
    options: Options | None = None, environment: Mapping[str, str] = os.environ
) -> Iterator[Cluster]:
    """The cluster that the environment asks for, ready for use.

    KUBESVC_E2E_KUBECONFIG: that cluster, if it carries our marker. Otherwise
    KUBESVC_E2E_PROVIDER by name, and by default a local control plane, to which alone `options`
    apply. The user's own current context is never looked at. Raises ProviderError for what is
    unknown or not ours, and what LocalCluster or KindCluster raises.
    """
    chosen = _choice(environment)
    if chosen == "given":
        with GivenCluster(Path(environment[KUBECONFIG])) as given:
            yield given
    elif chosen == "kind":
        with open_engine(environment) as engine, KindCluster(engine) as kind:
            yield kind
    else:
        with LocalCluster(options) as local:
            yield local


def _choice(environment: Mapping[str, str]) -> str:
    """Which provider is meant; raises ProviderError for unknown or contradictory wishes."""
    kubeconfig, name = environment.get(KUBECONFIG, ""), environment.get(PROVIDER, "")
    if name and name not in _PROVIDERS:
        raise ProviderError(f"unknown provider {PROVIDER}={name}; known: {', '.join(_PROVIDERS)}")
    if name == "given" and not kubeconfig:
        raise ProviderError(f"{PROVIDER}=given needs {KUBECONFIG}")
    if name in ("local", "kind") and kubeconfig:
        raise ProviderError(f"{PROVIDER}={name} contradicts {KUBECONFIG}={kubeconfig}; unset one of them")
    return name or ("given" if kubeconfig else "local")
