"""KSV205: a headless Service whose port is not where its pods receive."""

import json

import pytest

from kubesvc.model.objects import EndpointPort, Service, ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support.builders import (
    HTTP,
    container,
    endpoint,
    hand_made,
    headless,
    pod,
    pods,
    port,
    service,
    settled,
    with_,
)
from tests.support.sources import explain, find, only, rows, verdict

OF = headless("web", HTTP)
NAMED = headless("web", with_(HTTP, target_port="main"))
SAME = ServicePort(name="http", port=8080, target_port=8080)


def of(service: Service, asked: str = "") -> Finding:
    """The only finding, about a Service of two pods."""
    return only(explain(settled(service, *pods(2)), port=asked), "KSV205")


def test_clients_have_to_dial_the_target_port() -> None:
    """It is advice: the name resolves, and somebody may dial right."""
    report = explain(settled(OF, *pods(2)))

    found = only(report, "KSV205")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.culprit, found.effect, found.confidence) == (OF.ref, Effect.ADVICE, Confidence.PROOF)
    assert found.headline == "port 80 of a headless Service is not translated: endpoints receive at 8080"
    assert [(place.port, place.endpoint) for place in found.places] == [("http", None)]
    assert rows(found) == [
        "endpoints: 2 endpoints at 8080",
        "clients: web:80 dials port 80 of a pod; it receives at web:8080",
        (
            "records: SRV _http._tcp.web.shop.svc.cluster.local carries 8080   "
            "(cluster.local assumed, where CoreDNS answers)"
        ),
    ]


def test_the_service_can_say_what_is_dialed() -> None:
    """No endpoint changes; clients have to, in either case."""
    (fix,) = of(OF).fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1]) == [
        {"op": "test", "path": "/spec/ports/0/name", "value": "http"},
        {"op": "replace", "path": "/spec/ports/0/port", "value": 8080},
    ]
    assert fix.outcome is not None
    assert [(p.key, p.usable) for p in fix.outcome.ports] == [("http", 2)]
    assert fix.notes == ("Clients have to dial 8080 in either case.",)


def test_a_port_without_a_name_has_no_records() -> None:
    """Its key changes with the number."""
    found = of(headless("web", with_(HTTP, name="")))

    assert not any(row.startswith("records") for row in rows(found))
    assert found.fixes[0].outcome is not None
    assert [p.key for p in found.fixes[0].outcome.ports] == ["8080/TCP"]


def test_a_name_may_lead_to_several_numbers() -> None:
    """Then no number can be offered; one of them may be right."""
    members = (
        pod("a", container("app", port(80, "main"))),
        pod("b", container("app", port(81, "main")), ips=("10.0.0.2",)),
    )

    found = only(explain(settled(NAMED, *members)), "KSV205")

    assert found.headline.endswith("endpoints receive at 80 or 81")
    assert rows(found)[:3] == [
        "endpoints: 1 endpoint at 80",
        "endpoints: 1 endpoint at 81",
        "clients: web:80 dials port 80 of a pod; it receives at web:80 or web:81",
    ]
    assert found.fixes == ()


def test_another_port_that_is_declared_there_is_told() -> None:
    """Clients reach that one."""
    member = pod("web-1", container("app", port(8080), port(80, "old")))

    found = only(explain(settled(OF, member)), "KSV205")

    assert "note: old 80/TCP is declared, too: that is what web:80 reaches" in rows(found)


def test_no_port_is_offered_twice() -> None:
    """The API server refuses one number and protocol for two ports."""
    assert of(headless("web", HTTP, with_(SAME, name="other"))).fixes == ()


def test_each_family_counts_an_endpoint_once() -> None:
    """A pod of two families is one pod."""
    dual = headless("web", HTTP, ip_families=("IPv4", "IPv6"))

    found = only(explain(settled(dual, pod("web-1", ips=("10.0.0.1", "fd00::1")))), "KSV205")

    assert rows(found)[0] == "endpoints: 1 endpoint at 8080"


def test_endpoints_by_hand_say_where_they_receive() -> None:
    """Whatever the target port of the Service is."""
    by_hand = hand_made(endpoint("192.0.2.1"), ports=(EndpointPort(name="http", port=9000),))

    found = only(explain(settled(headless("web", HTTP, selector={}), by_hand)), "KSV205")

    assert found.headline.endswith("endpoints receive at 9000")


@pytest.mark.parametrize(("asked", "told"), [("80", True), ("http", True), ("8080", False)])
def test_who_dials_the_target_port_need_not_be_told(asked: str, *, told: bool) -> None:
    """What is dialed is known then."""
    assert bool(find(explain(settled(OF, *pods(2)), port=asked), "KSV205")) is told


def test_a_service_that_names_the_pods_of_a_stateful_set_is_told_when_asked() -> None:
    """Its port is mostly dialed by nobody."""
    member = with_(pod("web-0"), spec__hostname="web-0", spec__subdomain="web")
    snapshot = settled(OF, member)

    assert find(explain(snapshot), "KSV205") == ()
    assert len(find(explain(snapshot, port="80"), "KSV205")) == 1
    assert len(find(explain(settled(OF, member, pod("x", ips=("10.0.0.9",)))), "KSV205")) == 1


def test_a_port_that_is_not_declared_is_told_beside_it() -> None:
    """Two faults: nobody translates the port, and it leads where the pods declare nothing."""
    wrong = headless("web", with_(HTTP, target_port=9999))
    member = pod("web-1", container("app", port(8080, "http")))

    assert [f.code for f in explain(settled(wrong, member)).findings] == ["KSV203", "KSV205"]


@pytest.mark.parametrize(
    "quiet",
    [
        headless("web", SAME),
        headless("web", with_(SAME, target_port=0)),
        headless("web", with_(HTTP, target_port="gone")),
        service("web", HTTP),
        with_(OF, spec__ports=()),
        headless("web", HTTP, selector={"app": "nobody"}),
    ],
    ids=["the same", "the default", "no number", "a virtual address", "no port", "no endpoint"],
)
def test_what_looks_like_it_is_not_it(quiet: Service) -> None:
    """Nothing differs, or something translates, or nobody is reached."""
    assert find(explain(settled(quiet, *pods(2))), "KSV205") == ()
