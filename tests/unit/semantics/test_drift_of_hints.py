"""Where hints and copies differ from what the controllers should have written."""

import pytest
from msgspec.structs import replace

from kubesvc.model.objects import (
    EndpointAddress,
    EndpointHints,
    Endpoints,
    EndpointSubset,
    Hint,
    Metadata,
    Node,
    NodeStatus,
    Resources,
    SubsetPort,
)
from kubesvc.semantics import drift, mirroring
from kubesvc.semantics.cells import Selected
from kubesvc.semantics.drift import Drift, DriftKind
from kubesvc.semantics.topology import MODE
from tests.support.builders import condition, endpoint, hand_made, node, pod, service, slices, with_

OF = with_(service(), metadata__annotations={MODE: "Auto"})
PODS = (pod("a", ips=("10.0.0.1",), node="node-a"), pod("b", ips=("10.0.0.2",), node="node-b"))


def worker(name: str, zone: str) -> Node:
    """A node with CPU in a zone."""
    status = NodeStatus(conditions=(condition("Ready", "True"),), allocatable=Resources(cpu="1"))
    return with_(node(name, zone), status=status)


NODES = {"node-a": worker("node-a", "a"), "node-b": worker("node-b", "b")}
WRITTEN = slices(OF, *PODS, nodes=NODES.values())


def zone(name: str) -> EndpointHints:
    """A hint to one zone."""
    return EndpointHints(for_zones=(Hint(name=name),))


def test_hints_by_cpu_are_judged_together() -> None:
    """Nothing tells which endpoint is wrong; Nodes that change make nobody look."""
    (entry,) = WRITTEN
    wrong = tuple(replace(listed, hints=zone("a")) for listed in entry.endpoints)

    (found,) = drift.drift(OF, (replace(entry, endpoints=wrong),), Selected(PODS, NODES, 36))

    assert (found.kind, found.field, found.slices) == (DriftKind.LAST_SYNC, "hints", ("web-1",))
    assert (found.place.family, found.place.endpoint) == ("IPv4", None)
    assert found.expected == "hints by the CPU of zones"


def test_hints_by_cpu_that_may_be_are_no_drift() -> None:
    """Nor anything where the Nodes are not known; foreign slices are not judged."""
    foreign = hand_made(with_(endpoint("192.0.2.1"), hints=zone("z")))

    assert drift.drift(OF, WRITTEN, Selected(PODS, NODES, 36)) == ()
    bare = slices(service(), *PODS, nodes=NODES.values())
    assert [e.field for e in drift.drift(OF, bare, Selected(PODS, NODES, 36))] == ["hints"]
    assert drift.drift(OF, bare, Selected(PODS, None, 36)) == ()
    assert drift.drift(OF, WRITTEN, Selected(PODS, None, 36)) == ()
    with_foreign = drift.drift(OF, (*WRITTEN, foreign), Selected(PODS, NODES, 36))
    assert [e.kind for e in with_foreign] == [DriftKind.FOREIGN]


def test_hints_by_cpu_of_too_many_slices_are_not_told() -> None:
    """Nobody can say which of them were written when."""
    members = tuple(
        pod(f"{zone}-{n}", ips=(f"10.0.{n}.{ord(zone)}",), node=f"node-{zone}")
        for n in range(9)
        for zone in "ab"
    )
    (whole,) = slices(OF, *members, nodes=NODES.values())
    split = tuple(
        with_(whole, metadata__name=f"web-{n}", endpoints=whole.endpoints[2 * n : 2 * n + 2])
        for n in range(9)
    )

    assert drift.drift(OF, split, Selected(members, NODES, 36)) == ()


def test_without_nodes_the_zone_is_not_known() -> None:
    """Of a pod that is published all the same."""
    of = service(publish_not_ready_addresses=True)
    written = slices(of, *PODS, nodes=NODES.values())

    assert drift.drift(of, written, Selected(PODS, None, 36)) == ()
    assert {e.field for e in drift.drift(of, written, Selected(PODS, {}, 36))} == {"zone"}


def test_hints_that_nobody_wants_any_more_are_told_per_endpoint() -> None:
    """The annotation is gone, and the controller should have removed them."""
    found = drift.drift(service(), WRITTEN, Selected(PODS, NODES, 36))

    assert [(e.kind, e.field, e.expected, e.actual) for e in found] == [
        (DriftKind.BEHIND, "hints", "no hints", "zone a"),
        (DriftKind.BEHIND, "hints", "no hints", "zone b"),
    ]
    assert [e.place.endpoint.name for e in found if e.place.endpoint] == ["a", "b"]


def test_zone_and_node_are_named() -> None:
    """Both are hinted to where the field asks for the node."""
    of = service(traffic_distribution="PreferSameNode")

    found = drift.drift(of, WRITTEN, Selected(PODS, NODES, 36))

    assert [e.expected for e in found] == ["zone a, node node-a", "zone b, node node-b"]


SOURCE = Endpoints(
    metadata=Metadata(name="web", namespace="shop", uid="uid-endpoints"),
    subsets=(
        EndpointSubset(
            addresses=(EndpointAddress(ip="192.0.2.1"), EndpointAddress(ip="192.0.2.2")),
            ports=(SubsetPort(name="http", port=8080),),
        ),
    ),
)
LEFTOVER = with_(SOURCE, metadata__labels={mirroring.WRITER: "endpoint-controller"})


def copied(source: Endpoints | None) -> tuple[Drift, ...]:
    """The drift of the copies of SOURCE, beside a slice that somebody made."""
    bare = service(selector={})
    return drift.drift(
        bare, (*mirroring.slices(SOURCE), hand_made(endpoint("192.0.2.9"))), None, source=source
    )


def test_copies_of_what_was_written_for_a_selector_are_left_behind() -> None:
    """Nobody renews what they are copied from; a hand-made slice is nobody's copy."""
    found = copied(LEFTOVER)

    assert [(e.kind, e.field) for e in found] == [(DriftKind.LEFT_BEHIND, "")] * 2
    assert {e.slices for e in found} == {("web-mirror-1",)}


@pytest.mark.parametrize("source", [SOURCE, None])
def test_copies_of_what_somebody_writes_are_in_order(source: Endpoints | None) -> None:
    """Where it was not read, nothing is said of them."""
    assert copied(source) == ()
