"""What the cluster would hold after a change, once the EndpointSlice controller has synced."""

import msgspec
from msgspec.structs import replace

from kubesvc.model.change import Change, apply
from kubesvc.model.objects import EndpointSlice, Obj, Pod, Ref, Service
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints
from kubesvc.semantics.reads import nodes_by_name, pods_of, slices_of


def simulate(snapshot: Snapshot, change: Change) -> Snapshot:
    """Return the snapshot with an object deleted, or a Service changed and its slices as a sync leaves them.

    What is not read stays not read: nothing becomes zero.

    Raises:
        Unread: the changed selector's pods, or their nodes, were never read.
        Unavailable: they could not be read.
        ValueError: the change does not fit the object.
    """
    if change.deletes:
        kept = {ref: obj for ref, obj in snapshot.objects.items() if ref != change.target}
        return replace(snapshot, objects=kept)
    before = snapshot.objects.get(change.target)
    if not isinstance(before, Service):
        raise ValueError(f"{change.target} is no Service that was read")  # noqa: TRY004 - of a value, not a type
    after = changed(before, change)
    listing = slices_of(after)
    written = _synced(snapshot, after, snapshot.find(listing, EndpointSlice))
    objects: dict[Ref, Obj] = {
        ref: obj
        for ref, obj in snapshot.objects.items()
        if not (isinstance(obj, EndpointSlice) and listing.matches(obj))
    }
    objects.update({obj.ref: obj for obj in (after, *written)})
    return replace(snapshot, objects=objects)


def changed(before: Service, change: Change) -> Service:
    """Return a Service with a change made; raises ValueError where that does not fit."""
    try:
        return msgspec.convert(apply(change.ops, msgspec.to_builtins(before)), Service)
    except (msgspec.ValidationError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from None


def _synced(
    snapshot: Snapshot, service: Service, existing: tuple[EndpointSlice, ...]
) -> tuple[EndpointSlice, ...]:
    if not endpoints.managed(service):
        return existing
    pods = snapshot.find(pods_of(service), Pod)
    # Without the Nodes no membership is known, and every pod would be left out: not read is not zero.
    nodes = None if service.spec.publish_not_ready_addresses else nodes_by_name(snapshot, service, pods)
    return endpoints.sync(service, existing, pods, nodes, snapshot.minor)
