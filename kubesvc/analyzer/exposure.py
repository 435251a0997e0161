"""Where a Service can be dialed: its addresses by kind of client, its type's nesting, its policies."""

from collections.abc import Iterable, Iterator
from typing import Final

from kubesvc.analyzer import wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import LoadBalancerIngress, Service
from kubesvc.model.report import Line, LineKind, Mark
from kubesvc.semantics import proxy

ZONE: Final = "cluster.local"
"""The default cluster domain; the API does not tell the real one."""

_NODE_PORTS: Final = "30000-32767"
_NESTING: Final = {
    "LoadBalancer": "LoadBalancer ⊃ NodePort ⊃ ClusterIP",
    "NodePort": "NodePort ⊃ ClusterIP",
    "ClusterIP": "ClusterIP",
    "ExternalName": "ExternalName",
}


def nesting(service: Service) -> str:
    """Write the type with the types it contains."""
    if service.headless:
        return "ClusterIP, headless"
    if service.spec.type == "LoadBalancer" and not service.spec.allocate_load_balancer_node_ports:
        ports = any(port.node_port for port in service.spec.ports)
        return "LoadBalancer ⊃ ClusterIP" + (
            ", node ports only where asked for" if ports else ", no node ports"
        )
    return _NESTING.get(service.spec.type, service.spec.type)


def dns_name(service: Service) -> str:
    """Return the full DNS name under the assumed cluster domain."""
    return f"{service.metadata.name}.{service.metadata.namespace}.svc.{ZONE}"


def lines(view: ServiceView) -> Iterator[Line]:
    """Yield the lines about addresses."""
    children = tuple(_addresses(view))
    yield Line(LineKind.ADDRESSES, view.place, "Addresses", "", children=children)
    spec = view.service.spec
    if spec.ip_families or spec.ip_family_policy:
        families = ",".join(spec.ip_families) or "<none>"
        default = " (the default)" if spec.ip_family_policy == "SingleStack" else ""
        yield Line(
            LineKind.FAMILIES,
            view.place,
            "Families",
            f"{families}, {spec.ip_family_policy or 'no policy'}{default}",
        )


def _addresses(view: ServiceView) -> Iterator[Line]:
    service, spec = view.service, view.service.spec
    name = dns_name(service)
    if spec.type == "ExternalName":
        value = f"{name} is an alias of {spec.external_name}   ({ZONE} assumed)"
        yield Line(LineKind.EXTERNAL_NAME, view.place, "inside", value)
        return
    if service.headless:
        value = f"{name} → the addresses of the ready pods   ({ZONE} assumed)"
        yield Line(LineKind.INSIDE, view.place, "inside", value)
    elif proxy.has_virtual_address(service):
        addresses = ", ".join(spec.cluster_ips or (spec.cluster_ip,))
        yield Line(LineKind.INSIDE, view.place, "inside", f"{name} → {addresses}   ({ZONE} assumed)")
    else:
        yield Line(
            LineKind.INSIDE, view.place, "inside", "no cluster address is allocated", Mark.WARN, "no address"
        )
    where = "; ".join(_node_ports(view))
    if where:
        yield Line(LineKind.NODES, view.place, "nodes", f"{where}   (default range {_NODE_PORTS})")
    if spec.external_ips:
        yield Line(
            LineKind.EXTERNAL_IPS,
            view.place,
            "external",
            f"{', '.join(spec.external_ips)}   (spec.externalIPs)",
        )
    if spec.type == "LoadBalancer":
        yield from _load_balancer(view)


def _node_ports(view: ServiceView) -> Iterator[str]:
    """Write which node ports are answered where, ports of the same nodes together."""
    groups: dict[str, list[str]] = {}
    for facts in view.ports:
        if facts.port and facts.port.node_port:
            for over, nodes in _answering(view, facts):
                groups.setdefault(nodes, []).append(f"{facts.port.node_port}/{facts.port.protocol}{over}")
    for nodes, ports in groups.items():
        yield f"{'port' if len(ports) == 1 else 'ports'} {', '.join(ports)} on {nodes}"


def _answering(view: ServiceView, facts: PortFacts) -> Iterator[tuple[str, str]]:
    """Yield the nodes that answer a node port from outside, by family where that makes a difference."""
    if view.service.spec.external_traffic_policy != "Local":
        yield "", "every node"
        return
    if view.optional(lambda: view.slices) is None:
        yield "", _LOCAL
        return
    nodes = {
        family: _local(cell for cell in facts.local if cell.place.family == family)
        for family in dict.fromkeys(cell.place.family for cell in facts.cells)
    }
    if len(set(nodes.values())) <= 1:
        nodes = {None: next(iter(nodes.values()), _local(()))}
    for family, names in nodes.items():
        yield f" over {family}" if family else "", names


def _local(cells: Iterable[Cell]) -> str:
    """Name the nodes that answer under the Local policy.

    Those without a ready endpoint stand apart: the health check that a load balancer asks fails there
    (pkg/proxy/endpointschangetracker.go, getLocalReadyEndpointIPs).
    """
    leaving = {cell.node: cell.state is State.SERVING for cell in cells}
    ready = wording.names(node for node, leaves in leaving.items() if not leaves)
    others = wording.names(node for node, leaves in leaving.items() if leaves)
    still = f", with one that is {State.SERVING}: {others}" if others else ""
    return f"{_LOCAL}: {ready or 'none'}{still}"


_LOCAL: Final = "nodes with a ready endpoint"


def _load_balancer(view: ServiceView) -> Iterator[Line]:
    spec, ingress = view.service.spec, view.service.status.load_balancer.ingress
    if not ingress:
        value = "no address yet   (status.loadBalancer is empty)"
        yield Line(LineKind.OUTSIDE, view.place, "outside", value, Mark.WARN, "pending")
    for entry in ingress:
        errors = "; ".join(
            f"port {port.port}/{port.protocol}: {port.error}" for port in entry.ports if port.error
        )
        value = f"{_ingress(entry)}   (status.loadBalancer)"
        yield Line(LineKind.OUTSIDE, view.place, "outside", value, Mark.BAD if errors else Mark.NONE, errors)
    settings = [
        ("class", spec.load_balancer_class),
        ("asked for", spec.load_balancer_ip),
        ("source ranges", ", ".join(spec.load_balancer_source_ranges)),
        ("health check node port", str(spec.health_check_node_port or "")),
        ("node ports", "" if spec.allocate_load_balancer_node_ports else "not allocated"),
    ]
    shown = ", ".join(f"{name} {value}" for name, value in settings if value)
    if shown:
        yield Line(LineKind.LOAD_BALANCER, view.place, "balancer", shown)


def _ingress(entry: LoadBalancerIngress) -> str:
    mode = f" ({entry.ip_mode})" if entry.ip_mode else ""
    return f"{entry.ip}{mode}" if entry.ip else entry.hostname


def policies(service: Service) -> Iterator[str]:
    """Yield the traffic policies with their default marked and their effect."""
    spec = service.spec
    if spec.internal_traffic_policy and not service.headless:
        effect = (
            "(the default)"
            if spec.internal_traffic_policy == "Cluster"
            else "(only endpoints on the client's node)"
        )
        yield f"internal {spec.internal_traffic_policy} {effect}"
    if spec.external_traffic_policy:
        effect = (
            "(the default)"
            if spec.external_traffic_policy == "Cluster"
            else "(only endpoints on the receiving node)"
        )
        yield f"external {spec.external_traffic_policy} {effect}"
    if spec.traffic_distribution:
        yield f"distribution {spec.traffic_distribution}"
