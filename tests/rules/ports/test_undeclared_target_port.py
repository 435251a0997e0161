"""KSV203: a numeric target port that no container declares, although they declare others."""

import json
from collections.abc import Mapping

import pytest

from kubesvc.model.objects import (
    Container,
    GRPCAction,
    Obj,
    Pod,
    Probe,
    Service,
    ServicePort,
    TCPSocketAction,
)
from kubesvc.model.query import Query
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support.builders import (
    HTTP,
    container,
    headless,
    http_probe,
    owned_by,
    pod,
    port,
    replica_set,
    said,
    service,
    settled,
    terminating,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

WRONG = ServicePort(name="http", port=80, target_port=9999)
OF = service("web", WRONG)
DECLARES = container("app", port(8080, "http"), port(9090, "metrics"))


def of(member: Pod, service: Service = OF) -> Finding:
    """The only finding, about a Service of one pod."""
    return only(explain(settled(service, member)), "KSV203")


def fires(member: Pod, service: Service = OF) -> bool:
    """Whether the rule fires for a Service of one pod."""
    return bool(find(explain(settled(service, member)), "KSV203"))


def test_it_is_advice_and_no_error() -> None:
    """The Service is healthy: declarations open nothing."""
    members = (pod("web-1", DECLARES), pod("web-2", DECLARES, ips=("10.0.0.2",)))

    report = explain(settled(OF, *members))

    found = only(report, "KSV203")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.culprit, found.effect, found.confidence) == (OF.ref, Effect.ADVICE, Confidence.PROOF)
    assert [(place.port, place.endpoint) for place in found.places] == [("http", None)]
    assert found.headline == (
        "target port 9999 of port http is declared by none of the containers, which declare others"
    )
    assert rows(found) == [
        "pods: 2 pods declare: http 8080/TCP, metrics 9090/TCP",
        "note: declarations open nothing: something may listen on 9999 all the same",
    ]
    assert [command.argv[-1] for command in found.confirm] == [
        "/api/v1/namespaces/shop/pods/web-1:9999/proxy/"
    ]


def test_the_port_that_nothing_leads_to_is_offered() -> None:
    """Not that of metrics; every endpoint stays."""
    (fix,) = of(pod("web-1", DECLARES)).fixes

    assert fix.title == "target port 8080"
    assert fix.certainty is Confidence.LIKELY
    assert fix.command is not None
    assert json.loads(fix.command[-1])[1] == {
        "op": "replace",
        "path": "/spec/ports/0/targetPort",
        "value": 8080,
    }
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())


def test_the_number_of_the_port_itself_is_the_default() -> None:
    """Somebody may have written no target port at all."""
    found = of(pod("web-1", DECLARES), service("web", ServicePort(name="http", port=80)))

    assert "target: 80 is the number of the port itself, which is the default" in rows(found)


def test_of_several_others_the_one_of_the_same_name_is_offered() -> None:
    """Without one there is a choice."""
    two = container("app", port(8080, "http"), port(8443, "https"))

    assert [fix.title for fix in of(pod("web-1", two)).fixes] == ["target port 8080"]
    assert of(pod("web-1", two), service("web", with_(WRONG, name="web"))).fixes == ()
    assert of(pod("web-1", two), service("web", with_(WRONG, name=""))).fixes == ()


def test_no_http_is_asked_of_another_protocol() -> None:
    """The API server's proxy speaks HTTP."""
    udp = service("web", with_(WRONG, name="dns", protocol="UDP"))

    assert of(pod("web-1", container("app", port(53, "dns", "UDP"))), udp).confirm == ()


def probed(number: int | str, name: str = "http") -> Pod:
    """A pod whose readiness probe asks a port; it declares 8080."""
    return pod("web-1", container("app", port(8080, name), readiness_probe=http_probe(number)))


@pytest.mark.parametrize("number", [8080, "http"])
def test_the_readiness_probe_tells_where_the_pods_listen(number: int | str) -> None:
    """By number or name: then the target port is likely wrong."""
    found = of(probed(number))

    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.ADVICE)
    assert found.headline == (
        "target port 9999 of port http is declared by none of the containers, "
        "and the pods seem to listen on 8080"
    )
    assert "probe: the readiness probe of container app asks 8080 (http)" in rows(found)
    assert [fix.title for fix in found.fixes] == ["target port 8080"]


@pytest.mark.parametrize(
    "probe", [Probe(tcp_socket=TCPSocketAction(port=8080)), Probe(grpc=GRPCAction(port=8080))]
)
def test_every_probe_of_the_network_tells(probe: Probe) -> None:
    """A port without a name is the only one."""
    member = pod("web-1", container("app", port(8080), readiness_probe=probe))

    found = of(member, service("web", with_(WRONG, name="")))

    assert "probe: the readiness probe of container app asks 8080" in rows(found)


def test_the_arguments_tell_where_the_pods_listen() -> None:
    """Only flag and number; it need not be declared."""
    found = of(said(pod("web-1", container("app", port(9090, "x"))), {"app": [["--port", 8081]]}))

    assert found.confidence is Confidence.LIKELY
    assert "arguments: container app: --port 8081" in rows(found)
    assert [fix.title for fix in found.fixes] == ["target port 8081"]


def bare(number: int | None = 3000, probe: Probe | None = None, name: str = "web-1") -> Pod:
    """A pod that declares no port, and whose arguments name one."""
    member = pod(name, Container(name="app", image="x", readiness_probe=probe), ips=(f"10.0.0.{name[-1]}",))
    return said(member, {"app": [["--port", number]]}) if number else member


def test_where_nothing_is_declared_the_arguments_tell() -> None:
    """Those of every pod."""
    report = explain(settled(OF, bare(), bare(name="web-2")))

    found = only(report, "KSV203")
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.ADVICE)
    assert found.headline == (
        "target port 9999 of port http is not what the pods seem to listen on, which is 3000; "
        "nothing is declared"
    )
    assert rows(found) == [
        "pods: 2 pods declare: no port",
        "arguments: container app: --port 3000",
        "note: declarations open nothing: something may listen on 9999 all the same",
    ]
    assert [fix.title for fix in found.fixes] == ["target port 3000"]
    assert find(explain(settled(OF, bare(), bare(None, name="web-2"))), "KSV203") == ()
    assert find(explain(settled(OF, bare(), bare(3001, name="web-2"))), "KSV203") == ()


def test_where_nothing_is_declared_a_probe_confirms_the_arguments() -> None:
    """One of another port is for health, and changes nothing."""
    confirmed, beside = of(bare(probe=http_probe(3000))), of(bare(probe=http_probe(8081)))

    assert "probe: the readiness probe of container app asks 3000" in rows(confirmed)
    assert [row.partition(":")[0] for row in rows(beside)] == ["pods", "arguments", "note"]
    assert [fix.title for fix in beside.fixes] == ["target port 3000"]


def test_where_nothing_is_declared_a_port_for_metrics_is_no_other_target() -> None:
    """The arguments mean the application."""
    both = service("web", WRONG, ServicePort(name="metrics", port=9090, target_port=9090))

    assert [fix.title for fix in of(bare(), both).fixes] == ["target port 3000"]


def test_where_only_some_pods_declare_nothing_is_told() -> None:
    """What the others declare may be what is meant."""
    members = (bare(), pod("web-2", DECLARES, ips=("10.0.0.2",)))

    assert find(explain(settled(OF, *members)), "KSV203") == ()


def test_clues_that_disagree_leave_the_choice_to_people() -> None:
    """Both are told."""
    found = of(said(probed(8080), {"app": [["--port", 8081]]}))

    assert found.headline.endswith("the pods seem to listen on 8080 or 8081")
    assert [row.partition(":")[0] for row in rows(found)] == ["pods", "arguments", "probe", "note"]
    assert found.fixes == ()


@pytest.mark.parametrize(
    "ports",
    [
        {"app": [["--metrics-port", 9091]]},
        {"app": [["--port", 8081], ["--listen", 8082]]},
        {"app": [["REDIS_PORT", 6379]]},
        {"app": [["--grpc-port", 8081]]},
        {"metrics-exporter": [["--port", 8081]]},
    ],
    ids=["for metrics", "two of them", "of what is dialed", "another protocol", "an exporter's"],
)
def test_arguments_that_do_not_say_where_it_listens_are_no_clue(ports: Mapping[str, object]) -> None:
    """The finding stays what it is: advice about declarations."""
    found = of(said(pod("web-1", DECLARES), ports))

    assert found.confidence is Confidence.PROOF


def test_the_protocol_of_a_flag_may_be_that_of_the_port() -> None:
    """Or the port has no name, and no protocol to differ in."""
    member = said(pod("web-1", DECLARES), {"app": [["--http-port", 8081]]})

    assert of(member).confidence is Confidence.LIKELY
    assert of(member, service("web", with_(WRONG, name=""))).confidence is Confidence.LIKELY


def test_one_of_several_containers_may_listen_for_the_others_alone() -> None:
    """A proxy to a database does; unless the pods declare that port."""
    two = pod("web-1", DECLARES, container("sql-proxy", port(3307, "mysql")))

    assert of(said(two, {"sql-proxy": [["--port", 5432]]})).confidence is Confidence.PROOF
    assert of(said(two, {"app": [["--port", 8080]]})).confidence is Confidence.LIKELY


EXPORTER = container("exporter", port(9113, "metrics"))
ASIDE = service("web", with_(WRONG, target_port=9113))


def test_the_port_of_an_exporter_is_told() -> None:
    """It is declared; but the container port of the Service port's name is another one."""
    found = of(pod("web-1", container("app", port(8080, "http")), EXPORTER), ASIDE)

    assert found.headline == "target port 9113 of port http is declared as metrics by container exporter"
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.ADVICE)
    assert rows(found) == [
        "pods: 1 pod declares: http 8080/TCP, metrics 9113/TCP",
        "meant: http 8080/TCP of container app has the name of the port",
    ]
    assert [fix.title for fix in found.fixes] == ["target port 8080"]


def test_an_exporter_without_a_name_for_its_port_is_known_by_its_own() -> None:
    """And a Service port without a name by the only other port."""
    members = pod("web-1", container("app", port(8080)), container("redis-exporter", port(9113)))
    unnamed = service("web", with_(ASIDE.spec.ports[0], name=""))

    found = of(members, unnamed)

    assert found.headline.endswith("is declared by container redis-exporter")
    assert "meant: unnamed 8080/TCP of container app is the only other one" in rows(found)


@pytest.mark.parametrize(
    ("containers", "of_port"),
    [
        ((container("app", port(8080, "web")), EXPORTER), ASIDE),
        ((container("app", port(8080, "http"), port(9113, "https")),), ASIDE),
        ((container("app", port(8080, "http")), EXPORTER), service("web-metrics", *ASIDE.spec.ports)),
        (
            (container("app", port(8080, "http")), EXPORTER),
            service("web", with_(ASIDE.spec.ports[0], name="metrics")),
        ),
        ((container("app", port(8080, "http")), EXPORTER), service("web", *ASIDE.spec.ports, HTTP)),
        ((container("app", port(8080, "http")), container("app-proxy", port(9113, "proxy"))), ASIDE),
    ],
    ids=[
        "no port of that name",
        "of the application itself",
        "a Service for metrics",
        "a port for metrics",
        "the other one is led to",
        "a proxy on purpose",
    ],
)
def test_a_port_beside_the_application_may_be_meant(
    containers: tuple[Container, ...], of_port: Service
) -> None:
    """Where nothing speaks for another one."""
    member = pod("web-1", *containers)
    snapshot = settled(with_(of_port, spec__selector={"app": "web"}), member)

    assert find(explain(snapshot, of_port.metadata.name), "KSV203") == ()


def test_a_target_by_name_may_be_that_of_an_exporter() -> None:
    """Where another port has the name of the Service port; a Service port without a name may be for it."""
    by_name = with_(ASIDE.spec.ports[0], target_port="metrics")
    member = pod("web-1", container("app", port(8080, "http")), EXPORTER)

    found = of(member, service("web", by_name))

    assert found.headline == (
        'target port "metrics" of port http is declared by container exporter, '
        "and another port is called http"
    )
    assert [fix.title for fix in found.fixes] == ["target port http"]
    assert not fires(member, service("web", with_(by_name, name="")))


DNS = ServicePort(name="dns", port=53, target_port=5353)
BY_UDP = container("dns", port(5353, "dns", "UDP"), port(9153, "metrics"))


def test_a_number_that_is_declared_for_udp_alone_is_told_of_a_port_for_tcp() -> None:
    """Nobody may have written TCP: it is the default; also of a port that is called after metrics."""
    found = of(pod("web-1", BY_UDP), service("web", DNS))

    assert found.headline == (
        "target port 5353 of port dns is declared for UDP alone, and the Service port is TCP"
    )
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.ADVICE)
    assert "note: TCP is the default where none is written" in rows(found)
    (fix,) = found.fixes
    assert fix.title == "protocol UDP"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == [
        {"op": "test", "path": "/spec/ports/0/name", "value": "dns"},
        {"op": "replace", "path": "/spec/ports/0/protocol", "value": "UDP"},
    ]
    assert fires(pod("web-1", BY_UDP), service("web", with_(DNS, name="statsd")))


@pytest.mark.parametrize(
    ("container_", "ports"),
    [
        (container("dns", port(5353, "dns", "UDP"), port(5353, "tcp")), (DNS,)),
        (container("dns", port(5353, "dns", "UDP"), port(5353, "x", "SCTP")), (DNS,)),
        (container("dns", port(5353, "dns")), (with_(DNS, protocol="UDP"),)),
        (BY_UDP, (DNS, with_(DNS, name="udp", protocol="UDP", target_port=1))),
        (BY_UDP, (DNS, with_(DNS, name="udp", protocol="UDP", port=54))),
        (with_(BY_UDP, readiness_probe=http_probe(5353)), (DNS,)),
        (BY_UDP, (with_(DNS, name="http"),)),
    ],
    ids=[
        "declared for both",
        "declared for others",
        "a port for UDP",
        "a port for UDP has the number",
        "a port for UDP leads there",
        "a probe asks it",
        "what is spoken takes TCP",
    ],
)
def test_a_port_for_tcp_may_lead_to_a_number_that_is_declared_for_udp(
    container_: Container, ports: tuple[ServicePort, ...]
) -> None:
    """Where TCP was chosen, or is spoken."""
    assert explain(settled(service("web", *ports), pod("web-1", container_))).findings == ()


WEB = container("app", port(8080, "http"))


def two_workloads(
    api: Container,
    *,
    web: Container = WEB,
    of: ServicePort = HTTP,
    arguments: Mapping[str, object] | None = None,
) -> Finding | None:
    """The finding about a pod of Deployment web and two of Deployment api, which are given the arguments."""
    objects: list[Obj] = [replica_set("web-abc", "web"), replica_set("api-abc", "api")]
    objects.append(pod("web-1", web, owner=owned_by("ReplicaSet", "web-abc")))
    for n in range(2):
        member = pod(f"api-{n}", api, owner=owned_by("ReplicaSet", "api-abc"), ips=(f"10.0.1.{n}",))
        objects.append(said(member, arguments or {}))
    found = find(explain(settled(service("web", of), *objects)), "KSV203")
    return found[0] if found else None


def test_pods_that_lack_what_others_declare_are_told_by_themselves() -> None:
    """With what both declare; a name that all have leads each to its own."""
    found = two_workloads(container("app", port(3000, "http")))

    assert found is not None
    assert found.headline == (
        "target port 8080 of port http is declared by 1 of 3 pods, and 2 of Deployment/api declare others"
    )
    assert (found.culprit.name, found.confidence, found.effect) == ("api", Confidence.PROOF, Effect.ADVICE)
    assert [place.endpoint.name for place in found.places if place.endpoint] == ["api-0", "api-1"]
    assert rows(found)[:2] == [
        "without: 2 of Deployment/api declare: http 3000/TCP",
        "with: 1 of Deployment/web: http 8080/TCP",
    ]
    (fix,) = found.fixes
    assert (fix.title, fix.notes) == ("target port http", ("Every pod declares http, whatever its number.",))
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.ports[0].usable) == (Verdict.HEALTHY, 3)


def test_no_number_is_offered_that_only_some_pods_have() -> None:
    """The others would be led away from theirs; nor a name that leads them elsewhere, or these."""
    others = container("app", port(8080, "http"), port(7070, "api"))
    unnamed = with_(HTTP, name="")

    for found in (
        two_workloads(container("app", port(3000, "web"))),
        two_workloads(container("app", port(3000, "api")), web=others),
        two_workloads(container("app", port(3000, "http"), port(3001, "y")), of=unnamed),
    ):
        assert found is not None
        assert found.fixes == ()


def test_pods_that_lack_what_others_declare_may_seem_to_listen_elsewhere() -> None:
    """By a probe, or by arguments where they declare nothing."""
    asked = two_workloads(container("app", port(3000, "http"), readiness_probe=http_probe(3000)))
    given = two_workloads(SILENT, arguments={"app": [["--port", 3000]]})

    for found in (asked, given):
        assert found is not None
        assert found.headline.endswith("1 of 3 pods, and 2 of Deployment/api seem to listen on 3000")


def test_pods_that_lack_what_others_declare_may_listen_all_the_same() -> None:
    """They declare nothing, or only what is beside the application."""
    assert two_workloads(SILENT) is None
    assert two_workloads(container("app", port(9090, "metrics"))) is None
    assert two_workloads(container("app", port(8080, "web"))) is None


def test_pods_of_two_makers_are_told_each_by_itself() -> None:
    """What one declares says nothing of the other."""
    members = (
        pod("web-1", container("app", port(8080, "http")), ips=("10.0.0.1",)),
        pod("a-1", container("app", port(1, "x")), owner=owned_by("ReplicaSet", "a-abc"), ips=("10.0.0.2",)),
        pod("b-1", container("app", port(2, "y")), owner=owned_by("ReplicaSet", "b-abc"), ips=("10.0.0.3",)),
    )
    report = explain(settled(service("web", HTTP), *members))

    assert [(found.culprit.name, found.headline.partition(", ")[2]) for found in find(report, "KSV203")] == [
        ("a-abc", "and 1 of ReplicaSet/a-abc declares others"),
        ("b-abc", "and 1 of ReplicaSet/b-abc declares others"),
    ]


SILENT = Container(name="app", image="x")
QUIET: dict[str, tuple[Pod, Service]] = {
    "nothing is declared": (pod("web-1", SILENT), OF),
    "nothing is declared, and arguments name what it dials": (
        said(pod("web-1", SILENT), {"app": [["--db-port", 5432], ["--metrics-port", 9090]]}),
        OF,
    ),
    "nothing is declared, and arguments name several": (
        said(pod("web-1", SILENT), {"app": [["--http-port", 3000], ["--port", 3001]]}),
        OF,
    ),
    "nothing is declared, and one of two containers names another": (
        said(pod("web-1", SILENT, container("proxy")), {"app": [["--port", 3000]]}),
        OF,
    ),
    "nothing is declared, and arguments name it": (
        said(pod("web-1", SILENT), {"app": [["--port", 9999]]}),
        OF,
    ),
    "nothing is declared, and only a probe asks another": (
        pod("web-1", with_(SILENT, readiness_probe=http_probe(8081))),
        OF,
    ),
    "nothing is declared, and another port leads to what arguments name": (
        said(pod("web-1", SILENT), {"app": [["--port", 8080]]}),
        service("web", WRONG, with_(HTTP, name="main")),
    ),
    "nothing is declared, and another port may lead wrong": (
        said(pod("web-1", SILENT), {"app": [["--port", 3000]]}),
        service("web", WRONG, with_(WRONG, name="main", port=81, target_port=8080)),
    ),
    "nothing is declared but metrics, by a sidecar": (
        said(
            pod("web-1", SILENT, container("istio-proxy", port(15090, "http-envoy-prom"))),
            {"app": [["--port", 3000]]},
        ),
        OF,
    ),
    "it is declared": (pod("web-1", container("app", port(9999))), OF),
    "it is declared for another protocol": (
        pod("web-1", container("app", port(9999, "x", "UDP"), port(1))),
        OF,
    ),
    "an init container declares it": (
        with_(pod("web-1", DECLARES), spec__init_containers=(container("setup", port(9999)),)),
        OF,
    ),
    "a container that declares nothing may listen": (pod("web-1", DECLARES, SILENT), OF),
    "only metrics are declared": (pod("web-1", container("app", port(9090, "http-metrics"))), OF),
    "all that is declared is led to": (
        pod("web-1", DECLARES),
        service("web", WRONG, with_(HTTP, name="main")),
    ),
    "another protocol is declared": (pod("web-1", container("app", port(53, "dns", "UDP"))), OF),
    "arguments name it": (said(probed(8080), {"app": [["--port", 9999]]}), OF),
    "a probe asks it": (
        pod(
            "web-1",
            container("app", port(8080), liveness_probe=http_probe(9999), readiness_probe=http_probe()),
        ),
        OF,
    ),
    "a port for metrics": (pod("web-1", DECLARES), service("web", with_(WRONG, name="metrics"))),
    "a target by name": (pod("web-1", DECLARES), service("web", with_(WRONG, target_port="http"))),
    "the pod is going": (terminating(pod("web-1", DECLARES)), OF),
    "no selector": (pod("web-1", DECLARES), service("web", WRONG, selector={})),
    "an alias": (
        pod("web-1", DECLARES),
        service("web", WRONG, type="ExternalName", external_name="x.example", cluster_ip=""),
    ),
    "no port": (pod("web-1", DECLARES), with_(headless(), spec__ports=())),
}


@pytest.mark.parametrize(("member", "service"), QUIET.values(), ids=QUIET)
def test_what_looks_like_it_is_not_it(member: Pod, service: Service) -> None:
    """Nothing is said where the pods may well listen there."""
    assert not fires(member, service)


def test_not_all_pods_need_to_declare_the_other_port() -> None:
    """One of them does not: then nothing else is known to be meant."""
    members = (pod("web-1", DECLARES), pod("web-2", container("app", port(7070, "x")), ips=("10.0.0.2",)))

    assert find(explain(settled(OF, *members)), "KSV203") == ()


def test_not_all_pods_need_to_be_asked_the_same() -> None:
    """Then the probes are no clue, and neither is that of a port beside it."""
    members = (probed("http"), pod("web-2", container("app", port(8080, "http")), ips=("10.0.0.2",)))
    other = pod(
        "web-1",
        container("app", port(8080, "http"), port(8081, "health"), readiness_probe=http_probe("health")),
    )

    assert only(explain(settled(OF, *members)), "KSV203").confidence is Confidence.PROOF
    assert of(other).confidence is Confidence.PROOF


def test_a_probe_by_a_name_that_nobody_declares_asks_nothing() -> None:
    """The kubelet fails it; nor does a command in the container ask a port."""
    assert of(probed("gone")).confidence is Confidence.PROOF


def test_a_native_sidecar_is_one_of_the_containers() -> None:
    """It runs while the pod serves."""
    sidecar = container("proxy", port(8080, "http"), restart_policy="Always")
    member = with_(pod("web-1", container("app", port(9090, "metrics"))), spec__init_containers=(sidecar,))

    assert [fix.title for fix in of(member).fixes] == ["target port 8080"]


def test_a_headless_service_is_told_the_same() -> None:
    """Its clients dial the target port themselves."""
    same = headless("web", ServicePort(name="http", port=9999))

    assert of(pod("web-1", DECLARES), same).effect is Effect.ADVICE


def test_it_is_told_beside_a_fault_and_never_as_one() -> None:
    """The pod is not ready for another reason."""
    sick = with_(unready(), spec__containers=(with_(DECLARES, readiness_probe=http_probe("metrics")),))

    report = explain(settled(OF, sick))

    assert [(f.code, f.effect) for f in report.findings] == [
        ("KSV301", Effect.BROKEN),
        ("KSV203", Effect.ADVICE),
    ]


def test_each_port_is_told_by_itself() -> None:
    """Each has its own fix; the other finding stays, being advice."""
    both = service("web", WRONG, with_(WRONG, name="https", port=443, target_port=9998))
    member = pod("web-1", container("app", port(8080, "http"), port(8443, "https")))

    found = find(explain(settled(both, member)), "KSV203")

    assert [[fix.title for fix in f.fixes] for f in found] == [["target port 8080"], ["target port 8443"]]


def test_it_costs_no_request() -> None:
    """A healthy Service is read as if nothing were odd."""
    source = FakeSource(settled(OF, pod("web-1", DECLARES)))

    only(ask(Query("shop", ("web",)), source), "KSV203")

    assert source.requests == 6
