"""What the cluster would hold after a change, once the EndpointSlice controller has synced."""

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from kubesvc.model.change import Change, apply
from kubesvc.model.objects import Endpoints, EndpointSlice, Obj, Pod, Ref, Service
from kubesvc.model.read import Read, Unavailable
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints, mirroring
from kubesvc.semantics.reads import nodes_by_name, nodes_of, pods_of, slices_of, source_of

T = TypeVar("T", Service, Pod)


def simulate(snapshot: Snapshot, change: Change) -> Snapshot:
    """Return the snapshot with an object deleted, or a Service or a pod changed, and the slices after a sync.

    Of a pod the labels may be changed: the Services sync that are known and concerned. The deletion of a
    slice, or of the Endpoints object that is mirrored, makes its controller look again. What is not read
    stays not read: nothing becomes zero.

    Raises:
        Unread: the changed pod, the changed selector's pods, or their nodes, were never read.
        Unavailable: they could not be read.
        ValueError: the change does not fit the object.
    """
    if change.deletes:
        kept = {ref: obj for ref, obj in snapshot.objects.items() if ref != change.target}
        rest = replace(snapshot, objects=kept)
        of = _service_of(rest, snapshot.objects.get(change.target))
        return _synced(rest, of) if of else rest
    if change.target.kind == "Pod":
        pod = snapshot.get(Read(*change.target), Pod)
        if pod is None:
            raise ValueError(f"{change.target} does not exist")
        return _relabeled(snapshot, pod, _applied(pod, change))
    before = snapshot.objects.get(change.target)
    if not isinstance(before, Service):
        raise ValueError(f"{change.target} is no Service that was read")  # noqa: TRY004 - of a value, not a type
    return _synced(snapshot, changed(before, change))


def _relabeled(snapshot: Snapshot, before: Pod, after: Pod) -> Snapshot:
    """Let the Services sync that begin or cease to select a pod (determineNeededServiceUpdates)."""
    snapshot = replace(snapshot, objects={**snapshot.objects, after.ref: after})
    for service in tuple(snapshot.objects.values()):
        if isinstance(service, Service) and endpoints.managed(service):
            selected = pods_of(service)
            if selected.matches(before) != selected.matches(after):
                snapshot = _synced(snapshot, service)
    return snapshot


def _service_of(snapshot: Snapshot, obj: Obj | None) -> Service | None:
    match obj:
        case EndpointSlice():
            name = obj.metadata.labels.get(endpoints.SERVICE_NAME, "")
        case Endpoints():
            name = obj.metadata.name
        case _:
            return None
    found = snapshot.objects.get(Ref("Service", obj.metadata.namespace, name))
    return found if isinstance(found, Service) else None


def changed(before: Service, change: Change) -> Service:
    """Return a Service with a change made; raises ValueError where that does not fit."""
    return _applied(before, change)


def _applied(before: T, change: Change) -> T:
    try:
        return msgspec.convert(apply(change.ops, msgspec.to_builtins(before)), type(before))
    except (msgspec.ValidationError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from None


def _synced(snapshot: Snapshot, service: Service) -> Snapshot:
    """Put a Service in its place, and what a sync leaves of its slices."""
    listing = slices_of(service)
    existing = snapshot.find(listing, EndpointSlice)
    objects: dict[Ref, Obj] = {
        ref: obj
        for ref, obj in snapshot.objects.items()
        if not (isinstance(obj, EndpointSlice) and listing.matches(obj))
    }
    objects.update({obj.ref: obj for obj in (service, *_written(snapshot, service, existing))})
    return replace(snapshot, objects=objects)


def _written(
    snapshot: Snapshot, service: Service, existing: tuple[EndpointSlice, ...]
) -> tuple[EndpointSlice, ...]:
    if not endpoints.managed(service):
        try:
            source = snapshot.get(source_of(service), Endpoints)
        except Unavailable:
            return existing
        return mirroring.sync(service, source, existing)
    pods = snapshot.find(pods_of(service), Pod)
    # Without the Nodes no membership is known, and every pod would be left out: not read is not zero. Only
    # where all are published they decide the zone alone.
    read = nodes_of if service.spec.publish_not_ready_addresses else nodes_by_name
    nodes = read(snapshot, service, pods)
    return endpoints.sync(service, existing, pods, nodes, snapshot.minor)
