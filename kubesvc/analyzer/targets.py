"""Which Services a query names, and what is near those that do not exist."""

from typing import Final

from msgspec import Struct

from kubesvc.model import selector
from kubesvc.model.objects import Namespace, Obj, Ref, Service
from kubesvc.model.query import Query
from kubesvc.model.read import Portion, Read, Unavailable
from kubesvc.model.report import Missing
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics.reads import slices_named

_SEPARATELY: Final = 3
"""Up to so many Services are read each with its own pods and slices; more share namespace-wide lists."""


class Asked(Struct, frozen=True):
    """The Services to explain, and those that were named and do not exist or may not be read."""

    services: tuple[Service, ...]
    missing: tuple[Missing, ...] = ()


def resolve(query: Query, snapshot: Snapshot) -> Asked:
    """Find the Services that a query names; without names all that its labels select.

    Raises:
        Unread: they were never read.
        Unavailable: the list of Services could not be read.
    """
    if query.names:
        return _named(query, snapshot)
    namespace = "" if query.all_namespaces else query.namespace
    services = snapshot.find(Read("Service", namespace, labels=query.labels), Service)
    if len(services) > _SEPARATELY:
        _want_lists(snapshot, namespace)
    return Asked(services)


def _want_lists(snapshot: Snapshot, namespace: str) -> None:
    events = Read("Event", namespace, fields=selector.selector({"involvedObject.kind": "Service"}))
    wide = (Read("EndpointSlice", namespace), Read("Pod", namespace), Read("Node"), events)
    snapshot.want(wide)


def _named(query: Query, snapshot: Snapshot) -> Asked:
    reads = {name: Read("Service", query.namespace, name) for name in dict.fromkeys(query.names)}
    # A Service's slices are known by its name: they are asked for along with it.
    snapshot.want((*reads.values(), *(slices_named(query.namespace, name) for name in reads)))
    services: list[Service] = []
    missing: list[Missing] = []
    absent: list[str] = []
    for name, read in reads.items():
        try:
            found = snapshot.get(read, Service)
        except Unavailable as unavailable:
            missing.append(Missing(Ref("Service", query.namespace, name), refused=unavailable.gap))
            continue
        if found:
            services.append(found)
        else:
            absent.append(name)
    return Asked(tuple(services), (*missing, *_missing(query, snapshot, absent)))


def _missing(query: Query, snapshot: Snapshot, names: list[str]) -> list[Missing]:
    if not names:
        return []
    here = Read("Service", query.namespace, part=Portion.METADATA)
    space = Read("Namespace", name=query.namespace)
    elsewhere = {name: _everywhere(name) for name in names}
    snapshot.want((here, space, *elsewhere.values()))
    return [
        Missing(
            Ref("Service", query.namespace, name),
            near=_near(name, _names(snapshot, here)),
            elsewhere=tuple(obj.metadata.namespace for obj in _found(snapshot, elsewhere[name])),
            namespace_exists=_exists(snapshot, space),
        )
        for name in names
    ]


def _everywhere(name: str) -> Read:
    return Read("Service", fields=selector.selector({"metadata.name": name}), part=Portion.METADATA)


def _found(snapshot: Snapshot, read: Read) -> tuple[Obj, ...]:
    try:
        return snapshot.find(read, Obj)
    except Unavailable:
        return ()


def _names(snapshot: Snapshot, read: Read) -> list[str]:
    return [obj.metadata.name for obj in _found(snapshot, read)]


def _exists(snapshot: Snapshot, read: Read) -> bool | None:
    try:
        return snapshot.get(read, Namespace) is not None
    except Unavailable:
        return None


def _near(name: str, known: list[str]) -> tuple[str, ...]:
    """Names that differ by a typing slip, or by the prefix or suffix that a release adds."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a near miss needs it

    parts = [other for other in known if name in other or other in name]
    return tuple(dict.fromkeys([*get_close_matches(name, known, n=3), *sorted(parts)]))[:3]
