"""What kube-proxy reads, and what a client gets where no endpoint is usable: pkg/proxy."""

from typing import Any

import pytest

from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import Endpoint, EndpointPort, EndpointSlice, Service, ServicePort
from kubesvc.model.query import Viewpoint
from kubesvc.semantics import cells, endpoints, proxy
from kubesvc.semantics.proxy import Rejection
from tests.support.builders import HTTP, endpoint, hand_made, headless, pod, service, slices, with_

DNS = ServicePort(name="dns", port=53, protocol="UDP")
STREAM = ServicePort(name="stream", port=90, protocol="SCTP")
SILENT = with_(
    hand_made(endpoint("192.0.2.1"), name="silent"),
    metadata__labels={endpoints.SERVICE_NAME: "web", endpoints.HEADLESS: ""},
)


@pytest.mark.parametrize(
    ("of", "port", "expected"),
    [
        (service(), HTTP, Rejection.REFUSED),
        (service(), DNS, Rejection.UNREACHABLE),
        (service(), STREAM, Rejection.UNREACHABLE),
        (headless(), HTTP, Rejection.NO_ADDRESS),
        (service(cluster_ip=""), DNS, Rejection.NO_ADDRESS),
        (service(type="ExternalName"), HTTP, Rejection.NO_ADDRESS),
    ],
)
def test_a_port_without_usable_endpoints_is_rejected(
    of: Service, port: ServicePort, expected: Rejection
) -> None:
    """A TCP client sees its connection refused; without a virtual address nobody answers for it."""
    assert proxy.rejection(of, port) is expected


def test_a_slice_that_says_headless_is_not_read() -> None:
    """Of a Service with a virtual address; the value of the label does not matter."""
    assert proxy.is_hidden(service(), SILENT)
    assert proxy.is_hidden(service(), with_(SILENT, metadata__labels={endpoints.HEADLESS: "false"}))
    assert not proxy.is_hidden(service(), hand_made())
    assert not proxy.is_hidden(headless(), SILENT)


def joined(of: Service, *written: EndpointSlice) -> tuple[Cell, ...]:
    """The cells of a Service of whose pods nothing is known."""
    return cells.cells(of, written, None)


def test_what_is_not_read_gets_no_traffic() -> None:
    """It is shown all the same; a headless name answers it."""
    (hidden,) = joined(service(), SILENT)
    (answered,) = joined(headless(), SILENT)

    assert (hidden.state, answered.state) == (State.HIDDEN, State.READY)
    assert proxy.usable([hidden], Viewpoint()) == ()


def test_an_endpoint_that_another_slice_lists_is_read() -> None:
    """Even where the other says less good of it."""
    other = hand_made(endpoint("192.0.2.1", ready=False), ports=())

    for written in ((SILENT, other), (other, SILENT)):
        (found,) = joined(service(), *written)
        assert (found.hidden, found.number, found.state) == (False, None, State.NO_PORT)
        assert set(found.slices) == {"silent", "by-hand"}


def test_an_endpoint_may_have_a_number_per_port() -> None:
    """A second port of another name in the same slice does not matter."""
    ports = (EndpointPort(name="admin", port=9), EndpointPort(name="http", port=8))

    (found,) = joined(service(), hand_made(endpoint("192.0.2.1"), ports=ports))

    assert found.number == 8


def test_nil_conditions_are_those_of_a_usable_endpoint() -> None:
    """Ready, serving and not terminating, as kube-proxy reads them."""
    silent = endpoint("192.0.2.1", ready=None, serving=None, terminating=None)

    (found,) = joined(service(), hand_made(silent))

    assert proxy.usable([found], Viewpoint()) == (found,)


def test_an_endpoint_without_the_port_gets_no_traffic() -> None:
    """However ready it is."""
    of = service("web", with_(HTTP, target_port="nobody"))

    (found,) = joined(of, *slices(of, pod()))

    assert proxy.usable([found], Viewpoint()) == ()


def on(name: str, where: str, **more: Any) -> Endpoint:
    """An endpoint on a node."""
    return with_(endpoint(name, **more), node_name=where)


def test_under_a_local_policy_each_node_chooses_among_its_own_endpoints() -> None:
    """One that leaves and still serves is taken where no other is on its node, whatever is on others."""
    written = hand_made(
        on("192.0.2.1", "b"),
        on("192.0.2.2", "b"),
        on("192.0.2.9", "b", ready=False, terminating=True),
        on("192.0.2.3", "a", ready=False, terminating=True),
        on("192.0.2.4", "c", ready=False, serving=False),
        on("192.0.2.5", "d", ready=False, serving=False, terminating=True),
        on("192.0.2.6", "e", serving=False),
        on("192.0.2.7", ""),
    )
    silent = with_(SILENT, endpoints=(on("192.0.2.8", "f"),))

    chosen = proxy.local(joined(service(), written, silent))

    assert [(cell.node, cell.address) for cell in chosen] == [
        ("a", "192.0.2.3"),
        ("b", "192.0.2.1"),
        ("b", "192.0.2.2"),
        ("e", "192.0.2.6"),
    ]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (service(internal_traffic_policy="Local"), True),
        (service(internal_traffic_policy="Cluster"), False),
        (service(external_traffic_policy="Local"), False),
        (service(), False),
        (headless(internal_traffic_policy="Local"), False),
    ],
)
def test_only_a_virtual_address_leads_to_the_clients_own_node(of: Service, *, expected: bool) -> None:
    """A headless name is answered with all addresses, and kube-proxy takes no part."""
    assert proxy.is_local_inside(of) is expected
