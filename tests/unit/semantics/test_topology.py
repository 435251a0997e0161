"""Which zones and nodes endpoints are hinted to: k8s.io/endpointslice topologycache/ and trafficdist/."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import pytest

from kubesvc.model.objects import (
    Endpoint,
    EndpointConditions,
    EndpointHints,
    EndpointSlice,
    Hint,
    Node,
    NodeStatus,
    Pod,
    Resources,
    Service,
)
from kubesvc.semantics import topology
from kubesvc.semantics.topology import AWARE_HINTS, MODE, Allocation, Mode
from tests.support.builders import (
    condition,
    endpoint,
    hand_made,
    node,
    pod,
    service,
    slices,
    terminating,
    unready,
    with_,
)

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
MASTER = "node-role.kubernetes.io/master"


def annotated(of: Service, **annotations: str) -> Service:
    """A Service with annotations, by the names of the constants."""
    keys = {"mode": MODE, "aware_hints": AWARE_HINTS}
    written = {keys[name]: value for name, value in annotations.items()}
    return with_(of, metadata__annotations=written)


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, Mode.NONE),
        ({"mode": "Auto"}, Mode.AUTO),
        ({"mode": "auto"}, Mode.AUTO),
        ({"mode": "AUTO"}, Mode.NONE),
        ({"mode": "PreferZone"}, Mode.NONE),
        ({"mode": ""}, Mode.NONE),
        ({"aware_hints": "Auto"}, Mode.AUTO),
        ({"aware_hints": "auto"}, Mode.AUTO),
        ({"aware_hints": "Disabled", "mode": "Auto"}, Mode.NONE),
        ({"aware_hints": "", "mode": "Auto"}, Mode.NONE),
        ({"aware_hints": "Auto", "mode": "Disabled"}, Mode.AUTO),
    ],
)
def test_the_deprecated_annotation_wins(annotations: dict[str, str], expected: Mode) -> None:
    """Where both are set; the value is one of two spellings (utils.go, hintsEnabled)."""
    assert topology.mode(annotated(service(), **annotations), 36) is expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("PreferClose", Mode.SAME_ZONE),
        ("PreferSameZone", Mode.SAME_ZONE),
        ("PreferSameNode", Mode.SAME_NODE),
        ("preferclose", Mode.NONE),
        ("implementation.example/near", Mode.NONE),
    ],
)
def test_the_field_asks_for_zone_or_node(wish: str, expected: Mode) -> None:
    """An unknown wish is no wish; a failed annotation does not hide one, a good one does."""
    of = service(traffic_distribution=wish)

    assert topology.mode(of, 36) is expected
    assert topology.mode(annotated(of, mode="Disabled"), 36) is expected
    assert topology.mode(annotated(of, mode="Auto"), 36) is Mode.AUTO


@pytest.mark.parametrize(
    ("of", "before", "since"),
    [
        (annotated(service(), mode="Auto"), 23, 24),
        (service(traffic_distribution="PreferClose"), 30, 31),
        (service(traffic_distribution="PreferSameZone"), 33, 34),
        (service(traffic_distribution="PreferSameNode"), 33, 34),
    ],
)
def test_each_way_has_a_first_version(of: Service, before: int, since: int) -> None:
    """In which its gate is on by default; an unknown version counts as new."""
    assert topology.mode(of, before) is Mode.NONE
    assert topology.mode(of, since) is not Mode.NONE
    assert topology.mode(of, 0) is topology.mode(of, since)


def zones(*names: str) -> EndpointHints:
    """Hints for zones."""
    return EndpointHints(for_zones=tuple(Hint(name=name) for name in names))


PLACED = with_(endpoint("10.0.0.1"), zone="a", node_name="node-1")


@pytest.mark.parametrize(
    ("of", "mode", "expected"),
    [
        (PLACED, Mode.NONE, EndpointHints()),
        (PLACED, Mode.SAME_ZONE, zones("a")),
        (PLACED, Mode.SAME_NODE, with_(zones("a"), for_nodes=(Hint(name="node-1"),))),
        (with_(PLACED, zone=""), Mode.SAME_ZONE, EndpointHints()),
        (with_(PLACED, zone=""), Mode.SAME_NODE, EndpointHints(for_nodes=(Hint(name="node-1"),))),
        (with_(PLACED, node_name=""), Mode.SAME_NODE, zones("a")),
        (with_(PLACED, conditions__ready=False), Mode.SAME_NODE, EndpointHints()),
        (with_(PLACED, conditions=EndpointConditions()), Mode.SAME_NODE, EndpointHints()),
        (with_(PLACED, conditions__serving=False), Mode.SAME_ZONE, zones("a")),
    ],
)
def test_a_ready_endpoint_is_hinted_to_where_it_is(of: Endpoint, mode: Mode, expected: EndpointHints) -> None:
    """Nil is not ready here, other than for those that read slices (trafficdist.go, endpointReady)."""
    assert topology.own_hints(of, mode) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", "4"),
        (8, "8"),
        (0.5, "0.5"),
        ("3500m", "3.5"),
        ("250000u", "0.25"),
        ("5n", "0.000000005"),
        ("2k", "2000"),
        ("1M", "1000000"),
        ("1E", "1e18"),
        ("1E3", "1000"),
        ("2e-1", "0.2"),
        ("1Ki", "1024"),
        ("1Mi", "1048576"),
        (".5", "0.5"),
        ("", "0"),
        ("m", "0"),
        ("four", "0"),
        ("2K", "0"),
        ("NaN", "0"),
        ("inf", "0"),
    ],
)
def test_a_quantity_is_a_number_with_a_suffix(text: str | float, value: str) -> None:
    """Decimal or binary; what is none counts as nothing."""
    assert topology.quantity(text) == Decimal(value)


def worker(zone: str, cpu: str | float = "1", *labels: str, ready: str | None = "True") -> Node:
    """A node with so much CPU in a zone."""
    conditions = () if ready is None else (condition("Ready", ready),)
    status = NodeStatus(
        conditions=(condition("DiskPressure", "False"), *conditions), allocatable=Resources(cpu=cpu)
    )
    plain = node(f"node-{zone}", zone)
    return with_(
        plain, status=status, metadata__labels={**plain.metadata.labels, **dict.fromkeys(labels, "")}
    )


def test_shares_are_those_of_the_cpu() -> None:
    """At least five sixths of it, rounded up; what is spare may go to any (getAllocations)."""
    nodes = [
        *(worker("a", "1000m"), worker("a", 1), worker("a", "1000m"), worker("a", "2")),
        *(worker("b", "3000m"), worker("b", "1500m"), worker("c", "500m")),
    ]

    assert topology.allocations(nodes, 20) == {
        "a": Allocation(11, 10.0),
        "b": Allocation(10, 9.0),
        "c": Allocation(3, 1.0),
    }


def test_a_share_is_never_below_its_minimum() -> None:
    """A zone with little CPU has one endpoint all the same."""
    shares = topology.allocations([worker("a", 9), worker("b", 1)], 4)

    assert shares == {"a": Allocation(3, 3.6), "b": Allocation(1, 1)}


def test_cpu_is_counted_in_whole_thousandths() -> None:
    """Rounded up per zone and in all (Quantity, MilliValue)."""
    shares = topology.allocations([worker("a", "1500u"), worker("b", "1")], 100_000)

    assert shares is not None
    assert shares["a"].desired == 2 / 1002 * 100_000
    assert shares["b"].desired == 1000 / 1002 * 100_000


TWO = (worker("a"), worker("b"))
EVEN = {"a": Allocation(2, 2.0), "b": Allocation(2, 2.0)}


@pytest.mark.parametrize(
    "left_out",
    [
        worker("c", "1", CONTROL_PLANE),
        worker("a", "1", CONTROL_PLANE),
        worker("a", "1", MASTER),
        worker("", "", MASTER),
        worker("a", ready="False"),
        worker("a", ready="Unknown"),
        worker("a", ready=None),
        worker("", "", ready="False"),
    ],
)
def test_some_nodes_do_not_count(left_out: Node) -> None:
    """The control plane's, and what is not ready; nor what they lack."""
    assert topology.allocations([left_out, *TWO], 4) == EVEN


@pytest.mark.parametrize(
    ("nodes", "endpoints"),
    [
        ((), 4),
        ((worker("a"),), 4),
        ((worker("a"), worker("a")), 4),
        ((worker("a"), worker("b", ready="False")), 4),
        ((worker("a"), worker("b", "1", CONTROL_PLANE)), 4),
        ((*TWO, worker("")), 4),
        ((*TWO, worker("b", "0")), 4),
        ((*TWO, worker("b", "")), 4),
        (TWO, 1),
        (TWO, 0),
        ((*TWO, worker("c")), 2),
        ((worker("a", 5), worker("b", "4500m"), worker("c", "500m")), 3),
    ],
    ids=[
        *("no node", "one node", "one zone", "one zone ready", "one zone of workers"),
        *("a node without a zone", "a node without CPU", "a node whose CPU is not known"),
        *("one endpoint", "no endpoint", "fewer endpoints than zones", "overload"),
    ],
)
def test_without_shares_nothing_is_hinted(nodes: tuple[Node, ...], endpoints: int) -> None:
    """SetNodes, getAllocations: each of these turns hints off."""
    assert topology.allocations(nodes, endpoints) is None


def test_as_many_endpoints_as_zones_are_enough() -> None:
    """One for each."""
    assert topology.allocations(TWO, 2) == {"a": Allocation(1, 1.0), "b": Allocation(1, 1.0)}


def in_zones(names: str, hints: str = "", name: str = "web-1") -> EndpointSlice:
    """A slice with a ready endpoint per letter, in that zone; hinted to the zones that `hints` spells."""
    listed = [with_(endpoint(f"10.0.0.{n}"), zone=zone) for n, zone in enumerate(names)]
    if hints:
        listed = [with_(of, hints=zones(zone)) for of, zone in zip(listed, hints, strict=True)]
    return hand_made(*listed, name=name)


def spelled(written: Iterable[EndpointSlice]) -> list[str]:
    """The zones to which the endpoints of each slice are hinted; `-` for none."""
    return ["".join(hint_of(listed) for listed in entry.endpoints) for entry in written]


def hint_of(listed: Endpoint) -> str:
    """The zones of one endpoint."""
    return "".join(zone.name for zone in listed.hints.for_zones) or "-"


def by_cpu(a: float, b: float, c: float) -> tuple[Node, ...]:
    """A node in each of three zones."""
    return worker("a", a), worker("b", b), worker("c", c)


@pytest.mark.parametrize(
    ("nodes", "placed", "hinted"),
    [
        ((worker("a", 45), worker("b", 55)), "ab", {"a": 1, "b": 1}),
        (by_cpu(35, 35, 30), "abccaaabca", {"a": 4, "b": 3, "c": 3}),
        (by_cpu(5.1, 5.1, 5.8), "a" * 16, {"a": 6, "b": 5, "c": 5}),
        (by_cpu(5.0, 5.6, 5.4), "a" * 16, {"a": 5, "b": 6, "c": 5}),
        (by_cpu(5.0, 5.6, 5.4), "b" * 8 + "c" * 8, {"a": 5, "b": 6, "c": 5}),
        ((worker("a"), worker("b", 3)), "aabb", {"a": 1, "b": 3}),
    ],
)
def test_endpoints_move_to_zones_that_lack_them(
    nodes: tuple[Node, ...], placed: str, hinted: dict[str, int]
) -> None:
    """Most first, until none has one to give; within a threshold an endpoint stays where it is."""
    (written,) = topology.hinted((in_zones(placed),), nodes)

    assert Counter(hint_of(listed) for listed in written.endpoints) == hinted
    assert topology.allowed([written], nodes)


def test_no_endpoint_moves_to_a_zone_that_lacks_less_than_half_of_one() -> None:
    """However many a zone has too many (getGivingAndReceivingZones)."""
    nodes = (worker("a", 4.7), *(worker(zone, 2.325) for zone in "bcde"))
    placed = "aaaaaabbccddee"

    written = topology.hinted((in_zones(placed),), nodes)

    assert spelled(written) == [placed]


def test_only_endpoints_of_a_zone_with_too_many_move() -> None:
    """The others keep their own, in whichever slice they are."""
    written = topology.hinted((in_zones("baa"), in_zones("a", name="web-2")), TWO)

    assert spelled(written) == ["bba", "a"]
    assert topology.allowed(written, TWO)


def test_what_is_not_ready_is_neither_counted_nor_hinted() -> None:
    """Nor what says nothing about it."""
    ready = in_zones("ab").endpoints
    others = (
        with_(PLACED, zone="b", conditions__ready=False),
        with_(PLACED, conditions=EndpointConditions()),
    )

    (written,) = topology.hinted((hand_made(*ready, *others),), TWO)

    assert spelled([written]) == ["ab--"]
    assert topology.allowed([written], TWO)


def test_an_endpoint_in_a_zone_without_a_share_stays() -> None:
    """Its node is not ready, or of the control plane: nobody takes it, and it counts in all."""
    nodes = (*TWO, worker("c", ready="False"))

    written = topology.hinted((in_zones("aabbcc"),), nodes)

    assert spelled(written) == ["aabbcc"]
    assert topology.allowed(written, nodes)


@pytest.mark.parametrize(("placed", "nodes"), [("ab", ()), ("a", TWO)])
def test_without_shares_the_slices_stay_as_they_are(placed: str, nodes: tuple[Node, ...]) -> None:
    """Without hints."""
    before = (in_zones(placed),)

    assert topology.hinted(before, nodes) == before
    assert topology.allowed(before, nodes)
    assert topology.allowed([in_zones(placed, placed)], nodes) is False


def test_one_endpoint_without_a_zone_turns_hints_off() -> None:
    """Of all (topologycache.go, AddHints)."""
    nowhere = with_(endpoint("10.0.1.1"), zone="")
    before = (hand_made(*in_zones("aabbb").endpoints, nowhere),)

    assert topology.hinted(before, TWO) == before
    assert topology.allowed(before, TWO)
    assert topology.allowed([hand_made(*in_zones("aabbb", "aabbb").endpoints, nowhere)], TWO) is False


def test_no_endpoint_at_all_is_in_order() -> None:
    """A placeholder has nothing to hint."""
    assert topology.allowed([hand_made()], TWO)
    assert topology.allowed([], TWO)
    assert topology.hinted((hand_made(),), TWO) == (hand_made(),)


THIRDS = by_cpu(1, 1, 1)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ("bbbbbcccc", True),
        ("bbbbccccc", True),
        ("bbbbbbccc", False),
        ("bbbbbbbbb", False),
        ("bbbbbccc", False),
    ],
)
def test_either_of_two_equal_zones_may_get_one_more(moved: str, *, expected: bool) -> None:
    """Which comes first is the order of a Go map. What is hinted to zone d cannot be from an earlier sync."""
    placed, hints = "a" * 14 + "d", moved.rjust(14, "a") + "d"

    assert topology.allowed([in_zones(placed, hints)], THIRDS) is expected


def test_one_way_to_break_a_tie_is_predicted() -> None:
    """One that is allowed."""
    (written,) = topology.hinted((in_zones("a" * 14 + "d"),), THIRDS)

    counts = Counter(spelled([written])[0])
    assert (counts["a"], counts["b"] + counts["c"], counts["d"]) == (5, 9, 1)
    assert topology.allowed([written], THIRDS)


@pytest.mark.parametrize("hints", ["baab", "abab", "aabb"])
def test_any_endpoint_of_a_zone_may_be_the_one_that_moves(hints: str) -> None:
    """Which comes first in a slice is the order of a Go map, too."""
    assert topology.allowed([in_zones("aaab", hints)], TWO)


@pytest.mark.parametrize(
    "hints",
    ["aaab", "bbab", "aaaa", "baaa"],
    ids=["none moves", "too many move", "the wrong one moves", "one too many moves"],
)
def test_other_hints_than_those_are_not_the_controllers(hints: str) -> None:
    """Three endpoints are in one zone, and it has a share of two."""
    assert topology.allowed([in_zones("aaab", hints)], TWO) is False


def test_a_slice_that_need_not_be_written_keeps_its_hints() -> None:
    """They count, and what is written anew makes up for them (sliceinfo.go, getAllocatedHintsByZone)."""
    kept = in_zones("aa", "ab")

    assert topology.allowed([kept, in_zones("bb", "ba", "web-2")], TWO)
    assert topology.allowed([kept, in_zones("bb", "ab", "web-2")], TWO)
    assert topology.allowed([kept, in_zones("bb", "bb", "web-2")], TWO) is False
    assert topology.allowed([kept, in_zones("bb", "aa", "web-2")], TWO) is False


def test_a_slice_is_kept_only_where_its_hints_leave_room_for_the_minimum() -> None:
    """Nor with a hint to a zone that has no share (utils.go, getHintsByZone)."""
    assert topology.allowed([in_zones("ab", "ba")], TWO)
    assert topology.allowed([in_zones("abab", "bbba")], TWO) is False
    assert topology.allowed([in_zones("ab", "ac")], TWO) is False


def test_hints_are_wanted_of_every_ready_endpoint() -> None:
    """One each."""
    assert topology.allowed([in_zones("ab")], TWO) is False
    both = with_(PLACED, hints=zones("a", "b"))
    assert topology.allowed([hand_made(both, *in_zones("b", "b").endpoints)], TWO) is False


def test_hints_of_an_endpoint_that_is_not_ready_are_looked_at_only_to_remove_all() -> None:
    """The controller skips it (needsUpdate, getHintsByZone); it clears every one where no share is given."""
    unready = with_(PLACED, conditions__ready=False, hints=zones("a"))
    written = [hand_made(*in_zones("ab", "ab").endpoints, unready)]

    assert topology.allowed(written, TWO) is True
    assert topology.allowed([hand_made(unready)], ()) is False


def test_hints_to_nodes_stay_in_what_is_kept() -> None:
    """They are of the field, before the annotation came; the controller looks at zones alone."""
    (one, other) = in_zones("ab", "ab").endpoints
    nodal = with_(one, hints=with_(one.hints, for_nodes=(Hint(name="node-1"),)))

    assert topology.allowed([hand_made(nodal, other)], TWO) is True
    assert topology.allowed([hand_made(nodal, with_(other, hints=zones("c")))], TWO) is False


def test_what_is_written_again_has_no_hints_to_nodes() -> None:
    """A hint to zone d, which has no share, cannot be kept."""
    first, *others = in_zones("aabbdd", "aabbdd").endpoints
    nodal = with_(first, hints=with_(first.hints, for_nodes=(Hint(name="node-1"),)))

    assert topology.allowed([hand_made(first, *others)], TWO) is True
    assert topology.allowed([hand_made(nodal, *others)], TWO) is False


def test_without_shares_no_node_is_hinted_either() -> None:
    """Hints to nodes come from the field, and all of them are removed (RemoveHintsFromSlices)."""
    nodal = with_(PLACED, hints=EndpointHints(for_nodes=(Hint(name="node-1"),)))

    assert topology.allowed([hand_made(nodal)], ()) is False


def test_too_many_slices_are_not_judged() -> None:
    """Each may have been kept or not; what decides without that is told all the same."""
    many = [in_zones("ab", "ab", f"web-{n}") for n in range(9)]

    assert topology.allowed(many[:8], TWO) is True
    assert topology.allowed([*many[:8], hand_made()], TWO) is True
    assert topology.allowed(many, TWO) is None
    assert topology.allowed(many, ()) is False
    assert topology.allowed([*many, in_zones("ab", name="bare")], TWO) is False


def placed_pods() -> tuple[Pod, ...]:
    """Two pods in zone a and one in b, dual-stack; the last is on its way out, and not counted."""
    return (
        pod("w", ips=("10.0.0.1", "fd00::1"), node="node-a"),
        pod("x", ips=("10.0.0.2",), node="node-a"),
        pod("y", ips=("10.0.0.3", "fd00::3"), node="node-b"),
        terminating(pod("z", ips=("10.0.0.4",), node="node-b")),
        unready("v", ips=("10.0.0.5",), node="node-b"),
    )


def test_the_controllers_slices_are_hinted_per_family() -> None:
    """It may be that one of them has enough ready endpoints, and the other has not."""
    dual = service(ip_families=("IPv4", "IPv6"))

    four, six = slices(annotated(dual, mode="Auto"), *placed_pods(), nodes=(worker("a"), worker("b", 2)))

    assert spelled([four, six]) == ["bab--", "--"]


def test_the_controllers_slices_are_hinted_to_their_own_zones() -> None:
    """Where the field asks for it; to their nodes, too, where it asks for that."""
    nodes = (worker("a"), worker("b"))

    (zonal,) = slices(service(traffic_distribution="PreferClose"), *placed_pods(), nodes=nodes)
    (nodal,) = slices(service(traffic_distribution="PreferSameNode"), *placed_pods(), nodes=nodes)
    (plain,) = slices(service(), *placed_pods(), nodes=nodes)

    assert spelled([zonal, nodal, plain]) == ["aab--", "aab--", "-----"]
    names = [[hint.name for hint in listed.hints.for_nodes] for listed in nodal.endpoints]
    assert names == [["node-a"], ["node-a"], ["node-b"], [], []]
    assert not any(listed.hints.for_nodes for listed in zonal.endpoints)


def test_by_cpu_nothing_is_hinted_where_the_nodes_do_not_tell() -> None:
    """Pods that are published without them have no zone either."""
    of = annotated(service(publish_not_ready_addresses=True), mode="Auto")

    (written,) = slices(of, *placed_pods(), nodes=())

    assert spelled([written]) == ["-----"]
