"""The seam between tests and clusters: what a test may ask of a cluster, and which it gets."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from e2e.cluster.errors import ProviderError
from e2e.cluster.given import GivenCluster
from e2e.cluster.local import LocalCluster

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernetes.client import ApiClient

    from e2e.cluster.audit import AuditEntry
    from e2e.cluster.options import Options

KUBECONFIG = "KUBESVC_E2E_KUBECONFIG"
PROVIDER = "KUBESVC_E2E_PROVIDER"
_PROVIDERS = ("local", "given")


class Cluster(Protocol):
    """A cluster that a test may use as it likes, with all rights.

    `supports` names what not every cluster has: `audit` (then `audit()` answers), `nodes` (then
    `create_node()` works) and `pause` (then `paused()` does). A test that needs one is skipped
    where it is missing; calling it there all the same raises ProviderError.
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


@contextmanager
def open_cluster(
    options: Options | None = None, environment: Mapping[str, str] = os.environ
) -> Iterator[Cluster]:
    """The cluster that the environment asks for, ready for use.

    KUBESVC_E2E_KUBECONFIG: that cluster, if it carries our marker. Otherwise
    KUBESVC_E2E_PROVIDER by name, and by default a local control plane, to which alone `options`
    apply. The user's own current context is never looked at. Raises ProviderError for what is
    unknown or not ours, and what LocalCluster raises.
    """
    chosen = _choice(environment)
    if chosen == "given":
        with GivenCluster(Path(environment[KUBECONFIG])) as given:
            yield given
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
    if name == "local" and kubeconfig:
        raise ProviderError(f"{PROVIDER}=local contradicts {KUBECONFIG}={kubeconfig}; unset one of them")
    return "given" if kubeconfig else "local"
