"""What the cluster would hold after a change, once the EndpointSlice controller has synced."""

from dataclasses import replace
from typing import Any

import msgspec

from kubesvc.model.change import Change, apply
from kubesvc.model.objects import EndpointSlice, Obj, Pod, Ref, Service
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints
from kubesvc.semantics.drift import is_controllers
from kubesvc.semantics.reads import nodes_of, pods_of, slices_of


def simulate(snapshot: Snapshot, change: Change) -> Snapshot:
    """Return the snapshot with a Service changed and the controller's slices replaced by the predicted ones.

    Slices of other managers stay. What is not read stays not read: nothing becomes zero.

    Raises:
        Unread: the changed selector's pods, or their nodes, were never read.
        Unavailable: they could not be read.
        ValueError: the change does not fit the object.
    """
    before = snapshot.objects.get(change.target)
    if not isinstance(before, Service):
        msg = f"{change.target} is no Service that was read"
        raise ValueError(msg)
    after = _changed(before, change)
    listing = slices_of(after)
    kept = [entry for entry in snapshot.find(listing, EndpointSlice) if not is_controllers(entry, before)]
    written = _predicted(snapshot, after)
    objects: dict[Ref, Obj] = {
        ref: obj
        for ref, obj in snapshot.objects.items()
        if not (isinstance(obj, EndpointSlice) and listing.matches(obj))
    }
    objects.update({obj.ref: obj for obj in (after, *kept, *written)})
    return replace(snapshot, objects=objects)


def _changed(before: Service, change: Change) -> Service:
    document: Any = apply(change.ops, msgspec.to_builtins(before))
    try:
        return msgspec.convert(document, Service)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _predicted(snapshot: Snapshot, service: Service) -> tuple[EndpointSlice, ...]:
    if not endpoints.managed(service):
        return ()
    pods = snapshot.find(pods_of(service), Pod)
    version = snapshot.server
    return endpoints.slices(service, pods, nodes_of(snapshot, pods), version.minor_number if version else 0)
