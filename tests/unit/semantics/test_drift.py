"""Where the slices differ from what the controller should have written."""

import pytest

from kubesvc.model.objects import EndpointSlice, OwnerReference, Pod, Service
from kubesvc.semantics import cells, drift, endpoints
from kubesvc.semantics.drift import Drift, DriftKind
from tests.support.builders import (
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
    return drift.drift(of, written, cells.cells(of, written, selected), unread)


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


@pytest.mark.parametrize("after", [(), (pod(phase="Failed"),), (with_(pod(), metadata__uid="new"),)])
def test_what_should_be_gone_is_left_behind(after: tuple[Pod, ...]) -> None:
    """Deleted, finished, or another incarnation."""
    assert DriftKind.LEFT_BEHIND in kinds(service(), slices(service(), pod()), *after)


def test_a_missing_node_is_told_apart() -> None:
    """A Node that comes or goes makes the controller do nothing."""
    lost = pod(node="gone")

    assert kinds(service(), slices(service(), lost), lost) == [DriftKind.NODE_DEPENDENT]


def test_a_slice_of_another_manager_is_foreign() -> None:
    """For a Service that has a selector."""
    (found,) = differences(service(), (*slices(service()), hand_made(endpoint("192.0.2.1"))))

    assert (found.kind, found.slices) == (DriftKind.FOREIGN, ("by-hand",))


def test_a_pod_in_a_foreign_slice_beside_the_controllers_is_no_drift() -> None:
    """It should get traffic, and does."""
    written = (*slices(service(), pod()), hand_made(endpoint("10.244.0.5", target=pod())))

    assert differences(service(), written, pod()) == ()


def test_a_slice_of_an_earlier_incarnation_is_left_behind() -> None:
    """The controller deletes what bears its label and is not this Service's."""
    (ours,) = slices(service(), pod())
    earlier = with_(
        ours, metadata__owner_references=(OwnerReference(kind="Service", uid="before", api_version="v1"),)
    )

    assert kinds(service(), (earlier,), pod()) == [DriftKind.LEFT_BEHIND]
    assert kinds(service(), (with_(ours, metadata__owner_references=()),), pod()) == [DriftKind.LEFT_BEHIND]


def test_a_slice_of_a_dropped_family_is_left_behind() -> None:
    """The Service had both."""
    both = service(ip_families=("IPv4", "IPv6"))
    dual = pod(ips=("10.0.0.1", "fd00::1"))

    assert kinds(service(), slices(both, dual), dual) == [DriftKind.LEFT_BEHIND]


@pytest.mark.parametrize("of", [service(selector={}), service(type="ExternalName")])
def test_others_have_no_drift(of: Service) -> None:
    """The controller writes nothing for them, and so leaves old slices behind."""
    assert differences(of, (*slices(service(), pod()), hand_made(endpoint("192.0.2.1")))) == ()


def test_nothing_is_predicted_without_nodes() -> None:
    """No prediction, no disagreement; a pod that has finished needs no Node."""
    selected = cells.Selected((pod("web-1"), pod("web-2", phase="Failed")), None, 36)
    written = slices(service())
    found = cells.cells(service(), written, selected)

    assert drift.drift(service(), written, found) == ()


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
def test_what_another_writer_says_of_a_pod_is_not_the_controllers(other: EndpointSlice) -> None:
    """The controller lists it without the port, as it should; what both say together is not its doing."""
    of = service("web", NAMED)

    assert differences(of, (*slices(of, pod()), other), pod()) == ()
