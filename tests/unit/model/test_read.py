"""Which read answers which, and which objects belong to an answer."""

import pytest
from msgspec.structs import replace

from kubesvc.model.objects import Obj, Partial
from kubesvc.model.read import Portion, Read
from kubesvc.model.selector import selector
from tests.support.builders import event, pod

APP = selector({"app": "web"})
ONE = Read("Pod", "shop", "web-1")

CONTAINED = {
    "itself": (ONE, ONE),
    "one of a namespace": (Read("Pod", "shop"), ONE),
    "one of all namespaces": (Read("Pod"), ONE),
    "a stronger selector": (
        Read("Pod", "shop", labels=APP),
        Read("Pod", "shop", labels=APP | {("tier", "x")}),
    ),
    "a stronger field selector": (
        Read("Pod", fields=selector({"spec.nodeName": "a"})),
        Read("Pod", "shop", fields=selector({"spec.nodeName": "a", "metadata.name": "b"})),
    ),
    "the metadata of what is whole": (Read("Pod"), Read("Pod", part=Portion.METADATA)),
}
NOT_CONTAINED = {
    "another kind": (Read("Pod"), Read("Node")),
    "another namespace": (Read("Pod", "shop"), Read("Pod", "other")),
    "all namespaces": (Read("Pod", "shop"), Read("Pod")),
    "all of a namespace": (ONE, Read("Pod", "shop")),
    "a weaker selector": (Read("Pod", "shop", labels=APP), Read("Pod", "shop")),
    "another selector": (Read("Pod", labels=APP), Read("Pod", labels=selector({"app": "other"}))),
    "a name, which may lack the labels": (Read("Pod", "shop", labels=APP), ONE),
    "the whole of what is metadata": (Read("Pod", part=Portion.METADATA), Read("Pod")),
}


@pytest.mark.parametrize(("made", "wanted"), CONTAINED.values(), ids=CONTAINED)
def test_a_read_contains(made: Read, wanted: Read) -> None:
    """Its answer holds all that the other would bring."""
    assert made.contains(wanted)


@pytest.mark.parametrize(("made", "wanted"), NOT_CONTAINED.values(), ids=NOT_CONTAINED)
def test_a_read_does_not_contain(made: Read, wanted: Read) -> None:
    """Something of the other could be missing."""
    assert not made.contains(wanted)


@pytest.mark.parametrize(
    ("read", "belongs"),
    [
        (ONE, True),
        (Read("Pod", "shop", "web-2"), False),
        (Read("Pod", "other"), False),
        (Read("Pod", labels=APP), True),
        (Read("Pod", labels=selector({"app": "x"})), False),
        (Read("Pod", fields=selector({"metadata.name": "web-1"})), True),
        (Read("Pod", fields=selector({"spec.nodeName": "node-a"})), True),
        (Read("Pod", fields=selector({"spec.nodeName": "node-b"})), False),
        (Read("Pod", fields=selector({"spec.unknown": "x"})), False),
    ],
    ids=str,
)
def test_an_object_belongs_to_an_answer(read: Read, *, belongs: bool) -> None:
    """As the API server selects."""
    assert read.matches(pod()) is belongs


def test_metadata_alone_belongs_to_no_whole_answer() -> None:
    """A whole object was asked for."""
    partial: Obj = Partial(kind="Pod", metadata=pod().metadata)

    assert not ONE.matches(partial)
    assert replace(ONE, part=Portion.METADATA).matches(partial)


def test_events_are_selected_by_what_they_are_about() -> None:
    """Field selectors of core/v1 events."""
    about = event(pod(), "Unhealthy", "…")
    right = selector({"involvedObject.kind": "Pod", "involvedObject.name": "web-1"})

    assert Read("Event", "shop", fields=right).matches(about)
    assert not Read("Event", "shop", fields=selector({"involvedObject.kind": "Node"})).matches(about)


def test_a_read_is_written_for_people() -> None:
    """It stands in gaps."""
    assert str(Read("Pod", "shop", labels=APP)) == "pods app=web in shop"
    assert str(Read("EndpointSlice", "shop")) == "endpointslices in shop"
    assert str(ONE) == "Pod/web-1 in shop"
    assert str(Read("Node", name="node-a")) == "Node/node-a"
