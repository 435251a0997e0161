"""The legacy Endpoints object: what the mirroring controller copies for a Service without a selector."""

from kubesvc.model.objects.endpointslice import TargetRef
from kubesvc.model.objects.meta import Obj, Part


class EndpointAddress(Part, frozen=True, kw_only=True):
    """One address of a subset."""

    ip: str = ""
    hostname: str = ""
    node_name: str = ""
    target_ref: TargetRef | None = None


class SubsetPort(Part, frozen=True, kw_only=True):
    """One port of a subset; the same for all its addresses."""

    name: str = ""
    port: int = 0
    protocol: str = "TCP"
    app_protocol: str = ""


class EndpointSubset(Part, frozen=True, kw_only=True):
    """Addresses that share their ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[SubsetPort, ...] = ()


class Endpoints(Obj, frozen=True, kw_only=True):
    """An Endpoints object, deprecated since 1.33; it has the name of its Service."""

    kind: str = "Endpoints"
    subsets: tuple[EndpointSubset, ...] = ()
