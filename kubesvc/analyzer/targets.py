"""Which Services and pods a query names, and what is near those that do not exist."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import near_names
from kubesvc.analyzer.likeness import nearest_first
from kubesvc.model import selector
from kubesvc.model.objects import Namespace, Obj, Pod, Ref, Service
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, Portion, Read, Unavailable
from kubesvc.model.report import Missing
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics.reads import slices_named

_SEPARATELY: Final = 3
"""Up to so many Services are read each with its own pods and slices; more share namespace-wide lists."""


class Asked(Struct, frozen=True):
    """The Services to explain, the pods asked about, and what was named and cannot be had."""

    services: tuple[Service, ...]
    missing: tuple[Missing, ...] = ()
    pods: tuple[Pod, ...] = ()


def resolve(query: Query, snapshot: Snapshot) -> Asked:
    """Find the Services that a query names, without names all that its labels select, and the pods it names.

    Raises:
        Unread: they were never read.
        Unavailable: the list of Services could not be read.
    """
    if query.others and not query.names:
        return Asked(())
    asked = _named(query, snapshot) if query.names else _selected(query, snapshot)
    return _with_pods(asked, query, snapshot) if query.why else asked


def _selected(query: Query, snapshot: Snapshot) -> Asked:
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
    # A Service's slices are known by its name, and so are pods: they are asked for along with it.
    along = [slices_named(query.namespace, name) for name in reads]
    along += [Read("Pod", query.namespace, name) for name in query.why]
    snapshot.want((*reads.values(), *along))
    services: list[Service] = []
    missing: list[Missing] = []
    absent: list[Ref] = []
    for name, read in reads.items():
        try:
            found = snapshot.get(read, Service)
        except Unavailable as unavailable:
            missing.append(Missing(Ref("Service", query.namespace, name), refused=unavailable.gap))
            continue
        if found:
            services.append(found)
        else:
            absent.append(Ref("Service", query.namespace, name))
    return Asked(tuple(services), (*missing, *not_there(snapshot, query.namespace, absent)))


def _with_pods(asked: Asked, query: Query, snapshot: Snapshot) -> Asked:
    """Look the pods up where the Services are; in several namespaces a pod may be in any."""
    namespaces = sorted({service.metadata.namespace for service in asked.services})
    reads = {name: [Read("Pod", namespace, name) for namespace in namespaces] for name in query.why}
    snapshot.want(read for several in reads.values() for read in several)
    pods: list[Pod] = []
    missing: list[Missing] = []
    for name, several in reads.items():
        answers = [_answer(snapshot, read) for read in several]
        found = [answer for answer in answers if isinstance(answer, Pod)]
        refused = next((answer for answer in answers if isinstance(answer, Gap)), None)
        pods += found
        if refused and not found:
            missing.append(Missing(Ref("Pod", namespaces[0], name), refused=refused))
        elif namespaces and not found:
            missing.append(_missing_pod(snapshot, namespaces[0], name))
    return replace(asked, pods=tuple(pods), missing=(*asked.missing, *missing))


def _answer(snapshot: Snapshot, read: Read) -> Pod | Gap | None:
    try:
        return snapshot.get(read, Pod)
    except Unavailable as unavailable:
        return unavailable.gap


def _missing_pod(snapshot: Snapshot, namespace: str, name: str) -> Missing:
    """Return what is near a pod; its namespace exists, since a Service of it does."""
    here, elsewhere = _others("Pod", namespace, name)
    snapshot.want((here, elsewhere))
    return _absent(snapshot, here, elsewhere, Ref("Pod", namespace, name), exists=True)


def not_there(snapshot: Snapshot, namespace: str, refs: Sequence[Ref]) -> tuple[Missing, ...]:
    """Return what is near each of some objects of a namespace that do not exist; raises Unread."""
    if not refs:
        return ()
    space = Read("Namespace", name=namespace)
    others = {ref: _others(ref.kind, namespace, ref.name) for ref in refs}
    snapshot.want((space, *(read for both in others.values() for read in both)))
    exists = _exists(snapshot, space)
    return tuple(_absent(snapshot, here, away, ref, exists=exists) for ref, (here, away) in others.items())


def _others(kind: str, namespace: str, name: str) -> tuple[Read, Read]:
    """Return the reads of all names here, and of this name everywhere."""
    everywhere = selector.selector({"metadata.name": name})
    here = Read(kind, namespace, part=Portion.METADATA)
    return here, Read(kind, fields=everywhere, part=Portion.METADATA)


def _absent(snapshot: Snapshot, here: Read, elsewhere: Read, ref: Ref, *, exists: bool | None) -> Missing:
    return Missing(
        ref,
        near=near_names.near(ref.name, _names(snapshot, here)),
        elsewhere=tuple(nearest_first(ref.namespace, _spaces(snapshot, elsewhere))),
        namespace_exists=exists,
    )


def _found(snapshot: Snapshot, read: Read) -> tuple[Obj, ...]:
    try:
        return snapshot.find(read, Obj)
    except Unavailable:
        return ()


def _names(snapshot: Snapshot, read: Read) -> list[str]:
    return [obj.metadata.name for obj in _found(snapshot, read)]


def _spaces(snapshot: Snapshot, read: Read) -> list[str]:
    return [obj.metadata.namespace for obj in _found(snapshot, read)]


def _exists(snapshot: Snapshot, read: Read) -> bool | None:
    try:
        return snapshot.get(read, Namespace) is not None
    except Unavailable:
        return None
