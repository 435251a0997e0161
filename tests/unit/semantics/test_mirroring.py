"""What is copied of an Endpoints object: endpointslicemirroring, and RepackSubsets of api/v1/endpoints."""

from collections.abc import Iterable, Mapping

import pytest

from kubesvc.model.objects import (
    EndpointAddress,
    EndpointConditions,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    Metadata,
    OwnerReference,
    Service,
    SubsetPort,
    TargetRef,
)
from kubesvc.semantics import endpoints, mirroring
from tests.support.builders import endpoint, hand_made, pod, service, slices, with_

HTTP = SubsetPort(name="http", port=8080)
ADMIN = SubsetPort(name="admin", port=9090)
BARE = service(selector={})


def subset(
    *ready: str, unready: Iterable[str] = (), ports: tuple[SubsetPort, ...] = (HTTP,)
) -> EndpointSubset:
    """Addresses at some ports."""
    return EndpointSubset(
        addresses=tuple(EndpointAddress(ip=ip) for ip in ready),
        not_ready_addresses=tuple(EndpointAddress(ip=ip) for ip in unready),
        ports=ports,
    )


def written(
    *subsets: EndpointSubset,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Endpoints:
    """The Endpoints object of Service web."""
    meta = Metadata(
        name="web",
        namespace="shop",
        uid="uid-endpoints",
        labels=dict(labels or {}),
        annotations=dict(annotations or {}),
    )
    return Endpoints(metadata=meta, subsets=subsets)


def shown(copies: Iterable[EndpointSlice]) -> list[tuple[str, list[str], dict[str, bool | None]]]:
    """Of each slice the family, the ports as name and number, and which address is ready."""
    return [
        (
            entry.address_type,
            [f"{port.name} {port.port}" for port in entry.ports],
            {listed.addresses[0]: listed.conditions.ready for listed in entry.endpoints},
        )
        for entry in copies
    ]


def of_slices(*subsets: EndpointSubset) -> list[tuple[str, list[str], dict[str, bool | None]]]:
    """What is copied of some subsets, whatever the order."""
    return sorted(shown(mirroring.slices(written(*subsets))), key=str)


@pytest.mark.parametrize(
    ("of", "source", "expected"),
    [
        (BARE, written(), True),
        (service(selector={}, type="ExternalName"), written(), True),
        (service(), written(), False),
        (BARE, None, False),
        (BARE, written(labels={mirroring.SKIP: "true"}), False),
        (BARE, written(labels={mirroring.SKIP: "True"}), True),
        (BARE, written(annotations={mirroring.LEADER: ""}), False),
        (BARE, written(labels={mirroring.LEADER: ""}, annotations={mirroring.SKIP: "true"}), True),
    ],
    ids=[
        *("no selector", "alias", "selector", "no Endpoints", "skipped"),
        *("not skipped", "leader", "the other way around"),
    ],
)
def test_endpoints_are_copied_for_a_service_without_a_selector(
    of: Service, source: Endpoints | None, *, expected: bool
) -> None:
    """Unless their label or annotation says otherwise (shouldMirror)."""
    assert mirroring.mirrored(of, source) is expected


def test_only_a_controller_writes_endpoints_that_are_left_over() -> None:
    """Its label tells, since 1.33."""
    assert mirroring.is_leftover(written(labels={mirroring.WRITER: "endpoint-controller"}))
    assert not mirroring.is_leftover(written(labels={mirroring.WRITER: "somebody"}))
    assert not mirroring.is_leftover(written(annotations={mirroring.WRITER: "endpoint-controller"}))


def test_only_ready_is_said_of_a_copy() -> None:
    """Serving and terminating stay nil; hostname, node and target are copied, a zone is not known."""
    target = TargetRef(kind="Pod", namespace="shop", name="db-0", uid="uid-db-0")
    address = EndpointAddress(ip="192.0.2.1", hostname="db-0", node_name="node-a", target_ref=target)
    unready = EndpointAddress(ip="192.0.2.2")
    source = written(EndpointSubset(addresses=(address,), not_ready_addresses=(unready,), ports=(HTTP,)))

    (copy,) = mirroring.slices(source)

    first, second = copy.endpoints
    assert first.conditions == EndpointConditions(ready=True)
    assert second.conditions == EndpointConditions(ready=False)
    assert (first.hostname, first.node_name, first.target_ref, first.zone) == ("db-0", "node-a", target, "")
    assert (second.hostname, second.node_name, second.target_ref) == ("", "", None)


def test_a_copy_has_the_port_of_the_subset() -> None:
    """With its app protocol; the Service's ports are not looked at."""
    full = SubsetPort(name="", port=53, protocol="UDP", app_protocol="dns")

    (copy,) = mirroring.slices(written(subset("192.0.2.1", ports=(full,))))

    assert copy.ports == (EndpointPort(name="", port=53, protocol="UDP", app_protocol="dns"),)


def test_a_copy_carries_labels_and_annotations_of_its_source() -> None:
    """But who manages it, whose it is, and what kubectl and the controller noted (newEndpointSlice)."""
    labels = {
        "team": "shop",
        endpoints.HEADLESS: "",
        endpoints.SERVICE_NAME: "forged",
        endpoints.MANAGED_BY: "forged",
    }
    annotations = {
        "note": "kept",
        "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-31T12:00:00Z",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }

    (copy,) = mirroring.slices(written(subset("192.0.2.1"), labels=labels, annotations=annotations))

    meta = copy.metadata
    assert meta.labels == {
        "team": "shop",
        endpoints.HEADLESS: "",
        endpoints.SERVICE_NAME: "web",
        endpoints.MANAGED_BY: mirroring.CONTROLLER,
    }
    assert meta.annotations == {"note": "kept"}
    owner = OwnerReference(
        kind="Endpoints", name="web", uid="uid-endpoints", api_version="v1", controller=True
    )
    assert (meta.namespace, meta.owner_references) == ("shop", (owner,))
    assert mirroring.is_mirror(copy)
    assert not endpoints.is_managed(copy)


def test_families_are_copied_apart() -> None:
    """As many slices as there are families, each with the same ports; addresses in one spelling."""
    both = subset("192.0.2.1", "FD00:0::1", unready=("::ffff:192.0.2.9",))

    assert of_slices(both) == [
        ("IPv4", ["http 8080"], {"192.0.2.1": True, "192.0.2.9": False}),
        ("IPv6", ["http 8080"], {"fd00::1": True}),
    ]


def test_no_address_no_copy() -> None:
    """There is no placeholder."""
    assert mirroring.slices(written()) == ()
    assert mirroring.slices(written(subset())) == ()


@pytest.mark.parametrize(
    ("subsets", "expected"),
    [
        (
            [subset("192.0.2.1", unready=("192.0.2.1",))],
            [("IPv4", ["http 8080"], {"192.0.2.1": False})],
        ),
        (
            [subset("192.0.2.1", "192.0.2.1", ports=(HTTP, HTTP))],
            [("IPv4", ["http 8080"], {"192.0.2.1": True})],
        ),
        (
            [subset("192.0.2.1"), subset(unready=("192.0.2.1",))],
            [("IPv4", ["http 8080"], {"192.0.2.1": False})],
        ),
        (
            [subset(unready=("192.0.2.1",)), subset("192.0.2.1")],
            [("IPv4", ["http 8080"], {"192.0.2.1": False})],
        ),
        (
            [subset("192.0.2.1"), subset("192.0.2.1", ports=(ADMIN,))],
            [("IPv4", ["admin 9090", "http 8080"], {"192.0.2.1": True})],
        ),
        (
            [subset("192.0.2.1"), subset(unready=("192.0.2.1",), ports=(ADMIN,))],
            [
                ("IPv4", ["admin 9090"], {"192.0.2.1": False}),
                ("IPv4", ["http 8080"], {"192.0.2.1": True}),
            ],
        ),
        (
            [subset("192.0.2.1"), subset("192.0.2.2")],
            [("IPv4", ["http 8080"], {"192.0.2.1": True, "192.0.2.2": True})],
        ),
        (
            [subset("192.0.2.1", ports=()), subset("192.0.2.2", ports=())],
            [("IPv4", [], {"192.0.2.1": True, "192.0.2.2": True})],
        ),
        (
            [subset("192.0.2.1", ports=()), subset("192.0.2.1")],
            [("IPv4", ["http 8080"], {"192.0.2.1": True})],
        ),
        (
            [subset("192.0.2.1", "192.0.2.2"), subset("192.0.2.2", "192.0.2.1", ports=(ADMIN,))],
            [("IPv4", ["admin 9090", "http 8080"], {"192.0.2.1": True, "192.0.2.2": True})],
        ),
    ],
    ids=[
        *("ready and not", "twice", "ready, then not", "not, then ready", "two ports", "ready at one port"),
        *("two addresses", "no ports", "with and without ports", "in another order"),
    ],
)
def test_subsets_are_regrouped_before_they_are_copied(
    subsets: list[EndpointSubset], expected: list[tuple[str, list[str], dict[str, bool | None]]]
) -> None:
    """Each set of addresses is there once, with all its ports; per port, not ready trumps ready."""
    assert of_slices(*subsets) == expected


def test_ports_of_one_name_that_come_together_are_refused() -> None:
    """By the API server; other slices are written all the same."""
    moved = with_(HTTP, port=9090)

    assert of_slices(subset("192.0.2.1"), subset("192.0.2.1", ports=(moved,))) == []
    assert of_slices(
        subset("192.0.2.1", "192.0.2.2"), subset("192.0.2.1", ports=(moved,)), subset("192.0.2.3")
    ) == [
        ("IPv4", ["http 8080"], {"192.0.2.1": True, "192.0.2.2": True, "192.0.2.3": True}),
        ("IPv4", ["http 9090"], {"192.0.2.1": True}),
    ]


def test_a_port_that_comes_together_with_itself_is_refused_too() -> None:
    """With an app protocol it is another port in each subset, though its name is the same."""
    known = with_(HTTP, app_protocol="http")

    assert of_slices(subset("192.0.2.1", ports=(known,)), subset("192.0.2.1", ports=(known,))) == []


def test_not_ready_trumps_ready_only_where_the_ports_have_no_app_protocol() -> None:
    """Upstream compares a pointer: a port with one is another in each subset, and readiness stays apart."""
    plain, known = HTTP, with_(HTTP, app_protocol="http")

    for port, ready in ((plain, {False}), (known, {True, False})):
        source = written(subset("192.0.2.1", ports=(port,)), subset(unready=("192.0.2.1",), ports=(port,)))
        found = [listed.conditions.ready for entry in mirroring.slices(source) for listed in entry.endpoints]
        assert set(found) == ready


def test_an_address_is_known_by_its_target_too() -> None:
    """Two pods of one host share its address; of one with the same target the first is copied."""
    first, other = (TargetRef(kind="Pod", name=name, uid=name) for name in ("web-1", "web-2"))
    renamed = TargetRef(kind="Pod", name="renamed", uid="web-1")
    addresses = [EndpointAddress(ip="192.0.2.1", target_ref=ref) for ref in (first, other, renamed, None)]

    (copy,) = mirroring.slices(written(EndpointSubset(addresses=tuple(addresses), ports=(HTTP,))))

    assert [listed.target_ref for listed in copy.endpoints] == [None, first, other]


def test_a_thousand_addresses_are_copied_of_a_subset() -> None:
    """Ready ones first, each in the order of their text; the families count together."""
    ready = [f"10.0.{n // 250}.{n % 250}" for n in range(990)]
    more = ["fd00::1", "fd00::2"]
    unready = [f"192.0.2.{n}" for n in range(100, 120)]

    four, six = mirroring.slices(written(subset(*ready, *more, unready=unready)))

    assert (len(four.endpoints), len(six.endpoints)) == (998, 2)
    last = [listed.addresses[0] for listed in four.endpoints if not listed.conditions.ready]
    assert last == unready[:8]
    apart = mirroring.slices(written(subset(*ready), subset(*unready, ports=(ADMIN,))))
    assert [len(entry.endpoints) for entry in apart] == [990, 20]


def test_a_sync_replaces_only_its_own() -> None:
    """By the label: those of others stay, whatever they list."""
    source = written(subset("192.0.2.1"))
    old = with_(mirroring.slices(written(subset("192.0.2.7")))[0], metadata__name="old")
    others = (*slices(service(), pod()), hand_made(endpoint("192.0.2.3")))

    assert mirroring.sync(BARE, source, (old, *others)) == (*others, *mirroring.slices(source))
    assert mirroring.sync(BARE, None, (old, *others)) == others
    assert mirroring.sync(service(), source, (old, *others)) == others
    assert mirroring.sync(BARE, written(labels={mirroring.SKIP: "true"}), (old,)) == ()
