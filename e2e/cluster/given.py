"""A cluster that somebody else made and marked as ours to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernetes.client import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from e2e.cluster import access, nodes
from e2e.cluster.errors import ProviderError
from e2e.cluster.marker import NAMESPACE, marked
from e2e.cluster.options import Options
from e2e.cluster.unsupported import WithoutContainers

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from kubernetes.client import ApiClient

    from e2e.cluster.audit import AuditEntry


class GivenCluster(WithoutContainers):
    """The cluster of a kubeconfig's current context, used only if it carries the marker.

    Entering raises ProviderError for a cluster that is unreachable or unmarked, before anything
    is written to it. Leaving closes nothing: the cluster is not ours.
    """

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.supports: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        try:
            with self.client() as api:
                supports = marked(api)
        except (ConfigException, ApiException, HTTPError, OSError) as error:
            message = f"the cluster of {self.kubeconfig} cannot be asked: {error}"
            raise ProviderError(" ".join(message.split())) from error
        if supports is None:
            raise ProviderError(
                f"the cluster of {self.kubeconfig} has no namespace {NAMESPACE}, so it is not"
                f" ours to test with; `make e2e-mark` creates it"
            )
        self.supports = supports
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        pass

    @property
    def name(self) -> str:
        """The name of the kubeconfig's file; the cluster itself has none."""
        return self.kubeconfig.name

    def client(self, user_agent: str = access.USER_AGENT) -> ApiClient:
        """A new API client with the rights of the given kubeconfig."""
        return access.client(self.kubeconfig, user_agent)

    def audit(self, user_agent_prefix: str) -> list[AuditEntry]:
        """Raise ProviderError: the audit log of a given cluster is out of reach."""
        raise ProviderError(f"the requests of {user_agent_prefix} cannot be read on a given cluster")

    def paused(self, component: str) -> AbstractContextManager[None]:
        """Raise ProviderError: the components of a given cluster are out of reach."""
        raise ProviderError(f"{component} cannot be paused on a given cluster")

    def create_node(self, name: str, *, zone: str | None = None, managed: bool = True) -> None:
        """Create a node as LocalCluster does, where the marker says that kwok runs there."""
        if "nodes" not in self.supports:
            raise ProviderError(f"node {name} cannot be made on a given cluster: no kwok plays its kubelet")
        with self.client() as api:
            nodes.create_node(api, name, zone=zone, managed=managed, pod_cidrs=Options().pod_cidrs)
            nodes.await_ready(api, name)
