"""Endpoints that somebody wrote, and that belong to no Service: by what they are called, for which one."""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import near_names, wording
from kubesvc.model.objects import EndpointSlice, Obj
from kubesvc.model.read import Portion, Read, Unavailable
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints, mirroring
from kubesvc.semantics.endpoints import SERVICE_NAME


class Stray(Struct, frozen=True):
    """An object with endpoints, and what it says of whose they are: nothing, or a name that nobody has."""

    obj: Obj
    said: str


def near(snapshot: Snapshot, namespace: str, name: str) -> tuple[Stray, ...]:
    """Return what is called nearly like a Service that has no endpoints, nearest first, three at most.

    Raises:
        Unread: the slices, the Endpoints objects or the Services of the namespace were never read.
    """
    slices = Read("EndpointSlice", namespace)
    objects = Read("Endpoints", namespace, part=Portion.METADATA)
    snapshot.want((slices, objects))
    called = [*_unlabeled(snapshot, slices), *_labeled(snapshot, slices), *_copied(snapshot, objects)]
    order = near_names.near(name, (theirs for theirs, _ in called))
    found = sorted((entry for entry in called if entry[0] in order), key=lambda entry: order.index(entry[0]))
    nobodys = tuple(stray for _, stray in found if not _names_service(stray.obj))
    if len(nobodys) == len(found):
        return nobodys
    try:
        services = snapshot.find(Read("Service", namespace, part=Portion.METADATA), Obj)
    except Unavailable:
        return nobodys
    taken = {service.metadata.name for service in services}
    return tuple(stray for theirs, stray in found if stray in nobodys or theirs not in taken)


def _names_service(obj: Obj) -> bool:
    return not isinstance(obj, EndpointSlice) or bool(obj.metadata.labels.get(SERVICE_NAME))


def _written(snapshot: Snapshot, read: Read) -> Iterator[EndpointSlice]:
    """Yield the slices that no controller of Kubernetes' own keeps."""
    for entry in _found(snapshot, read):
        if (
            isinstance(entry, EndpointSlice)
            and not endpoints.is_managed(entry)
            and not mirroring.is_mirror(entry)
        ):
            yield entry


def _found(snapshot: Snapshot, read: Read) -> tuple[Obj, ...]:
    try:
        return snapshot.find(read, Obj)
    except Unavailable:
        return ()


def _unlabeled(snapshot: Snapshot, read: Read) -> Iterator[tuple[str, Stray]]:
    for entry in _written(snapshot, read):
        if not entry.metadata.labels.get(SERVICE_NAME):
            yield entry.metadata.name, Stray(entry, f"{_size(entry)}, and has no label {SERVICE_NAME}")


def _labeled(snapshot: Snapshot, read: Read) -> Iterator[tuple[str, Stray]]:
    for entry in _written(snapshot, read):
        if theirs := entry.metadata.labels.get(SERVICE_NAME):
            said = f"{_size(entry)}, and its label {SERVICE_NAME} names {theirs}, which is no Service"
            yield theirs, Stray(entry, said)


def _size(entry: EndpointSlice) -> str:
    return f"lists {wording.count(len(entry.endpoints), 'endpoint')}"


def _copied(snapshot: Snapshot, read: Read) -> Iterator[tuple[str, Stray]]:
    """Yield the Endpoints objects that would be copied; some are no more than a lock."""
    for entry in _found(snapshot, read):
        skipped = entry.metadata.labels.get(mirroring.SKIP) == "true"
        if not skipped and mirroring.LEADER not in entry.metadata.annotations:
            yield entry.metadata.name, Stray(entry, "is for a Service of its own name, and there is none")
