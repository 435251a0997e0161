"""A real Kubernetes control plane for tests, and the seam through which tests get a cluster.

`open_cluster()` yields the cluster that the environment asks for; `LocalCluster` is one built
from Go modules, without an image registry, complete but for the kubelet, which kwok plays.
"""

from e2e.cluster.audit import AuditEntry
from e2e.cluster.await_condition import await_condition
from e2e.cluster.build import kubectl
from e2e.cluster.errors import (
    AwaitError,
    BuildError,
    ClusterError,
    ProviderError,
    StartError,
    ToolchainError,
)
from e2e.cluster.local import LocalCluster
from e2e.cluster.namespaces import namespace
from e2e.cluster.options import ENDPOINT_CONTROLLERS, Options
from e2e.cluster.provider import Cluster, open_cluster

__all__ = [
    "ENDPOINT_CONTROLLERS",
    "AuditEntry",
    "AwaitError",
    "BuildError",
    "Cluster",
    "ClusterError",
    "LocalCluster",
    "Options",
    "ProviderError",
    "StartError",
    "ToolchainError",
    "await_condition",
    "kubectl",
    "namespace",
    "open_cluster",
]
