"""What the slices say, joined with what the controller should write."""

from kubesvc.model.cell import Cell, State, StepKind
from kubesvc.model.objects import EndpointPort, EndpointSlice, Node, Pod, Service, ServicePort, TargetRef
from kubesvc.model.place import EndpointId
from kubesvc.model.query import Origin, Viewpoint
from kubesvc.semantics import cells, dns, endpoints, proxy
from tests.support.builders import (
    HTTP,
    OTHER,
    endpoint,
    hand_made,
    headless,
    node,
    pod,
    pods,
    service,
    slices,
    terminating,
    unready,
    with_,
)

DUAL = ("IPv4", "IPv6")


def selected(*members: Pod, nodes: tuple[Node, ...] = (node(),)) -> cells.Selected:
    """Selected pods on nodes that exist."""
    return cells.Selected(members, {n.metadata.name: n for n in nodes}, 36)


def joined(of: Service, written: tuple[EndpointSlice, ...], *members: Pod) -> tuple[Cell, ...]:
    """The cells of a Service."""
    return cells.cells(of, written, selected(*members))


def test_there_is_a_cell_per_port_family_and_pod() -> None:
    """In this order, with the facts of the slices and the chain of the prediction."""
    of = service("web", HTTP, OTHER, ip_families=DUAL)
    members = (pod("b", ips=("10.0.0.2", "fd00::2")), pod("a", ips=("10.0.0.1", "fd00::1")))

    found = joined(of, slices(of, *members), *members)

    assert [(c.place.port, c.place.family, c.address) for c in found] == [
        (port, family, address)
        for port in ("http", "admin")
        for family, addresses in (("IPv4", ("10.0.0.1", "10.0.0.2")), ("IPv6", ("fd00::1", "fd00::2")))
        for address in addresses
    ]
    assert {c.state for c in found} == {State.READY}
    assert all(c.why is None and c.chain and c.pod and c.node == "node-a" for c in found)


def test_a_selected_pod_that_no_slice_lists_is_absent() -> None:
    """Its chain tells whether that is right."""
    missed, finished = pod("web-1"), pod("web-2", phase="Failed")

    first, second = joined(service(), slices(service()), missed, finished)

    assert (first.state, first.why) == (State.ABSENT, None)
    assert (second.state, second.why and second.why.kind) == (State.ABSENT, StepKind.PHASE)
    assert (first.address, first.number, first.conditions) == (None, None, None)


def test_an_endpoint_of_no_selected_pod_has_no_prediction() -> None:
    """Only what the slices say."""
    (found,) = joined(service(), (hand_made(endpoint("192.0.2.1")),))

    assert (found.state, found.pod, found.chain) == (State.READY, None, None)
    assert found.place.endpoint == EndpointId("", "192.0.2.1")


def test_a_pod_of_another_incarnation_is_not_the_selected_one() -> None:
    """Pods are joined by uid."""
    before = with_(pod(), metadata__uid="uid-before")

    found = joined(service(), slices(service(), before), pod())

    assert [(c.place.endpoint and c.place.endpoint.uid, c.state) for c in found] == [
        ("uid-before", State.READY),
        ("uid-web-1", State.ABSENT),
    ]


def test_a_target_that_is_no_pod_is_named_by_its_address() -> None:
    """Also without a target, or with an unnamed one."""
    vm = with_(endpoint("192.0.2.1"), target_ref=TargetRef(kind="VirtualMachine", name="vm"))

    assert cells.identify(vm) == EndpointId("", "192.0.2.1")
    assert cells.identify(with_(vm, target_ref=TargetRef(kind="Pod"))) == EndpointId("", "192.0.2.1")
    assert cells.identify(endpoint()) == EndpointId("", "")


def test_an_endpoint_without_an_address_is_ignored() -> None:
    """As kube-proxy does."""
    assert joined(service(), (hand_made(endpoint()),)) == ()


def test_an_endpoint_in_two_slices_is_one_cell() -> None:
    """Found where it has the port; both slices are named."""
    bare = hand_made(endpoint("10.244.0.5", target=pod()), ports=())

    for written in ((bare, *slices(service(), pod())), (*slices(service(), pod()), bare)):
        (found,) = joined(service(), written, pod())
        assert (found.number, found.state) == (8080, State.READY)
        assert set(found.slices) == {"by-hand", "web-1"}


def test_of_two_entries_the_one_that_stays_wins() -> None:
    """endpointslicecache.go, addEndpoints: a terminating one never replaces another."""
    going = hand_made(endpoint("10.244.0.5", ready=False, terminating=True, target=pod()), name="going")
    staying = hand_made(endpoint("10.244.0.5", target=pod()), name="staying")

    for written in ((going, staying), (staying, going)):
        (found,) = joined(service(), written, pod())
        assert found.state is State.READY


def test_a_port_matches_by_name_and_protocol() -> None:
    """Nil names and numbers, and the number 0, are ignored by kube-proxy."""
    listed = endpoint("192.0.2.1")
    for wrong in (
        EndpointPort(name="other", port=1),
        EndpointPort(name="http", port=1, protocol="UDP"),
        EndpointPort(name=None, port=1),
        EndpointPort(name="http", port=None),
        EndpointPort(name="http", port=0),
    ):
        (found,) = joined(service(), (hand_made(listed, ports=(wrong,)),))
        assert found.state is State.NO_PORT
    unnamed = ServicePort(port=80)
    (found,) = joined(service("web", unnamed), (hand_made(listed, ports=(EndpointPort(name=None, port=1),)),))
    assert found.state is State.NO_PORT
    (found,) = joined(service("web", unnamed), (hand_made(listed, ports=(EndpointPort(name="", port=1),)),))
    assert (found.place.port, found.number) == ("80/TCP", 1)


ADMIN = EndpointPort(name="admin", port=81)


def written(*more: EndpointPort, address: str = "192.0.2.1", **other: str) -> EndpointSlice:
    """A slice of one endpoint that somebody wrote by hand."""
    return hand_made(endpoint(address), name=f"by-hand-{address}", ports=more, **other)


def shown(*entries: EndpointSlice, of: Service | None = None, members: tuple[Pod, ...] = ()) -> list[str]:
    """Which endpoints have which ports."""
    known = of or service("web", HTTP, OTHER, selector={})
    return [f"{c.place.port} {c.address} {c.number}" for c in joined(known, entries, *members)]


def test_each_port_may_have_endpoints_of_its_own() -> None:
    """As the subsets of an Endpoints object may have: none of them lacks the port of the others."""
    one, other = written(EndpointPort(name="http", port=8080)), written(ADMIN, address="192.0.2.2")

    assert shown(one, other) == ["http 192.0.2.1 8080", "admin 192.0.2.2 81"]


def test_an_endpoint_lacks_a_port_that_nobody_serves() -> None:
    """In its family: what serves it in the other serves nobody there; nor does a slice without endpoints."""
    http = EndpointPort(name="http", port=8080)
    six = written(ADMIN, address="fd00::2", family="IPv6")
    both = service("web", HTTP, OTHER, selector={}, ip_families=DUAL)
    lacking = ["http 192.0.2.1 8080", "admin 192.0.2.1 None"]

    assert shown(written(http)) == lacking
    assert shown(written(http), hand_made(name="empty", ports=(ADMIN,))) == lacking
    assert shown(written(http), six, of=both) == [
        "http 192.0.2.1 8080",
        "http fd00::2 None",
        "admin 192.0.2.1 None",
        "admin fd00::2 81",
    ]


def test_an_endpoint_lacks_a_port_in_whose_place_something_else_stands() -> None:
    """A name, a protocol or no number that fits no port of the Service; or nothing at all."""
    good = written(ADMIN, address="192.0.2.2")
    http = EndpointPort(name="http", port=8080)
    for odd in (
        (http, EndpointPort(name="x", port=81)),
        (http, with_(ADMIN, protocol="UDP")),
        (http, EndpointPort(name="admin")),
        (),
    ):
        assert "admin 192.0.2.1 None" in shown(written(*odd), good)


def test_what_the_controller_wrote_lacks_its_ports() -> None:
    """Also where the pods could not be read; and so does a selected pod, whoever lists it."""
    of = service("web", with_(HTTP, target_port="gone"), OTHER)
    member = pod("web-1", ips=("10.0.0.1",))
    foreign = written(EndpointPort(name="http", port=8080), address="192.0.2.2")
    listed = hand_made(
        with_(
            endpoint("10.0.0.1"),
            target_ref=TargetRef(kind="Pod", namespace="shop", name="web-1", uid="uid-web-1"),
        ),
        name="listed",
        ports=(ADMIN,),
    )

    assert shown(*slices(of, member), foreign, of=of, members=(member,)) == [
        "http 192.0.2.2 8080",
        "http 10.0.0.1 None",
        "admin 10.0.0.1 8081",
    ]
    unread = cells.cells(of, (*slices(of, member), foreign), None)
    assert ("http", "10.0.0.1") in [(cell.place.port, cell.address) for cell in unread]
    assert shown(listed, foreign, of=of, members=(member,)) == [
        "http 192.0.2.2 8080",
        "http 10.0.0.1 None",
        "admin 10.0.0.1 81",
    ]


def test_a_service_without_ports_has_cells_without_a_port() -> None:
    """Its name is what clients use."""
    of = with_(headless(), spec__ports=())

    (found,) = joined(of, slices(of, pod()), pod())

    assert (found.place.port, found.number, found.state) == (None, 0, State.READY)


def test_a_family_that_only_the_slices_have_is_shown() -> None:
    """Somebody wrote it; other types of addresses have no meaning."""
    found = joined(
        service(),
        (hand_made(endpoint("fd00::1"), family="IPv6"), hand_made(endpoint("a.example"), family="FQDN")),
    )

    assert [(c.place.family, c.address) for c in found] == [("IPv6", "fd00::1")]


def test_no_pod_is_absent_where_the_controller_does_not_look() -> None:
    """Neither from a family that the Service does not have, nor from an alias."""
    listed = hand_made(endpoint("fd00::1"), family="IPv6")

    found = joined(service(), (listed,), pod())

    assert [(c.place.family, c.state) for c in found] == [("IPv4", State.ABSENT), ("IPv6", State.READY)]
    (left,) = joined(service(type="ExternalName"), slices(service(), pod("old")), pod("old"), pod("new"))
    assert left.place.endpoint is not None
    assert left.place.endpoint.name == "old"


def test_pods_that_could_not_be_read_are_no_absent_pods() -> None:
    """The slices are all that is known."""
    (found,) = cells.cells(service(), slices(service(), pod()), None)

    assert (found.state, found.pod, found.chain) == (State.READY, None, None)
    assert cells.cells(service(), slices(service()), None) == ()


def test_an_alias_has_no_cells() -> None:
    """Unless slices were left behind."""
    alias = service(type="ExternalName")

    assert joined(alias, ()) == ()
    assert len(joined(alias, slices(service(), pod()))) == 1


def test_a_service_without_a_selector_predicts_nothing() -> None:
    """Its endpoints are written by somebody else."""
    of = service(selector={})

    (found,) = joined(of, (hand_made(endpoint("10.244.0.5", target=pod())),))

    assert (found.pod, found.chain) == (None, None)


def usable(*members: Pod) -> list[str]:
    """Which pods get traffic through the virtual address."""
    of = service()
    found = proxy.usable(joined(of, slices(of, *members), *members), Viewpoint(Origin.NODE, "node-a"))
    return [c.place.endpoint.name for c in found if c.place.endpoint]


def test_ready_endpoints_get_traffic() -> None:
    """Not those that are not."""
    assert usable(pod("a"), unready("b"), terminating(pod("c"))) == ["a"]


def test_terminating_endpoints_serve_only_where_none_is_ready() -> None:
    """pkg/proxy/topology.go, CategorizeEndpoints."""
    assert usable(unready("b"), terminating(pod("c")), terminating(unready("d"))) == ["c"]
    assert usable(unready("b"), terminating(unready("d"))) == []


def test_a_published_terminating_pod_is_ready() -> None:
    """Ready includes the effect of publishNotReadyAddresses."""
    of = service(publish_not_ready_addresses=True)
    members = (terminating(unready("a")),)

    assert len(proxy.usable(joined(of, slices(of, *members), *members), Viewpoint())) == 1


def test_a_headless_name_answers_ready_endpoints_only() -> None:
    """With or without a resolved port; never terminating ones."""
    of = headless("web", with_(HTTP, target_port="nobody"))
    members = (*pods(2), terminating(pod("web-3")), unready("web-4"))

    found = dns.answered(joined(of, slices(of, *members), *members))

    assert [c.place.endpoint.name for c in found if c.place.endpoint] == ["web-1", "web-2"]


def test_kube_proxy_serves_virtual_addresses_only() -> None:
    """ShouldSkipService."""
    assert proxy.has_virtual_address(service())
    for of in (headless(), service(cluster_ip=""), service(type="ExternalName")):
        assert not proxy.has_virtual_address(of)


def test_membership_is_not_decided_by_the_slices() -> None:
    """Prediction and reality are never mixed."""
    (found,) = joined(service(), slices(service(), pod()), pod(phase="Failed"))

    assert found.state is State.READY
    assert found.chain is not None
    assert endpoints.is_member(found.chain) is False
