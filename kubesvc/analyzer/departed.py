"""Which pods that slices still list are proven to be gone: what is sent to their addresses reaches nobody."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from kubesvc.analyzer import wording
from kubesvc.model.objects import Endpoints, EndpointSlice, Obj, Pod, Ref, Service
from kubesvc.model.place import EndpointId
from kubesvc.model.read import LackingError, Portion, Read, Unavailable
from kubesvc.model.report import Row
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import cells, endpoints, mirroring, readiness
from kubesvc.semantics.addresses import canonical
from kubesvc.semantics.drift import Drift

Suspects = Mapping[EndpointId, frozenset[str]]
"""Pods, by name and uid, with the addresses at which slices list them."""


def written(
    service: Service, slices: Iterable[EndpointSlice], source: Endpoints | None
) -> tuple[EndpointSlice, ...]:
    """Return the slices that Kubernetes' own controllers wrote for this incarnation of a Service, from pods.

    `source` is the Endpoints object that is mirrored: what the endpoints controller has left is copied. What
    somebody else writes may name any pod, also one of another cluster.
    """
    copied = source is not None and mirroring.is_leftover(source)
    return tuple(
        entry
        for entry in slices
        if (endpoints.is_managed(entry) and endpoints.is_owned(entry, service))
        or (copied and mirroring.is_mirror(entry))
    )


def rows(slices: Iterable[EndpointSlice], gone: AbstractSet[EndpointId]) -> Iterator[Row]:
    """Count those that are gone among the pods that slices list, where any is."""
    listed = {pod for entry in slices for pod in map(cells.identify, entry.endpoints) if pod.namespace}
    if lost := len(listed & gone):
        value = f"{lost} of {wording.count(len(listed), 'pod')} {'is' if lost == 1 else 'are'} gone"
        yield Row("pods", f"{value}, and still listed", "targetRef")


def suspects(found: Iterable[Drift], slices: Iterable[EndpointSlice]) -> Suspects:
    """Return the pods that `slices` list and, as a whole, should not; `slices` are those of `written`."""
    listing = {entry.metadata.name: entry for entry in slices}
    wrong = {entry.place.endpoint for entry in found if not entry.field and listing.keys() & entry.slices}
    addresses: dict[EndpointId, frozenset[str]] = {}
    for entry in listing.values():
        for listed in entry.endpoints:
            identity = cells.identify(listed)
            if identity.uid and identity in wrong:
                here = frozenset(map(canonical, listed.addresses))
                addresses[identity] = addresses.get(identity, frozenset()) | here
    return addresses


def proven(snapshot: Snapshot, namespace: str, suspected: Suspects) -> frozenset[EndpointId]:
    """Return those that are gone: no pod has the uid any more, nor does another of the namespace its address.

    Without proof none is: a pod that could not be decoded may have any address.

    Raises:
        Unread, Unavailable: the pods of the namespace were never, or cannot be, read.
    """
    if unreadable := snapshot.unreadable("Pod", namespace):
        raise Unavailable(unreadable[0])
    missing = {pod: addresses for pod, addresses in suspected.items() if not _is_here(snapshot, pod)}
    if not missing or _is_empty(snapshot, namespace):
        return frozenset(missing)
    pods = snapshot.find(Read("Pod", namespace), Pod)
    held = {
        canonical(address)
        for pod in pods
        if not readiness.is_terminal(pod)
        for address in (pod.status.pod_ip, *(entry.ip for entry in pod.status.pod_ips))
    }
    return frozenset(pod for pod, addresses in missing.items() if held.isdisjoint(addresses))


def _is_here(snapshot: Snapshot, pod: EndpointId) -> bool:
    """Tell whether a pod is there, by whatever read: after that of all pods, whether it is there at all."""
    found = snapshot.objects.get(Ref("Pod", pod.namespace, pod.name))
    return found is not None and found.metadata.uid == pod.uid


def _is_empty(snapshot: Snapshot, namespace: str) -> bool:
    """Tell whether it is known already that a namespace has no pod; whole pods would tell that as well."""
    try:
        return not snapshot.find(Read("Pod", namespace, part=Portion.METADATA), Obj)
    except LackingError:
        return False
