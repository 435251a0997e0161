"""Joins what the slices say with what the controller should write: one cell per pod × port × family."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.model.cell import Cell, Conditions, resolve
from kubesvc.model.objects import Endpoint, EndpointPort, EndpointSlice, Pod, Service, ServicePort
from kubesvc.model.place import EndpointId, Place
from kubesvc.semantics import endpoints, processes, proxy
from kubesvc.semantics.endpoints import Nodes


class Selected(Struct, frozen=True):
    """The selected pods with the nodes and server minor that decide about them."""

    pods: tuple[Pod, ...]
    nodes: Nodes
    minor: int


class _Listed(Struct, frozen=True):
    """One endpoint as the slices of a family list it, at one port."""

    address: str
    number: int | None
    conditions: Conditions
    node: str
    zone: str
    slices: tuple[str, ...]
    hidden: bool


def cells(service: Service, slices: tuple[EndpointSlice, ...], selected: Selected | None) -> tuple[Cell, ...]:
    """Return the cells of a Service, ordered by port, family and endpoint.

    State comes from `slices`, the chain from the prediction over `selected`; None where the pods could not be
    read. Selected pods that no slice lists are added, as absent. A Service without ports has cells without a
    port. An endpoint that somebody wrote for other ports has none where another serves the port.
    """
    if service.spec.type == "ExternalName" and not slices:
        return ()
    written = {entry.address_type for entry in slices if entry.endpoints}
    wanted = dict.fromkeys((*endpoints.families(service), *sorted(written & {"IPv4", "IPv6"})))
    ports: tuple[ServicePort | None, ...] = service.spec.ports or (None,)
    return tuple(
        cell for port in ports for family in wanted for cell in _row(service, slices, selected, port, family)
    )


def _row(
    service: Service,
    slices: tuple[EndpointSlice, ...],
    selected: Selected | None,
    port: ServicePort | None,
    family: str,
) -> Iterator[Cell]:
    pods = {pod_id(pod): pod for pod in selected.pods} if selected else {}
    elsewhere = _elsewhere(service, slices, port, family)
    listed = {
        identity: found
        for identity, found in _listed(service, slices, port, family).items()
        if found.number is not None or identity in pods or not elsewhere.issuperset(found.slices)
    }
    if not endpoints.managed(service) or family not in endpoints.families(service):
        pods = {identity: pod for identity, pod in pods.items() if identity in listed}
    for identity in sorted(listed.keys() | pods.keys()):
        pod, found = pods.get(identity), listed.get(identity)
        chain = (
            endpoints.chain(service, pod, port, family, nodes=selected.nodes, minor=selected.minor)
            if pod and selected
            else None
        )
        yield Cell(
            place=Place(service.ref, port.key if port else None, family, identity),
            address=found.address if found else None,
            number=found.number if found else None,
            conditions=found.conditions if found else None,
            chain=chain,
            pod=pod,
            node=found.node if found else (pod.spec.node_name if pod else ""),
            zone=found.zone if found else "",
            slices=found.slices if found else (),
            hidden=found is not None and found.hidden,
            silent=processes.missing(pod, port, found.number)
            if pod and found and found.conditions.ready
            else None,
        )


def pod_id(pod: Pod) -> EndpointId:
    """Name a pod."""
    return EndpointId(pod.metadata.namespace, pod.metadata.name, pod.metadata.uid)


def _listed(
    service: Service, slices: Iterable[EndpointSlice], port: ServicePort | None, family: str
) -> dict[EndpointId, _Listed]:
    """Merge an endpoint that several slices list: kube-proxy reads all (endpointslicecache.go)."""
    merged: dict[EndpointId, _Listed] = {}
    for entry in slices:
        if entry.address_type != family:
            continue
        number, hidden = _number(entry, port), proxy.is_hidden(service, entry)
        for endpoint in entry.endpoints:
            if not endpoint.addresses:
                continue
            identity = identify(endpoint)
            found = _Listed(
                address=endpoint.addresses[0],
                number=number,
                conditions=resolve(endpoint.conditions),
                node=endpoint.node_name,
                zone=endpoint.zone,
                slices=(entry.metadata.name,),
                hidden=hidden,
            )
            before = merged.get(identity)
            merged[identity] = _merge(before, found) if before else found
    return merged


def _elsewhere(
    service: Service, slices: Iterable[EndpointSlice], port: ServicePort | None, family: str
) -> frozenset[str]:
    """Return the names of slices that somebody wrote for other ports of the Service, and those alone.

    Each port may have endpoints of its own, as in the subsets of an Endpoints object. A port that nobody
    serves lacks those that are there, and so does one in whose place something stands that fits none.
    """
    of_family = [entry for entry in slices if entry.address_type == family and entry.endpoints]
    if not any(_number(entry, port) for entry in of_family):
        return frozenset()
    return frozenset(
        entry.metadata.name
        for entry in of_family
        if entry.ports
        and not endpoints.is_managed(entry)
        and all(_fits(service, there) for there in entry.ports)
    )


def _fits(service: Service, there: EndpointPort) -> bool:
    named = {(port.name, port.protocol) for port in service.spec.ports}
    return bool(there.port) and (there.name, there.protocol) in named


def _merge(before: _Listed, found: _Listed) -> _Listed:
    """Prefer what is read, then what has a number, then, as kube-proxy does, what is not terminating."""
    better = before
    if found.hidden is not before.hidden:
        better = before if found.hidden else found
    elif found.number is not None and (before.number is None or before.conditions.terminating):
        better = found
    return replace(better, slices=(*before.slices, *found.slices))


def _number(entry: EndpointSlice, port: ServicePort | None) -> int | None:
    """Match by name and protocol, ignoring nil numbers and names (endpointslicecache.go).

    A Service without ports has no number to find; its endpoints are found by name.
    """
    if port is None:
        return 0
    for candidate in entry.ports:
        if candidate.name == port.name and candidate.protocol == port.protocol and candidate.port:
            return candidate.port
    return None


def identify(endpoint: Endpoint) -> EndpointId:
    """Name what stands behind an endpoint: its pod by uid, else its address."""
    target = endpoint.target_ref
    if target is not None and target.kind == "Pod" and target.name:
        return EndpointId(target.namespace, target.name, target.uid)
    return EndpointId("", endpoint.addresses[0] if endpoint.addresses else "")
