"""Which slices the EndpointSlice controller writes for a Service (its controller.go, reconciler.go)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from kubesvc.model.cell import Chain
from kubesvc.model.objects import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Metadata,
    OwnerReference,
    Pod,
    Service,
)
from kubesvc.semantics import topology
from kubesvc.semantics.endpoints import (
    CONTROLLER,
    HEADLESS,
    MANAGED_BY,
    SERVICE_NAME,
    Nodes,
    endpoint,
    endpoint_ports,
    families,
    is_managed,
    is_member,
    is_owned,
    managed,
    membership,
)

MAX_ENDPOINTS: Final = 100
"""Endpoints in one slice by default (`--max-endpoints-per-slice`)."""


def sync(
    service: Service, existing: tuple[EndpointSlice, ...], pods: Iterable[Pod], nodes: Nodes, minor: int
) -> tuple[EndpointSlice, ...]:
    """Return what a sync leaves of the slices of a Service (endpointslice_controller.go, syncService).

    All stay as they are where the Service is none that the controller acts on: what it wrote before is left
    behind. Else its own are those of `slices`, and others stay: those of other managers, and those that are
    being deleted. For a Service that is being deleted it creates none: what has no slice to stand in, because
    its list of ports had none or because there is no room left, is missing; which, is left to chance.
    """
    if not managed(service):
        return existing
    ours = tuple(entry for entry in existing if is_managed(entry) and not _going(entry))
    others = tuple(entry for entry in existing if entry not in ours)
    written = slices(service, pods, nodes, minor)
    if service.metadata.deletion_timestamp is not None:
        written = tuple(_created_none(written, [entry for entry in ours if is_owned(entry, service)]))
    return (*others, *(_kept(entry, ours) or entry for entry in written))


def _created_none(written: tuple[EndpointSlice, ...], owned: list[EndpointSlice]) -> Iterator[EndpointSlice]:
    """Drop what would be new; but a slice that is no longer wanted is written over first (finalize)."""
    before, now = {_group(entry) for entry in owned}, {_group(entry) for entry in written}
    spare = Counter(entry.address_type for entry in owned if _group(entry) not in now)
    for entry in written:
        if _group(entry) in before:
            yield entry
        elif spare[entry.address_type]:
            spare[entry.address_type] -= 1
            yield entry


def _kept(placeholder: EndpointSlice, ours: tuple[EndpointSlice, ...]) -> EndpointSlice | None:
    """Return the placeholder that is there already, whoever owns it (placeholderSliceCompare).

    So one of an earlier incarnation of the Service stays, until the garbage collector takes it.
    """
    here = [entry for entry in ours if entry.address_type == placeholder.address_type]
    if placeholder.endpoints or len(here) != 1:
        return None
    (only,) = here
    same = not only.endpoints and not only.ports
    return only if same and is_alike(only.metadata.labels, placeholder.metadata.labels) else None


def is_alike(labels: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Compare the labels of placeholders (placeholderSliceCompare): a missing one equals an empty one."""
    return all(labels.get(key, "") == others.get(key, "") for key in labels.keys() | others.keys())


def _going(entry: EndpointSlice) -> bool:
    return entry.metadata.deletion_timestamp is not None


def _group(entry: EndpointSlice) -> tuple[str, frozenset[EndpointPort]]:
    return entry.address_type, frozenset(entry.ports)


def slices(service: Service, pods: Iterable[Pod], nodes: Nodes, minor: int) -> tuple[EndpointSlice, ...]:
    """Return the slices that a first sync of a Service writes; none if the controller does not act on it.

    Per family and port list, in chunks; a placeholder for a family without endpoints (reconciler.go,
    reconcileByAddressType). How later syncs fill chunks up depends on history. Pods whose membership is
    unknown are left out; where hints go by the CPU of zones, `nodes` are all Nodes. Names are ours: the
    controller's are random.
    """
    if not managed(service):
        return ()
    pods = tuple(pods)
    wanted = topology.mode(service, minor)
    written: list[EndpointSlice] = []
    for family in families(service):
        first = len(written) + 1
        groups = _groups(service, pods, family, nodes, minor) or {(): []}
        chunks = [
            (ports, members[start : start + MAX_ENDPOINTS])
            for ports, members in groups.items()
            for start in range(0, max(len(members), 1), MAX_ENDPOINTS)
        ]
        fresh = tuple(
            _slice(service, f"{service.metadata.name}-{number}", family, ports, members)
            for number, (ports, members) in enumerate(chunks, start=first)
        )
        written += _with_hints(fresh, wanted, nodes)
    return tuple(written)


def _groups(
    service: Service, pods: Iterable[Pod], family: str, nodes: Nodes, minor: int
) -> dict[tuple[EndpointPort, ...], list[Endpoint]]:
    groups: dict[tuple[EndpointPort, ...], list[Endpoint]] = {}
    for pod in pods:
        if is_member(Chain(tuple(membership(service, pod, family, nodes)))):
            members = groups.setdefault(endpoint_ports(service, pod, minor), [])
            members.append(endpoint(service, pod, family, nodes))
    return groups


def _with_hints(
    written: tuple[EndpointSlice, ...], wanted: topology.Mode, nodes: Nodes
) -> Iterator[EndpointSlice]:
    if wanted is topology.Mode.AUTO:
        yield from topology.hinted(written, (nodes or {}).values())
        return
    for entry in written:
        hinted = tuple(
            replace(listed, hints=topology.own_hints(listed, wanted)) for listed in entry.endpoints
        )
        yield replace(entry, endpoints=hinted)


def _slice(
    service: Service, name: str, family: str, ports: tuple[EndpointPort, ...], members: list[Endpoint]
) -> EndpointSlice:
    owner = OwnerReference(
        kind="Service",
        name=service.metadata.name,
        uid=service.metadata.uid,
        api_version="v1",
        controller=True,
    )
    metadata = Metadata(
        name=name,
        namespace=service.metadata.namespace,
        labels=slice_labels(service),
        owner_references=(owner,),
    )
    return EndpointSlice(metadata=metadata, address_type=family, endpoints=tuple(members), ports=ports)


def slice_labels(service: Service) -> dict[str, str]:
    """Return the labels of the controller's slices (utils.go, setEndpointSliceLabels)."""
    reserved = (SERVICE_NAME, MANAGED_BY, HEADLESS)
    labels = {key: value for key, value in service.metadata.labels.items() if key not in reserved}
    if service.headless or not service.spec.cluster_ip:
        labels[HEADLESS] = ""
    return {**labels, SERVICE_NAME: service.metadata.name, MANAGED_BY: CONTROLLER}
