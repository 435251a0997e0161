"""A settled cluster, and each of its Services with all that decides about its slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from kubesvc.model.objects import Endpoints, EndpointSlice, Node, Obj, Pod, Ref, Service
from kubesvc.semantics import endpoints, mirroring, reconcile
from kubesvc.semantics.reads import pods_of

SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
CONTROLLER: Final = "endpointslice-controller.k8s.io"
MIRRORING: Final = "endpointslicemirroring-controller.k8s.io"


class Subject(Struct, frozen=True):
    """One Service name of a settled cluster; `service` is None where only slices bear the name.

    `pods` are those that kubesvc reads for the Service. `before`: the slices as they would stand if the
    controllers had done nothing since the cluster last settled. `real`: those that stand. `maximum` is the
    controller's --max-endpoints-per-slice; `fenced`: it was made to sync, and to write its slices, at last.
    """

    namespace: str
    name: str
    service: Service | None
    pods: tuple[Pod, ...]
    nodes: Mapping[str, Node]
    endpoints: Endpoints | None
    before: tuple[EndpointSlice, ...]
    real: tuple[EndpointSlice, ...]
    minor: int
    maximum: int
    fenced: bool

    @property
    def managed(self) -> bool:
        """Whether the EndpointSlice controller acts on it."""
        return self.service is not None and endpoints.managed(self.service)

    @property
    def deleting(self) -> bool:
        """Whether the Service is held in deletion."""
        return self.service is not None and self.service.metadata.deletion_timestamp is not None

    @property
    def unreachable(self) -> bool:
        """Whether a selected pod's Node is missing: then every sync fails, and is tried again ever later."""
        return any(pod.spec.node_name not in self.nodes for pod in self.pods)

    def predicted(self) -> tuple[EndpointSlice, ...]:
        """Return the slices that kubesvc says a sync leaves."""
        if self.service is None:  # no sync of the one controller; the other cleans up
            return tuple(entry for entry in self.before if not mirroring.is_mirror(entry))
        left = reconcile.sync(self.service, self.before, self.pods, self.nodes, self.minor)
        return mirroring.sync(self.service, self.endpoints, left)


class Settled(Struct, frozen=True):
    """A cluster after a round: its objects, the slices among them, and the slices as they stood `before`."""

    objects: tuple[Obj, ...]
    before: tuple[EndpointSlice, ...]
    minor: int
    maximum: int
    fenced: bool

    def subjects(self) -> Iterator[Subject]:
        """Yield one subject for each Service and each other name that slices bear."""
        by_ref = {obj.ref: obj for obj in self.objects}
        pods = [obj for obj in self.objects if isinstance(obj, Pod)]
        nodes = {obj.metadata.name: obj for obj in self.objects if isinstance(obj, Node)}
        real = _by_service(obj for obj in self.objects if isinstance(obj, EndpointSlice))
        before = _by_service(iter(self.before))
        services = {
            (obj.metadata.namespace, obj.metadata.name) for obj in self.objects if isinstance(obj, Service)
        }
        for key in sorted(services | real.keys() | before.keys()):
            service, copied = by_ref.get(Ref("Service", *key)), by_ref.get(Ref("Endpoints", *key))
            found = service if isinstance(service, Service) else None
            selected = pods_of(found) if found and found.spec.selector else None
            yield Subject(
                namespace=key[0],
                name=key[1],
                service=found,
                pods=tuple(pod for pod in pods if selected and selected.matches(pod)),
                nodes=nodes,
                endpoints=copied if isinstance(copied, Endpoints) else None,
                before=before.get(key, ()),
                real=real.get(key, ()),
                minor=self.minor,
                maximum=self.maximum,
                fenced=self.fenced,
            )


def _by_service(slices: Iterator[EndpointSlice]) -> dict[tuple[str, str], tuple[EndpointSlice, ...]]:
    found: dict[tuple[str, str], tuple[EndpointSlice, ...]] = {}
    for entry in slices:
        key = (entry.metadata.namespace, entry.metadata.labels.get(SERVICE_NAME, ""))
        found[key] = (*found.get(key, ()), entry)
    return found
