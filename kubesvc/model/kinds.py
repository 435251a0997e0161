"""The kinds kubesvc reads: where the API serves them, and the struct that holds them."""

from typing import Final, NamedTuple

from kubesvc.model import objects
from kubesvc.model.objects import Obj


class Kind(NamedTuple):
    """One kind: `group_version` as in `apiVersion`, `plural` as in paths; `struct` holds its objects."""

    name: str
    group_version: str
    plural: str
    namespaced: bool
    struct: type[Obj]

    @property
    def resource(self) -> str:
        """The resource as errors and Roles write it: `endpointslices.discovery.k8s.io`."""
        group, _, version = self.group_version.partition("/")
        return f"{self.plural}.{group}" if version else self.plural


_ALL: Final = (
    Kind("Service", "v1", "services", True, objects.Service),
    Kind("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", True, objects.EndpointSlice),
    Kind("Pod", "v1", "pods", True, objects.Pod),
    Kind("Node", "v1", "nodes", False, objects.Node),
    Kind("Namespace", "v1", "namespaces", False, objects.Namespace),
    Kind("Event", "v1", "events", True, objects.Event),
    Kind("Deployment", "apps/v1", "deployments", True, objects.Deployment),
    Kind("ReplicaSet", "apps/v1", "replicasets", True, objects.ReplicaSet),
    Kind("StatefulSet", "apps/v1", "statefulsets", True, objects.StatefulSet),
    Kind("DaemonSet", "apps/v1", "daemonsets", True, objects.DaemonSet),
    Kind("Version", "", "version", False, objects.Version),
)

KINDS: Final = {kind.name: kind for kind in _ALL}

WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
