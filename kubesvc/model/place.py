"""Where something is: the identity of a line of the tree, of a cell, of what a finding is about."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubesvc.model.objects import Ref


class EndpointId(NamedTuple):
    """A pod, or the address of an endpoint that no pod stands behind (then only `name` is set)."""

    namespace: str
    name: str
    uid: str = ""


class Place(NamedTuple):
    """A service, narrowed step by step; what is None is not narrowed.

    In the tree of a pod or workload `service` is that, where a line is about none of its Services. `port` is
    a ServicePort key, `family` IPv4 or IPv6, `field` a path in the Service (`spec.selector`).
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


def narrowed(places: Iterable[Place], among: Iterable[Place]) -> str:
    """Write which ports × families of `among` are meant: `on port http over IPv6`; empty for all of them."""
    some, everything = set(places), list(among)
    ports, families = (_distinct(everything, at) for at in ("port", "family"))
    some_ports, some_families = (
        _distinct((p for p in everything if p in some), at) for at in ("port", "family")
    )
    if len(some) < len(some_ports) * len(some_families):
        return ", ".join(narrowed([place], everything) for place in everything if place in some)
    words = [
        listed("on port", some_ports) if some_ports != ports else "",
        f"over {' and '.join(some_families)}" if some_families != families else "",
    ]
    return " ".join(filter(None, words))


def _distinct(places: Iterable[Place], field: str) -> list[str]:
    return list(dict.fromkeys(getattr(place, field) or "" for place in places))


def listed(what: str, names: Sequence[str]) -> str:
    """Write `on port http`, `on ports http and grpc`, `on ports http, grpc and admin`; empty for none."""
    if len(names) > 1:
        return f"{what}s {', '.join(names[:-1])} and {names[-1]}"
    return " ".join((what, *names)) if names else ""
