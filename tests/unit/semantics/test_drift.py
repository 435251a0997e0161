"""Where the slices differ from what the controller should have written."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from kubesvc.model.objects import (
    EndpointAddress,
    EndpointHints,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    Hint,
    Metadata,
    OwnerReference,
    Pod,
    Service,
    SubsetPort,
)
from kubesvc.semantics import cells, drift, endpoints, mirroring
from kubesvc.semantics.drift import Drift, DriftKind
from tests.support.builders import (
    NOW,
    container,
    endpoint,
    hand_made,
    node,
    pod,
    port,
    service,
    slices,
    terminating,
    unready,
    with_,
)

NAMED = with_(service().spec.ports[0], target_port="web")


def differences(
    of: Service,
    written: tuple[EndpointSlice, ...],
    *members: Pod,
    unread: frozenset[str] | None = frozenset(),
) -> tuple[Drift, ...]:
    """The drift of a Service whose pods run on node-a."""
    selected = None if unread is None else cells.Selected(members, {"node-a": node()}, 36)
    return drift.drift(of, written, selected, unread=unread or frozenset())


def kinds(of: Service, written: tuple[EndpointSlice, ...], *members: Pod) -> list[DriftKind]:
    """Only the kinds."""
    return [entry.kind for entry in differences(of, written, *members)]


@pytest.mark.parametrize(
    "members",
    [
        (),
        (pod(),),
        (unready(),),
        (terminating(pod()),),
        (pod(phase="Failed"),),
        (pod(ips=()),),
        (pod(ips=("fd00::1",)),),
    ],
)
def test_what_the_controller_writes_is_no_drift(members: tuple[Pod, ...]) -> None:
    """The prediction agrees with itself."""
    assert differences(service(), slices(service(), *members), *members) == ()


def test_a_pod_that_should_be_listed_is_behind() -> None:
    """The controller has not written it."""
    (found,) = differences(service(), slices(service()), pod())

    assert (found.kind, found.expected, found.actual) == (DriftKind.BEHIND, "listed", "not listed")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (pod(), unready(), "not ready, not serving, not terminating"),
        (unready(), pod(), "ready, serving, not terminating"),
        (pod(), terminating(pod()), "not ready, serving, terminating"),
        (pod(ips=("10.0.0.1",)), pod(ips=("10.0.0.2",)), "10.0.0.2"),
        (
            pod("web-1", container("app", port(1, "web"))),
            pod("web-1", container("app", port(2, "web"))),
            "port 2",
        ),
        (pod("web-1", container("app", port(1, "web"))), pod(), "port left out"),
        (pod(), pod("web-1", container("app", port(2, "web"))), "port 2"),
    ],
)
def test_what_has_changed_since_is_behind(before: Pod, after: Pod, expected: str) -> None:
    """Conditions, address, port: what is expected is told."""
    of = service("web", NAMED)

    (found,) = differences(of, slices(of, before), after)

    assert (found.kind, found.expected) == (DriftKind.BEHIND, expected)
    assert found.slices == ("web-1",)


def test_another_spelling_of_an_address_is_no_drift() -> None:
    """The controller writes it again in its own."""
    of = service(ip_families=("IPv6",))
    spelled, written = pod(ips=("FD00:0::5",)), pod(ips=("fd00::5",))

    assert differences(of, slices(of, written), spelled) == ()


@pytest.mark.parametrize(
    "after", [(), (with_(unready(), status__phase="Failed"),), (with_(pod(), metadata__uid="new"),)]
)
def test_what_should_be_gone_is_left_behind(after: tuple[Pod, ...]) -> None:
    """Deleted, finished, or another incarnation."""
    assert DriftKind.LEFT_BEHIND in kinds(service(), slices(service(), pod()), *after)


def test_a_node_that_goes_makes_nobody_look_again() -> None:
    """Its pods stay listed until the next sync."""
    lost = pod(node="gone")

    assert kinds(service(), slices(service(), lost), lost) == [DriftKind.LAST_SYNC]


def test_a_node_that_came_after_its_pod_makes_nobody_look_again() -> None:
    """The controller left the pod out, and only its retries notice the Node."""
    late = with_(node(), metadata__creation_timestamp=NOW)
    early = with_(pod(), metadata__creation_timestamp=NOW - timedelta(seconds=1))
    younger = with_(pod(), metadata__creation_timestamp=NOW + timedelta(seconds=1))
    published = service(publish_not_ready_addresses=True)

    def of(member: Pod, is_of: Service) -> list[DriftKind]:
        selected = cells.Selected((member,), {"node-a": late}, 36)
        return [entry.kind for entry in drift.drift(is_of, slices(is_of), selected)]

    assert of(early, service()) == [DriftKind.LAST_SYNC]
    assert of(younger, service()) == [DriftKind.BEHIND]
    assert of(early, published) == [DriftKind.BEHIND]


def test_a_phase_alone_makes_nobody_look_again() -> None:
    """A pod that fails without having been ready stays listed; with Ready the controller looks."""
    before, failed = unready(), with_(unready(), status__phase="Failed")

    assert kinds(service(), slices(service(), before), failed) == [DriftKind.LAST_SYNC]
    assert kinds(service(), slices(service(), pod()), failed) == [DriftKind.LEFT_BEHIND]


def test_a_zone_that_changes_makes_nobody_look_again() -> None:
    """It is told with the field; without the Nodes nothing is known."""
    written = slices(service(), pod(), nodes=[node(zone="zone-1")])
    moved = cells.Selected((pod(),), {"node-a": node(zone="zone-2")}, 36)

    (found,) = drift.drift(service(), written, moved)

    assert (found.kind, found.field) == (DriftKind.LAST_SYNC, "zone")
    assert (found.expected, found.actual) == ("zone-2", "zone-1")
    assert drift.drift(service(), written, replace(moved, nodes=None)) == ()


@pytest.mark.parametrize(
    ("field", "change"),
    [("nodeName", {"node_name": "node-b"}), ("hostname", {"hostname": "db-0"})],
)
def test_every_field_of_an_endpoint_is_compared(field: str, change: dict[str, str]) -> None:
    """With what podToEndpoint writes."""
    (written,) = slices(service(), pod())
    edited = replace(written, endpoints=(replace(written.endpoints[0], **change),))

    (found,) = differences(service(), (edited,), pod())

    assert (found.kind, found.field) == (DriftKind.BEHIND, field)


def test_the_app_protocol_and_ports_of_no_service_port_are_compared() -> None:
    """They belong to no single port that is numbered otherwise."""
    (written,) = slices(service(), pod())
    (http,) = written.ports
    other = replace(written, ports=(replace(http, app_protocol="kubernetes.io/h2c"),))
    more = replace(written, ports=(http, replace(http, name="old")))

    for edited in (other, more):
        (found,) = differences(service(), (edited,), pod())
        assert (found.kind, found.field, found.place.port) == (DriftKind.BEHIND, "ports", None)


def test_labels_are_compared() -> None:
    """They are copied from the Service."""
    labeled = with_(service(), metadata__labels={"team": "a"})

    (found,) = differences(labeled, slices(service(), pod()), pod())

    assert (found.kind, found.field) == (DriftKind.BEHIND, "labels")
    assert (found.expected, found.actual) == ("team=a", "no team")


def test_the_headless_label_alone_is_never_written_again() -> None:
    """After a Service that was an ExternalName in between it may be of an earlier life."""
    headless = service(cluster_ip="None")

    (found,) = differences(service(), slices(headless, pod()), pod())

    assert (found.kind, found.field) == (DriftKind.LAST_SYNC, "labels")
    assert found.actual == f"{endpoints.HEADLESS}="


def test_hints_follow_from_the_endpoint() -> None:
    """Of its own zone, which may be that of the last sync; the Service's wish is new."""
    wishing = service(traffic_distribution="PreferSameZone")
    zoned = [node(zone="zone-1")]

    (found,) = drift.drift(
        wishing,
        slices(service(), pod(), nodes=zoned),
        cells.Selected((pod(),), {"node-a": node(zone="zone-1")}, 36),
    )

    assert (found.kind, found.field, found.expected) == (DriftKind.BEHIND, "hints", "zone zone-1")


@pytest.mark.parametrize(("wish", "told"), [("PreferSameZone", []), ("", [DriftKind.BEHIND])])
def test_hints_of_an_endpoint_that_is_not_ready_stay_where_somebody_put_them(
    wish: str, told: list[DriftKind]
) -> None:
    """The controller skips it; only where nobody wants hints it removes them all."""
    of = service(traffic_distribution=wish)
    (written,) = slices(of, unready())
    hinted = replace(written.endpoints[0], hints=EndpointHints(for_zones=(Hint(name="zone-9"),)))

    assert kinds(of, (replace(written, endpoints=(hinted,)),), unready()) == told


def test_an_endpoint_that_is_listed_twice_is_a_duplicate() -> None:
    """In two of the controller's slices; what is said of it is compared once."""
    (written,) = slices(service(), pod())
    again = with_(written, metadata__name="again")

    (found,) = differences(service(), (written, again), pod())

    assert (found.kind, found.slices) == (DriftKind.DUPLICATE, ("web-1", "again"))


@pytest.mark.parametrize(
    "stale",
    [
        {"metadata__owner_references": ()},
        {"metadata__deletion_timestamp": NOW},
    ],
    ids=["other incarnation", "being deleted"],
)
def test_a_second_slice_under_the_controllers_name_is_a_duplicate(stale: dict[str, object]) -> None:
    """Its endpoint should get traffic, and does."""
    (written,) = slices(service(), pod())
    other = with_(written, metadata__name="other", **stale)

    (found,) = differences(service(), (written, other), pod())

    assert (found.kind, found.slices) == (DriftKind.DUPLICATE, ("other",))


def test_a_slice_that_is_being_deleted_is_no_longer_the_controllers() -> None:
    """It ignores it, and writes another."""
    (written,) = slices(service(), pod())

    found = differences(service(), (with_(written, metadata__deletion_timestamp=NOW),), pod())

    assert [entry.kind for entry in found] == [DriftKind.BEHIND, DriftKind.LEFT_BEHIND]


def test_nothing_is_missing_from_a_service_that_is_being_deleted() -> None:
    """No slice is created for it; those that are there are kept right."""
    going = with_(service(), metadata__deletion_timestamp=NOW)

    assert differences(going, (), pod()) == ()
    assert kinds(going, slices(going, pod()), unready()) == [DriftKind.BEHIND]


def test_a_slice_of_another_manager_is_foreign() -> None:
    """For a Service that has a selector."""
    (found,) = differences(service(), (*slices(service()), hand_made(endpoint("192.0.2.1"))))

    assert (found.kind, found.slices) == (DriftKind.FOREIGN, ("by-hand",))


def test_a_pod_in_a_foreign_slice_beside_the_controllers_is_no_drift() -> None:
    """It should get traffic, and does."""
    written = (*slices(service(), pod()), hand_made(endpoint("10.244.0.5", target=pod())))

    assert differences(service(), written, pod()) == ()


def test_a_slice_of_an_earlier_incarnation_is_told() -> None:
    """The controller deletes what bears its label and is not this Service's."""
    (ours,) = slices(service(), pod())
    earlier = with_(
        ours, metadata__owner_references=(OwnerReference(kind="Service", uid="before", api_version="v1"),)
    )

    both = [DriftKind.BEHIND, DriftKind.OTHER_INCARNATION]
    assert kinds(service(), (earlier,), pod()) == both
    assert kinds(service(), (with_(ours, metadata__owner_references=()),), pod()) == both


def test_a_slice_of_a_dropped_family_is_told() -> None:
    """The Service had both."""
    both = service(ip_families=("IPv4", "IPv6"))
    dual = pod(ips=("10.0.0.1", "fd00::1"))

    assert kinds(service(), slices(both, dual), dual) == [DriftKind.WRONG_FAMILY]


@pytest.mark.parametrize("of", [service(selector={}), service(type="ExternalName")])
def test_the_controller_leaves_slices_behind_where_it_no_longer_looks(of: Service) -> None:
    """Those of others are as they should be."""
    written = (*slices(service(), pod()), hand_made(endpoint("192.0.2.1")))

    (found,) = differences(of, written)

    assert (found.kind, found.slices) == (DriftKind.LEFT_BEHIND, ("web-1",))


def test_nothing_is_predicted_without_nodes() -> None:
    """No prediction, no disagreement; a pod that has finished needs no Node."""
    selected = cells.Selected((pod("web-1"), pod("web-2", phase="Failed")), None, 36)

    assert drift.drift(service(), slices(service()), selected) == ()


def test_pods_that_could_not_be_read_prove_nothing() -> None:
    """They may be there; a foreign slice needs no pod to be foreign."""
    written = (*slices(service(), pod()), hand_made(endpoint("192.0.2.1")))

    assert [e.kind for e in differences(service(), written, unread=None)] == [DriftKind.FOREIGN]
    assert [e.kind for e in differences(service(), written, unread=frozenset({"web-1"}))] == [
        DriftKind.FOREIGN
    ]
    assert [e.kind for e in differences(service(), written)] == [DriftKind.FOREIGN, DriftKind.LEFT_BEHIND]


def test_ownership_is_kind_version_and_uid() -> None:
    """utils.go, ownedBy; the controller flag does not matter."""
    (ours,) = slices(service())
    owner = OwnerReference(kind="Service", uid="uid-web", api_version="v1")

    def owned(by: OwnerReference) -> bool:
        return drift.is_controllers(with_(ours, metadata__owner_references=(by,)), service())

    assert owned(owner)
    assert not owned(with_(owner, kind="Other"))
    assert not owned(with_(owner, api_version="v2"))
    assert not owned(with_(owner, uid="another"))
    assert not drift.is_controllers(hand_made(), service())
    assert endpoints.is_managed(ours)
    assert ours.metadata.labels[endpoints.MANAGED_BY] == endpoints.CONTROLLER


@pytest.mark.parametrize(
    "other",
    [
        hand_made(endpoint("10.244.0.5", target=pod())),
        hand_made(endpoint("10.244.0.9", target=pod())),
        hand_made(endpoint("10.244.0.5", target=pod(), ready=False, serving=False)),
    ],
    ids=["port", "address", "conditions"],
)
def test_what_another_writer_says_otherwise_of_a_pod_is_foreign(other: EndpointSlice) -> None:
    """The controller lists it without the port, as it should; what both say together is not its doing."""
    of = service("web", NAMED)

    assert kinds(of, (*slices(of, pod()), other), pod()) == [DriftKind.FOREIGN]


MIRRORED = Endpoints(
    metadata=Metadata(name="web", namespace="shop", uid="uid-endpoints"),
    subsets=(
        EndpointSubset(
            addresses=(EndpointAddress(ip="192.0.2.1"),),
            not_ready_addresses=(EndpointAddress(ip="192.0.2.2"),),
            ports=(SubsetPort(name="http", port=8080),),
        ),
    ),
)


def test_mirrored_slices_are_compared_with_their_endpoints() -> None:
    """Which the mirroring controller copies for a Service without a selector."""
    of, copies = service(selector={}), mirroring.slices(MIRRORED)
    (subset,) = MIRRORED.subsets
    edits: list[tuple[Endpoints | None, list[tuple[DriftKind, str]]]] = [
        (MIRRORED, []),
        (None, []),
        (replace(MIRRORED, subsets=()), [(DriftKind.LEFT_BEHIND, ""), (DriftKind.LEFT_BEHIND, "")]),
        (with_(MIRRORED, metadata__labels={mirroring.SKIP: "true"}), [(DriftKind.LEFT_BEHIND, "")] * 2),
        (
            replace(MIRRORED, subsets=(replace(subset, not_ready_addresses=()),)),
            [(DriftKind.LEFT_BEHIND, "")],
        ),
        (
            replace(MIRRORED, subsets=(replace(subset, addresses=(), not_ready_addresses=subset.addresses),)),
            [(DriftKind.BEHIND, "conditions"), (DriftKind.LEFT_BEHIND, "")],
        ),
        (
            replace(MIRRORED, subsets=(replace(subset, ports=(SubsetPort(name="http", port=1),)),)),
            [(DriftKind.BEHIND, "ports"), (DriftKind.BEHIND, "ports")],
        ),
        (
            replace(MIRRORED, subsets=(replace(subset, addresses=(EndpointAddress(ip="192.0.2.3"),)),)),
            [(DriftKind.LEFT_BEHIND, ""), (DriftKind.BEHIND, "")],
        ),
    ]
    for source, expected in edits:
        found = drift.drift(of, copies, None, source=source)
        assert [(entry.kind, entry.field) for entry in found] == expected


def test_an_address_that_is_ready_at_one_port_only_is_as_it_should_be() -> None:
    """Its copies differ from each other, not from the Endpoints object."""
    address = EndpointAddress(ip="192.0.2.1")
    both = replace(
        MIRRORED,
        subsets=(
            EndpointSubset(addresses=(address,), ports=(SubsetPort(name="http", port=8080),)),
            EndpointSubset(not_ready_addresses=(address,), ports=(SubsetPort(name="admin", port=9090),)),
        ),
    )
    one, other = mirroring.slices(both)
    of = service(selector={})

    assert drift.drift(of, (one, other), None, source=both) == ()
    assert drift.drift(of, (other, one), None, source=both) == ()
    assert {e.field for e in drift.drift(of, (one,), None, source=both)} == {"ports", "conditions"}


def test_a_placeholder_keeps_labels_that_are_missing_or_empty() -> None:
    """The controller compares their values alone."""
    labeled = with_(service(), metadata__labels={"team": ""})

    assert [e.kind for e in differences(labeled, slices(service()))] == [DriftKind.LAST_SYNC]
    assert [e.kind for e in differences(labeled, slices(service(), pod()), pod())] == [DriftKind.BEHIND]
