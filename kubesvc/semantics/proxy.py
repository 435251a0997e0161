"""Who gets traffic through a virtual address, where kube-proxy forwards (pkg/proxy/topology.go)."""

from collections.abc import Iterable
from enum import StrEnum

from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import EndpointSlice, Service, ServicePort
from kubesvc.model.query import Viewpoint
from kubesvc.semantics.endpoints import HEADLESS


def has_virtual_address(service: Service) -> bool:
    """Tell whether kube-proxy acts on the Service (pkg/proxy/util/utils.go, ShouldSkipService)."""
    return bool(service.spec.cluster_ip) and not service.headless and service.spec.type != "ExternalName"


def is_hidden(service: Service, entry: EndpointSlice) -> bool:
    """Tell whether kube-proxy does not read a slice of a Service that it acts on.

    Its informer leaves out what carries the headless label (cmd/kube-proxy/app/server.go), whatever the
    Service is.
    """
    return has_virtual_address(service) and HEADLESS in entry.metadata.labels


def usable(cells: Iterable[Cell], viewpoint: Viewpoint) -> tuple[Cell, ...]:
    """Return the cells of one port and family that get traffic, seen from `viewpoint` (CategorizeEndpoints).

    Ready ones; only where there is none at all, those terminating but still serving. The Local policies and
    topology are judged per node and are not part of this yet: every viewpoint sees what the Cluster policies
    say.
    """
    del viewpoint  # every viewpoint sees the same under the Cluster policies
    return _chosen(cells)


def _chosen(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    candidates = tuple(cells)
    ready = tuple(cell for cell in candidates if cell.state in (State.READY, State.PUBLISHED))
    return ready or tuple(cell for cell in candidates if cell.state is State.SERVING)


def is_local_inside(service: Service) -> bool:
    """Tell whether the virtual address leads a client only to endpoints on its own node (serviceport.go)."""
    return has_virtual_address(service) and service.spec.internal_traffic_policy == "Local"


def local(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells of one port and family that get traffic under a Local policy, ordered by their node.

    (CategorizeEndpoints.) Each node chooses among its own: those ready or, where none is, those terminating
    but still serving, whatever is on other nodes. An endpoint without a node name is local to none
    (endpointslicecache.go).
    """
    on: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.node:
            on.setdefault(cell.node, []).append(cell)
    return tuple(cell for _, candidates in sorted(on.items()) for cell in _chosen(candidates))


class Rejection(StrEnum):
    """What a client inside the cluster gets from a port of which no endpoint is usable anywhere."""

    REFUSED = "refuses connections"
    UNREACHABLE = "rejects packets as port unreachable"
    NO_ADDRESS = "has no virtual address"


def rejection(service: Service, port: ServicePort) -> Rejection:
    """Return how kube-proxy rejects (pkg/proxy/iptables/proxier.go, syncProxyRules, "has no endpoints").

    The rule answers with ICMP port unreachable: a TCP client sees its connection refused, one of another
    protocol may see nothing.
    """
    if not has_virtual_address(service):
        return Rejection.NO_ADDRESS
    return Rejection.REFUSED if port.protocol == "TCP" else Rejection.UNREACHABLE
