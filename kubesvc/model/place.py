"""Where something is: the identity of a line of the tree, of a cell, of what a finding is about."""

from typing import NamedTuple

from kubesvc.model.objects import Ref


class EndpointId(NamedTuple):
    """A pod, or the address of an endpoint that no pod stands behind (then only `name` is set)."""

    namespace: str
    name: str
    uid: str = ""


class Place(NamedTuple):
    """A service, narrowed step by step; what is None is not narrowed.

    `port` is a ServicePort key, `family` IPv4 or IPv6, `field` a path in the Service (`spec.selector`).
    """

    service: Ref
    port: str | None = None
    family: str | None = None
    endpoint: EndpointId | None = None
    field: str | None = None

    def within(self, other: "Place") -> bool:
        """Tell whether this place is the other one or a part of it; a field does not widen or narrow."""
        return self.service == other.service and all(
            theirs is None or mine == theirs
            for mine, theirs in (
                (self.port, other.port),
                (self.family, other.family),
                (self.endpoint, other.endpoint),
            )
        )
