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
    Kind("Service", "v1", "services", namespaced=True, struct=objects.Service),
    Kind(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        "endpointslices",
        namespaced=True,
        struct=objects.EndpointSlice,
    ),
    Kind("Endpoints", "v1", "endpoints", namespaced=True, struct=objects.Endpoints),
    Kind("Pod", "v1", "pods", namespaced=True, struct=objects.Pod),
    Kind("Node", "v1", "nodes", namespaced=False, struct=objects.Node),
    Kind("Namespace", "v1", "namespaces", namespaced=False, struct=objects.Namespace),
    Kind("Event", "v1", "events", namespaced=True, struct=objects.Event),
    Kind("Deployment", "apps/v1", "deployments", namespaced=True, struct=objects.Deployment),
    Kind("ReplicaSet", "apps/v1", "replicasets", namespaced=True, struct=objects.ReplicaSet),
    Kind("StatefulSet", "apps/v1", "statefulsets", namespaced=True, struct=objects.StatefulSet),
    Kind("DaemonSet", "apps/v1", "daemonsets", namespaced=True, struct=objects.DaemonSet),
    Kind("Job", "batch/v1", "jobs", namespaced=True, struct=objects.Job),
    Kind("CronJob", "batch/v1", "cronjobs", namespaced=True, struct=objects.CronJob),
    Kind(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        "horizontalpodautoscalers",
        namespaced=True,
        struct=objects.HorizontalPodAutoscaler,
    ),
    Kind("Version", "", "version", namespaced=False, struct=objects.Version),
)

KINDS: Final = {kind.name: kind for kind in _ALL}
