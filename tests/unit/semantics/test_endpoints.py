"""Which endpoints the controller writes: k8s.io/endpointslice reconciler.go, utils.go."""

from collections.abc import Mapping

import pytest

from kubesvc.model.cell import Chain, Conditions, StepKind
from kubesvc.model.objects import Node, OwnerReference, Pod, Service, ServicePort
from kubesvc.semantics import addresses, endpoints
from tests.support.builders import (
    HTTP,
    condition,
    container,
    headless,
    node,
    pod,
    pods,
    port,
    service,
    slices,
    terminating,
    unready,
    unscheduled,
    with_,
)

NODES = {"node-a": node()}
DUAL = ("IPv4", "IPv6")
NAMED = ServicePort(name="http", port=80, target_port="web")


def chain(of: Service, member: Pod, family: str = "IPv4", nodes: Mapping[str, Node] | None = NODES) -> Chain:
    """The chain of a pod at the Service's first port."""
    ports: tuple[ServicePort | None, ...] = of.spec.ports or (None,)
    return endpoints.chain(of, member, ports[0], family, nodes=nodes, minor=36)


def why(steps: Chain) -> StepKind | None:
    """The kind of the first unmet condition."""
    return steps.why.kind if steps.why else None


def test_a_ready_pod_meets_every_condition() -> None:
    """In order; none is left out."""
    steps = chain(service(), pod())

    assert why(steps) is None
    assert endpoints.is_member(steps)
    kinds = [step.kind for step in steps.steps]
    assert kinds == sorted(kinds, key=list(StepKind).index)
    assert set(endpoints.MEMBERSHIP) < set(kinds)


OUT = {
    "alias": (service(type="ExternalName"), pod(), StepKind.TYPE),
    "no selector": (service(selector={}), pod(), StepKind.SELECTOR),
    "other labels": (service(), pod(labels={"app": "Web"}), StepKind.LABELS),
    "no labels": (service(), pod(labels={}), StepKind.LABELS),
    "one of two labels": (service(selector={"app": "web", "tier": "x"}), pod(), StepKind.LABELS),
    "succeeded": (service(), pod(phase="Succeeded"), StepKind.PHASE),
    "failed": (service(), pod(phase="Failed"), StepKind.PHASE),
    "not scheduled": (service(), unscheduled(), StepKind.SCHEDULED),
    "no address": (service(), pod(ips=()), StepKind.ADDRESS),
    "node gone": (service(), pod(node="node-x"), StepKind.NODE),
    "other family": (service(), pod(ips=("fd00::1",)), StepKind.FAMILY),
    "on no node": (service(), pod(node=""), StepKind.SCHEDULED),
}


@pytest.mark.parametrize(("of", "member", "kind"), OUT.values(), ids=OUT)
def test_a_pod_is_no_endpoint(of: Service, member: Pod, kind: StepKind) -> None:
    """The first condition that decides it."""
    steps = chain(of, member)

    assert why(steps) is kind
    assert endpoints.is_member(steps) is False


IN = {
    "not ready": (service(), unready(), StepKind.PROBED),
    "terminating": (service(), terminating(pod()), StepKind.STAYING),
    "port unresolved": (service("web", NAMED), pod(), StepKind.PORT),
    "pending with an address": (service(), with_(unready(), status__phase="Pending"), StepKind.PROBED),
    "lost": (service(), with_(unready(), status__phase="Unknown"), StepKind.PROBED),
}


@pytest.mark.parametrize(("of", "member", "kind"), IN.values(), ids=IN)
def test_a_pod_is_an_endpoint_all_the_same(of: Service, member: Pod, kind: StepKind) -> None:
    """It is listed, without the port or with unready conditions."""
    steps = chain(of, member)

    assert why(steps) is kind
    assert endpoints.is_member(steps)


def test_the_labels_that_differ_are_shown() -> None:
    """Each as it is on the pod."""
    steps = chain(service(selector={"app": "web", "tier": "front"}), pod(labels={"app": "api"}))

    assert steps.why is not None
    assert steps.why.value == "app=api,no tier"


def test_publishing_unready_addresses_makes_any_live_pod_ready() -> None:
    """Whatever its conditions, even while it terminates; a missing Node does not matter either."""
    publishing = service(publish_not_ready_addresses=True)

    for member in (unready(), terminating(unready()), pod(node="node-x"), pod(node="")):
        steps = chain(publishing, member)
        assert endpoints.is_member(steps)
        assert endpoints.conditions(publishing, member).ready
    assert not endpoints.is_member(chain(publishing, pod(phase="Failed")))


def test_serving_tells_the_truth_where_ready_does_not() -> None:
    """Conditions of podToEndpoint."""
    publishing = service(publish_not_ready_addresses=True)

    assert endpoints.conditions(publishing, unready()) == Conditions(
        ready=True, serving=False, terminating=False
    )
    assert endpoints.conditions(service(), terminating(pod())) == Conditions(
        ready=False, serving=True, terminating=True
    )
    assert endpoints.conditions(service(), terminating(unready())) == Conditions(
        ready=False, serving=False, terminating=True
    )


def test_a_node_need_only_exist() -> None:
    """Neither its conditions nor a cordon matter."""
    lost = with_(node(), status__conditions=(condition("Ready", "Unknown"),), spec__unschedulable=True)

    assert endpoints.is_member(chain(service(), pod(), nodes={"node-a": lost}))


def test_a_node_that_could_not_be_read_leaves_membership_open() -> None:
    """Unless something else decides it."""
    assert endpoints.is_member(chain(service(), pod(), nodes=None)) is None
    assert endpoints.is_member(chain(service(), pod(phase="Failed"), nodes=None)) is False
    assert why(chain(service(), unready(), nodes=None)) is StepKind.PROBED
    assert why(chain(service(), pod(), nodes=None)) is StepKind.NODE


@pytest.mark.parametrize(
    ("of", "families"),
    [
        (service(), ("IPv4",)),
        (service(ip_families=("IPv6", "IPv4")), ("IPv6", "IPv4")),
        (service(ip_families=()), ("IPv4",)),
        (service(ip_families=(), cluster_ip="fd00::10"), ("IPv6",)),
        (headless(ip_families=()), DUAL),
        (service(ip_families=(), cluster_ip=""), DUAL),
        (service(ip_families=("Unknown",)), ("IPv4",)),
    ],
)
def test_families_come_from_the_service(of: Service, families: tuple[str, ...]) -> None:
    """Where it names none, from its address; both without one (getAddressTypesForService)."""
    assert endpoints.families(of) == families


@pytest.mark.parametrize(
    ("spelled", "written"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("010.000.0.01", "10.0.0.1"),
        ("FD00:0:0::0001", "fd00::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", ""),
        ("nonsense", "nonsense"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_addresses_are_written_in_one_spelling(spelled: str, written: str) -> None:
    """The controller parses and writes them again (ParseIPSloppy)."""
    assert addresses.canonical(spelled) == written


@pytest.mark.parametrize(
    ("address", "family"),
    [("10.0.0.1", "IPv4"), ("FD00::1", "IPv6"), ("::ffff:10.0.0.1", "IPv4"), ("nonsense", "IPv4")],
)
def test_the_family_is_that_of_the_address(address: str, family: str) -> None:
    """Not of its spelling; what is none counts as IPv4 (getEndpointAddresses)."""
    assert addresses.family_of(address) == family


def test_the_first_address_of_the_family_counts() -> None:
    """Of podIPs, never of podIP alone."""
    dual = pod(ips=("10.0.0.1", "fd00::1"))
    singular = with_(pod(), status__pod_ips=())

    assert endpoints.address(dual, "IPv6") == "fd00::1"
    assert endpoints.address(singular, "IPv4") is None
    assert why(chain(service(), singular)) is StepKind.FAMILY


def test_all_addresses_of_the_family_are_written() -> None:
    """In the order of the pod; consumers read the first."""
    (entry,) = slices(service(), pod(ips=("10.0.0.2", "fd00::1", "010.0.0.1")))

    assert entry.endpoints[0].addresses == ("10.0.0.2", "10.0.0.1")


def test_one_slice_lists_pods_with_the_same_ports() -> None:
    """With everything that podToEndpoint writes."""
    zoned = with_(node(), metadata__labels={"topology.kubernetes.io/zone": "zone-1"})

    (entry,) = slices(service(), pod(), nodes=[zoned])

    (listed,) = entry.endpoints
    assert (entry.address_type, listed.addresses) == ("IPv4", ("10.244.0.5",))
    assert (listed.node_name, listed.zone, listed.hostname) == ("node-a", "zone-1", "")
    assert listed.target_ref is not None
    assert (listed.target_ref.kind, listed.target_ref.uid) == ("Pod", "uid-web-1")
    (written,) = entry.ports
    assert (written.name, written.port, written.protocol) == ("http", 8080, "TCP")
    owner = OwnerReference(kind="Service", name="web", uid="uid-web", api_version="v1", controller=True)
    assert (entry.metadata.namespace, entry.metadata.owner_references) == ("shop", (owner,))


def test_the_name_of_a_slice_port_is_the_service_ports() -> None:
    """Not the container port's; empty where it has none. Both protocols are copied."""
    unnamed = ServicePort(port=80, target_port="web", protocol="UDP", app_protocol="kubernetes.io/h2c")

    (entry,) = slices(service("web", unnamed), pod("p", container("app", port(8080, "web", "UDP"))))

    (written,) = entry.ports
    assert (written.name, written.protocol, written.app_protocol) == ("", "UDP", "kubernetes.io/h2c")


def test_pods_are_grouped_by_the_ports_they_resolve() -> None:
    """A rollout that moves a named port makes two slices; a pod without it sits in one without ports."""
    old = pod("web-1", container("app", port(8080, "web")))
    new = pod("web-2", container("app", port(9090, "web")))
    none = pod("web-3", container("app", port(9090, "other")))

    found = slices(service("web", NAMED), old, new, none)

    assert [[p.port for p in entry.ports] for entry in found] == [[8080], [9090], []]
    assert all(len(entry.endpoints) == 1 for entry in found)


def test_one_port_that_does_not_resolve_leaves_the_others() -> None:
    """It is left out for this pod only."""
    (entry,) = slices(service("web", HTTP, with_(NAMED, name="x")), pod())

    assert [p.name for p in entry.ports] == ["http"]


def test_nobody_makes_a_placeholder_per_family() -> None:
    """So an empty slice is the normal look of a selector that matches nothing."""
    found = slices(service(ip_families=DUAL))

    assert [(entry.address_type, entry.endpoints, entry.ports) for entry in found] == [
        ("IPv4", (), ()),
        ("IPv6", (), ()),
    ]


def test_a_family_that_no_pod_has_gets_a_placeholder() -> None:
    """The other one lists the pod."""
    four, six = slices(service(ip_families=DUAL), pod())

    assert (len(four.endpoints), six.endpoints) == (1, ())


@pytest.mark.parametrize(("number", "sizes"), [(100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_a_slice_holds_a_hundred_endpoints(number: int, sizes: list[int]) -> None:
    """--max-endpoints-per-slice by default."""
    assert [len(entry.endpoints) for entry in slices(service(), *pods(number))] == sizes


@pytest.mark.parametrize("of", [service(type="ExternalName"), service(selector={})])
def test_the_controller_leaves_others_alone(of: Service) -> None:
    """No selector, or an alias."""
    assert not endpoints.managed(of)
    assert slices(of, pod()) == ()


def test_a_headless_service_may_have_no_ports() -> None:
    """Its endpoints are listed without any."""
    (entry,) = slices(with_(headless(), spec__ports=()), pod())

    assert (len(entry.endpoints), entry.ports) == (1, ())


def test_slices_carry_the_labels_of_the_service() -> None:
    """All but the reserved ones, which are the controller's (setEndpointSliceLabels)."""
    labels = {"team": "shop", endpoints.SERVICE_NAME: "forged", endpoints.HEADLESS: "forged"}

    (entry,) = slices(with_(service(), metadata__labels=labels), pod())

    assert entry.metadata.labels == {
        "team": "shop",
        endpoints.SERVICE_NAME: "web",
        endpoints.MANAGED_BY: endpoints.CONTROLLER,
    }


@pytest.mark.parametrize("of", [headless(), service(cluster_ip="")])
def test_slices_of_a_headless_service_say_so(of: Service) -> None:
    """kube-proxy leaves them alone by that label."""
    assert slices(of, pod())[0].metadata.labels[endpoints.HEADLESS] == ""


@pytest.mark.parametrize(
    ("hostname", "subdomain", "written"),
    [("web-0", "web", "web-0"), ("web-0", "other", ""), ("web-0", "", ""), ("", "web", "")],
)
def test_a_hostname_needs_the_subdomain_of_the_service(hostname: str, subdomain: str, written: str) -> None:
    """ShouldSetHostname."""
    member = with_(pod(), spec__hostname=hostname, spec__subdomain=subdomain)

    assert slices(service(), member)[0].endpoints[0].hostname == written


def test_pods_that_are_out_are_not_listed() -> None:
    """Neither finished ones, nor those on Nodes that are gone; terminating ones are."""
    members = (pod("a", phase="Failed"), pod("b", node="gone"), terminating(pod("c")), unready("d"))

    (entry,) = slices(service(), *members, nodes=[node()])

    listed = [e.target_ref.name for e in entry.endpoints if e.target_ref]
    assert listed == ["c", "d"]
