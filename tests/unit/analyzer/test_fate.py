"""What should become of a pod beside what the slices say of it."""

from typing import Any

import pytest

from kubesvc.model.cell import StepKind
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.model.read import Read
from kubesvc.semantics.endpoints import SERVICE_NAME
from tests.support.builders import (
    HTTP,
    OTHER,
    cluster,
    endpoint,
    hand_made,
    headless,
    node,
    pod,
    service,
    settled,
    slices,
    terminating,
    unready,
    with_,
)
from tests.support.whys import corners, step, why

NAMED = ServicePort(name="http", port=80, target_port="web")


def test_a_slice_that_lacks_the_pod_differs() -> None:
    """The controller is behind."""
    of, member = service(), pod()

    told = why(cluster(of, member, node(), *slices(of)))

    assert told.headline == "Why pod web-1 is no endpoint of shop/web"
    (result,) = told.results
    assert (result.predicted, result.actual, result.agrees) == ("ready", "not in the slices", False)
    assert result.text == "the controller should list it at 10.244.0.5:8080 as ready, but no slice lists it"
    assert (result.addresses, result.slices) == ((), ())


@pytest.mark.parametrize(
    ("stale", "says"),
    [
        (unready(), "at 10.244.0.5:8080 as not ready"),
        (pod(ips=("10.9.9.9",)), "at 10.9.9.9:8080 as ready"),
        (terminating(pod()), "at 10.244.0.5:8080 as not ready, terminating, serving"),
    ],
)
def test_a_slice_that_says_something_else_differs(stale: Pod, says: str) -> None:
    """Conditions and address are compared."""
    of = service()

    told = why(cluster(of, pod(), node(), *slices(of, stale)))

    (result,) = told.results
    assert result.agrees is False
    assert result.text.endswith(f"but slice web-1 lists it {says}")


def test_a_slice_with_another_number_differs() -> None:
    """The port has moved."""
    before = service("web", ServicePort(name="http", port=80, target_port=9999))

    told = why(cluster(service(), pod(), node(), *slices(before, pod())))

    assert told.results[0].agrees is False
    assert told.results[0].text.endswith("but slice web-1 lists it at 10.244.0.5:9999 as ready")


def test_a_slice_without_the_port_differs() -> None:
    """It was added later."""
    both = service("web", HTTP, OTHER)

    told = why(cluster(both, pod(), node(), *slices(service(), pod())))

    assert told.headline == (
        "Why pod web-1 is a ready endpoint of shop/web on port http and an endpoint without port admin"
    )
    good, bad = told.results
    assert (good.agrees, bad.agrees) == (True, False)
    assert bad.text.endswith("but slice web-1 lists it at 10.244.0.5 as ready, without port admin")


def test_a_slice_of_somebody_else_is_told_as_that() -> None:
    """Also where it names no pod, but its address."""
    of = service()
    listed = hand_made(endpoint("10.244.0.5"))

    told = why(cluster(of, pod(labels={}), node(), *slices(of), listed))

    (result,) = told.results
    assert (result.agrees, result.slices) == (False, ("by-hand",))
    assert result.text == (
        "the controller should not list it, but slice by-hand lists it at 10.244.0.5:8080 as ready, managed "
        "by somebody.example"
    )


def test_a_slice_of_somebody_else_does_not_stand_in_for_the_controllers() -> None:
    """The same endpoint, but not from whom it should be."""
    of = service()

    told = why(cluster(of, pod(), node(), *slices(of), hand_made(endpoint("10.244.0.5", target=pod()))))

    assert told.results[0].agrees is False


def test_a_second_slice_of_somebody_else_changes_nothing() -> None:
    """The controller's is there as well; both are named."""
    of, twice = service(), hand_made(endpoint("10.244.0.5", target=pod()))

    told = why(cluster(of, pod(), node(), *slices(of, pod()), twice))

    (result,) = told.results
    assert result.agrees is True
    assert result.text.endswith("as ready, and slices by-hand, web-1 do")


def test_several_slices_may_list_what_none_should() -> None:
    """Each is named, with who writes it."""
    of = service()
    one, other = (hand_made(endpoint("10.244.0.5"), name=name) for name in ("one", "other"))
    unlabeled = with_(other, metadata__labels={SERVICE_NAME: "web"})

    told = why(cluster(of, pod(labels={}), node(), *slices(of), one, unlabeled))

    assert told.results[0].text == (
        "the controller should not list it, but slices one, other list it at 10.244.0.5:8080 as ready, "
        "managed by nobody named and somebody.example"
    )


@pytest.mark.parametrize(
    "change", [{"metadata__owner_references": ()}, {"metadata__labels": {SERVICE_NAME: "web"}}]
)
def test_only_a_slice_of_this_service_and_of_the_controller_is_its_own(change: dict[str, Any]) -> None:
    """Another incarnation's goes away, and what is not labeled as the controller's it never looks at."""
    (written,) = slices(service(), pod())

    told = why(cluster(service(), pod(), node(), with_(written, **change)))

    assert told.results[0].agrees is False


def test_ports_that_lead_nowhere_are_named_together() -> None:
    """They have one fate."""
    both = service("web", NAMED, ServicePort(name="admin", port=81, target_port="console"))

    told = why(settled(both, pod()))

    assert told.headline == "Why pod web-1 is an endpoint of shop/web without ports http and admin"
    assert told.results[0].text == (
        "the controller should list it at 10.244.0.5 as ready, without ports http and admin, and slice "
        "web-1 does"
    )


def test_an_address_alone_needs_no_brackets() -> None:
    """They tell an IPv6 address from a port."""
    bare = with_(headless(ip_families=("IPv6",)), spec__ports=())

    assert why(settled(bare, pod(ips=("fd00::1",)))).results[0].addresses == ("fd00::1",)


def test_without_a_selector_somebody_else_writes() -> None:
    """Which is as it should be."""
    bare = service(selector={})

    listed = why(cluster(bare, pod(), node(), hand_made(endpoint("10.244.0.5"))))
    absent = why(cluster(bare, pod(), node()))

    assert (listed.results[0].agrees, absent.results[0].agrees) == (True, True)
    assert listed.results[0].text == (
        "the controller writes no endpoints for this Service, and slice by-hand lists it at 10.244.0.5:8080 "
        "as ready, managed by somebody.example"
    )
    assert absent.results[0].text == (
        "the controller writes no endpoints for this Service, and no slice lists it"
    )
    assert step(listed, StepKind.LABELS).text == "no label is asked for"


def test_what_the_controller_left_behind_is_told_as_that() -> None:
    """A Service that lost its selector keeps its slices."""
    told = why(cluster(service(selector={}), pod(), node(), *slices(service(), pod())))

    assert told.results[0].text.endswith(
        "slice web-1 lists it at 10.244.0.5:8080 as ready, which the controller has left behind"
    )


def test_an_alias_has_the_families_of_the_pod() -> None:
    """It has none itself."""
    alias = service(type="ExternalName", external_name="db.example", cluster_ip="", ip_families=())

    assert corners(why(cluster(alias, pod(ips=("fd00::1",)), node())).results[0].places) == ["http/IPv6"]
    assert corners(why(cluster(alias, pod(ips=()), node())).results[0].places) == ["http/IPv4"]


def test_without_the_slices_only_the_prediction_is_told() -> None:
    """And the headline is a question."""
    told = why(settled(service(), pod()), Read("EndpointSlice"))

    assert told.headline == "Whether pod web-1 is an endpoint of shop/web"
    (result,) = told.results
    assert (result.predicted, result.actual, result.agrees) == ("ready", "", None)
    assert result.text == (
        "the controller should list it at 10.244.0.5:8080 as ready, and what the slices say could not be read"
    )
