"""The tree: everything that `kubectl describe service` prints, and what it lacks."""

from collections.abc import Iterator
from typing import Any

import pytest

from kubesvc.model import derived
from kubesvc.model.objects import (
    ClientIPConfig,
    Condition,
    EndpointPort,
    LoadBalancerIngress,
    LoadBalancerStatus,
    Obj,
    PortStatus,
    Service,
    ServicePort,
    SessionAffinityConfig,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Line, LineKind, Mark
from tests.support.builders import (
    HTTP,
    LONG_AGO,
    OTHER,
    cluster,
    container,
    endpoint,
    event,
    hand_made,
    headless,
    node,
    pod,
    pods,
    port,
    service,
    settled,
    slices,
    terminating,
    unready,
    waiting,
    with_,
)
from tests.support.sources import FakeSource, ask, explain

BALANCED = service(
    type="LoadBalancer", load_balancer_class="example.com/lb", load_balancer_source_ranges=("10.0.0.0/8",)
)


def every(line: Line) -> Iterator[Line]:
    """A line and all below it."""
    yield line
    for child in line.children:
        yield from every(child)


def lines(of: Service, *objects: Obj, denied: tuple[Read, ...] = ()) -> list[Line]:
    """All lines of a Service's tree."""
    report = ask(Query("shop", ("web",)), FakeSource(settled(of, *objects), denied=denied))
    return list(every(report.subjects[0].line))


def of_kind(kind: LineKind, of: Service, *objects: Obj, denied: tuple[Read, ...] = ()) -> list[str]:
    """What lines of a kind say, judgment included."""
    found = [line for line in lines(of, *objects, denied=denied) if line.kind is kind]
    return [" | ".join(filter(None, (line.label, line.value, *line.details, line.state))) for line in found]


def test_the_first_line_nests_the_type() -> None:
    """And tells the age."""
    assert of_kind(LineKind.SERVICE, service()) == ["Service shop/web | ClusterIP | age 1d"]


@pytest.mark.parametrize(
    ("of", "nested"),
    [
        (headless(), "ClusterIP, headless"),
        (service(type="NodePort"), "NodePort ⊃ ClusterIP"),
        (BALANCED, "LoadBalancer ⊃ NodePort ⊃ ClusterIP"),
        (
            with_(BALANCED, spec__allocate_load_balancer_node_ports=False),
            "LoadBalancer ⊃ ClusterIP, no node ports",
        ),
        (
            with_(
                BALANCED,
                spec__allocate_load_balancer_node_ports=False,
                spec__ports=(with_(HTTP, node_port=30080),),
            ),
            "LoadBalancer ⊃ ClusterIP, node ports only where asked for",
        ),
        (service(type="ExternalName", external_name="x.example"), "ExternalName"),
    ],
)
def test_types_contain_each_other(of: Service, nested: str) -> None:
    """A LoadBalancer without node ports does not."""
    assert nested in of_kind(LineKind.SERVICE, of)[0]


@pytest.mark.parametrize(
    ("of", "kind", "said"),
    [
        (service(), LineKind.INSIDE, "web.shop.svc.cluster.local → 10.96.0.10   (cluster.local assumed)"),
        (headless(), LineKind.INSIDE, "→ the addresses of the ready pods"),
        (service(cluster_ip="", cluster_ips=()), LineKind.INSIDE, "no cluster address is allocated"),
        (service("web", with_(HTTP, node_port=30080)), LineKind.NODES, "port 30080/TCP on every node"),
        (service(external_ips=("192.0.2.7",)), LineKind.EXTERNAL_IPS, "192.0.2.7"),
        (
            service(type="ExternalName", external_name="x.example"),
            LineKind.EXTERNAL_NAME,
            "is an alias of x.example",
        ),
        (BALANCED, LineKind.OUTSIDE, "no address yet"),
        (BALANCED, LineKind.LOAD_BALANCER, "class example.com/lb, source ranges 10.0.0.0/8"),
        (
            service(ip_families=("IPv4", "IPv6"), ip_family_policy="RequireDualStack"),
            LineKind.FAMILIES,
            "IPv4,IPv6, Req",
        ),
        (service(session_affinity="ClientIP"), LineKind.AFFINITY, "ClientIP for 10800 s, the default"),
        (service(), LineKind.AFFINITY, "None (the default)"),
        (
            service(internal_traffic_policy="Local"),
            LineKind.TRAFFIC,
            "internal Local (only endpoints on the client's",
        ),
        (
            service(external_traffic_policy="Local"),
            LineKind.TRAFFIC,
            "external Local (only endpoints on the receiving",
        ),
        (service(traffic_distribution="PreferClose"), LineKind.TRAFFIC, "distribution PreferClose"),
        (service(publish_not_ready_addresses=True), LineKind.PUBLISH, "unready pods are served"),
        (with_(service(), metadata__labels={"b": "2", "a": "1"}), LineKind.LABELS, "a=1, b=2"),
        (
            service("web", with_(HTTP, app_protocol="kubernetes.io/h2c")),
            LineKind.PORT,
            "appProtocol kubernetes.io/h2c",
        ),
        (
            service("web", ServicePort(port=80)),
            LineKind.PORT,
            "Port <unset> | 80/TCP → targetPort 80, the default",
        ),
        (headless("web", HTTP), LineKind.PORT, "headless: clients dial the target port"),
        (with_(headless(), spec__ports=()), LineKind.PORT, "no port is declared"),
        (service(selector={}), LineKind.SELECTOR, "<none>"),
        (
            service(type="ExternalName", external_name="x.example"),
            LineKind.SELECTOR,
            "ignored: the type is ExternalName",
        ),
        (
            service(type="ExternalName", external_name="x.example"),
            LineKind.PORT,
            "not used: an alias translates no port",
        ),
    ],
)
def test_what_a_service_says_is_shown(of: Service, kind: LineKind, said: str) -> None:
    """With its default marked and its effect."""
    assert said in " / ".join(of_kind(kind, of))


def test_the_address_of_a_load_balancer_is_shown() -> None:
    """With its mode, or an error of a port."""
    ingress = (
        LoadBalancerIngress(ip="203.0.113.7", ip_mode="VIP"),
        LoadBalancerIngress(
            hostname="lb.example", ports=(PortStatus(port=80, protocol="TCP", error="Denied"),)
        ),
    )

    found = of_kind(
        LineKind.OUTSIDE, with_(BALANCED, status__load_balancer=LoadBalancerStatus(ingress=ingress))
    )

    assert found[0].startswith("outside | 203.0.113.7 (VIP)")
    assert found[1].endswith("port 80/TCP: Denied")


OUTSIDE: Any = {"type": "NodePort", "external_traffic_policy": "Local"}
OPEN = service("web", with_(HTTP, node_port=30080), **OUTSIDE)
TWO = service(
    "web", with_(HTTP, node_port=30080), with_(OTHER, target_port="admin", node_port=30081), **OUTSIDE
)
BOTH = with_(OPEN, spec__ip_families=("IPv4", "IPv6"))
ADMIN = container("app", port(8080), port(8081, "admin"))
READY = "nodes with a ready endpoint"
LEAVING = "with one that is terminating, still serving"


@pytest.mark.parametrize(
    ("of", "objects", "said"),
    [
        (OPEN, pods(2, node="b"), f"port 30080/TCP on {READY}: b"),
        (
            OPEN,
            (terminating(pod("web-9", node="a")), *pods(1, node="b")),
            f"port 30080/TCP on {READY}: b, {LEAVING}: a",
        ),
        (
            OPEN,
            (terminating(pod("web-9", node="b")), *pods(1, node="b")),
            f"port 30080/TCP on {READY}: b",
        ),
        (OPEN, (terminating(pod("web-9", node="a")),), f"port 30080/TCP on {READY}: none, {LEAVING}: a"),
        (OPEN, (unready(),), f"port 30080/TCP on {READY}: none"),
        (OPEN, (), f"port 30080/TCP on {READY}: none"),
        (TWO, (pod("web-1", ADMIN, node="a"),), f"ports 30080/TCP, 30081/TCP on {READY}: a"),
        (
            TWO,
            (pod("web-1", ADMIN, node="a"), pod("web-2", ips=("10.0.0.2",), node="b")),
            f"port 30080/TCP on {READY}: a, b; port 30081/TCP on {READY}: a",
        ),
        (
            BOTH,
            (pod(ips=("10.0.0.1", "fd00::1"), node="a"), pod("web-2", ips=("10.0.0.2",), node="b")),
            f"port 30080/TCP over IPv4 on {READY}: a, b; port 30080/TCP over IPv6 on {READY}: a",
        ),
        (BOTH, (pod(ips=("10.0.0.1", "fd00::1"), node="a"),), f"port 30080/TCP on {READY}: a"),
    ],
    ids=[
        "ready",
        "leaving",
        "leaving beside a ready one",
        "leaving everywhere",
        "not ready",
        "nobody",
        "two ports",
        "two ports apart",
        "families apart",
        "alike",
    ],
)
def test_a_node_port_of_the_local_policy_names_its_nodes(
    of: Service, objects: tuple[Obj, ...], said: str
) -> None:
    """The others drop what comes from outside."""
    assert of_kind(LineKind.NODES, of, *objects) == [f"nodes | {said}   (default range 30000-32767)"]


def test_nodes_that_are_not_known_are_not_named() -> None:
    """The slices tell them."""
    (told,) = of_kind(LineKind.NODES, OPEN, pod(), denied=(Read("EndpointSlice"),))

    assert told.startswith(f"nodes | port 30080/TCP on {READY}   (")


def test_affinity_has_its_own_time() -> None:
    """Not marked as the default."""
    config = SessionAffinityConfig(client_ip=ClientIPConfig(timeout_seconds=60))

    (said,) = of_kind(LineKind.AFFINITY, service(session_affinity="ClientIP", session_affinity_config=config))

    assert "ClientIP for 60 s: one client" in said


def test_annotations_without_a_kept_value_say_so() -> None:
    """Derived ones are not shown."""
    notes = {"a.example/x": "", "service.kubernetes.io/y": "z", derived.PREFIX + "managers": "{}"}

    (said,) = of_kind(LineKind.ANNOTATIONS, with_(service(), metadata__annotations=notes))

    assert said == "Annotations | a.example/x (value not read), service.kubernetes.io/y=z"
    only_derived = with_(service(), metadata__annotations={derived.PREFIX + "managers": "{}"})
    assert of_kind(LineKind.ANNOTATIONS, only_derived) == []


def test_conditions_and_a_deletion_are_shown() -> None:
    """With who holds it."""
    of = with_(
        service(),
        status__conditions=(
            Condition(type="LoadBalancerPortsError", status="True", reason="Mixed", message="no"),
        ),
        metadata__deletion_timestamp=LONG_AGO,
        metadata__finalizers=("service.kubernetes.io/load-balancer-cleanup",),
    )

    assert of_kind(LineKind.CONDITIONS, of) == ["Condition | LoadBalancerPortsError=True Mixed: no"]
    (deleted,) = of_kind(LineKind.DELETION, of)
    assert "asked for 1d ago, held by service.kubernetes.io/load-balancer-cleanup" in deleted


def test_each_endpoint_says_what_it_is_and_why() -> None:
    """Ready or not, listed or not; foreign ones too."""
    members = (
        *pods(1),
        unready("web-2", ips=("10.0.0.2",)),
        terminating(pod("web-3", ips=("10.0.0.3",))),
        pod("web-4", phase="Failed"),
    )

    found = of_kind(LineKind.ENDPOINT, service(), *members, hand_made(endpoint("192.0.2.1")))

    assert found == [
        "192.0.2.1:8080 | no pod is named | ready",
        "10.244.0.1:8080 | web-1 | node-a | ready",
        "10.0.0.2:8080 | web-2 | node-a | not ready: readiness probe of app",
        "10.0.0.3:8080 | web-3 | node-a | terminating, still serving: deletion asked for",
        "no endpoint | web-4 | node-a | not in the slices: failed",
    ]


def test_an_ipv6_endpoint_is_bracketed() -> None:
    """So that its port can be told."""
    (said,) = of_kind(LineKind.ENDPOINT, service(ip_families=("IPv6",)), pod(ips=("fd00::1",)))

    assert said.startswith("[fd00::1]:8080")


def test_nodes_that_could_not_be_read_leave_no_trace_on_a_listed_endpoint() -> None:
    """The slices show that they exist."""
    found = of_kind(LineKind.ENDPOINT, service(), *pods(1), unready("web-2"), denied=(Read("Node"),))

    assert found == [
        "10.244.0.1:8080 | web-1 | node-a | ready",
        "10.244.0.5:8080 | web-2 | node-a | not ready: readiness probe of app",
    ]


def test_a_hundred_endpoints_are_shown() -> None:
    """The rest is counted."""
    found = of_kind(LineKind.ENDPOINT, service(), *pods(120))

    assert len(found) == 101
    assert found[-1] == "+ 20 more | not shown"


def test_slices_show_their_manager_and_ports() -> None:
    """`ports: []` where endpoints have none; an empty one is empty."""
    found = of_kind(
        LineKind.SLICE,
        service("web", with_(HTTP, target_port="x")),
        pod(),
        hand_made(endpoint("192.0.2.1"), ports=(EndpointPort(name="", port=1),)),
    )

    assert found == [
        "by-hand | IPv4 | 1 endpoint | ports <unset> 1/TCP | managed by somebody.example",
        "web-1 | IPv4 | 1 endpoint | ports: []",
    ]
    assert of_kind(LineKind.SLICE, service()) == ["web-1 | IPv4 | empty"]
    assert of_kind(LineKind.SLICES, service(selector={})) == [
        "Slices | none | no EndpointSlice carries the Service's name"
    ]


def test_the_selector_counts_pods() -> None:
    """Zero of how many there are."""
    assert of_kind(LineKind.SELECTOR, service(), *pods(2))[0].endswith("app=web | 2 pods")
    assert "0 of 2 pods" in of_kind(LineKind.SELECTOR, service(selector={"app": "x"}), *pods(2))[0]


@pytest.mark.parametrize(
    ("kind", "lost", "said"),
    [
        (LineKind.SELECTOR, "Pod", "pods not read"),
        (LineKind.SLICES, "EndpointSlice", "not read"),
        (LineKind.EVENTS, "Event", "not read"),
    ],
)
def test_what_could_not_be_read_says_so(kind: LineKind, lost: str, said: str) -> None:
    """It is not shown as empty."""
    assert said in of_kind(kind, service(), *pods(1), denied=(Read(lost),))[0]


def test_the_last_five_events_are_shown() -> None:
    """Of how many."""
    events = [with_(event(service(), f"R{n}", f"message {n}"), metadata__name=f"e{n}") for n in range(7)]

    found = lines(service(), *events)

    shown = [line for line in found if line.kind is LineKind.EVENT]
    assert [line.label for line in shown] == ["R2", "R3", "R4", "R5", "R6"]
    assert shown[0].mark is Mark.WARN
    assert shown[0].state == "Warning, 1 time, last 6 s ago"
    assert "the last 5 of 7" in [line.value for line in found if line.kind is LineKind.EVENTS]


def test_lines_carry_the_codes_of_findings_about_them() -> None:
    """Port, selector, endpoint and slice."""
    broken = lines(service(selector={"app": "Web"}), *pods(1))
    probe = lines(service(), unready())
    named = lines(service("web", with_(HTTP, target_port="x")), pod())
    foreign = lines(service(), pod(), hand_made(endpoint("192.0.2.1")))

    def codes(found: list[Line], kind: LineKind) -> list[tuple[str, ...]]:
        return [line.codes for line in found if line.kind is kind and line.codes]

    assert codes(broken, LineKind.SELECTOR) == [("KSV101",)]
    assert codes(probe, LineKind.ENDPOINT) == [("KSV301",)]
    assert codes(named, LineKind.PORT) == [("KSV201",)]
    assert codes(foreign, LineKind.SLICE) == [("KSV401",)]


def test_a_healthy_service_gets_next_checks() -> None:
    """For a client that still fails: nearest to the pod first."""
    checks = explain(settled(service(), pod())).subjects[0].checks

    assert checks[0].command.argv[-1] == "/api/v1/namespaces/shop/pods/web-1:8080/proxy/"
    assert checks[1].command.argv[-5:] == ("-zvv", "-w", "3", "web.shop", "80")
    assert all(check.answers and check.refuses and check.hangs for check in checks)


def test_a_refusal_may_be_that_of_a_network_policy() -> None:
    """A plug-in may reject or drop what it does not let in."""
    checks = explain(settled(service(), pod())).subjects[0].checks

    assert all(
        "a network policy, where its plug-in rejects" in check.refuses and "network policy" in check.hangs
        for check in checks
    )


def test_over_udp_no_answer_is_no_proof() -> None:
    """And nothing hangs: a packet is sent, and an ICMP message comes back or does not."""
    (check,) = explain(settled(service("web", with_(HTTP, protocol="UDP")), pod())).subjects[0].checks

    assert "over UDP what is dropped looks the same" in check.answers
    assert check.hangs == ""


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("b", "that node has no endpoint, under internalTrafficPolicy Local: only b has one"),
        ("", "that node has no endpoint, under internalTrafficPolicy Local"),
    ],
    ids=["known", "not known"],
)
def test_under_the_local_policy_a_new_pod_may_be_on_the_wrong_node(named: str, said: str) -> None:
    """It is scheduled anywhere, and the Service hangs from a node without an endpoint."""
    of, serving = service(internal_traffic_policy="Local"), pod(node="b")
    (written,) = slices(of, serving)
    listed = with_(written, endpoints=(with_(written.endpoints[0], node_name=named),))

    checks = explain(cluster(of, serving, node("b"), listed)).subjects[0].checks

    assert checks[1].hangs.endswith(said)
    assert "Local" not in checks[0].hangs


def test_under_the_local_policy_all_nodes_with_an_endpoint_are_named() -> None:
    """Each of them answers its own pods."""
    of = service(internal_traffic_policy="Local")
    checks = explain(settled(of, pod("p", node="a"), pod("q", node="b"))).subjects[0].checks

    assert checks[-1].hangs.endswith("only a, b have one")


@pytest.mark.parametrize(
    ("of", "objects", "argv"),
    [
        (
            service("web", with_(HTTP, name="https")),
            (pod(),),
            [("/pods/https:web-1:8080/proxy/",), ("web.shop 80",)],
        ),
        (service("web", with_(HTTP, protocol="UDP")), (pod(),), [("nc -zvv -w 3 -u web.shop 80",)]),
        (headless(), (pod(),), [("/pods/web-1:8080/proxy/",)]),
        (service(type="ExternalName", external_name="x.example"), (), [("nslookup x.example",)]),
        (service(selector={}), (hand_made(endpoint("192.0.2.1")),), []),
        (service(), (unready(),), []),
    ],
)
def test_checks_fit_the_service(of: Service, objects: tuple[Obj, ...], argv: list[tuple[str]]) -> None:
    """Only what can be dialed is."""
    checks = explain(settled(of, *objects)).subjects[0].checks

    assert len(checks) == len(argv)
    assert all(said in " ".join(check.command.argv) for check, (said,) in zip(checks, argv, strict=True))


def test_a_published_endpoint_says_that_its_pod_is_not_ready() -> None:
    """It gets traffic, and that deserves a look."""
    found = lines(service(publish_not_ready_addresses=True), *pods(1), unready("web-2"))

    shown = {line.value: line for line in found if line.kind is LineKind.ENDPOINT}
    assert (shown["web-1"].state, shown["web-1"].mark) == ("ready", Mark.GOOD)
    assert shown["web-2"].state == "published, not Ready: readiness probe of app"
    assert shown["web-2"].mark is Mark.WARN


def test_a_published_endpoint_says_that_nothing_of_its_pod_runs() -> None:
    """It is sent traffic, and nobody is there to take it."""
    down = pod("web-2", ready=False, statuses=(waiting("CrashLoopBackOff"),))
    found = lines(
        service(publish_not_ready_addresses=True),
        *pods(1),
        down,
        terminating(with_(down, metadata__name="web-3")),
    )

    shown = {line.value: line for line in found if line.kind is LineKind.ENDPOINT}
    assert shown["web-2"].state == "published, but not running: CrashLoopBackOff of app"
    assert (shown["web-2"].mark, shown["web-3"].mark) == (Mark.BAD, Mark.BAD)
    (port,) = [line for line in found if line.kind is LineKind.PORT]
    assert port.state == "1 of 2 ready"
