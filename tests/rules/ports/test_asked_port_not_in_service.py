"""KSV204: a client dials a port that the Service does not have."""

import json

import pytest

from kubesvc.model.objects import Obj, Service, ServicePort
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Finding, LineKind, Verdict
from tests.support.builders import (
    HTTP,
    OTHER,
    container,
    endpoint,
    hand_made,
    headless,
    pod,
    pods,
    port,
    service,
    settled,
    terminating,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BOTH = service("web", HTTP, OTHER)
NOWHERE = (
    "leads nowhere: kube-proxy refuses it in its nftables mode, and has no rule for it in its iptables mode, "
    "so that packets usually get lost"
)


def lacking(asked: str, of: Service, *objects: Obj) -> Finding:
    """The finding about a port that is asked for."""
    return only(explain(settled(of, *(objects or pods(2))), port=asked), "KSV204")


def test_the_ports_are_listed_and_the_port_is_broken() -> None:
    """Whatever the pods listen on: the pods themselves are fine."""
    report = explain(settled(BOTH, *pods(2)), port="8888")

    found = only(report, "KSV204")
    assert verdict(report) is Verdict.BROKEN
    assert report.subjects[0].summary == "it has no port 8888"
    assert report.subjects[0].ports == ()
    assert found.headline == "port 8888 is not among the ports of the Service"
    assert (found.culprit, found.confidence, found.effect) == (BOTH.ref, Confidence.PROOF, Effect.BROKEN)
    assert rows(found) == [
        "ports: http 80/TCP → 8080",
        ": admin 81/TCP → 8081",
        f"clients: web:8888 {NOWHERE}",
    ]
    assert found.fixes == ()


@pytest.mark.parametrize(
    ("asked", "of", "meant", "fix"),
    [
        (
            "8080",
            BOTH,
            "8080 is the target port of port http: pods receive there, clients dial 80",
            "dial web:80",
        ),
        (
            "8080",
            service("web", with_(HTTP, target_port="main")),
            "8080 is the target port of port http: pods receive there, clients dial 80",
            "dial web:80",
        ),
        (
            "main",
            service("web", with_(HTTP, target_port="main")),
            "main is the target port of port http: pods receive there, clients dial 80",
            "dial web:80",
        ),
        (
            "30080",
            service("web", with_(HTTP, node_port=30080), type="NodePort"),
            (
                "30080 is the node port of port http: it is dialed at the address of a node, "
                "and 80 at that of the Service"
            ),
            "dial web:80",
        ),
        ("80/UDP", BOTH, "80 is there for TCP", "dial web:80"),
        (
            "53/TCP",
            service("web", ServicePort(port=53, protocol="UDP")),
            "53 is there for UDP",
            "dial web:53/UDP",
        ),
        ("HTTP", BOTH, "port http is the nearest by name", "dial web:80"),
        ("adm-in", BOTH, "port admin is the nearest by name", "dial web:81"),
        ("amdin", BOTH, "port admin is the nearest by name", "dial web:81"),
    ],
)
def test_what_was_meant_is_told(asked: str, of: Service, meant: str, fix: str) -> None:
    """A target port or node port that was dialed, another protocol, a slip."""
    found = lacking(asked, of, pod("web-1", container("app", port(8080, "main"))))

    assert f"meant: {meant}" in rows(found)
    assert [(entry.title, entry.command) for entry in found.fixes] == [(fix, None)]


def test_what_the_pods_call_a_target_port_is_no_name_of_the_service() -> None:
    """A port leads there already, whatever number or name it has for it."""
    for of in (service("web", HTTP), service("web", with_(HTTP, name=""))):
        found = lacking("main", of, pod("web-1", NAMED))
        key = of.spec.ports[0].key

        meant = f"meant: main is the target port of port {key}: pods receive there, clients dial 80"
        assert [row for row in rows(found) if row.startswith(("meant", "pods"))] == [meant]
        assert [fix.title for fix in found.fixes] == ["dial web:80"]


def test_another_protocol_is_added_where_the_pods_declare_it() -> None:
    """What is dialed for it leads nowhere: that the number is there for the other is told beside it."""
    of = service("web", DNS[0])
    app = container("app", port(53, "dns", "UDP"), port(53, "dns-tcp"))

    found = lacking("53/TCP", of, pod("web-1", app))

    assert [row for row in rows(found) if row.startswith(("meant", "pods"))] == [
        "meant: 53 is there for UDP",
        "pods: 1 pod, each declares dns-tcp 53/TCP: no port leads there",
    ]
    assert [fix.title for fix in found.fixes] == ["add port 53", "dial web:53/UDP"]


def test_what_the_pods_call_a_number_for_another_protocol_is_no_target() -> None:
    """The port leads to the number for UDP."""
    app = container("app", port(53, "udp", "UDP"), port(53, "tcp"))

    assert [fix.title for fix in lacking("tcp", service("web", DNS[0]), pod("web-1", app)).fixes] == [
        "add port 53"
    ]


def test_all_names_that_are_as_near_are_told() -> None:
    """Either may be meant; what is something else is not."""
    of = service("web", with_(HTTP, name="dns-tcp"), with_(OTHER, name="dns-udp"))

    assert [fix.title for fix in lacking("dns", of).fixes] == ["dial web:80", "dial web:81"]
    assert lacking("sql", of).fixes == ()


def test_a_number_that_several_ports_lead_to_is_told_of_each() -> None:
    """Any of them will do."""
    of = service("web", HTTP, with_(OTHER, target_port=8080))

    assert [fix.title for fix in lacking("8080", of).fixes] == ["dial web:80", "dial web:81"]


def test_the_health_check_node_port_is_for_load_balancers() -> None:
    """Of kube-proxy, not of the pods."""
    of = service(type="LoadBalancer", external_traffic_policy="Local", health_check_node_port=32000)

    assert "meant: 32000 is the health check node port: kube-proxy answers load balancers there" in rows(
        lacking("32000", of)
    )


def test_a_name_is_not_dialed() -> None:
    """So that nothing is said of packets."""
    assert not any(row.startswith("clients") for row in rows(lacking("zzz", BOTH)))


NAMED = container("app", port(8080, "main"))
METRICS = container("app", port(8080), port(9090, "metrics"))


def test_what_the_pods_declare_can_be_added() -> None:
    """With the name that they give it; the last port is tested before."""
    found = lacking("9090", BOTH, pod("web-1", METRICS), pod("web-2", METRICS, ips=("10.0.0.2",)))

    assert "pods: 2 pods, each declares metrics 9090/TCP: no port leads there" in rows(found)
    (fix,) = found.fixes
    assert fix.title == "add port 9090"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == [
        {"op": "test", "path": "/spec/ports/1/name", "value": "admin"},
        {
            "op": "add",
            "path": "/spec/ports/2",
            "value": {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9090},
        },
    ]
    assert fix.outcome is not None
    assert [(p.key, p.usable) for p in fix.outcome.ports] == [("metrics", 2)]
    assert fix.outcome.verdict is Verdict.HEALTHY
    assert fix.notes == ()


def test_a_port_is_added_by_the_name_that_the_pods_declare() -> None:
    """Its number is the pods'."""
    (fix,) = lacking("metrics", BOTH, pod("web-1", METRICS)).fixes

    assert fix.title == "add port 9090"


def test_a_port_without_a_name_is_given_one() -> None:
    """Of several ports each has one; outside the cluster it is then reached, too."""
    of = service(type="NodePort")

    (fix,) = lacking("9090", of, pod("web-1", container("app", port(8080), port(9090)))).fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1])[1]["value"]["name"] == "port-9090"
    assert fix.notes == ("It is then open from outside the cluster, too.",)


@pytest.mark.parametrize(
    ("asked", "of", "members"),
    [
        ("9090", service("web", with_(HTTP, name="")), (pod("web-1", METRICS),)),
        ("9090", service("web", with_(HTTP, name="metrics")), (pod("web-1", METRICS),)),
        ("metrics", service("web", with_(HTTP, port=9090)), (pod("web-1", METRICS),)),
        ("9090/UDP", BOTH, (pod("web-1", METRICS),)),
        ("9090", BOTH, (pod("web-1", METRICS), pod("web-2", ips=("10.0.0.2",)))),
        ("9090", BOTH, (with_(pod("web-1"), spec__init_containers=(METRICS,)),)),
        ("9090", BOTH, (terminating(pod("web-1", METRICS)), pod("web-2", ips=("10.0.0.2",)))),
        ("9090", BOTH, (pod("web-1", METRICS, phase="Failed"), pod("web-2", ips=("10.0.0.2",)))),
        ("9090", BOTH, (pod("web-1", container("app", port(9090, "a"), port(9090, "b", "UDP"))),)),
    ],
    ids=[
        "the known port has no name",
        "the name is taken",
        "the number is taken",
        "another protocol",
        "not all declare it",
        "an init container",
        "a terminating pod",
        "a failed pod",
        "two protocols",
    ],
)
def test_nothing_is_added_that_would_be_refused_or_lead_nowhere(
    asked: str, of: Service, members: tuple[Obj, ...]
) -> None:
    """Then the choice is left to people."""
    assert lacking(asked, of, *members).fixes == ()


def test_many_ports_are_cut() -> None:
    """Each has a line."""
    many = tuple(ServicePort(name=f"p-{n}", port=n, target_port=n) for n in range(1, 11))

    shown = rows(lacking("8888", service("web", *many)))

    assert shown[7:9] == [": p-8 8/TCP → 8", ": and 2 more"]


def test_a_headless_name_hides_no_port() -> None:
    """Its pods are reached at any port: the Service is judged as a whole, and this told beside it."""
    of = headless("web", ServicePort(name="http", port=8080))
    report = explain(settled(of, *pods(2)), port="9999")

    found = only(report, "KSV204")
    assert (verdict(report), found.effect) == (Verdict.HEALTHY, Effect.ADVICE)
    assert [p.key for p in report.subjects[0].ports] == ["http"]
    assert (
        rows(found)[-1] == "clients: web:9999 reaches the pods themselves, where it is not known what listens"
    )
    assert lacking("htpp", of).fixes == ()


def test_two_faults_are_two_findings() -> None:
    """The port is not there, and the selector matches nothing: mending one leaves the other.

    What was asked about comes first.
    """
    report = explain(settled(service("web", selector={"app": "Web"}), *pods(1)), port="8888")

    assert [found.code for found in report.findings] == ["KSV204", "KSV101"]
    (fix,) = report.findings[1].fixes
    assert fix.outcome is not None
    assert fix.outcome.remaining == ("KSV204",)


@pytest.mark.parametrize(
    ("asked", "of"),
    [
        ("", BOTH),
        ("80", BOTH),
        ("81/TCP", BOTH),
        ("admin", BOTH),
        ("80/TCP", service("web", with_(HTTP, name=""))),
        ("8080", headless("web", HTTP)),
        ("8080/TCP", headless("web", HTTP)),
        ("9999", service(type="ExternalName", external_name="x.example", cluster_ip="")),
    ],
)
def test_a_port_that_is_there_is_not_lacking(asked: str, of: Service) -> None:
    """By number, name or both; of a headless name also where it leads; an alias uses no port."""
    assert find(explain(settled(of, *pods(1)), port=asked), "KSV204") == ()


def test_a_number_is_dialed_before_a_name_is_looked_for() -> None:
    """A name may consist of digits."""
    of = service("web", with_(HTTP, name="81"), OTHER)

    (asked,) = explain(settled(of, *pods(1)), port="81").subjects[0].ports

    assert asked.key == "admin"
    assert [p.key for p in explain(settled(of, *pods(1)), port="80").subjects[0].ports] == ["81"]
    digits = service("web", with_(HTTP, name="99"))
    assert [p.key for p in explain(settled(digits, *pods(1)), port="99").subjects[0].ports] == ["99"]


DNS = (
    ServicePort(name="dns", port=53, target_port=53, protocol="UDP"),
    ServicePort(name="dns-tcp", port=53, target_port=53),
)


@pytest.mark.parametrize(
    ("asked", "keys"), [("53", ["dns", "dns-tcp"]), ("53/UDP", ["dns"]), ("dns-tcp", ["dns-tcp"])]
)
def test_one_number_may_be_two_ports(asked: str, keys: list[str]) -> None:
    """Unless the protocol is given."""
    report = explain(settled(service("web", *DNS), pod("web-1", container("app", port(53)))), port=asked)

    assert [p.key for p in report.subjects[0].ports] == keys


def test_only_the_port_that_is_asked_about_is_judged() -> None:
    """Verdict, causes and tree; the others are listed."""
    of = service("web", HTTP, with_(OTHER, target_port="gone"))

    whole, one = (explain(settled(of, *pods(2)), port=asked) for asked in ("", "80"))

    assert (verdict(whole), verdict(one)) == (Verdict.BROKEN, Verdict.HEALTHY)
    assert one.findings == ()
    assert one.subjects[0].summary == "on port http, 2 of 2 pods receive traffic"
    shown = [
        (line.label, line.value, line.state)
        for line in one.subjects[0].line.children
        if line.kind is LineKind.PORT
    ]
    assert shown == [
        ("Port http", "80/TCP → targetPort 8080", "2 of 2 ready"),
        ("Other ports", "admin 81/TCP → gone", "not asked about"),
    ]


def test_the_fix_of_a_later_port_patches_that_port() -> None:
    """Its position is that in the Service, not among those that are judged."""
    of = service("web", HTTP, with_(OTHER, target_port="gone"))
    member = pod("web-1", container("app", port(8081, "admin")))

    (fix,) = only(explain(settled(of, member), port="admin"), "KSV201").fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1])[1]["path"] == "/spec/ports/1/targetPort"


def test_what_another_port_feels_is_not_told() -> None:
    """A slice that differs at another port only; at this one it would be."""
    elsewhere = hand_made(endpoint("192.0.2.1"), ports=())
    snapshot = settled(BOTH, *pods(1), elsewhere)

    assert find(explain(snapshot, port="8888"), "KSV401") == ()
    assert [f.code for f in explain(snapshot, port="80").findings] == ["KSV401"]


def test_a_port_that_is_not_there_costs_no_further_request() -> None:
    """Workloads would decide nothing."""
    source = FakeSource(settled(BOTH, *pods(2)))

    ask(Query("shop", ("web",), port="8888"), source)

    asked = {read.kind for wanted in source.rounds for read in wanted}
    assert asked == {"Service", "EndpointSlice", "Pod", "Event", "Node", "Version"}


def test_where_a_headless_name_leads_is_asked_in_rounds() -> None:
    """The number is that of a target port, which its slices tell."""
    source = FakeSource(settled(headless("web", with_(HTTP, target_port="main"), OTHER), pod("web-1", NAMED)))

    report = ask(Query("shop", ("web",), port="8080"), source)

    assert [p.key for p in report.subjects[0].ports] == ["http"]
    assert source.requests == 6


def test_without_pods_the_ports_are_known_all_the_same() -> None:
    """What they declare is not told; nor is it where they could not be read."""
    source = FakeSource(settled(BOTH, pod("web-1", METRICS)), denied=(Read("Pod"),))

    found = only(ask(Query("shop", ("web",), port="9090"), source), "KSV204")

    assert found.fixes == ()
    assert verdict(ask(Query("shop", ("web",), port="9090"), source)) is Verdict.BROKEN


def test_an_unready_pod_is_not_what_keeps_the_port_away() -> None:
    """It is told of the ports that are there."""
    assert [f.code for f in explain(settled(BOTH, unready()), port="8888").findings] == ["KSV204"]
    assert [f.code for f in explain(settled(BOTH, unready()), port="80").findings] == ["KSV301"]
