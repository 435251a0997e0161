"""What a sync leaves of the slices of a Service: endpointslice_controller.go, syncService; reconciler.go."""

from collections.abc import Iterable

import pytest

from kubesvc.model.objects import EndpointSlice, OwnerReference, Pod, Service
from kubesvc.semantics import endpoints, reconcile
from tests.support.builders import (
    NOW,
    container,
    endpoint,
    hand_made,
    headless,
    node,
    pod,
    port,
    service,
    slices,
    with_,
)

NAMED = with_(service().spec.ports[0], target_port="web")
GOING = with_(service(), metadata__deletion_timestamp=NOW)


def sync(of: Service, existing: Iterable[EndpointSlice], *members: Pod) -> tuple[EndpointSlice, ...]:
    """What is left, where all pods are on node-a."""
    return reconcile.sync(of, tuple(existing), members, {"node-a": node()}, 36)


def named(entry: EndpointSlice, name: str) -> EndpointSlice:
    """The slice by the name that the controller drew."""
    return with_(entry, metadata__name=name)


def test_what_was_written_before_is_replaced() -> None:
    """Whatever it lists, and of whichever incarnation of the Service it is."""
    (before,) = slices(service(), pod("old"))
    stranger = with_(before, metadata__owner_references=(OwnerReference(kind="Service", uid="before"),))
    six = slices(service(ip_families=("IPv6",)), pod(ips=("fd00::1",)))

    for existing in ((), (before,), (named(stranger, "x"),), (before, *(named(e, "y") for e in six))):
        assert sync(service(), existing, pod("new")) == slices(service(), pod("new"))


def test_slices_of_other_managers_stay() -> None:
    """Also where their owner is the Service, and where nobody is said to manage them."""
    (ours,) = slices(service(), pod())
    nobody = with_(ours, metadata__name="nobody", metadata__labels={endpoints.SERVICE_NAME: "web"})
    others = (hand_made(endpoint("192.0.2.1")), nobody)

    assert sync(service(), (*others, ours), pod()) == (*others, ours)


def test_a_slice_that_is_being_deleted_is_not_looked_at() -> None:
    """It stays until it is gone, and another is written."""
    (ours,) = slices(service(), pod())
    going = with_(named(ours, "going"), metadata__deletion_timestamp=NOW)

    assert sync(service(), (going,), pod()) == (going, ours)


@pytest.mark.parametrize("of", [service(selector={}), service(type="ExternalName")])
def test_what_was_written_before_is_left_behind_where_nobody_looks(of: Service) -> None:
    """Without a selector, or as an alias."""
    before = (*slices(service(), pod()), hand_made(endpoint("192.0.2.1")))

    assert sync(of, before, pod()) == before


def test_a_service_that_is_being_deleted_gets_no_slice() -> None:
    """Only what is there is kept right (reconciler.go, finalize)."""
    (before,) = slices(GOING)
    (listed,) = slices(GOING, pod("old"))
    foreign = hand_made(endpoint("192.0.2.1"))

    assert sync(GOING, (), pod()) == ()
    assert sync(GOING, (foreign,), pod()) == (foreign,)
    assert sync(GOING, (listed,), pod("new")) == slices(GOING, pod("new"))
    assert sync(GOING, (before,)) == (before,)


def test_what_another_incarnation_left_is_not_there_for_a_service_that_is_being_deleted() -> None:
    """It is deleted, and nothing is written in its place."""
    (ours,) = slices(GOING, pod())
    stranger = with_(ours, metadata__owner_references=(OwnerReference(kind="Service", uid="before"),))

    assert sync(GOING, (stranger,), pod()) == ()


def test_a_family_that_had_no_slice_gets_none_while_the_service_is_being_deleted() -> None:
    """Nor does a second list of ports; what is there is renewed."""
    dual = with_(GOING, spec__ip_families=("IPv4", "IPv6"))
    both = pod(ips=("10.0.0.1", "fd00::1"))
    (four,) = slices(GOING, both)

    assert sync(dual, (four,), both) == (four,)
    of = with_(GOING, spec__ports=(NAMED,))
    one, other = (pod(f"web-{n}", container("app", port(n, "web"))) for n in (1, 2))
    assert sync(of, slices(of, one), one, other) == slices(of, one)


def placeholder(of: Service, **changes: object) -> EndpointSlice:
    """The placeholder of a Service by another name."""
    (entry,) = slices(of)
    return with_(named(entry, "web-xyz"), **changes)


def test_a_placeholder_that_is_there_is_kept() -> None:
    """Its owner is not compared, so that of an earlier incarnation is kept, too (placeholderSliceCompare)."""
    ours = placeholder(service())
    earlier = placeholder(service(), metadata__owner_references=())

    assert sync(service(), (ours,)) == (ours,)
    assert sync(service(), (earlier,)) == (earlier,)


def test_a_label_that_is_missing_or_empty_is_the_same_to_a_placeholder() -> None:
    """As Go reads a map: so it may say headless, or not, for ever."""
    plain, silent = placeholder(service()), placeholder(headless())
    team = with_(service(), metadata__labels={"team": ""})

    assert sync(headless(), (plain,)) == (plain,)
    assert sync(service(), (silent,)) == (silent,)
    assert sync(team, (plain,)) == (plain,)
    assert sync(service(), (placeholder(team),)) == (placeholder(team),)


@pytest.mark.parametrize(
    "existing",
    [
        (placeholder(with_(service(), metadata__labels={"team": "a"})),),
        (placeholder(service(), metadata__labels={endpoints.MANAGED_BY: endpoints.CONTROLLER}),),
        (placeholder(service(), endpoints=(endpoint("10.0.0.1"),)),),
        (placeholder(service(), ports=slices(service(), pod())[0].ports),),
        (placeholder(service(ip_families=("IPv6",))),),
        (placeholder(service()), named(placeholder(service()), "web-uvw")),
    ],
    ids=["a label", "a label is missing", "an endpoint", "a port", "another family", "two of them"],
)
def test_any_other_is_written_anew(existing: tuple[EndpointSlice, ...]) -> None:
    """By another name, or the same: that is not told."""
    assert sync(service(), existing) == slices(service())


def test_only_a_placeholder_is_kept() -> None:
    """Where there are endpoints, what is there is filled."""
    assert sync(service(), (placeholder(service()),), pod()) == slices(service(), pod())


def test_each_family_has_its_placeholder() -> None:
    """The other may have endpoints."""
    dual = service(ip_families=("IPv4", "IPv6"))
    four, six = slices(dual)
    kept = named(six, "web-six")

    assert sync(dual, (named(four, "web-four"), kept)) == (named(four, "web-four"), kept)
    assert sync(dual, (kept,), pod()) == (*slices(service(), pod()), kept)


def test_an_emptied_slice_of_a_service_that_is_being_deleted_becomes_the_placeholder() -> None:
    """What would be deleted is written over (reconciler.go, finalize): no slice has to be created."""
    left = sync(GOING, slices(GOING, pod()))

    assert [(entry.endpoints, entry.ports) for entry in left] == [((), ())]


def test_other_ports_are_written_over_those_that_no_pod_has_any_more() -> None:
    """One slice for one; the rest would have to be created."""
    of = with_(service("web", NAMED), metadata__deletion_timestamp=NOW)
    old, new, third = (pod(f"web-{n}", container("app", port(n, "web"))) for n in (1, 2, 3))

    assert [entry.ports[0].port for entry in sync(of, slices(of, old), new)] == [2]
    assert len(sync(of, slices(of, old), new, third)) == 1
    assert [entry.ports[0].port for entry in sync(of, slices(of, old), old, new)] == [1]


def test_a_slice_is_written_over_only_by_one_of_its_family() -> None:
    """The family of a slice never changes: of the other there was none."""
    going = with_(GOING, spec__ip_families=("IPv6",))
    before = slices(going, pod(ips=("fd00::1",)))

    left = sync(with_(GOING, spec__ip_families=("IPv4", "IPv6")), before, pod(ips=("10.0.0.1",)))

    assert [(entry.address_type, entry.endpoints) for entry in left] == [("IPv6", ())]
