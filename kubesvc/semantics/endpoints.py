"""Which endpoints the EndpointSlice controller writes for a Service, and why (endpointslice/utils.go)."""

from collections.abc import Iterator, Mapping
from typing import Final

from kubesvc.model import selector
from kubesvc.model.cell import Chain, Conditions, Step, StepKind, met, unmet
from kubesvc.model.objects import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Node,
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
    steps = list(membership(service, pod, family, nodes))
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


def membership(service: Service, pod: Pod, family: str, nodes: Nodes) -> Iterator[Step]:
    """Yield the conditions that decide whether a pod is an endpoint at all, in order."""
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
