"""What was read, what failed, what was never asked: three things."""

from collections.abc import Iterable

import pytest

from kubesvc.model.objects import Node, Obj, Partial, Pod, Service
from kubesvc.model.read import Gap, GapReason, Portion, Read, Unavailable, Unread
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import VERSION, Snapshot, complete
from tests.support.builders import NOW, cluster, node, pod, service, version, with_

PODS = Read("Pod", "shop")
METADATA = Read("Pod", "shop", part=Portion.METADATA)


def read(*covered: Read, objects: Iterable[Obj] = (), gaps: Iterable[Gap] = ()) -> Snapshot:
    """A snapshot of some answers."""
    return Snapshot("test", NOW).with_answers(objects, covered, gaps)


def test_what_was_never_read_is_asked_for() -> None:
    """The question goes back to whoever can answer it."""
    with pytest.raises(Unread) as unread:
        read().find(PODS, Pod)

    assert unread.value.reads == {PODS}
    assert not unread.value.again


def test_none_is_an_answer() -> None:
    """Nothing is there."""
    assert read(PODS).find(PODS, Pod) == ()
    assert read(PODS).get(Read("Pod", "shop", "web-1"), Pod) is None


def test_a_wider_read_answers_a_narrower_one() -> None:
    """Only with what matches."""
    snapshot = read(Read("Pod"), objects=[pod("web-1"), pod("api-1", labels={"app": "api"})])

    assert [
        p.metadata.name for p in snapshot.find(Read("Pod", "shop", labels=selector({"app": "web"})), Pod)
    ] == ["web-1"]


def test_answers_are_ordered_by_namespace_and_name() -> None:
    """Whatever order they came in."""
    given = [pod("b"), pod("a"), pod("c", namespace="another")]

    found = read(Read("Pod"), objects=given).find(Read("Pod"), Pod)

    assert [p.metadata.name for p in found] == ["c", "a", "b"]


def test_a_failed_read_is_unavailable() -> None:
    """It is not asked for again, and it is not empty."""
    gap = Gap(PODS, GapReason.FORBIDDEN, "no right")

    with pytest.raises(Unavailable) as unavailable:
        read(gaps=[gap]).find(PODS, Pod)

    assert unavailable.value.gap == gap


def test_a_narrower_read_may_succeed_where_a_wider_failed() -> None:
    """A right may be for one object only."""
    snapshot = read(gaps=[Gap(Read("Node"), GapReason.FORBIDDEN)])

    with pytest.raises(Unread):
        snapshot.find(Read("Node", name="node-a"), Node)


def test_a_kind_that_is_not_served_fails_for_every_read() -> None:
    """No read of it can succeed."""
    snapshot = read(gaps=[Gap(Read("EndpointSlice", "shop"), GapReason.NOT_SERVED)])

    with pytest.raises(Unavailable):
        snapshot.find(Read("EndpointSlice", "other"), Obj)


def test_an_answer_beats_an_earlier_failure() -> None:
    """A wider read may succeed later."""
    snapshot = read(PODS, gaps=[Gap(PODS, GapReason.TIMED_OUT)])

    assert snapshot.find(PODS, Pod) == ()


def test_an_object_that_could_not_be_decoded_is_not_absent() -> None:
    """The server named it in a list."""
    one = Read("Pod", "shop", "odd")
    snapshot = read(PODS, gaps=[Gap(one, GapReason.UNREADABLE, "spec")])

    with pytest.raises(Unavailable):
        snapshot.get(one, Pod)
    assert snapshot.find(PODS, Pod) == ()
    assert [gap.read.name for gap in snapshot.unreadable("Pod", "shop")] == ["odd"]
    assert snapshot.unreadable("Pod", "other") == ()


def test_want_collects_all_that_is_missing() -> None:
    """One round for all of it; what failed counts as answered."""
    snapshot = read(PODS, gaps=[Gap(Read("Node"), GapReason.FORBIDDEN)])

    with pytest.raises(Unread) as unread:
        snapshot.want([PODS, Read("Node"), VERSION, Read("Service", "shop")])

    assert unread.value.reads == {VERSION, Read("Service", "shop")}
    snapshot.want([PODS, Read("Node")])


def test_a_whole_object_is_never_replaced_by_its_metadata() -> None:
    """Whatever was read first."""
    partial = Partial(kind="Pod", metadata=pod().metadata)

    for order in ([pod(), partial], [partial, pod()]):
        snapshot = read(PODS, objects=order)
        assert snapshot.find(PODS, Pod) == (pod(),)


def test_metadata_does_not_answer_a_whole_read() -> None:
    """It would lack the status."""
    snapshot = read(METADATA, objects=[Partial(kind="Pod", metadata=pod().metadata)])

    assert len(snapshot.find(METADATA, Obj)) == 1
    with pytest.raises(Unread):
        snapshot.find(PODS, Pod)


def test_a_fresh_look_forgets_and_remembers_what_was_before() -> None:
    """What is read again replaces what was; the first look stays for comparison."""
    labels = Read("Pod", "shop", labels=selector({"app": "web"}))
    first = read(labels, Read("Service", "shop"), objects=[pod(), service()])

    again = first.without([labels])

    with pytest.raises(Unread):
        again.find(labels, Pod)
    assert again.find(Read("Service", "shop"), Service) == (service(),)
    assert again.earlier is not None
    assert again.earlier.find(labels, Pod) == (pod(),)
    assert again.earlier.earlier is None


def test_a_fresh_look_forgets_a_wider_read_too() -> None:
    """Otherwise a re-read that fails would leave "none"."""
    labels = Read("Pod", "shop", labels=selector({"app": "web"}))
    first = read(PODS, objects=[pod(), pod("api", labels={"app": "api"})])

    failed = first.without([labels]).with_answers((), (), [Gap(labels, GapReason.TIMED_OUT)])

    with pytest.raises(Unavailable):
        failed.find(labels, Pod)


def test_a_complete_snapshot_answers_everything() -> None:
    """What is absent does not exist."""
    snapshot = complete("test", NOW, [])

    assert snapshot.find(Read("Event", "any", fields=selector({"a": "b"})), Obj) == ()
    assert snapshot.server is None


def test_the_version_is_known_once_read() -> None:
    """It decides about sidecars' ports."""
    found = cluster(version(33), node()).server

    assert found is not None
    assert found.minor_number == 33


LABELED = Read("Service", "shop", labels=selector({"team": "pay"}))


def test_what_is_here_is_there_by_whatever_read() -> None:
    """A list by labels does not contain a GET by name, but its objects exist."""
    paid = with_(service(), metadata__labels={"team": "pay"})
    snapshot = read(LABELED, Read("Node"), objects=[paid, node()])

    assert snapshot.get(Read("Service", "shop", "web"), Service) == paid
    assert snapshot.get(Read("Node", name="node-a"), Node) == node()
    with pytest.raises(Unread):
        snapshot.get(Read("Service", "shop", "other"), Service)


def test_metadata_does_not_stand_for_the_whole_object() -> None:
    """Nor does a name for a list."""
    partial = Partial(kind="Pod", metadata=pod("web-1").metadata)
    snapshot = read(METADATA, objects=[partial])

    assert snapshot.get(Read("Pod", "shop", "web-1", part=Portion.METADATA), Partial) == partial
    with pytest.raises(Unread):
        snapshot.get(Read("Pod", "shop", "web-1"), Pod)
    with pytest.raises(Unread):
        read(LABELED, objects=[with_(service(), metadata__labels={"team": "pay"})]).find(
            Read("Service", "shop"), Service
        )


def test_what_is_to_be_read_again_is_no_longer_here() -> None:
    """Its being there is what is in question."""
    again = read(LABELED, objects=[with_(service(), metadata__labels={"team": "pay"})]).without([LABELED])

    with pytest.raises(Unread):
        again.get(Read("Service", "shop", "web"), Service)
