"""Where the slices differ from what the controllers should have written: one fact each, with its kind.

State is real and the prediction is ours; here alone they are compared, field by field.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from kubesvc.model.cell import Conditions, Step, StepKind, resolve
from kubesvc.model.objects import (
    Endpoint,
    EndpointHints,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    Node,
    Pod,
    Service,
)
from kubesvc.model.place import EndpointId, Place
from kubesvc.semantics import endpoints, mirroring, reconcile, topology
from kubesvc.semantics.cells import Selected, identify, pod_id


class DriftKind(StrEnum):
    """How the slices and the prediction disagree."""

    BEHIND = "behind"
    """The controller has not written yet what it should have."""
    LEFT_BEHIND = "left behind"
    """Listed, and should not be: the controller has not removed it yet, or no longer looks."""
    FOREIGN = "foreign manager"
    """Somebody else added it to a Service that has a selector."""
    OTHER_INCARNATION = "other incarnation"
    """In a slice of a deleted Service of the same name, or of no Service, under the controller's name."""
    DUPLICATE = "duplicate"
    """Listed by several of the controller's slices."""
    WRONG_FAMILY = "wrong family"
    """In a slice of a family that the Service no longer has."""
    LAST_SYNC = "as of the last sync"
    """Right when the Service was last synced; what has changed since makes no controller look again."""


TRAFFIC: Final = frozenset({"", "conditions", "addresses", "ports"})
"""The fields of a difference that decide where traffic goes; the empty one: the endpoint as a whole."""

_LISTED: Final = "listed"
_NOT_LISTED: Final = "not listed"


class Drift(Struct, frozen=True):
    """One disagreement; `expected` and `actual` are short facts about `field` of an endpoint or slice.

    The place has a port only where just that port differs; no `field` means that the endpoint as a whole is
    or is not listed.
    """

    kind: DriftKind
    place: Place
    expected: str
    actual: str
    slices: tuple[str, ...] = ()
    field: str = ""


def drift(
    service: Service,
    slices: tuple[EndpointSlice, ...],
    selected: Selected | None,
    *,
    unread: frozenset[str] = frozenset(),
    source: Endpoints | None = None,
) -> tuple[Drift, ...]:
    """Return the disagreements, ordered by family and endpoint.

    `selected` is None where no pod could be read, and `unread` names pods that are there and could not be
    decoded: of those only what needs no prediction is told. `source` is the Endpoints object of a Service
    without a selector, None where there is none or it was not read.
    """
    judged = tuple(entry for entry in slices if entry.address_type in ("IPv4", "IPv6"))
    found = (
        (*_strays(service, judged), *_of_controller(service, judged, selected, unread))
        if endpoints.managed(service)
        else _unmanaged(service, judged, source)
    )
    return tuple(sorted(found, key=lambda entry: (str(entry.place), entry.kind, entry.field, entry.slices)))


def is_controllers(entry: EndpointSlice, service: Service) -> bool:
    """Tell whether the controller keeps this slice for this incarnation of the Service.

    (reconciler.go, Reconcile and reconcileByAddressType.) Others that it manages it deletes; those that are
    being deleted it ignores (dropEndpointSlicesPendingDeletion).
    """
    return (
        endpoints.is_managed(entry)
        and endpoints.is_owned(entry, service)
        and entry.address_type in endpoints.families(service)
        and entry.metadata.deletion_timestamp is None
    )


def _unmanaged(
    service: Service, slices: tuple[EndpointSlice, ...], source: Endpoints | None
) -> Iterator[Drift]:
    """Of a Service that the controller does not act on: what it wrote before stays, and nobody renews it."""
    for entry in slices:
        if endpoints.is_managed(entry):
            for listed in entry.endpoints:
                yield _whole(service, DriftKind.LEFT_BEHIND, entry.address_type, listed, entry)
    if source is None:
        return
    if mirroring.is_leftover(source):
        for entry in slices:
            for listed in entry.endpoints if mirroring.is_mirror(entry) else ():
                yield _whole(service, DriftKind.LEFT_BEHIND, entry.address_type, listed, entry)
        return
    wanted = mirroring.slices(source) if mirroring.mirrored(service, source) else ()
    real = filter(mirroring.is_mirror, slices)
    yield from _mirrored(service, _by_endpoint(wanted), _by_endpoint(real))


_Listing = tuple[EndpointSlice, Endpoint]


def _by_endpoint(slices: Iterable[EndpointSlice]) -> dict[tuple[str, EndpointId], list[_Listing]]:
    found: dict[tuple[str, EndpointId], list[_Listing]] = {}
    for entry in slices:
        for listed in entry.endpoints:
            found.setdefault((entry.address_type, identify(listed)), []).append((entry, listed))
    return found


def _mirrored(
    service: Service,
    wanted: Mapping[tuple[str, EndpointId], list[_Listing]],
    real: Mapping[tuple[str, EndpointId], list[_Listing]],
) -> Iterator[Drift]:
    for key in sorted(wanted.keys() | real.keys()):
        family, identity = key
        place = Place(service.ref, family=family, endpoint=identity)
        if key not in wanted:
            yield _whole(service, DriftKind.LEFT_BEHIND, family, real[key][0][1], *(e for e, _ in real[key]))
        elif key not in real:
            yield Drift(DriftKind.BEHIND, place, _LISTED, _NOT_LISTED)
        else:
            expected, actual = _said(wanted[key]), _said(real[key])
            names = tuple(entry.metadata.name for entry, _ in real[key])
            for field in expected:
                if expected[field] != actual[field]:
                    yield Drift(DriftKind.BEHIND, place, expected[field], actual[field], names, field)


def _said(listings: Iterable[_Listing]) -> dict[str, str]:
    """Return what slices say of one endpoint, by field: of each of its lists of ports."""
    said = sorted((_ports(entry.ports), _words(resolve(listed.conditions))) for entry, listed in listings)
    return {
        "ports": "; ".join(ports for ports, _ in said),
        "conditions": "; ".join(conditions for _, conditions in said),
    }


def _strays(service: Service, slices: tuple[EndpointSlice, ...]) -> Iterator[Drift]:
    """What slices list that are not the controller's for this Service.

    What the controller lists in the same words adds nothing: then only a second slice of its own is told.
    """
    ours = _by_endpoint(entry for entry in slices if is_controllers(entry, service))
    for entry in slices:
        if is_controllers(entry, service):
            continue
        kind = _stray_kind(entry, service)
        for listed in entry.endpoints:
            twice = ours.get((entry.address_type, identify(listed)), [])
            if twice and kind is not DriftKind.FOREIGN:
                yield _whole(service, DriftKind.DUPLICATE, entry.address_type, listed, entry)
            elif not any(_is_same(one, (entry, listed)) for one in twice):
                yield _whole(service, kind, entry.address_type, listed, entry)


def _is_same(one: _Listing, other: _Listing) -> bool:
    """Tell whether two slices say the same of an endpoint: address, conditions, ports."""
    (entry, listed), (theirs, also) = one, other
    same = listed.addresses == also.addresses and frozenset(entry.ports) == frozenset(theirs.ports)
    return same and resolve(listed.conditions) == resolve(also.conditions)


def _stray_kind(entry: EndpointSlice, service: Service) -> DriftKind:
    if not endpoints.is_managed(entry):
        return DriftKind.FOREIGN
    if not endpoints.is_owned(entry, service):
        return DriftKind.OTHER_INCARNATION
    if entry.address_type not in endpoints.families(service):
        return DriftKind.WRONG_FAMILY
    return DriftKind.LEFT_BEHIND


def _whole(service: Service, kind: DriftKind, family: str, listed: Endpoint, *slices: EndpointSlice) -> Drift:
    place = Place(service.ref, family=family, endpoint=identify(listed))
    names = tuple(entry.metadata.name for entry in slices)
    return Drift(kind, place, "listed once" if kind is DriftKind.DUPLICATE else _NOT_LISTED, _LISTED, names)


def _of_controller(
    service: Service,
    slices: tuple[EndpointSlice, ...],
    selected: Selected | None,
    unread: frozenset[str],
) -> Iterator[Drift]:
    """What the controller's own slices hold, beside what it should have written."""
    ours = tuple(entry for entry in slices if is_controllers(entry, service))
    yield from _labels(service, ours)
    if selected is None:
        return
    listings = _by_endpoint(ours)
    pods = {pod_id(pod): pod for pod in selected.pods}
    for family in endpoints.families(service):
        here = {identity for of, identity in listings if of == family}
        for identity in sorted(here | pods.keys()):
            found = listings.get((family, identity), [])
            pod = pods.get(identity)
            if pod is None and identity.name in unread:
                continue
            yield from _of_endpoint(service, family, pod, found, selected)
        yield from _hints(service, family, ours, selected)


def _of_endpoint(
    service: Service, family: str, pod: Pod | None, found: list[_Listing], selected: Selected
) -> Iterator[Drift]:
    if len(found) > 1:
        yield _whole(service, DriftKind.DUPLICATE, family, found[0][1], *(entry for entry, _ in found))
    if pod is None:
        yield _whole(service, DriftKind.LEFT_BEHIND, family, found[0][1], *(entry for entry, _ in found))
        return
    chain = endpoints.chain(service, pod, None, family, nodes=selected.nodes, minor=selected.minor)
    member = endpoints.is_member(chain)
    if member is None:
        return
    place = Place(service.ref, family=family, endpoint=pod_id(pod))
    if member and found:
        for entry, listed in found[:1]:
            yield from _fields(service, pod, entry, listed, selected)
    elif found and chain.why:
        noticed = _would_be_noticed(service, pod, found[0][1], chain.why)
        kind = DriftKind.LEFT_BEHIND if noticed else DriftKind.LAST_SYNC
        yield _whole(service, kind, family, found[0][1], *(entry for entry, _ in found))
    elif member and service.metadata.deletion_timestamp is None:
        # For a Service that is being deleted no slice is created (reconciler.go, finalize).
        late = (
            _was_there_before_its_node(pod, selected.nodes) and not service.spec.publish_not_ready_addresses
        )
        yield Drift(DriftKind.LAST_SYNC if late else DriftKind.BEHIND, place, _LISTED, _NOT_LISTED)


def _would_be_noticed(service: Service, pod: Pod, listed: Endpoint, why: Step) -> bool:
    """Tell whether what makes a listed pod no endpoint makes the controller look again.

    A Node that goes does not (endpointslice_controller.go, deleteNode), and a phase alone does not
    (controller_utils.go, podEndpointsChanged): only together with Ready.
    """
    if why.kind is StepKind.NODE:
        return False
    return why.kind is not StepKind.PHASE or resolve(listed.conditions) != endpoints.conditions(service, pod)


def _was_there_before_its_node(pod: Pod, nodes: Mapping[str, Node] | None) -> bool:
    """Tell whether the Node came after all that is known to have happened to the pod.

    Nothing then makes the controller look, but its retries.
    """
    node = (nodes or {}).get(pod.spec.node_name)
    since = node.metadata.creation_timestamp if node else None
    times = (
        pod.metadata.creation_timestamp,
        *(entry.last_transition_time for entry in pod.status.conditions),
    )
    known = [time for time in times if time is not None]
    return since is not None and bool(known) and max(known) < since


def _fields(
    service: Service, pod: Pod, entry: EndpointSlice, listed: Endpoint, selected: Selected
) -> Iterator[Drift]:
    """Compare one endpoint with what podToEndpoint writes, and its slice's ports with getEndpointPorts."""
    names = (entry.metadata.name,)
    place = Place(service.ref, family=entry.address_type, endpoint=pod_id(pod))
    wanted = endpoints.endpoint(service, pod, entry.address_type, selected.nodes)
    compared = [
        ("conditions", _words(resolve(wanted.conditions)), _words(resolve(listed.conditions))),
        ("addresses", ", ".join(wanted.addresses), ", ".join(listed.addresses)),
        ("nodeName", wanted.node_name, listed.node_name),
        ("hostname", wanted.hostname, listed.hostname),
    ]
    for field, expected, actual in compared:
        if expected != actual:
            yield Drift(DriftKind.BEHIND, place, expected or "none", actual or "none", names, field)
    known = selected.nodes is not None or not pod.spec.node_name
    if known and wanted.zone != listed.zone:
        # The zone of a Node that changes makes the controller look at hints alone (updateNode).
        yield Drift(DriftKind.LAST_SYNC, place, wanted.zone or "none", listed.zone or "none", names, "zone")
    yield from _resolved(service, pod, entry, place, selected.minor)


def _resolved(service: Service, pod: Pod, entry: EndpointSlice, place: Place, minor: int) -> Iterator[Drift]:
    resolved = endpoints.endpoint_ports(service, pod, minor)
    if minor == 0 and resolved != endpoints.endpoint_ports(service, pod, 1):
        return  # the server may be too old for the ports of sidecars
    wanted = {(port.name or "", port.protocol): port for port in resolved}
    written = {(port.name or "", port.protocol): port for port in entry.ports}
    told = False
    for port in service.spec.ports:
        expected, actual = (ports.get((port.name, port.protocol)) for ports in (wanted, written))
        if (expected and expected.port) != (actual and actual.port):
            told = True
            yield Drift(
                DriftKind.BEHIND,
                place._replace(port=port.key),
                f"port {_number(expected)}",
                f"port {_number(actual)}",
                (entry.metadata.name,),
                "ports",
            )
    if not told and wanted != written:
        should, does = _ports(wanted.values()), _ports(written.values())
        yield Drift(DriftKind.BEHIND, place, should, does, (entry.metadata.name,), "ports")


def _number(port: EndpointPort | None) -> str:
    return str(port.port) if port and port.port else "left out"


def _ports(ports: Iterable[EndpointPort]) -> str:
    shown = sorted(
        f"{port.name or '<unset>'} {port.port}/{port.protocol}"
        + (f" ({port.app_protocol})" if port.app_protocol else "")
        for port in ports
    )
    return ", ".join(shown) or "no port"


def _labels(service: Service, ours: Iterable[EndpointSlice]) -> Iterator[Drift]:
    """Compare labels (utils.go, setEndpointSliceLabels).

    A slice for which nothing else is to be written keeps its reserved ones: so it may still say headless, or
    not, after a Service that was an ExternalName in between. A placeholder keeps any that differ only in that
    one is missing and the other empty.
    """
    wanted = reconcile.slice_labels(service)
    for entry in ours:
        written = entry.metadata.labels
        # What somebody else adds, a webhook for instance, does no harm; but for the one that hides a slice.
        compared = (*wanted, endpoints.HEADLESS)
        differing = sorted({key for key in compared if wanted.get(key) != written.get(key)})
        kept = differing == [endpoints.HEADLESS] or (
            not entry.endpoints and reconcile.is_alike(wanted, written)
        )
        if differing:
            yield Drift(
                DriftKind.LAST_SYNC if kept else DriftKind.BEHIND,
                Place(service.ref, family=entry.address_type),
                ", ".join(_label(key, wanted) for key in differing),
                ", ".join(_label(key, written) for key in differing),
                (entry.metadata.name,),
                "labels",
            )


def _label(key: str, labels: Mapping[str, str]) -> str:
    return f"{key}={labels[key]}" if key in labels else f"no {key}"


def _hints(
    service: Service, family: str, ours: Iterable[EndpointSlice], selected: Selected
) -> Iterator[Drift]:
    """Compare hints; they follow from what the slices say of ready, zone and node."""
    here = tuple(entry for entry in ours if entry.address_type == family)
    mode = topology.mode(service, selected.minor)
    place = Place(service.ref, family=family)
    if selected.minor == 0 and mode is not topology.mode(service, 1):
        return  # the server may be too old for that mode
    if mode is topology.Mode.AUTO:
        nodes = selected.nodes
        if nodes and topology.allowed(here, nodes.values()) is False:
            names = tuple(entry.metadata.name for entry in here)
            yield Drift(DriftKind.LAST_SYNC, place, f"hints {mode}", "others", names, "hints")
        return
    for entry in here:
        for listed in entry.endpoints:
            wanted = topology.own_hints(listed, mode)
            judged = listed.conditions.ready or mode is topology.Mode.NONE  # trafficdist.go, needsUpdate
            if judged and wanted != listed.hints:
                of = place._replace(endpoint=identify(listed))
                expected, actual = _hinted(wanted), _hinted(listed.hints)
                yield Drift(DriftKind.BEHIND, of, expected, actual, (entry.metadata.name,), "hints")


def _hinted(hints: EndpointHints) -> str:
    zones = [f"zone {zone.name}" for zone in hints.for_zones]
    return ", ".join((*zones, *(f"node {node.name}" for node in hints.for_nodes))) or "no hints"


def _words(conditions: Conditions) -> str:
    names = ("ready", "serving", "terminating")
    return ", ".join(name if getattr(conditions, name) else f"not {name}" for name in names)
