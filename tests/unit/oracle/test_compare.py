"""The comparison finds every difference: each field of each recorded slice, changed, is told."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from e2e.oracle import cases
from e2e.oracle.compare import agrees, disagreements
from e2e.oracle.subject import CONTROLLER, MANAGED_BY, MIRRORING, Subject
from kubesvc.model.objects import (
    Endpoint,
    EndpointConditions,
    EndpointHints,
    EndpointPort,
    EndpointSlice,
    Hint,
    OwnerReference,
    TargetRef,
)
from kubesvc.semantics import topology

HEADLESS = "service.kubernetes.io/headless"


@cache
def subjects() -> tuple[Subject, ...]:
    """Every Service of every recorded cluster."""
    files = sorted(cases.FOLDER.glob("*.json"))
    return tuple(one for file in files for one in cases.load(file.read_bytes()).settled.subjects())


def manager(entry: EndpointSlice) -> str:
    """Who a slice says manages it."""
    return entry.metadata.labels.get(MANAGED_BY, "")


def written(subject: Subject) -> Iterator[EndpointSlice]:
    """The slices that a controller keeps right: its own of a Service that it acts on, and copies."""
    for entry in subject.real:
        if manager(entry) == CONTROLLER and subject.managed:
            yield entry
        if manager(entry) == MIRRORING and subject.service is not None:
            yield entry


def standing(subject: Subject) -> Iterator[EndpointSlice]:
    """The slices that no controller may touch."""
    kept = {entry.metadata.name for entry in written(subject)}
    yield from (
        entry for entry in subject.real if entry.metadata.name not in kept and manager(entry) != MIRRORING
    )


def swapped(subject: Subject, old: EndpointSlice, *new: EndpointSlice) -> Subject:
    """The subject with other slices in place of one."""
    return replace(subject, real=(*(entry for entry in subject.real if entry is not old), *new))


def auto(subject: Subject) -> bool:
    """Whether hints go by the CPU of zones, where many are right."""
    return bool(subject.service) and topology.mode(subject.service, subject.minor) is topology.Mode.AUTO  # type: ignore[arg-type]  # there is one


# --- one endpoint, or one port


def condition(name: str, value: bool | None) -> Callable[[Endpoint], Endpoint | None]:  # noqa: FBT001 - data
    """Write another value into a condition."""

    def change(one: Endpoint) -> Endpoint | None:
        changed: EndpointConditions = replace(one.conditions, **{name: value})
        return replace(one, conditions=changed)

    return change


def other(**fields: Any) -> Callable[[Endpoint], Endpoint | None]:
    """Write other fields."""
    return lambda one: replace(one, **fields)


def referred(**fields: Any) -> Callable[[Endpoint], Endpoint | None]:
    """Write other fields of the reference to what is behind the endpoint."""
    return lambda one: replace(one, target_ref=replace(one.target_ref or TargetRef(), **fields))


ENDPOINT: dict[str, Callable[[Endpoint], Endpoint | None]] = {
    **{
        f"{name} {value}": condition(name, value)
        for name in ("ready", "serving", "terminating")
        for value in (True, False, None)
    },
    "another address": other(addresses=("203.0.113.1",)),
    "a second address": lambda one: replace(one, addresses=(*one.addresses, "203.0.113.1")),
    "no address": other(addresses=()),
    "another host name": other(hostname="other"),
    "no host name": other(hostname=""),
    "another node": other(node_name="other"),
    "no node": other(node_name=""),
    "another zone": other(zone="other"),
    "no zone": other(zone=""),
    "no target": other(target_ref=None),
    "another target's name": referred(name="other"),
    "another target's namespace": referred(namespace="other"),
    "another target's uid": referred(uid="other"),
    "another target's kind": referred(kind="other"),
    "a hint for another zone": other(hints=EndpointHints(for_zones=(Hint(name="other"),))),
    "a hint for a node": lambda one: replace(
        one, hints=replace(one.hints, for_nodes=(*one.hints.for_nodes, Hint(name="other")))
    ),
    "no hints": other(hints=EndpointHints()),
}

PORT: dict[str, Callable[[EndpointPort], EndpointPort]] = {
    "another number": lambda port: replace(port, port=(port.port or 0) + 1),
    "no number": lambda port: replace(port, port=None),
    "another name": lambda port: replace(port, name="other"),
    "no name": lambda port: replace(port, name=None),
    "another protocol": lambda port: replace(port, protocol="SCTP" if port.protocol == "TCP" else "TCP"),
    "another appProtocol": lambda port: replace(port, app_protocol="other"),
    "no appProtocol": lambda port: replace(port, app_protocol=""),
}


def told(changed: Iterator[Subject]) -> int:
    """Assert that each of some subjects disagrees, and count them."""
    count = 0
    for subject in changed:
        assert disagreements(subject), (subject.namespace, subject.name)
        assert not agrees(subject)
        count += 1
    return count


def test_recorded_clusters_agree() -> None:
    """So that what is told below comes from the change alone."""
    assert [text for subject in subjects() for text in disagreements(subject)] == []


@pytest.mark.parametrize("change", ENDPOINT.values(), ids=ENDPOINT)
def test_another_field_of_an_endpoint_is_told(change: Callable[[Endpoint], Endpoint | None]) -> None:
    """Of the controller's endpoints and of copies."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                for index, one in enumerate(entry.endpoints):
                    new = change(one)
                    unjudged = auto(subject) and new is not None and replace(new, hints=one.hints) == one
                    if new is None or new == one or unjudged:
                        continue
                    endpoints = (*entry.endpoints[:index], new, *entry.endpoints[index + 1 :])
                    yield swapped(subject, entry, replace(entry, endpoints=endpoints))

    assert told(changed())


@pytest.mark.parametrize("change", PORT.values(), ids=PORT)
def test_another_field_of_a_port_is_told(change: Callable[[EndpointPort], EndpointPort]) -> None:
    """Where the slice has endpoints, so that they are listed with another port."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                for index, port in enumerate(entry.ports if entry.endpoints else ()):
                    if change(port) != port:
                        ports = (*entry.ports[:index], change(port), *entry.ports[index + 1 :])
                        yield swapped(subject, entry, replace(entry, ports=ports))

    assert told(changed())


# --- a slice as a whole


def labeled(**labels: str | None) -> Callable[[EndpointSlice], EndpointSlice]:
    """Write labels, None for none."""

    def change(entry: EndpointSlice) -> EndpointSlice:
        changed = {**entry.metadata.labels, **labels}
        kept = {key: value for key, value in changed.items() if value is not None}
        return replace(entry, metadata=replace(entry.metadata, labels=kept))

    return change


def owned(*owners: OwnerReference) -> Callable[[EndpointSlice], EndpointSlice]:
    """Write other owners."""
    return lambda entry: replace(entry, metadata=replace(entry.metadata, owner_references=owners))


SLICE: dict[str, Callable[[EndpointSlice], EndpointSlice]] = {
    "a label more": labeled(more="1"),
    "another manager": labeled(**{MANAGED_BY: "other"}),
    "no manager": labeled(**{MANAGED_BY: None}),
    "another headless label": labeled(**{HEADLESS: "x"}),
    "no owner": owned(),
    "another owner": owned(OwnerReference(kind="Service", name="web", uid="other", api_version="v1")),
    "a port more": lambda entry: replace(entry, ports=(*entry.ports, EndpointPort(name="more", port=1))),
    "an endpoint more": lambda entry: replace(
        entry, endpoints=(*entry.endpoints, Endpoint(addresses=("203.0.113.1",)))
    ),
}


@pytest.mark.parametrize("change", SLICE.values(), ids=SLICE)
def test_another_field_of_a_slice_is_told(change: Callable[[EndpointSlice], EndpointSlice]) -> None:
    """Of the controller's slices, placeholders included, and of copies."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                new = change(entry)
                if new != entry:
                    yield swapped(subject, entry, new)

    assert told(changed())


def test_another_family_of_a_slice_is_told() -> None:
    """Unless it is an empty one that may be missing: beside others, or of a Service being deleted."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                alone = sum(one.address_type == entry.address_type for one in subject.real) == 1
                if entry.endpoints or (alone and not subject.deleting):
                    family = "IPv6" if entry.address_type == "IPv4" else "IPv4"
                    yield swapped(subject, entry, replace(entry, address_type=family))

    assert told(changed())


def test_a_headless_label_too_many_or_missing_is_told_after_a_fence() -> None:
    """Without one a slice may have kept it from before (utils.go, setEndpointSliceLabels)."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                if subject.fenced and manager(entry) == CONTROLLER:
                    label = None if HEADLESS in entry.metadata.labels else ""
                    yield swapped(subject, entry, labeled(**{HEADLESS: label})(entry))

    assert told(changed())


def test_a_slice_that_is_gone_is_told() -> None:
    """Unless the Service is being deleted: then none is made anew."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                beside = any(
                    one.address_type == entry.address_type for one in subject.real if one is not entry
                )
                if not subject.deleting and (entry.endpoints or not beside):
                    yield swapped(subject, entry)

    assert told(changed())


def test_an_endpoint_that_is_gone_is_told() -> None:
    """Unless the Service is being deleted."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject) if not subject.deleting else ():
                for index in range(len(entry.endpoints)):
                    endpoints = (*entry.endpoints[:index], *entry.endpoints[index + 1 :])
                    yield swapped(subject, entry, replace(entry, endpoints=endpoints))

    assert told(changed())


def test_an_endpoint_that_is_there_twice_is_told() -> None:
    """In one slice, and in two."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                if entry.endpoints:
                    yield swapped(
                        subject, entry, replace(entry, endpoints=(*entry.endpoints, entry.endpoints[0]))
                    )
                    copy = replace(entry, metadata=replace(entry.metadata, name="copy"))
                    yield swapped(subject, entry, entry, copy)

    assert told(changed())


def test_an_empty_slice_too_many_is_told() -> None:
    """For a port list to which no pod resolves."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                ports = (EndpointPort(name="more", port=1),)
                metadata = replace(entry.metadata, name="copy")
                yield swapped(
                    subject, entry, entry, replace(entry, metadata=metadata, endpoints=(), ports=ports)
                )

    assert told(changed())


def test_too_many_endpoints_in_a_slice_are_told() -> None:
    """The limit is the controller's flag."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            most = max((len(entry.endpoints) for entry in written(subject)), default=0)
            if subject.managed and most:
                yield replace(subject, maximum=most - 1)

    assert told(changed())


def test_a_slice_that_had_to_be_left_alone_is_told_when_written_or_gone_or_new() -> None:
    """Foreign ones, and those of a Service that the controller no longer acts on."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in standing(subject):
                metadata = entry.metadata
                yield swapped(
                    subject, entry, replace(entry, metadata=replace(metadata, resource_version="0"))
                )
                yield swapped(subject, entry)
                yield swapped(subject, entry, entry, replace(entry, metadata=replace(metadata, name="copy")))

    assert told(changed())


def test_annotations_of_a_copy_are_told() -> None:
    """They are those of the Endpoints object."""

    def changed() -> Iterator[Subject]:
        for subject in subjects():
            for entry in written(subject):
                if manager(entry) == MIRRORING:
                    metadata = replace(entry.metadata, annotations={"more": "1"})
                    yield swapped(subject, entry, replace(entry, metadata=metadata))

    assert told(changed())
