"""The real slices of a Service beside the predicted ones, field by field.

It trusts nothing of the prediction but the endpoints in it: groups, sizes, placeholders, labels and what has
to stand untouched are judged here, after the source of the controllers (kubernetes/endpointslice
reconciler.go and utils.go; kubernetes pkg/controller/endpointslicemirroring).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from e2e.oracle.subject import CONTROLLER, MANAGED_BY, MIRRORING, Subject
from kubesvc.model.objects import Endpoint, EndpointHints, EndpointPort, EndpointSlice, Service
from kubesvc.semantics import endpoints, topology

HEADLESS: Final = "service.kubernetes.io/headless"
_MIRRORED_AT_MOST: Final = 1000

_Group = tuple[str, tuple[EndpointPort, ...]]
"""A family and a list of ports in any order."""


def disagreements(subject: Subject) -> list[str]:
    """Return how the real slices differ from what the controllers should have left, one line each."""
    return [f"{subject.namespace}/{subject.name}: {text}" for text in _all(subject)]


def agrees(subject: Subject) -> bool:
    """Tell whether nothing differs."""
    return next(_all(subject), None) is None


def _all(subject: Subject) -> Iterator[str]:
    predicted = subject.predicted()
    yield from _standing(_untouched(predicted, subject), _untouched(subject.real, subject))
    if subject.managed:
        yield from _written(_of(predicted, CONTROLLER), _of(subject.real, CONTROLLER), subject)
    if subject.service is not None:
        yield from _copied(_of(predicted, MIRRORING), _of(subject.real, MIRRORING))


# --- what nobody may touch


def _untouched(slices: Iterable[EndpointSlice], subject: Subject) -> list[EndpointSlice]:
    """Slices of other managers; those of the controller too where it does not act on the Service.

    (endpointslice_controller.go, syncService: it returns early, and it lists by its own label.)
    """
    active = {MIRRORING} | ({CONTROLLER} if subject.managed else set())
    return [entry for entry in slices if _manager(entry) not in active or _going(entry)]


def _standing(predicted: list[EndpointSlice], real: list[EndpointSlice]) -> Iterator[str]:
    expected = {entry.metadata.name: entry.metadata.resource_version for entry in predicted}
    found = {entry.metadata.name: entry.metadata.resource_version for entry in real}
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            yield f"slice {name} should have been left alone, and is gone"
        elif name not in expected:
            yield f"slice {name} should not be there"
        elif expected[name] != found[name]:
            yield f"slice {name} should have been left alone, and was written"


def _manager(entry: EndpointSlice) -> str:
    return entry.metadata.labels.get(MANAGED_BY, "")


def _going(entry: EndpointSlice) -> bool:
    return entry.metadata.deletion_timestamp is not None


def _of(slices: Iterable[EndpointSlice], manager: str) -> list[EndpointSlice]:
    return [entry for entry in slices if _manager(entry) == manager and not _going(entry)]


# --- what the EndpointSlice controller writes


def _written(predicted: list[EndpointSlice], real: list[EndpointSlice], subject: Subject) -> Iterator[str]:
    auto = subject.service is not None and topology.mode(subject.service, subject.minor) is topology.Mode.AUTO
    if subject.deleting:
        predicted = _of(replace(subject, service=_staying(subject)).predicted(), CONTROLLER)
    without = _without_hints if auto else list[EndpointSlice]
    yield from _endpoints(without(predicted), without(real), partial=subject.deleting)
    if auto:
        yield from _allowed_hints(real, subject)
    for entry in real:
        if len(entry.endpoints) > subject.maximum:
            yield f"slice {entry.metadata.name} has {len(entry.endpoints)} endpoints"
        twin = next((one for one in predicted if one.address_type == entry.address_type), None)
        if twin is None:
            yield f"slice {entry.metadata.name} of {entry.address_type} should not be there"
        else:
            yield from _metadata(twin, entry, fenced=subject.fenced)
    yield from _placeholders(predicted, real, subject)


def _staying(subject: Subject) -> Service | None:
    """The Service as if it were not being deleted.

    Of what the controller would then write it only leaves out slices it would have to create (finalize).
    """
    if subject.service is None:
        return None
    metadata = replace(subject.service.metadata, deletion_timestamp=None)
    return replace(subject.service, metadata=metadata)


def _metadata(predicted: EndpointSlice, real: EndpointSlice, *, fenced: bool) -> Iterator[str]:
    """Compare owners and labels (newEndpointSlice, setEndpointSliceLabels).

    A change of the headless label alone does not make the controller write a slice: one that was not written
    since may keep it, or lack it.
    """
    name = real.metadata.name
    owners, owned_by = predicted.metadata.owner_references, real.metadata.owner_references
    if owners != owned_by:
        yield f"slice {name}: owners {_show(owners)}, really {_show(owned_by)}"
    expected, found = dict(predicted.metadata.labels), dict(real.metadata.labels)
    if not fenced:
        expected.pop(HEADLESS, None)
        if found.get(HEADLESS) == "":
            del found[HEADLESS]
    if expected != found:
        yield f"slice {name}: labels {_show(expected)}, really {_show(found)}"


def _placeholders(
    predicted: list[EndpointSlice], real: list[EndpointSlice], subject: Subject
) -> Iterator[str]:
    """Each family has a slice, an empty one without ports where it has no endpoint (reconcileByAddressType).

    An empty slice may also stay with a port list to which a pod resolves that is no endpoint, or not one of
    this slice: such a list is desired, and the slice already there is not removed for being empty.
    """
    desired = _desired_ports(subject)
    for family in dict.fromkeys(entry.address_type for entry in predicted):
        there = [entry for entry in real if entry.address_type == family]
        if not there and not subject.deleting:
            yield f"no slice of {family}"
        for entry in there:
            alone = not entry.ports and len(there) == 1
            if not entry.endpoints and not alone and _ports(entry) not in desired:
                yield f"slice {entry.metadata.name} is empty, for ports {_show_ports(entry.ports)}"


def _desired_ports(subject: Subject) -> set[tuple[EndpointPort, ...]]:
    """The port lists of the pods that pass ShouldPodBeInEndpoints, whatever family or Node they have."""
    if subject.service is None:
        return set()
    return {
        _sorted(endpoints.endpoint_ports(subject.service, pod, subject.minor))
        for pod in subject.pods
        if pod.status.phase not in ("Succeeded", "Failed") and (pod.status.pod_ip or pod.status.pod_ips)
    }


def _without_hints(slices: list[EndpointSlice]) -> list[EndpointSlice]:
    return [
        replace(entry, endpoints=tuple(replace(one, hints=EndpointHints()) for one in entry.endpoints))
        for entry in slices
    ]


def _allowed_hints(real: list[EndpointSlice], subject: Subject) -> Iterator[str]:
    for family in sorted({entry.address_type for entry in real}):
        slices = [entry for entry in real if entry.address_type == family]
        if topology.allowed(slices, subject.nodes.values()) is False:
            shown = [
                f"{one.zone or 'no zone'}→{','.join(hint.name for hint in one.hints.for_zones) or 'none'}"
                for entry in slices
                for one in entry.endpoints
                if one.conditions.ready
            ]
            yield f"{family}: the controller cannot have left these hints: {' '.join(shown)}"


# --- what the mirroring controller writes


def _copied(predicted: list[EndpointSlice], real: list[EndpointSlice]) -> Iterator[str]:
    """One slice a family and port list; never an empty one (endpointslicemirroring reconciler.go)."""
    yield from _endpoints(predicted, real, partial=False)
    for group, count in Counter(map(_group, real)).items():
        if count > 1:
            yield f"{count} copies for {_show_group(group)}"
    for entry in real:
        if not 0 < len(entry.endpoints) <= _MIRRORED_AT_MOST:
            yield f"copy {entry.metadata.name} has {len(entry.endpoints)} endpoints"
        if predicted:
            yield from _metadata(predicted[0], entry, fenced=True)
            expected, found = predicted[0].metadata.annotations, entry.metadata.annotations
            if expected != found:
                yield f"copy {entry.metadata.name}: annotations {_show(expected)}, really {_show(found)}"


# --- endpoints by group


def _endpoints(predicted: list[EndpointSlice], real: list[EndpointSlice], *, partial: bool) -> Iterator[str]:
    """Compare the endpoints of each family and port list; `partial`: some may be missing."""
    expected, found = _grouped(predicted), _grouped(real)
    for group in sorted(expected.keys() | found.keys(), key=_show_group):
        missing = expected.get(group, Counter()) - found.get(group, Counter())
        extra = found.get(group, Counter()) - expected.get(group, Counter())
        yield from _differences(
            _show_group(group), list(missing.elements()), list(extra.elements()), partial=partial
        )


def _differences(
    group: str, missing: list[Endpoint], extra: list[Endpoint], *, partial: bool
) -> Iterator[str]:
    for real in extra:
        twin = next((one for one in missing if _identity(one) == _identity(real)), None)
        if twin is None:
            yield f"{group}: {_identity(real)} should not be listed: {_show(real)}"
            continue
        missing.remove(twin)
        for field in Endpoint.__struct_fields__:
            wanted, seen = getattr(twin, field), getattr(real, field)
            if wanted != seen:
                yield f"{group}: {_identity(real)}: {field} {_show(wanted)}, really {_show(seen)}"
    if not partial:
        for one in missing:
            yield f"{group}: {_identity(one)} should be listed: {_show(one)}"


def _identity(endpoint: Endpoint) -> str:
    target = endpoint.target_ref
    return f"{target.kind}/{target.name}" if target else ",".join(endpoint.addresses)


def _grouped(slices: Iterable[EndpointSlice]) -> dict[_Group, Counter[Endpoint]]:
    groups: dict[_Group, Counter[Endpoint]] = {}
    for entry in slices:
        groups.setdefault(_group(entry), Counter()).update(entry.endpoints)
    return groups


def _group(entry: EndpointSlice) -> _Group:
    return entry.address_type, _ports(entry)


def _ports(entry: EndpointSlice) -> tuple[EndpointPort, ...]:
    return _sorted(entry.ports)


def _sorted(ports: Iterable[EndpointPort]) -> tuple[EndpointPort, ...]:
    return tuple(sorted(ports, key=msgspec.json.encode))


def _show_group(group: _Group) -> str:
    family, ports = group
    return f"{family} {_show_ports(ports)}"


def _show_ports(ports: Iterable[EndpointPort]) -> str:
    shown = (
        f"{'nil' if port.name is None else port.name}:{port.port}/{port.protocol}"
        f"{f' ({port.app_protocol})' if port.app_protocol else ''}"
        for port in ports
    )
    return f"[{' '.join(shown)}]"


def _show(value: object) -> str:
    return msgspec.json.encode(value).decode()
