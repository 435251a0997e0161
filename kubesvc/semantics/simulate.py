"""What the cluster would hold after a change, once the EndpointSlice controller has synced."""

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from kubesvc.model.change import Change, apply
from kubesvc.model.objects import Endpoints, EndpointSlice, Obj, Pod, Ref, Service, Workload
from kubesvc.model.read import Read, Unavailable
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import admission, endpoints, mirroring, readiness, reconcile
from kubesvc.semantics.admission import UndecidedError
from kubesvc.semantics.reads import nodes_by_name, nodes_of, pods_of, slices_of, source_of

Changed = TypeVar("Changed", bound=Obj)


def simulate(snapshot: Snapshot, change: Change) -> Snapshot:
    """Return the snapshot with an object deleted or changed, and the slices as a sync leaves them.

    Of a pod the labels may be changed: the Services sync that are known and concerned. Of a workload that
    wants no pod anything may be changed but that. A change of a slice, or of the Endpoints object that is
    mirrored, makes its controller look again. What is not read stays not read: nothing becomes zero.

    Raises:
        Unread: the changed pod, the changed selector's pods, or their nodes, were never read.
        Unavailable: they could not be read.
        RefusedError, UndecidedError: the API server would not take it, or it alone knows what becomes of it.
        ValueError: the change does not fit the object.
    """
    if change.target.kind == "Pod" and not change.deletes:
        pod = snapshot.get(Read(*change.target), Pod)
        if pod is None:
            raise ValueError(f"{change.target} does not exist")
        return _relabeled(snapshot, pod, _converted(pod, change))
    before = snapshot.objects.get(change.target)
    after: Obj | None
    rest = {ref: obj for ref, obj in snapshot.objects.items() if ref != change.target}
    if change.deletes:
        after = before
    elif isinstance(before, Service):
        after = rest[change.target] = changed(before, change)
        if endpoints.managed(before) and not endpoints.managed(after) and after.spec.type != admission.ALIAS:
            # From now on that object, left by the endpoints controller, is copied: not read is not gone.
            snapshot.get(source_of(after), Endpoints)
    elif isinstance(before, Workload) and not makes_no_pod(before, change):
        raise UndecidedError("whether new pods become ready is not known before they run")
    elif isinstance(before, EndpointSlice | Endpoints | Workload):
        after = rest[change.target] = _converted(before, change)
    else:
        raise ValueError(f"{change.target} is nothing that was read and can be simulated")
    present = replace(snapshot, objects=rest)
    of = _service_of(present, after)
    return _synced(present, of) if of else present


def makes_no_pod(workload: Workload, change: Change) -> bool:
    """Tell whether a workload wants no pod, and wants none after a change either.

    A DaemonSet does not say how many it wants, and a changed template may fit a node.
    """
    scales = any(op.path[:2] in (("spec",), ("spec", "replicas"), ()) for op in change.ops)
    return workload.kind != "DaemonSet" and workload.spec.replicas == 0 and not scales


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
        case Service():
            name = obj.metadata.name
        case EndpointSlice():
            name = obj.metadata.labels.get(endpoints.SERVICE_NAME, "")
        case Endpoints():
            name = obj.metadata.name
        case _:
            return None
    found = snapshot.objects.get(Ref("Service", obj.metadata.namespace, name))
    return found if isinstance(found, Service) else None


def changed(before: Service, change: Change) -> Service:
    """Return a Service as it would be stored with a change made.

    Raises:
        RefusedError, UndecidedError: The API server would not take it, or it alone knows what becomes of it.
        ValueError: The change does not fit the object.
    """
    return admission.admitted(before, _converted(before, change))


def _converted(before: Changed, change: Change) -> Changed:
    """Return an object with a change made; raises ValueError where that does not fit."""
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
    written = _written(snapshot, service, existing)
    after = (entry if entry in existing else _new(entry) for entry in written)
    objects.update({obj.ref: obj for obj in (service, *after)})
    return replace(snapshot, objects=objects)


def _new(entry: EndpointSlice) -> EndpointSlice:
    """Give a slice a name that no server stores: any other may be that of one that somebody wrote.

    The controllers draw a random one, and another one where it is taken.
    """
    return replace(entry, metadata=replace(entry.metadata, name=f"{entry.metadata.name} (new)"))


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
    nodes = read(snapshot, service, tuple(pod for pod in pods if not readiness.is_terminal(pod)))
    return reconcile.sync(service, mirroring.sync(service, None, existing), pods, nodes, snapshot.minor)
