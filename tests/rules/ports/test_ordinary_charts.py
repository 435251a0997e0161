"""What healthy charts look like: the rules about ports have nothing to say of them."""

import json
from collections.abc import Mapping

import pytest

from kubesvc.model import derived
from kubesvc.model.objects import Container, Probe, Service, ServicePort, TCPSocketAction
from kubesvc.model.report import Verdict
from tests.support.builders import container, headless, http_probe, pod, port, service, settled, with_
from tests.support.sources import explain, verdict

Ports = list[tuple[str, int, int | str]]
SILENT = Container(name="app", image="x")
ISTIO = container("istio-proxy", port(15090, "http-envoy-prom"), readiness_probe=http_probe(15021))
LINKERD = container("linkerd-proxy", port(4143, "linkerd-proxy"), port(4191, "linkerd-admin"))
DNS = container(
    "coredns",
    port(53, "dns", "UDP"),
    port(53, "dns-tcp"),
    port(9153, "metrics"),
    readiness_probe=http_probe(8181),
)

CHARTS: dict[str, tuple[Ports, tuple[Container, ...], Mapping[str, object]]] = {
    "an application": (
        [("http", 80, "http")],
        (container("app", port(8080, "http"), readiness_probe=http_probe("http")),),
        {},
    ),
    "nothing declared": ([("http", 80, 8080)], (with_(SILENT, readiness_probe=http_probe(8080)),), {}),
    "nothing declared, port in an argument": ([("http", 80, 8080)], (SILENT,), {"app": [["--port", 8080]]}),
    "injected by Istio": ([("http", 80, 8080)], (SILENT, ISTIO), {}),
    "injected by Linkerd": ([("http", 80, 8080)], (SILENT, LINKERD), {}),
    "Istio gateway": (
        [("status-port", 15021, 15021), ("http2", 80, 80), ("https", 443, 443)],
        (ISTIO,),
        {},
    ),
    "istiod": (
        [("grpc-xds", 15010, 15010), ("https-dns", 15012, 15012), ("https-webhook", 443, 15017)],
        (container("discovery", port(8080), port(15010), port(15017), readiness_probe=http_probe(8080)),),
        {"discovery": [["--monitoringAddr", 15014]]},
    ),
    "ingress-nginx": (
        [("http", 80, "http"), ("https", 443, "https")],
        (container("controller", port(80, "http"), port(443, "https"), readiness_probe=http_probe(10254)),),
        {},
    ),
    "Traefik": (
        [("web", 80, "web"), ("websecure", 443, "websecure")],
        (
            container(
                "traefik",
                port(8080, "traefik"),
                port(8000, "web"),
                port(8443, "websecure"),
                readiness_probe=http_probe(8080),
            ),
        ),
        {
            "traefik": [
                ["--entryPoints.traefik.address", 8080],
                ["--entryPoints.web.address", 8000],
                ["--entryPoints.websecure.address", 8443],
            ]
        },
    ),
    "Argo CD": (
        [("http", 80, 8080), ("https", 443, 8080)],
        (container("server", port(8080), port(8083), readiness_probe=http_probe(8080)),),
        {},
    ),
    "Argo CD repository": (
        [("server", 8081, 8081)],
        (container("repo", port(8081), port(8084), readiness_probe=http_probe(8084)),),
        {},
    ),
    "a webhook of controller-runtime": (
        [("", 443, 9443)],
        (container("manager", port(9443, "webhook-server"), readiness_probe=http_probe(8081)),),
        {"manager": [["--health-probe-bind-address", 8081], ["--metrics-bind-address", 8443]]},
    ),
    "a webhook that declares metrics alone": (
        [("", 443, 9443)],
        (container("manager", port(8443, "https-metrics"), readiness_probe=http_probe(8081)),),
        {"manager": [["--health-probe-bind-address", 8081]]},
    ),
    "cert-manager's webhook": (
        [("https", 443, "https")],
        (
            container(
                "webhook", port(10250, "https"), port(6080, "healthcheck"), readiness_probe=http_probe(6080)
            ),
        ),
        {"webhook": [["--secure-port", 10250]]},
    ),
    "Jenkins' agents": (
        [("agent-listener", 50000, 50000)],
        (
            container(
                "jenkins",
                port(8080, "http"),
                port(50000, "agent-listener"),
                readiness_probe=http_probe("http"),
            ),
        ),
        {},
    ),
    "a separate Service for gRPC": (
        [("grpc", 9000, 9000)],
        (container("app", port(8080, "http"), port(9000, "grpc"), readiness_probe=http_probe("http")),),
        {},
    ),
    "MinIO's console": (
        [("http", 9001, 9001)],
        (container("minio", port(9000, "http"), port(9001, "http-console")),),
        {},
    ),
    "metrics of a database": (
        [("http-metrics", 9121, "metrics")],
        (container("redis", port(6379, "redis")), container("metrics", port(9121, "metrics"))),
        {},
    ),
    "metrics that nobody declares": (
        [("metrics", 8081, 8081)],
        (container("app", port(8080, "http"), readiness_probe=http_probe("http")),),
        {},
    ),
    "a proxy in front": (
        [("http", 80, 4180)],
        (
            container("oauth2-proxy", port(4180, "proxy"), readiness_probe=http_probe(4180)),
            container("app", port(8080, "http"), readiness_probe=http_probe("http")),
        ),
        {},
    ),
    "a proxy to a database": (
        [("http", 80, 3000)],
        (SILENT, container("cloud-sql-proxy", port(9801, "http-admin"))),
        {"cloud-sql-proxy": [["--port", 5432]]},
    ),
    "cluster DNS": ([("dns-tcp", 53, 53), ("metrics", 9153, 9153)], (DNS,), {}),
    "etcd": (
        [("client", 2379, 2379)],
        (container("etcd", port(2379, "client"), port(2380, "peer"), readiness_probe=http_probe(2381)),),
        {"etcd": [["--listen-metrics-address", 2381]]},
    ),
    "a database": (
        [("postgres", 5432, 5432)],
        (
            container(
                "db", port(5432, "postgres"), readiness_probe=Probe(tcp_socket=TCPSocketAction(port=5432))
            ),
        ),
        {"db": [["PGPORT", 5432]]},
    ),
    "Spring with a port for management": (
        [("http", 80, 8080)],
        (
            container(
                "app", port(8080, "http"), port(8081, "management"), readiness_probe=http_probe("management")
            ),
        ),
        {"app": [["SERVER_PORT", 8080], ["MANAGEMENT_SERVER_PORT", 8081]]},
    ),
    "variables of what is dialed": (
        [("http", 80, 3000)],
        (container("app", port(9464, "metrics")),),
        {"app": [["REDIS_PORT", 6379], ["API_PORT", 8080], ["DB_PORT", 5432]]},
    ),
}


@pytest.mark.parametrize(("ports", "containers", "said"), CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("without_address", [False, True], ids=["with an address", "headless"])
def test_nothing_is_said_of_a_healthy_chart(
    ports: Ports, containers: tuple[Container, ...], said: Mapping[str, object], *, without_address: bool
) -> None:
    """Not a word of advice; headless where the pods have their names by the Service."""
    listed = tuple(ServicePort(name=name, port=number, target_port=to) for name, number, to in ports)
    of: Service = (headless if without_address else service)("web", *listed)
    member = with_(
        pod("web-0", *containers),
        metadata__annotations={derived.PREFIX + "argument-ports": json.dumps(said)},
        spec__subdomain="web",
        spec__hostname="web-0",
    )

    report = explain(settled(of, member))

    assert verdict(report) is Verdict.HEALTHY
    assert [finding.headline for finding in report.findings] == []
