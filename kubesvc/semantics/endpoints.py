"""Which endpoints the EndpointSlice controller writes for a Service, and why (endpointslice/utils.go)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from kubesvc.model import selector
from kubesvc.model.cell import Chain, Conditions, Step, StepKind, met, unmet
from kubesvc.model.objects import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Metadata,
    Node,
    OwnerReference,
    Pod,
    Service,
    ServicePort,
    TargetRef,
)
from kubesvc.semantics import readiness, topology
from kubesvc.semantics.addresses import canonical, family_of
from kubesvc.semantics.ports import find_port, target

CONTROLLER: Final = "endpointslice-controller.k8s.io"
SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
HEADLESS: Final = "service.kubernetes.io/headless"
MAX_ENDPOINTS: Final = 100
"""Endpoints in one slice by default (`--max-endpoints-per-slice`)."""

MEMBERSHIP: Final = (
    StepKind.TYPE,
    StepKind.SELECTOR,
    StepKind.LABELS,
    StepKind.PHASE,
    StepKind.ADDRESS,
    StepKind.NODE,
    StepKind.FAMILY,
)
"""The steps that decide whether a pod is an endpoint at all; others decide its port and its conditions."""

Nodes = Mapping[str, Node] | None
"""Nodes by name; None where they could not be read."""


def families(service: Service) -> tuple[str, ...]:
    """Return the address types the controller writes (utils.go, getAddressTypesForService)."""
    known = tuple(family for family in service.spec.ip_families if family in ("IPv4", "IPv6"))
    if known:
        return known
    if service.spec.cluster_ip and not service.headless:
        return (family_of(service.spec.cluster_ip),)
    return ("IPv4", "IPv6")


def managed(service: Service) -> bool:
    """Tell whether the controller acts on the Service (endpointslice_controller.go, syncService)."""
    return service.spec.type != "ExternalName" and bool(service.spec.selector)


def chain(  # noqa: PLR0913 - all that the controller looks at
    service: Service, pod: Pod, port: ServicePort | None, family: str, *, nodes: Nodes, minor: int
) -> Chain:
    """Return every condition for `pod` to be a ready endpoint at `port` in `family`, in order."""
    steps = list(_membership(service, pod, family, nodes))
    if port is not None:
        number = find_port(pod, port, minor)
        value = str(number) if number is not None else f"no container declares {target(port)}/{port.protocol}"
        steps.append(Step(StepKind.PORT, number is not None, f"spec.ports[{port.key}].targetPort", value))
    if service.spec.publish_not_ready_addresses:
        steps.append(met(StepKind.PUBLISHED, "spec.publishNotReadyAddresses", "true"))
    else:
        steps.extend(readiness.ready_steps(pod))
        steps.append(_staying(pod))
    return Chain(tuple(steps))


def _membership(service: Service, pod: Pod, family: str, nodes: Nodes) -> Iterable[Step]:
    spec, status = service.spec, pod.status
    yield Step(StepKind.TYPE, spec.type != "ExternalName", "spec.type", spec.type)
    yield Step(StepKind.SELECTOR, bool(spec.selector), "spec.selector", selector.show(spec.selector))
    labels = pod.metadata.labels
    differing = [key for key, value in sorted(spec.selector.items()) if labels.get(key) != value]
    shown = ",".join(f"{key}={labels[key]}" if key in labels else f"no {key}" for key in differing)
    yield Step(StepKind.LABELS, not differing, "metadata.labels", shown or selector.show(spec.selector))
    reason = f" ({status.reason})" if status.reason else ""
    yield Step(
        StepKind.PHASE,
        not readiness.is_terminal(pod),
        "status.phase",
        status.phase + reason,
        reason=status.reason,
    )
    yield readiness.scheduled(pod)
    addresses = [entry.ip for entry in status.pod_ips]
    known = bool(status.pod_ip or addresses)
    yield Step(StepKind.ADDRESS, known, "status.podIPs", ",".join(addresses) or status.pod_ip or "<none>")
    yield _node(service, pod, nodes)
    yield Step(
        StepKind.FAMILY,
        address(pod, family) is not None,
        "status.podIPs",
        address(pod, family) or f"no {family}",
    )


def _node(service: Service, pod: Pod, nodes: Nodes) -> Step:
    """A pod whose Node is missing is left out, unless unready ones are published (reconcileByAddressType)."""
    name = pod.spec.node_name
    if service.spec.publish_not_ready_addresses:
        return met(StepKind.NODE, "spec.publishNotReadyAddresses", "true")
    if not name:
        return unmet(StepKind.NODE, "spec.nodeName", "<none>")
    if nodes is None:
        return Step(StepKind.NODE, None, "Node", f"{name}, not read")
    return Step(StepKind.NODE, name in nodes, "Node", name if name in nodes else f"{name} does not exist")


def _staying(pod: Pod) -> Step:
    deleted = pod.metadata.deletion_timestamp
    return Step(
        StepKind.STAYING, deleted is None, "metadata.deletionTimestamp", str(deleted) if deleted else "<none>"
    )


def is_member(steps: Chain) -> bool | None:
    """Tell whether the chain makes the pod an endpoint; None where a condition is not known."""
    passed = [step.passed for step in steps.steps if step.kind in MEMBERSHIP]
    if False in passed:
        return False
    return None if None in passed else True


def address(pod: Pod, family: str) -> str | None:
    """Return the pod's first address of a family (getEndpointAddresses: `podIP` is not consulted)."""
    return next(iter(_addresses(pod, family)), None)


def _addresses(pod: Pod, family: str) -> tuple[str, ...]:
    return tuple(canonical(entry.ip) for entry in pod.status.pod_ips if family_of(entry.ip) == family)


def conditions(service: Service, pod: Pod) -> Conditions:
    """Return what the controller writes for a member (utils.go, podToEndpoint)."""
    serving = readiness.is_ready(pod)
    terminating = pod.metadata.deletion_timestamp is not None
    ready = service.spec.publish_not_ready_addresses or (serving and not terminating)
    return Conditions(ready=ready, serving=serving, terminating=terminating)


def endpoint(service: Service, pod: Pod, family: str, nodes: Nodes) -> Endpoint:
    """Return the endpoint of a member (utils.go, podToEndpoint)."""
    decided = conditions(service, pod)
    node = (nodes or {}).get(pod.spec.node_name)
    meta = pod.metadata
    named = bool(pod.spec.hostname) and pod.spec.subdomain == service.metadata.name
    return Endpoint(
        addresses=_addresses(pod, family),
        conditions=EndpointConditions(
            ready=decided.ready, serving=decided.serving, terminating=decided.terminating
        ),
        hostname=pod.spec.hostname if named else "",
        target_ref=TargetRef(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid),
        node_name=pod.spec.node_name,
        zone=node.metadata.labels.get(topology.ZONE, "") if node else "",
    )


def endpoint_ports(service: Service, pod: Pod, minor: int) -> tuple[EndpointPort, ...]:
    """Return the port list by which pods are grouped; what does not resolve is left out (utils.go)."""
    resolved = ((port, find_port(pod, port, minor)) for port in service.spec.ports)
    return tuple(
        EndpointPort(name=port.name, protocol=port.protocol, port=number, app_protocol=port.app_protocol)
        for port, number in resolved
        if number is not None
    )


def is_managed(entry: EndpointSlice) -> bool:
    """Tell whether the controller acts on this slice: by its label alone (syncService)."""
    return entry.metadata.labels.get(MANAGED_BY) == CONTROLLER


def is_owned(entry: EndpointSlice, service: Service) -> bool:
    """Tell whether this incarnation of the Service owns a slice (utils.go, ownedBy)."""
    return any(
        owner.uid == service.metadata.uid and owner.kind == "Service" and owner.api_version == "v1"
        for owner in entry.metadata.owner_references
    )


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
        if is_member(Chain(tuple(_membership(service, pod, family, nodes)))):
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
            replace(endpoint, hints=topology.own_hints(endpoint, wanted)) for endpoint in entry.endpoints
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
