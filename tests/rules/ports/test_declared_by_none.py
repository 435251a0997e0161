"""KSV201: a named target port that no selected pod declares."""

import json

import pytest

from kubesvc.model.objects import (
    Container,
    ContainerPort,
    EndpointSlice,
    GRPCAction,
    Pod,
    PodIP,
    Probe,
    Service,
    ServicePort,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Finding, Report, Verdict
from tests.support.builders import (
    HTTP,
    cluster,
    container,
    headless,
    http_probe,
    node,
    owned_by,
    pod,
    pods,
    port,
    replica_set,
    said,
    service,
    settled,
    slices,
    unready,
    version,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

NAMED = ServicePort(name="http", port=80, target_port="http")
OF = service("web", NAMED)
LEFT = "the only port of the application to which no other leads, or should"
REFUSED = "inside the cluster, web:80 refuses connections (where kube-proxy forwards)"


def declaring(*containers: Container, init: tuple[Container, ...] = ()) -> Finding:
    """The finding about a pod with these containers."""
    found = with_(pod("web-1", *containers), spec__init_containers=init)
    return only(explain(settled(OF, found)), "KSV201")


def test_the_port_has_no_endpoint_although_pods_are_listed() -> None:
    """The product's example: what is declared, what the slices look like, what clients see."""
    members = [
        pod(
            f"web-{n}",
            container("app", port(8080, "web"), port(9090, "metrics")),
            owner=owned_by("ReplicaSet", "web-abc"),
        )
        for n in (1, 2)
    ]

    report = explain(settled(OF, *members, replica_set()))

    found = only(report, "KSV201")
    assert verdict(report) is Verdict.BROKEN
    assert report.subjects[0].summary == "2 ready endpoints, none with a port"
    assert found.headline == 'target port "http" of port http is declared by no selected pod'
    assert (found.culprit, found.confidence, found.effect) == (OF.ref, Confidence.PROOF, Effect.BROKEN)
    assert [(place.port, place.endpoint) for place in found.places] == [("http", None)]
    assert rows(found) == [
        "pods: 2 of Deployment/web declare: web 8080/TCP, metrics 9090/TCP",
        "slices: web-1 lists 2 endpoints with ports: [] (why kubectl describe shows addresses)",
        f"clients: {REFUSED}, whether pods are Ready or not",
    ]


def test_the_fix_names_the_declared_port() -> None:
    """A JSON patch that tests the position before it replaces."""
    (fix,) = declaring(container("app", port(8080, "web"))).fixes

    assert fix.title == "target port web"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == [
        {"op": "test", "path": "/spec/ports/0/name", "value": "http"},
        {"op": "replace", "path": "/spec/ports/0/targetPort", "value": "web"},
    ]
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY
    assert fix.notes == ("the only TCP port that every pod declares",)


def test_the_probed_port_is_preferred() -> None:
    """The kubelet asks it, so somebody answers there."""
    probed = container("app", port(9090, "metrics"), port(8080, "web"), readiness_probe=http_probe("web"))

    (fix,) = declaring(probed).fixes

    assert fix.title == "target port web"
    assert fix.notes == ("web rather than metrics: the readiness probe asks it",)


def test_otherwise_the_nearest_name_is() -> None:
    """The reason is told."""
    (fix,) = declaring(container("app", port(9090, "metrics"), port(8080, "http-alt"))).fixes

    assert fix.title == "target port http-alt"
    assert fix.notes == ("http-alt is the nearest by name; also declared: metrics",)


def proposed(of: Service, *declared: Container) -> list[tuple[str, str]]:
    """The target ports that are proposed for the ports of a Service, and why, over two such pods."""
    members = [pod(f"web-{n}", *declared, ips=(f"10.0.0.{n}",)) for n in (1, 2)]
    report = explain(settled(with_(of, spec__selector={"app": "web"}), *members), of.metadata.name)
    return [(fix.title, fix.notes[0]) for found in find(report, "KSV201") for fix in found.fixes]


def test_the_probe_may_speak_grpc() -> None:
    """It asks a port as the others do."""
    probed = container(
        "app", port(9090, "x"), port(9000, "api"), readiness_probe=Probe(grpc=GRPCAction(port=9000))
    )

    assert proposed(OF, probed) == [("target port api", "api rather than x: the readiness probe asks it")]


def test_the_number_of_the_service_port_speaks_for_a_port() -> None:
    """Stronger than a name that is alike."""
    declared = container("app", port(9000, "http-alt"), port(80, "front"))

    assert proposed(OF, declared) == [
        ("target port front", "front rather than http-alt: its number is that of the Service port, 80"),
    ]


def test_a_port_for_metrics_is_none_of_the_application() -> None:
    """By its name, or that of its container; the one that is left is no likeness, and not called one."""
    app = container("app", port(8080, "web"))

    assert proposed(OF, container("app", port(9090, "metrics"), port(8080, "web"))) == [
        ("target port web", f"web rather than metrics: {LEFT}"),
    ]
    assert proposed(OF, container("redis-exporter", port(9121, "http-x")), app) == [
        ("target port web", f"web rather than http-x: {LEFT}"),
    ]


def test_a_container_that_is_alone_is_the_application() -> None:
    """Whatever it is called."""
    assert proposed(OF, container("admin", port(8080, "web"))) == [
        ("target port web", "the only TCP port that every pod declares"),
    ]


RPC = ServicePort(name="rpc", port=81, target_port="rcp")
PAIR = (port(1, "x"), port(2, "y"))


@pytest.mark.parametrize(
    ("of", "declared"),
    [
        (OF, (port(9090, "metrics"),)),
        (OF, (port(9090, "http-metrics"), port(80, "admin"))),
        (OF, (port(8080, "one"), port(8081, "two"))),
        (OF, (port(8080, "http-a"), port(8081, "http-b"))),
        (OF, (port(8080, "http-worker"), port(8081, "two"))),
        (OF, (port(9000, "grpc"),)),
        (service("web", NAMED, ServicePort(name="rpc", port=81, target_port="x")), (port(1, "x"),)),
        (service("web", NAMED, with_(NAMED, name="b", target_port="b", port=81)), (port(1, "x"),)),
        (service("web", NAMED, with_(NAMED, name="b", target_port="b", port=81)), PAIR),
        (service("web", NAMED, ServicePort(name="rpc", port=81, target_port=1)), (port(1, "http-x"),)),
        (service("web", with_(NAMED, target_port="metrics")), (port(5432, "pg"),)),
        (service("web", with_(NAMED, name="metrics")), (port(80, "pg"), port(9000, "admin"))),
        (service("db-metrics", NAMED), (port(5432, "pg"),)),
    ],
    ids=[
        "for metrics alone",
        "beside the application, though alike or of that number",
        "nothing speaks for one of two",
        "as much speaks for two",
        "a name of another part speaks for none",
        "another protocol by its name",
        "another port leads there",
        "one is left for two",
        "two are left for two",
        "another port leads there, by number",
        "a port for metrics and one of the application",
        "a port for metrics and another beside it",
        "a Service for metrics and a port of the application",
    ],
)
def test_no_port_is_proposed_for_which_nothing_speaks(
    of: Service, declared: tuple[ContainerPort, ...]
) -> None:
    """What the pods declare is told; the choice is left to people."""
    assert proposed(of, container("app", *declared)) == []


def test_a_port_that_is_called_after_one_of_the_service_is_its() -> None:
    """Both lead nowhere; each is given its own, if any."""
    both = service("web", NAMED, ServicePort(name="rpc", port=81, target_port="x"))

    assert proposed(both, container("app", port(9000, "rpc"))) == [
        ("target port rpc", "the only TCP port that every pod declares"),
    ]


def test_a_port_without_a_name_is_led_to_by_its_number() -> None:
    """As is one that the pods call otherwise each: a number needs no declaration."""
    named = {1: "main", 2: "web"}
    members = [
        pod(f"web-{n}", container("app", port(8080, name)), ips=(f"10.0.0.{n}",)) for n, name in named.items()
    ]
    only_one = ("target port 8080", "the only TCP port that every pod declares")

    (fix,) = only(explain(settled(OF, *members)), "KSV201").fixes
    assert (fix.title, fix.notes) == (only_one[0], only_one[1:])
    assert proposed(OF, container("app", port(8080))) == [only_one]
    assert proposed(OF, container("app", port(8080), port(9090, "metrics"))) == [
        ("target port 8080", f"8080 rather than metrics: {LEFT}"),
    ]


def test_names_that_the_pods_give_a_number_speak_as_far_as_all_are_near() -> None:
    """The number then stands for the port in all of them."""

    def offered(*names: str) -> list[str]:
        members = [
            pod(f"web-{n}", container("app", port(8080, name), port(8081, f"x{n}")), ips=(f"10.0.0.{n}",))
            for n, name in enumerate(names, start=1)
        ]
        return [fix.notes[0] for fix in only(explain(settled(OF, *members)), "KSV201").fixes]

    assert offered("http-a", "http-b") == ["8080 is the nearest by name; also declared: 8081"]
    assert offered("http-a", "y") == []


QUIET = with_(container("app"), ports=())
"""It declares no port."""


def test_a_native_sidecars_number_counts_on_an_old_server() -> None:
    """Its name does not; what an ordinary init container declares leads nowhere."""
    proxy = container("proxy", port(15000, "x"), restart_policy="Always")
    member = with_(pod("web-1", QUIET), spec__init_containers=(proxy,))
    setup = with_(pod("web-1", QUIET), spec__init_containers=(container("setup", port(1, "x")),))
    old = cluster(OF, member, node(), version(32), *slices(OF, member, minor=32))

    assert [fix.title for fix in only(explain(old), "KSV201").fixes] == ["target port 15000"]
    assert only(explain(settled(OF, setup)), "KSV201").fixes == ()


BARE = with_(QUIET, readiness_probe=http_probe(3000))
GIVEN = {"app": [["--port", 3000]]}
GIVES, ASKS = (
    "container app is given --port 3000",
    "the readiness probe of container app asks 3000",
)


@pytest.mark.parametrize(
    ("containers", "arguments", "why"),
    [
        ((QUIET,), GIVEN, GIVES),
        ((BARE,), {}, ASKS),
        ((BARE,), GIVEN, f"{GIVES} and {ASKS}"),
        ((BARE, with_(QUIET, name="proxy")), {"proxy": [["--port", 3001]]}, ASKS),
    ],
    ids=["arguments", "a probe", "both", "one of two containers"],
)
def test_where_nothing_is_declared_arguments_and_probes_tell(
    containers: tuple[Container, ...], arguments: dict[str, object], why: str
) -> None:
    """The number that all pods seem to listen on, with what says so."""
    members = [said(pod(f"web-{n}", *containers, ips=(f"10.0.0.{n}",)), arguments) for n in (1, 2)]

    (fix,) = only(explain(settled(OF, *members)), "KSV201").fixes

    assert (fix.title, fix.notes) == ("target port 3000", (f"nothing is declared; {why}",))


PROBE_OF_ANOTHER = with_(QUIET, readiness_probe=http_probe(3001))
ONE = pod("web-1", QUIET)
TWO = with_(ONE, metadata__name="web-2", metadata__uid="2", status__pod_ips=(PodIP(ip="10.0.0.2"),))


@pytest.mark.parametrize(
    ("of", "members"),
    [
        (OF, (said(pod("web-1", PROBE_OF_ANOTHER), GIVEN),)),
        (OF, (said(ONE, GIVEN), TWO)),
        (OF, (said(ONE, GIVEN), said(TWO, {"app": [["--port", 3001]]}))),
        (OF, (said(pod("web-1", QUIET, with_(QUIET, name="proxy")), GIVEN),)),
        (OF, (said(pod("web-1", container("app", port(53, "dns", "UDP"))), GIVEN),)),
        (service("web", with_(NAMED, name="metrics")), (pod("web-1", BARE),)),
        (service("web", NAMED, ServicePort(name="rpc", port=81, target_port=3000)), (pod("web-1", BARE),)),
        (service("web", NAMED, RPC), (pod("web-1", BARE),)),
        (service("web", with_(NAMED, name="dns", protocol="UDP")), (pod("web-1", BARE),)),
    ],
    ids=[
        "a probe asks another",
        "not all are given it",
        "they are given different ones",
        "one of two containers is given it",
        "something is declared",
        "a port beside the application is lost",
        "another port leads there",
        "two names are lost",
        "it is for UDP",
    ],
)
def test_where_nothing_is_declared_no_number_is_guessed(of: Service, members: tuple[Pod, ...]) -> None:
    """Only what all pods say, and nothing contradicts."""
    assert [
        fix.title for found in find(explain(settled(of, *members)), "KSV201") for fix in found.fixes
    ] == []


BOTH = service("web", NAMED, RPC)
"""Neither target is declared by the pods below."""


def test_what_speaks_for_one_of_two_names_leaves_the_rest_to_the_other() -> None:
    """Each port is meant by one name: first by the one for which most speaks, then by the only one left."""
    front = container("app", port(8080, "http-front"), port(8081, "x"))

    assert proposed(BOTH, front) == [
        ("target port http-front", "http-front is the nearest by name; also declared: x"),
        ("target port x", f"x rather than http-front: {LEFT}"),
    ]


def test_a_probe_does_not_tell_which_of_two_names_meant_what_it_asks() -> None:
    """It speaks for the port, whoever leads there; a name does tell, or a number."""
    asked = container("app", *PAIR, readiness_probe=http_probe("x"))
    numbered = container("app", port(80, "x"), port(2, "y"), readiness_probe=http_probe("x"))

    assert proposed(BOTH, asked) == []
    assert proposed(BOTH, numbered) == [
        ("target port x", "x rather than y: the readiness probe asks it"),
        (
            "target port y",
            "y rather than x: the only port of the application to which no other leads, or should",
        ),
    ]


def test_a_port_is_offered_to_two_names_that_are_as_near_to_it() -> None:
    """Two ports of a Service may lead to one of the pods; a name that is less near gets nothing."""
    one, other = (
        ServicePort(name="", port=n, target_port=name) for n, name in ((80, "serverx"), (81, "servery"))
    )
    app = container("app", port(8080, "server"), port(9090, "metrics"))
    same, less = (
        service("web", with_(one, name="a"), with_(last, name="b"))
        for last in (other, with_(other, target_port="serv"))
    )

    near = ("target port server", "server is the nearest by name; also declared: metrics")
    assert proposed(same, app) == [near, near]
    assert proposed(less, app) == [near]


def test_ports_of_one_target_share_what_was_meant() -> None:
    """Also by the number of one of them; what the other is called takes nothing from it."""
    of = service("web", NAMED, with_(NAMED, name="alt", port=8080))
    note = "its number is that of the Service port, 8080"

    assert (
        proposed(of, container("app", port(8080, "x"), port(1, "y")))
        == [
            ("target port x", f"x rather than y: {note}"),
        ]
        * 2
    )
    assert (
        proposed(of, container("app", port(8080, "alt")))
        == [
            ("target port alt", "the only TCP port that every pod declares"),
        ]
        * 2
    )


def test_protocols_are_given_each_their_own() -> None:
    """One name is lost for both, and each finds another that is alike."""
    lost = service("web", *(with_(port, target_port="dnss") for port in DNS))
    app = container("app", port(53, "dns", "UDP"), port(53, "dns-tcp"), port(9153, "metrics"))

    assert proposed(lost, app) == [
        ("target port dns", "the only UDP port that every pod declares"),
        ("target port dns-tcp", "dns-tcp is the nearest by name; also declared: metrics"),
    ]


def test_a_number_speaks_for_a_port_only_where_all_pods_have_it() -> None:
    """A name may be for another number in each pod."""
    members = [
        pod(f"web-{n}", container("app", port(n, "x"), port(1, "y")), ips=(f"10.0.0.{n}",)) for n in (80, 81)
    ]

    assert only(explain(settled(OF, *members)), "KSV201").fixes == ()


def test_http_2_carries_grpc_as_well() -> None:
    """So that a port of that name may be meant by either."""
    grpc = service("web", ServicePort(name="grpc", port=443, target_port="grpc"))

    for app in (container("app", port(8443, "http2")), container("app", port(8443, "h2c"))):
        assert [reason for _, reason in proposed(grpc, app)] == ["the only TCP port that every pod declares"]


def test_the_name_is_the_reason_where_it_is_that_of_the_port() -> None:
    """Also where a probe asks there, or another port of the Service has the number."""
    of = service(
        "web", with_(NAMED, target_port="htp"), with_(NAMED, name="alt", port=8080, target_port="htp")
    )
    app = container("app", port(8080, "http"), port(9090, "metrics"), readiness_probe=http_probe("http"))

    assert (
        proposed(of, app) == [("target port http", "http is the nearest by name; also declared: metrics")] * 2
    )


def test_the_name_of_the_port_comes_before_what_the_probe_asks() -> None:
    """Somebody answers there, and it is called otherwise."""
    probed = container("app", port(8080, "api"), port(9000, "rpc"), readiness_probe=http_probe("api"))

    assert proposed(service("web", RPC), probed) == [
        ("target port rpc", "rpc is the nearest by name; also declared: api"),
    ]


def test_ports_that_may_not_speak_alike_want_nothing_of_each_other() -> None:
    """What is left may be for one of them alone."""
    of = service("web", NAMED, ServicePort(name="grpc", port=81, target_port="x"))

    assert proposed(of, container("app", port(8081, "ws"), port(9090, "metrics"))) == [
        ("target port ws", f"ws rather than metrics: {LEFT}"),
    ]


def test_what_a_port_leads_to_once_it_counts_is_not_offered_to_another() -> None:
    """It is declared for UDP, and has another name for TCP."""
    app = container("app", port(8080, "http", "UDP"), port(8080, "main"))

    assert proposed(BOTH, app) == [("target port main", "Every pod declares main 8080/TCP.")]


def test_a_port_that_was_not_asked_about_keeps_what_it_meant() -> None:
    """With --port one port is judged, and no port of the pods is offered that the other may have meant."""
    report = explain(settled(BOTH, pod("web-1", container("app", port(1, "x")))), port="http")

    assert only(report, "KSV201").fixes == ()


def test_a_port_for_metrics_leads_to_one_for_metrics() -> None:
    """By its name, by the number, or by the name of the Service; what the probe asks is not for it."""
    app = container(
        "app", port(8080, "api"), port(9090, "prom"), port(81, "stats"), readiness_probe=http_probe("api")
    )

    assert proposed(service("web", with_(NAMED, name="metrics", port=81)), app) == [
        ("target port stats", "stats rather than api, prom: its number is that of the Service port, 81"),
    ]
    assert proposed(service("web", with_(NAMED, target_port="prometheus")), app) == [
        ("target port prom", "prom is the nearest by name; also declared: api, stats"),
    ]
    assert proposed(service("web-metrics", with_(NAMED, port=9090)), app) == [
        ("target port prom", "prom rather than api, stats: its number is that of the Service port, 9090"),
    ]


def test_a_service_that_is_called_admin_may_be_an_application() -> None:
    """Where its pods declare nothing beside it, what is alike or has the number will do."""
    assert proposed(service("admin", NAMED), container("app", port(8080, "http-x"), port(1, "y"))) == [
        ("target port http-x", "http-x is the nearest by name; also declared: y"),
    ]


@pytest.mark.parametrize(
    ("containers", "init", "headline", "note"),
    [
        (
            (container("app", port(53, "http", "UDP")),),
            (),
            "declared for UDP, and the Service port is TCP",
            "http 53/UDP: the Service port is TCP, and the protocols must agree",
        ),
        (
            (container("app"),),
            (container("setup", port(1, "http")),),
            "declared by an init container only",
            "http 1/TCP (init container setup): ports of ordinary init containers never count",
        ),
        (
            (container("app"),),
            (container("setup", port(1, "http", "UDP")),),
            "declared by an init container only",
            "http 1/UDP (init container setup): ports of ordinary init containers never count",
        ),
        (
            (container("app", port(53, "http", "UDP")),),
            (container("setup", port(1, "http")),),
            "declared by no selected pod",
            "http 53/UDP: the Service port is TCP, and the protocols must agree",
        ),
    ],
    ids=["another protocol", "an init container", "an init container's UDP", "both"],
)
def test_a_declaration_that_does_not_count_is_named(
    containers: tuple[Container, ...], init: tuple[Container, ...], headline: str, note: str
) -> None:
    """It looks right, and is not."""
    found = declaring(*containers, init=init)

    assert found.headline == f'target port "http" of port http is {headline}'
    assert any(row == f"note: {note}" for row in rows(found))


def test_pods_that_declare_nothing_of_the_name_keep_the_general_words() -> None:
    """One of two declares it for UDP: what stands for all pods is only that none counts."""
    members = (
        pod("a", container("app", port(53, "http", "UDP"))),
        pod("b", container("app", port(53)), ips=("10.0.0.2",)),
    )

    found = only(explain(settled(OF, *members)), "KSV201")

    assert found.headline == 'target port "http" of port http is declared by no selected pod'
    assert found.fixes == ()


def patched(found: Finding) -> list[object]:
    """What the first fix changes in the Service, without its guard."""
    assert found.fixes[0].command is not None
    _, op = json.loads(found.fixes[0].command[-1])
    return [op["path"], op["value"]]


DATA = ServicePort(name="data", port=80, target_port="data")


def serving(of: ServicePort, *declared: Container) -> Finding:
    """The finding about a Service port and a pod with these containers."""
    return only(explain(settled(service("web", of), pod("web-1", *declared))), "KSV201")


def test_a_service_port_without_a_protocol_is_given_that_of_the_pods() -> None:
    """Nobody wrote TCP: it is the default."""
    found = serving(DATA, container("app", port(53, "data", "UDP")))

    assert patched(found) == ["/spec/ports/0/protocol", "UDP"]
    (fix,) = found.fixes
    assert fix.title == "protocol UDP"
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


def test_a_port_that_the_probe_asks_speaks_tcp() -> None:
    """Whatever was declared: the number will do."""
    probed = container("app", port(8080, "data", "UDP"), readiness_probe=http_probe("data"))

    found = serving(DATA, probed)

    assert patched(found) == ["/spec/ports/0/targetPort", 8080]
    assert found.fixes[0].certainty is Confidence.LIKELY


def test_a_port_that_is_called_http_speaks_tcp() -> None:
    """Where the pods declare UDP, and where the Service does."""
    ours = declaring(container("app", port(8080, "http", "UDP")))
    theirs = serving(with_(NAMED, protocol="UDP"), container("app", port(8080, "http")))

    assert patched(ours) == ["/spec/ports/0/targetPort", 8080]
    assert patched(theirs) == ["/spec/ports/0/protocol", "TCP"]
    assert theirs.fixes[0].notes == (
        "What is spoken there, or the readiness probe that asks there, takes TCP.",
    )


def test_a_container_port_without_a_protocol_is_reached_by_its_number() -> None:
    """The Service port says UDP, which somebody wrote."""
    found = serving(with_(DATA, protocol="UDP"), container("app", port(53, "data")))

    assert patched(found) == ["/spec/ports/0/targetPort", 53]


DNS = (
    ServicePort(name="dns", port=53, target_port="dns", protocol="UDP"),
    ServicePort(name="dns-tcp", port=53, target_port="dns"),
)


def test_one_number_under_two_protocols_lacks_the_declaration_of_one() -> None:
    """UDP works; the port for TCP cannot become another one for UDP, so it is given the number."""
    member = pod("web-1", container("app", port(5353, "dns", "UDP")))

    found = only(explain(settled(service("web", *DNS), member)), "KSV201")

    assert found.headline == (
        'target port "dns" of port dns-tcp is declared for UDP, and the Service port is TCP'
    )
    assert patched(found) == ["/spec/ports/1/targetPort", 5353]
    assert found.fixes[0].change is not None
    assert found.fixes[0].change.ops[0].was == (("spec", "ports", 1, "name"), "dns-tcp")


@pytest.mark.parametrize("ports", [DNS, DNS[1:]], ids=["of two ports", "of one"])
def test_the_number_is_led_to_by_the_name_that_it_has_for_the_protocol(
    ports: tuple[ServicePort, ...],
) -> None:
    """Whether or not the other protocol has a port of the Service; a probe need not ask there."""
    both = container("app", port(53, "dns", "UDP"), port(53, "dns-tcp"), port(54, "metrics"))
    members = (pod("a", both), pod("b", both, ips=("10.0.0.2",)))

    found = only(explain(settled(service("web", *ports), *members)), "KSV201")

    (fix,) = found.fixes
    assert (fix.title, fix.notes) == ("target port dns-tcp", ("Every pod declares dns-tcp 53/TCP.",))
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


def test_a_name_that_not_every_pod_has_for_the_number_leads_to_it_in_some() -> None:
    """The number does in all; so it does where the declaration has no name."""
    udp = port(53, "dns", "UDP")
    members = (
        pod("a", container("app", udp, port(53, "dns-tcp"))),
        pod("b", container("app", udp, port(53)), ips=("10.0.0.2",)),
    )

    assert patched(only(explain(settled(service("web", *DNS), *members)), "KSV201")) == [
        "/spec/ports/1/targetPort",
        53,
    ]


def test_a_twin_that_leads_elsewhere_says_nothing_of_the_number() -> None:
    """Then neither the protocol nor the number can be offered."""
    elsewhere = service("web", with_(DNS[0], target_port=54), DNS[1])
    member = pod("web-1", container("app", port(5353, "dns", "UDP")))

    (found,) = find(explain(settled(elsewhere, member)), "KSV201")

    assert found.fixes == ()


def test_an_unnamed_port_may_change_its_protocol() -> None:
    """It is the only one; its key changes with it."""
    of = service("web", with_(NAMED, name=""))

    found = only(explain(settled(of, pod("web-1", container("app", port(53, "http", "UDP"))))), "KSV201")

    (fix,) = found.fixes
    assert fix.change is not None
    assert fix.change.ops[0].was == (("spec", "ports", 0, "port"), 80)
    assert fix.outcome is not None
    assert [(p.key, p.usable) for p in fix.outcome.ports] == [("80/UDP", 1)]


def test_only_names_that_every_pod_declares_are_offered() -> None:
    """Otherwise the fix would leave some behind."""
    members = (
        pod("a", container("app", port(1, "x"))),
        pod("b", container("app", port(2, "y")), ips=("10.0.0.2",)),
    )

    assert only(explain(settled(OF, *members)), "KSV201").fixes == ()


def sidecar() -> Pod:
    """A pod whose sidecar declares the port."""
    proxy = container("proxy", port(15000, "http"), restart_policy="Always")
    return with_(pod(), spec__init_containers=(proxy,))


@pytest.mark.parametrize(("minor", "found"), [(32, 1), (33, 0)])
def test_a_sidecars_port_depends_on_the_servers_version(minor: int, found: int) -> None:
    """Before 1.33 it was not found."""
    snapshot = cluster(OF, sidecar(), node(), version(minor), *slices(OF, sidecar(), minor=minor))

    assert len(find(explain(snapshot), "KSV201")) == found


def test_two_ports_are_two_findings_with_a_fix_each() -> None:
    """Each fix leaves the other port, and says so."""
    other = ServicePort(name="admin", port=81, target_port="adm")
    member = pod("web-1", container("app", port(8080, "web"), port(8081, "admin")))

    report = explain(settled(service("web", NAMED, other), member))

    assert [found.code for found in report.findings] == ["KSV201", "KSV201"]
    for found in report.findings:
        (fix,) = found.fixes
        assert fix.outcome is not None
        assert fix.outcome.remaining == ("KSV201",)


def test_a_headless_service_suffers_nothing() -> None:
    """Its name still resolves; only SRV records lack the port. No check dials a port that is not known."""
    report = explain(settled(headless("web", NAMED), pod()))

    found = only(report, "KSV201")
    assert (verdict(report), found.effect) == (Verdict.HEALTHY, Effect.ADVICE)
    assert report.subjects[0].checks == ()


@pytest.mark.parametrize(
    ("ports", "members"),
    [
        ((HTTP,), (pod(),)),
        ((with_(HTTP, target_port=9999),), (pod(),)),
        ((NAMED,), (pod("a", container("app", port(8080, "http"))),)),
        ((NAMED,), ()),
        ((NAMED,), (pod(phase="Succeeded"),)),
        ((NAMED,), (pod("a", container("app", port(8080, "http"))), pod("b", ips=("10.0.0.2",)))),
    ],
    ids=["a number", "an undeclared number", "declared", "no pod", "a finished pod", "by some"],
)
def test_what_looks_like_it_is_not_it(ports: tuple[ServicePort, ...], members: tuple[Pod, ...]) -> None:
    """A number needs no declaration; finished pods serve nobody."""
    assert find(explain(settled(service("web", *ports), *members)), "KSV201") == ()


SIDECAR = "note: http 15000/TCP (sidecar proxy): ports of native sidecars count"


def test_a_native_sidecar_on_an_old_server_is_named() -> None:
    """It declares the port, and does not count yet."""
    snapshot = cluster(OF, sidecar(), node(), version(32), *slices(OF, sidecar(), minor=32))

    found = only(explain(snapshot), "KSV201")

    assert found.headline == (
        'target port "http" of port http is declared by a native sidecar only, which takes Kubernetes 1.33'
    )
    assert found.confidence is Confidence.PROOF
    assert [row for row in rows(found) if row.startswith("note")] == [
        f"{SIDECAR} from Kubernetes 1.33 on; this server is 1.32",
    ]
    assert patched(found) == ["/spec/ports/0/targetPort", 15000]
    assert found.fixes[0].certainty is Confidence.PROOF


def unversioned(*written: EndpointSlice) -> Report:
    """A cluster whose version could not be read, and whose pod has a sidecar with the port."""
    source = FakeSource(cluster(OF, sidecar(), node(), *written), denied=(Read("Version"),))
    return ask(Query("shop", ("web",)), source)


def test_a_server_whose_version_is_not_known_is_judged_by_its_slices() -> None:
    """They lack the port: an old server, or one that has not written yet."""
    report = unversioned(*slices(OF, sidecar(), minor=32))

    found = only(report, "KSV201")
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.BROKEN)
    assert [row for row in rows(found) if row.startswith("note")] == [
        f"{SIDECAR} from Kubernetes 1.33 on; which this server is was not read",
    ]
    assert patched(found) == ["/spec/ports/0/targetPort", 15000]
    assert found.fixes[0].certainty is Confidence.LIKELY


def test_a_server_whose_version_is_not_known_may_be_new() -> None:
    """The slices have the port; or do not list the pod yet, which says nothing."""
    assert find(unversioned(*slices(OF, sidecar())), "KSV201") == ()
    assert find(unversioned(*slices(OF)), "KSV201") == ()


def test_a_headless_name_still_resolves() -> None:
    """To ready pods, so that Ready does matter."""
    members = (*pods(2), unready("web-3", ips=("10.0.0.3",)))

    (found,) = find(explain(settled(headless("web", NAMED), *members)), "KSV201")

    assert rows(found)[-1] == (
        "clients: web resolves to 2 addresses (where CoreDNS answers); "
        "SRV records of http lack those without the port"
    )


def test_a_placeholder_lists_nothing_without_ports() -> None:
    """The controller keeps an empty slice for a family that no pod has; it hides no port."""
    of = service("web", NAMED, ip_families=("IPv4", "IPv6"))

    (found,) = find(explain(settled(of, pod())), "KSV201")

    assert [row for row in rows(found) if row.startswith("slices")] == [
        "slices: web-1 lists 1 endpoint with ports: [] (why kubectl describe shows addresses)"
    ]
