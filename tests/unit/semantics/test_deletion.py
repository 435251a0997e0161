"""What the cluster would hold after slices or Endpoints go or change, once the controllers have looked."""

import pytest

from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import (
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    Metadata,
    Obj,
    Ref,
    SubsetPort,
)
from kubesvc.model.read import Gap, GapReason, Read, Unread
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import mirroring, reads
from kubesvc.semantics.simulate import simulate
from kubesvc.semantics.topology import MODE
from tests.support.builders import (
    NOW,
    cluster,
    endpoint,
    hand_made,
    metadata,
    node,
    pod,
    service,
    settled,
    slices,
    with_,
)

BARE = service(selector={})
SOURCE = Endpoints(
    metadata=Metadata(name="web", namespace="shop", uid="uid-endpoints"),
    subsets=(
        EndpointSubset(
            addresses=(EndpointAddress(ip="192.0.2.1"),), ports=(SubsetPort(name="http", port=8080),)
        ),
    ),
)
COPIES = mirroring.slices(SOURCE)
BY_HAND = hand_made(endpoint("192.0.2.9"))


def deletion(of: Obj | Ref) -> Change:
    """The deletion of an object."""
    return Change(of if isinstance(of, Ref) else of.ref, (Op((), ABSENT),))


def names(snapshot: Snapshot) -> list[str]:
    """The slices of Service web."""
    return [entry.metadata.name for entry in snapshot.find(reads.slices_named("shop", "web"), EndpointSlice)]


def test_a_slice_of_the_controller_is_written_again() -> None:
    """As it should be, whatever it listed."""
    (stale,) = slices(service(), pod("gone"))
    before = settled(service(), pod()).with_answers([with_(stale, metadata__name="web-xyz")], [])

    after = simulate(before, deletion(Ref("EndpointSlice", "shop", "web-xyz")))

    (entry,) = after.find(reads.slices_of(service()), EndpointSlice)
    assert entry == slices(service(), pod())[0]


def test_a_slice_that_somebody_made_is_gone() -> None:
    """Others stay."""
    after = simulate(settled(service(), pod(), BY_HAND), deletion(BY_HAND))

    assert names(after) == ["web-1"]


def test_the_deletion_of_anything_else_makes_nobody_look() -> None:
    """Neither of a pod, nor of the Service itself: what is left of them is not predicted."""
    before = settled(service(), pod())

    for gone in (pod(), service()):
        after = simulate(before, deletion(gone))
        assert before.objects.keys() - after.objects.keys() == {gone.ref}
        assert names(after) == names(before)


def test_a_slice_of_no_service_is_gone() -> None:
    """Nobody writes another: its label names none, or one that does not exist."""
    unnamed = with_(BY_HAND, metadata=metadata("unnamed"))
    orphan = hand_made(endpoint("192.0.2.1"), name="orphan", of="absent")
    before = cluster(unnamed, orphan, pod())

    for gone in (unnamed, orphan):
        after = simulate(before, deletion(gone))
        assert before.objects.keys() - after.objects.keys() == {gone.ref}


def test_a_service_of_another_namespace_is_another() -> None:
    """Its slices have nothing to do with this one's, nor have those of another name."""
    elsewhere = with_(BY_HAND, metadata__namespace="other")
    api = hand_made(endpoint("192.0.2.8"), name="api-1", of="api")
    before = cluster(service(), *slices(service()), elsewhere, BY_HAND, api)

    assert names(simulate(before, deletion(elsewhere))) == ["by-hand", "web-1"]
    after = simulate(before, deletion(BY_HAND))
    assert names(after) == ["web-1"]
    assert {elsewhere.ref, api.ref} <= after.objects.keys()


def test_without_their_source_copies_go() -> None:
    """Those of others stay."""
    before = cluster(BARE, SOURCE, *COPIES, BY_HAND)

    after = simulate(before, deletion(SOURCE))

    assert names(before) == ["by-hand", "web-mirror-1"]
    assert names(after) == ["by-hand"]


def test_a_copy_is_made_again() -> None:
    """While its source is there."""
    assert names(simulate(cluster(BARE, SOURCE, *COPIES), deletion(COPIES[0]))) == ["web-mirror-1 (new)"]


def test_a_slice_that_is_called_like_a_copy_stays() -> None:
    """The copy beside it has another name."""
    foreign = hand_made(endpoint("192.0.2.9"), name="web-mirror-1")
    (copy,) = (with_(entry, metadata__name="web-mirror-x") for entry in COPIES)

    after = simulate(cluster(BARE, SOURCE, copy, foreign), deletion(copy))

    assert names(after) == ["web-mirror-1", "web-mirror-1 (new)"]
    assert after.objects[foreign.ref] == foreign


def test_a_service_that_loses_its_selector_is_copied_to() -> None:
    """And one that gets it loses its copies."""
    taken = Change(BARE.ref, (Op(("spec", "selector"), ABSENT),))
    given = Change(BARE.ref, (Op(("spec", "selector"), {"app": "web"}),))

    assert names(simulate(cluster(service(), SOURCE), taken)) == ["web-mirror-1 (new)"]
    both = simulate(cluster(BARE, SOURCE, BY_HAND, node(), pod()), given)
    assert names(both) == ["by-hand", "web-1 (new)"]


@pytest.mark.parametrize("refused", [True, False])
def test_a_source_that_is_not_known_is_not_gone(*, refused: bool) -> None:
    """What is there stays; unless nobody has asked yet."""
    listing, source = reads.slices_of(BARE), reads.source_of(BARE)
    gaps = [Gap(source, GapReason.FORBIDDEN)] if refused else []
    known = Snapshot("test", NOW).with_answers(
        [BARE, *COPIES, BY_HAND], [listing, Read("Service", "shop", "web")], gaps
    )

    if refused:
        assert names(simulate(known, deletion(BY_HAND))) == ["web-mirror-1"]
    else:
        with pytest.raises(Unread) as unread:
            simulate(known, deletion(BY_HAND))
        assert unread.value.reads == {source}


def test_by_cpu_all_nodes_are_read() -> None:
    """The shares of the zones are theirs; without pods no share is wanted."""
    of = with_(service(), metadata__annotations={MODE: "Auto"})
    nothing = Snapshot("test", NOW)

    with pytest.raises(Unread) as unread:
        reads.nodes_of(nothing, of, (pod(),))

    assert unread.value.reads == {Read("Node")}
    assert reads.nodes_of(nothing, of, ()) == {}
    known = nothing.with_answers([node("node-a"), node("node-b")], [Read("Node")])
    everyone = reads.nodes_of(known, of, (pod(),))
    assert sorted(everyone or ()) == ["node-a", "node-b"]


def ports_of(snapshot: Snapshot) -> list[list[tuple[str | None, int | None]]]:
    """The ports of the slices of Service web."""
    found = snapshot.find(reads.slices_named("shop", "web"), EndpointSlice)
    return [[(port.name, port.port) for port in entry.ports] for entry in found]


def test_a_slice_that_somebody_made_stays_as_it_is_changed() -> None:
    """Nobody else writes it, with a selector or without."""
    change = Change(BY_HAND.ref, (Op(("ports", 0, "name"), "web"),))

    assert ports_of(simulate(settled(BARE, BY_HAND), change)) == [[("web", 8080)]]
    assert ports_of(simulate(settled(service(), pod(), BY_HAND), change)) == [
        [("web", 8080)],
        [("http", 8080)],
    ]


def test_a_slice_of_the_controller_is_written_over() -> None:
    """Whatever was changed in it."""
    (written,) = slices(service(), pod())
    change = Change(written.ref, (Op(("ports", 0, "name"), "web"),))

    assert ports_of(simulate(settled(service(), pod()), change)) == [[("http", 8080)]]


def test_endpoints_that_change_are_copied_again() -> None:
    """Their slices follow."""
    change = Change(SOURCE.ref, (Op(("subsets", 0, "ports", 0, "name"), "web", new=True),))

    assert ports_of(simulate(settled(BARE, SOURCE, *COPIES), change)) == [[("web", 8080)]]


def test_a_slice_of_no_service_changes_alone() -> None:
    """Nobody looks at it."""
    change = Change(BY_HAND.ref, (Op(("ports", 0, "name"), "web"),))

    after = simulate(cluster(BY_HAND), change)

    assert ports_of(after) == [[("web", 8080)]]
