"""Who gets traffic through a virtual address, where kube-proxy forwards (pkg/proxy/topology.go)."""

from collections.abc import Iterable

from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import Service
from kubesvc.model.query import Viewpoint


def has_virtual_address(service: Service) -> bool:
    """Tell whether kube-proxy acts on the Service (pkg/proxy/util/utils.go, ShouldSkipService)."""
    return bool(service.spec.cluster_ip) and not service.headless and service.spec.type != "ExternalName"


def usable(cells: Iterable[Cell], viewpoint: Viewpoint) -> tuple[Cell, ...]:
    """Return the cells of one port and family that get traffic, seen from `viewpoint` (CategorizeEndpoints).

    Ready ones; only where there is none at all, those terminating but still serving. The Local policies and
    topology are judged per node and are not part of this yet: every viewpoint sees what the Cluster policies
    say.
    """
    del viewpoint  # every viewpoint sees the same under the Cluster policies
    candidates = tuple(cells)
    ready = tuple(cell for cell in candidates if cell.state is State.READY)
    return ready or tuple(cell for cell in candidates if cell.state is State.SERVING)
