"""What clients see, from the facts of ports."""

import pytest

from kubesvc.analyzer import clients
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import EndpointPort, Obj, PodIP, Service, ServicePort
from kubesvc.model.query import Viewpoint
from tests.support.builders import (
    container,
    endpoint,
    hand_made,
    headless,
    pod,
    pods,
    port,
    running,
    service,
    settled,
    terminating,
    waiting,
    with_,
)

TCP, UDP = ServicePort(name="a", port=80, target_port=1), ServicePort(name="b", port=53, protocol="UDP")
NAMED = ServicePort(name="c", port=81, target_port="nowhere")

LOCAL = service("web", TCP, internal_traffic_policy="Local")
AT_A = (EndpointPort(name="a", port=1),)
REACHES, WHERE = "inside the cluster, web:80 reaches", "(where kube-proxy forwards)"

CRASHED = pod("web-8", ips=("10.0.0.8",), ready=False, statuses=(waiting("CrashLoopBackOff"),))
HALF = pod(
    "web-8",
    container("app", port(1)),
    container("beside", port(2)),
    ready=False,
    statuses=(waiting("CrashLoopBackOff"), running("beside")),
)

SEEN = {
    "refused": (
        service("web", TCP),
        (),
        "inside the cluster, web:80 refuses connections (where kube-proxy forwards)",
    ),
    "by protocol": (
        service("web", TCP, NAMED, UDP),
        (),
        (
            "inside the cluster, web:80, web:81 refuse connections, "
            "web:53/UDP rejects packets as port unreachable (where kube-proxy forwards)"
        ),
    ),
    "one port serves": (
        service("web", TCP, NAMED),
        pods(2),
        (
            "inside the cluster, web:81 refuses connections, "
            "web:80 reaches 2 endpoints (where kube-proxy forwards)"
        ),
    ),
    "on each node": (
        service("web", TCP, NAMED, internal_traffic_policy="Local"),
        pods(2),
        (
            "inside the cluster, web:81 refuses connections, "
            "web:80 reaches 2 endpoints, each from its own node only (where kube-proxy forwards)"
        ),
    ),
    "on its node": (LOCAL, pods(1), f"{REACHES} 1 endpoint, from its own node only {WHERE}"),
    "on no known node": (
        LOCAL,
        (hand_made(endpoint("192.0.2.1"), ports=AT_A),),
        f"{REACHES} no endpoint, as none names its node {WHERE}",
    ),
    "on a known node and another": (
        LOCAL,
        (hand_made(endpoint("192.0.2.1"), ports=AT_A), *pods(1)),
        f"{REACHES} 1 endpoint, from its own node only {WHERE}",
    ),
    "somebody's": (
        service("web", TCP),
        (hand_made(endpoint("192.0.2.1"), ports=AT_A), *pods(1)),
        f"inside the cluster, web:80 is forwarded to 2 endpoints {WHERE}",
    ),
    "leaving on a node of its own": (
        LOCAL,
        (terminating(pod("web-9", ips=("10.0.0.9",), node="node-z")), *pods(1)),
        f"{REACHES} 2 endpoints, each from its own node only {WHERE}",
    ),
    "leaving": (
        service("web", TCP),
        (terminating(pod("web-9", ips=("10.0.0.9",), node="node-z")), *pods(1)),
        f"{REACHES} 1 endpoint {WHERE}",
    ),
    "published, nothing runs": (
        service("web", TCP, UDP, publish_not_ready_addresses=True),
        (CRASHED,),
        (
            "inside the cluster, "
            "web:80 is forwarded to 1 endpoint, which refuses connections: "
            "the containers of its pod do not run, "
            "web:53/UDP is forwarded to 1 endpoint, which rejects packets as port unreachable: "
            f"the containers of its pod do not run {WHERE}"
        ),
    ),
    "published on each node, nothing runs": (
        service("web", TCP, publish_not_ready_addresses=True, internal_traffic_policy="Local"),
        (CRASHED, with_(CRASHED, metadata__name="web-7", status__pod_ips=(PodIP(ip="10.0.0.7"),))),
        (
            "inside the cluster, web:80 is forwarded to 2 endpoints, "
            f"which refuse connections: the containers of their pods do not run {WHERE}"
        ),
    ),
    "published, what declares it does not run": (
        service("web", TCP, publish_not_ready_addresses=True),
        (HALF,),
        f"inside the cluster, web:80 is forwarded to 1 endpoint, whose container does not run {WHERE}",
    ),
    "published at the node's address": (
        service("web", TCP, publish_not_ready_addresses=True),
        (with_(CRASHED, spec__host_network=True),),
        f"inside the cluster, web:80 is forwarded to 1 endpoint, whose container does not run {WHERE}",
    ),
    "published, one runs": (
        service("web", TCP, publish_not_ready_addresses=True),
        (CRASHED, *pods(2)),
        f"{REACHES} 2 endpoints, and leads to 1 more, whose container does not run {WHERE}",
    ),
    "a name of what does not run": (
        headless("web", TCP, publish_not_ready_addresses=True),
        (CRASHED, *pods(2)),
        "web resolves to 3 addresses, 1 of them of pods whose container does not run (where CoreDNS answers)",
    ),
    "no address": (service("web", TCP, cluster_ip=""), (), "web:80 has no virtual address"),
    "no name": (headless("web", TCP), (), "web resolves to no address (where CoreDNS answers)"),
    "a name without a port": (
        headless("web", NAMED),
        (pod(),),
        "web resolves to 1 address (where CoreDNS answers); SRV records of c lack those without the port",
    ),
}


@pytest.mark.parametrize(("of", "objects", "said"), SEEN.values(), ids=SEEN)
def test_what_clients_see_follows_from_the_facts(of: Service, objects: tuple[Obj, ...], said: str) -> None:
    """Only TCP through a virtual address without endpoints is refused; headless names answer by readiness."""
    view = ServiceView(settled(of, *objects), of, Viewpoint())

    assert clients.seen(of, view.ports) == said
