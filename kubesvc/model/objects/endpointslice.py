"""An EndpointSlice. Nil conditions are kept as nil: their meaning is the consumer's."""

from kubesvc.model.objects.meta import Obj, Part


class TargetRef(Part, frozen=True, kw_only=True):
    """The object behind an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EndpointConditions(Part, frozen=True, kw_only=True):
    """Conditions as written; consumers read nil as ready, serving and not terminating."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Hint(Part, frozen=True, kw_only=True):
    """A zone or node that should use an endpoint."""

    name: str = ""


class EndpointHints(Part, frozen=True, kw_only=True):
    """Topology hints."""

    for_zones: tuple[Hint, ...] = ()
    for_nodes: tuple[Hint, ...] = ()


class Endpoint(Part, frozen=True, kw_only=True):
    """One endpoint; only the first address has meaning."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    target_ref: TargetRef | None = None
    node_name: str = ""
    zone: str = ""
    hints: EndpointHints = EndpointHints()


class EndpointPort(Part, frozen=True, kw_only=True):
    """A port of a slice; no `port` means all ports."""

    name: str | None = None
    protocol: str = "TCP"
    port: int | None = None
    app_protocol: str = ""


class EndpointSlice(Obj, frozen=True, kw_only=True):
    """An EndpointSlice."""

    kind: str = "EndpointSlice"
    address_type: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()
