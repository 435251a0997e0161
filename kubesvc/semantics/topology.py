"""Which zones and nodes the endpoints are hinted to (endpointslice topologycache/ and trafficdist/).

With the topology annotation the controller distributes endpoints over zones in proportion to the CPU of
their nodes. Which of several equal zones gives or receives an endpoint, and which endpoint moves, comes from
map iteration; and slices that it need not rewrite keep the hints they have. So there the model tells a set:
`hinted` returns one member, `allowed` tests for membership.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import combinations
from typing import Final, NamedTuple

from msgspec.structs import replace

from kubesvc.model.objects import Endpoint, EndpointHints, EndpointSlice, Hint, Node, Service
from kubesvc.semantics.readiness import condition

ZONE: Final = "topology.kubernetes.io/zone"
REGION: Final = "topology.kubernetes.io/region"
PLACES: Final = frozenset({ZONE, REGION})
"""Labels that a pod gets from its Node, whoever makes it (plugin/pkg/admission/podtopologylabels)."""
MODE: Final = "service.kubernetes.io/topology-mode"
AWARE_HINTS: Final = "service.kubernetes.io/topology-aware-hints"
"""The deprecated annotation; where both are set it wins (utils.go, hintsEnabled)."""

AUTO_SINCE: Final = 24
PREFER_CLOSE_SINCE: Final = 31
PREFER_SAME_SINCE: Final = 34
"""The server minors from which on by default the annotation and the values of the field have an effect."""

_CONTROL_PLANE: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_OVERLOAD: Final = 0.2
"""How much more than its share a zone may get (topologycache.go, overloadThreshold)."""
_JUDGED: Final = 8
"""Up to so many slices all ways in which some were kept and others rewritten are looked at."""


class Mode(StrEnum):
    """How the controller hints the endpoints of a Service."""

    NONE = "none"
    AUTO = "by the CPU of zones"
    SAME_ZONE = "to their own zone"
    SAME_NODE = "to their own zone and node"


def mode(service: Service, minor: int) -> Mode:
    """Return what the annotation, else `spec.trafficDistribution`, asks of a controller of this minor.

    (utils.go, hintsEnabled; reconciler.go, validTrafficDistribution.) An unknown minor (0) counts as new.
    """
    annotations = service.metadata.annotations
    asked = annotations.get(AWARE_HINTS, annotations.get(MODE, ""))
    if asked in ("Auto", "auto") and _since(AUTO_SINCE, minor):
        return Mode.AUTO
    match service.spec.traffic_distribution:
        case "PreferClose" if _since(PREFER_CLOSE_SINCE, minor):
            return Mode.SAME_ZONE
        case "PreferSameZone" if _since(PREFER_SAME_SINCE, minor):
            return Mode.SAME_ZONE
        case "PreferSameNode" if _since(PREFER_SAME_SINCE, minor):
            return Mode.SAME_NODE
        case _:
            return Mode.NONE


def _since(first: int, minor: int) -> bool:
    return minor == 0 or minor >= first


def own_hints(endpoint: Endpoint, wanted: Mode) -> EndpointHints:
    """Return the hints of an endpoint in all modes but AUTO (trafficdist.go, update): only of a ready one."""
    if wanted is Mode.NONE or not endpoint.conditions.ready:
        return EndpointHints()
    zones = (Hint(name=endpoint.zone),) if endpoint.zone else ()
    nodes = (Hint(name=endpoint.node_name),) if endpoint.node_name and wanted is Mode.SAME_NODE else ()
    return EndpointHints(for_zones=zones, for_nodes=nodes)


class Allocation(NamedTuple):
    """How many endpoints a zone should have: at most `maximum`, best `desired`."""

    maximum: int
    desired: float


def allocations(nodes: Iterable[Node], endpoints: int) -> dict[str, Allocation] | None:
    """Return the share of each zone in so many ready endpoints, by name; None where none can be given.

    (topologycache.go, SetNodes and getAllocations.) None: a ready node outside the control plane has no zone
    or no CPU, they are all in one zone, or the endpoints are too few.
    """
    ratios = _ratios(nodes)
    if ratios is None or len(ratios) > endpoints:
        return None
    minimum = {zone: math.ceil(ratio * endpoints * (1 / (1 + _OVERLOAD))) for zone, ratio in ratios.items()}
    spare = endpoints - sum(minimum.values())
    if spare < 0:
        return None
    return {
        zone: Allocation(minimum[zone] + spare, max(ratio * endpoints, minimum[zone]))
        for zone, ratio in sorted(ratios.items())
    }


def _ratios(nodes: Iterable[Node]) -> dict[str, float] | None:
    cpus: dict[str, Decimal] = {}
    for node in nodes:
        labels = node.metadata.labels
        ready = condition(node.status.conditions, "Ready")
        if any(label in labels for label in _CONTROL_PLANE) or ready is None or ready.status != "True":
            continue
        cpu, zone = quantity(node.status.allocatable.cpu), labels.get(ZONE)
        if not zone or not cpu:
            return None
        cpus[zone] = cpus.get(zone, Decimal(0)) + cpu
    if len(cpus) <= 1:
        return None
    total = _milli(sum(cpus.values(), start=Decimal(0)))
    return {zone: _milli(cpu) / total for zone, cpu in cpus.items()}


_SUFFIXES: Final = {
    **{name: Decimal(10) ** power for name, power in (("n", -9), ("u", -6), ("m", -3), ("", 0))},
    **{name: Decimal(10) ** (3 * power) for power, name in enumerate("kMGTPE", start=1)},
    **{f"{name}i": Decimal(2) ** (10 * power) for power, name in enumerate("KMGTPE", start=1)},
}


def quantity(text: str | float) -> Decimal:
    """Read a Quantity (apimachinery resource/quantity.go); what is none counts as 0."""
    written = str(text)
    suffix = next((name for name in sorted(_SUFFIXES, key=len, reverse=True) if written.endswith(name)), "")
    try:
        number = Decimal(written.removesuffix(suffix))
    except InvalidOperation:
        return Decimal(0)
    return number * _SUFFIXES[suffix] if number.is_finite() else Decimal(0)


def _milli(cpu: Decimal) -> int:
    return math.ceil(cpu * 1000)


def hinted(slices: tuple[EndpointSlice, ...], nodes: Iterable[Node]) -> tuple[EndpointSlice, ...]:
    """Return new slices of one family with the hints of AUTO mode, ties broken by the zones' names."""
    ready = [endpoint for entry in slices for endpoint in _ready(entry)]
    shares = allocations(nodes, len(ready))
    if shares is None or not all(endpoint.zone for endpoint in ready):
        return slices
    moves = min(_exchanges(Counter(endpoint.zone for endpoint in ready), shares))
    gives, takes = (dict(counts) for counts in moves)
    return tuple(
        replace(entry, endpoints=tuple(_move(endpoint, gives, takes) for endpoint in entry.endpoints))
        for entry in slices
    )


def _move(endpoint: Endpoint, gives: dict[str, int], takes: dict[str, int]) -> Endpoint:
    """Hint an endpoint to its own zone, or to one that takes (utils.go, redistributeHints)."""
    if not endpoint.conditions.ready:
        return endpoint
    zone = endpoint.zone
    if gives.get(zone):
        gives[zone] -= 1
        zone = next(taker for taker, left in sorted(takes.items()) if left)
        takes[zone] -= 1
    return replace(endpoint, hints=EndpointHints(for_zones=(Hint(name=zone),)))


_Counts = tuple[tuple[str, int], ...]


def _exchanges(
    hints: Mapping[str, int], shares: Mapping[str, Allocation]
) -> frozenset[tuple[_Counts, _Counts]]:
    """Return what zones may give and take, one entry for each way to break ties.

    (utils.go, getGivingAndReceivingZones.)
    """
    over = {zone: hints.get(zone, 0) - share.desired for zone, share in shares.items()}
    gives = {zone: extra for zone, extra in over.items() if extra > 0}
    takes = {zone: -extra for zone, extra in over.items() if extra < 0}
    found: set[tuple[_Counts, _Counts]] = set()
    open_ends = [(gives, takes, Counter[str](), Counter[str]())]
    seen: set[tuple[_Counts, _Counts]] = set()
    while open_ends:
        left, wanted, given, taken = open_ends.pop()
        state = (_counts(given), _counts(taken))
        if state in seen:
            continue
        seen.add(state)
        most, need = max(left.values(), default=0), max(wanted.values(), default=0)
        if min(most, need) < 0.5 or max(most, need) < 1:  # noqa: PLR2004 - upstream's numbers
            found.add(state)
            continue
        open_ends += [
            (
                {**left, giver: most - 1},
                {**wanted, taker: need - 1},
                given + Counter([giver]),
                taken + Counter([taker]),
            )
            for giver in (zone for zone, extra in left.items() if extra == most)
            for taker in (zone for zone, lack in wanted.items() if lack == need)
        ]
    return frozenset(found)


def _counts(counter: Counter[str]) -> _Counts:
    return tuple(sorted(counter.items()))


def allowed(slices: Iterable[EndpointSlice], nodes: Iterable[Node]) -> bool | None:
    """Tell whether the controller may have left these hints on its slices of one family in AUTO mode.

    Endpoints count with the zones they carry. None: there are too many slices to tell.
    """
    judged = tuple(entry for entry in slices if entry.endpoints)
    ready = [endpoint for entry in judged for endpoint in _ready(entry)]
    shares = allocations(nodes, len(ready))
    if shares is None or not all(endpoint.zone for endpoint in ready):
        return all(endpoint.hints == EndpointHints() for entry in judged for endpoint in entry.endpoints)
    if not all(endpoint.hints.for_zones for endpoint in ready):
        return False
    if len(judged) > _JUDGED:
        return None
    return any(_possible(kept, rewritten, shares) for kept, rewritten in _splits(judged))


def _splits(
    slices: tuple[EndpointSlice, ...],
) -> Iterator[tuple[tuple[EndpointSlice, ...], tuple[EndpointSlice, ...]]]:
    for size in range(len(slices) + 1):
        for rewritten in combinations(slices, size):
            yield tuple(entry for entry in slices if entry not in rewritten), rewritten


def _possible(
    kept: Iterable[EndpointSlice], rewritten: Iterable[EndpointSlice], shares: Mapping[str, Allocation]
) -> bool:
    """Tell whether a sync may keep some slices and write the others as they are.

    (sliceinfo.go, getAllocatedHintsByZone; utils.go, getHintsByZone; topologycache.go, AddHints.) Of what is
    kept only the zones are looked at: it may have hints to nodes, of another mode.
    """
    hints = Counter(
        zone.name for entry in kept for endpoint in _ready(entry) for zone in endpoint.hints.for_zones
    )
    if any(zone not in shares or count > shares[zone].maximum for zone, count in hints.items()):
        return False
    fresh = [endpoint for entry in rewritten for endpoint in _ready(entry)]
    if any(len(endpoint.hints.for_zones) != 1 or endpoint.hints.for_nodes for endpoint in fresh):
        return False
    own = Counter(endpoint.zone for endpoint in fresh)
    moved = [endpoint for endpoint in fresh if _hinted_zone(endpoint) != endpoint.zone]
    left, reached = Counter(e.zone for e in moved), Counter(_hinted_zone(e) for e in moved)
    return any(
        left == Counter({zone: min(count, own[zone]) for zone, count in gives if own[zone]})
        and all(count <= dict(takes).get(zone, 0) for zone, count in reached.items())
        for gives, takes in _exchanges(hints + own, shares)
    )


def _hinted_zone(endpoint: Endpoint) -> str:
    return endpoint.hints.for_zones[0].name


def _ready(entry: EndpointSlice) -> Iterator[Endpoint]:
    return (endpoint for endpoint in entry.endpoints if endpoint.conditions.ready)
