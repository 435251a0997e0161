"""KSV206: the readiness probe asks another port than the one to which traffic is led."""

import json

import pytest

from kubesvc.model.objects import Container, GRPCAction, Pod, Probe, Service, ServicePort
from kubesvc.model.query import Query
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support.builders import (
    HTTP,
    OTHER,
    container,
    http_probe,
    pod,
    port,
    service,
    settled,
    terminating,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

LED = ServicePort(name="http", port=80, target_port=3000)
OF = service("web", LED)
PORTS = (port(8080, "http"), port(3000, "live-reload"))


def probed(asked: int | str = "http", *ports: object, **more: object) -> Container:
    """A container that declares http and another port, and is asked at one of them."""
    return container("app", *(ports or PORTS), readiness_probe=http_probe(asked), **more)  # type: ignore[arg-type]


def of(member: Pod, of_port: Service = OF) -> Finding:
    """The only finding."""
    return only(explain(settled(of_port, member)), "KSV206")


def test_ready_says_nothing_about_the_port_that_is_led_to() -> None:
    """It is advice: the port may be served all the same."""
    members = (pod("web-1", probed()), pod("web-2", probed(), ips=("10.0.0.2",)))

    report = explain(settled(OF, *members))

    found = only(report, "KSV206")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.culprit, found.effect, found.confidence) == (OF.ref, Effect.ADVICE, Confidence.PROOF)
    assert found.headline == "the readiness probe asks 8080 (http), port http leads to 3000"
    assert [(place.port, place.endpoint) for place in found.places] == [("http", None)]
    assert rows(found) == [
        "pods: 2 pods declare: http 8080/TCP, live-reload 3000/TCP",
        "probe: container app: 8080, declared as http",
        "note: Ready says nothing about 3000: no probe asks it",
    ]


def test_the_port_of_the_name_is_offered() -> None:
    """The probe vouches for it; or the probe is wrong."""
    (fix,) = of(pod("web-1", probed())).fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1])[1] == {
        "op": "replace",
        "path": "/spec/ports/0/targetPort",
        "value": 8080,
    }
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY
    assert fix.notes == ("If 3000 is meant, the probe should ask it.",)


@pytest.mark.parametrize(
    ("member", "of_port"),
    [
        (pod("web-1", probed(8080)), OF),
        (pod("web-1", container("app", *PORTS, readiness_probe=Probe(grpc=GRPCAction(port=8080)))), OF),
        (pod("web-1", probed()), service("web", with_(LED, target_port="live-reload"))),
        (pod("web-1", container("side", port(3000, "web")), probed("http", port(8080, "http"))), OF),
    ],
    ids=["a number", "gRPC", "a target by name", "of another container"],
)
def test_however_the_port_is_asked_or_led_to(member: Pod, of_port: Service) -> None:
    """By name or number, in one container or two."""
    assert of(member, of_port).headline.startswith("the readiness probe asks 8080 (http)")


ALIVE = container("app", *PORTS, readiness_probe=http_probe("http"), liveness_probe=http_probe(3000))
QUIET: dict[str, tuple[tuple[Pod, ...], Service]] = {
    "it asks the port that is led to": ((pod("web-1", probed(3000)),), OF),
    "it asks another port of the Service": (
        (pod("web-1", probed()),),
        service("web", LED, with_(HTTP, name="x")),
    ),
    "the liveness probe asks it": ((pod("web-1", ALIVE),), OF),
    "it asks a port for health": (
        (pod("web-1", probed("health", port(3000, "http"), port(8081, "health"))),),
        OF,
    ),
    "it asks a port of another name": ((pod("web-1", probed("live-reload")),), service("web", HTTP)),
    "it asks a port that nobody declares": ((pod("web-1", probed(8081)),), OF),
    "it runs a command": ((pod("web-1", container("app", *PORTS)),), OF),
    "the port has no name": ((pod("web-1", probed()),), service("web", with_(LED, name=""))),
    "a port for metrics": (
        (pod("web-1", probed("metrics", port(9090, "metrics"), port(3000, "x"))),),
        service("web", with_(LED, name="metrics")),
    ),
    "not all pods are asked": (
        (pod("web-1", probed()), pod("web-2", container("app", *PORTS), ips=("10.0.0.2",))),
        OF,
    ),
    "they are asked at two numbers": (
        (
            pod("web-1", probed()),
            pod("web-2", probed("http", port(8081, "http"), port(3000, "x")), ips=("10.0.0.2",)),
        ),
        OF,
    ),
    "the name leads to two numbers": (
        (
            pod("web-1", probed("http", port(8080, "http"), port(1, "x"))),
            pod("web-2", probed("http", port(8080, "http"), port(2, "x")), ips=("10.0.0.2",)),
        ),
        service("web", with_(LED, target_port="x")),
    ),
    "the name leads nowhere": ((pod("web-1", probed()),), service("web", with_(LED, target_port="gone"))),
    "the pod is going": ((terminating(pod("web-1", probed())),), OF),
    "no pod": ((), OF),
    "no selector": ((pod("web-1", probed()),), service("web", LED, selector={})),
}


@pytest.mark.parametrize(("members", "of_port"), QUIET.values(), ids=QUIET)
def test_what_looks_like_it_is_not_it(members: tuple[Pod, ...], of_port: Service) -> None:
    """What a chart does on purpose must not be told."""
    assert find(explain(settled(of_port, *members)), "KSV206") == ()


def test_a_port_that_nobody_declares_is_another_cause() -> None:
    """And so is that of an exporter: each is told once."""
    undeclared = pod("web-1", probed("http", port(8080, "http")))
    exporter = pod("web-1", probed("http", port(8080, "http")), container("exporter", port(3000, "metrics")))

    assert [f.code for f in explain(settled(OF, undeclared)).findings] == ["KSV203"]
    assert [f.code for f in explain(settled(OF, exporter)).findings] == ["KSV203"]


def test_two_that_look_alike_in_one_namespace_have_each_its_own() -> None:
    """One Service leads to a port that is not declared, the other to one that is not asked."""
    api = service("api", with_(LED, target_port=3001), selector={"app": "api"})
    members = (pod("web-1", probed()), pod("api-1", probed(), labels={"app": "api"}, ips=("10.0.0.2",)))
    snapshot = settled(OF, *members)

    found = explain(snapshot.with_answers(settled(api, *members).objects.values(), []), "web", "api").findings

    assert [(f.code, f.culprit.name) for f in found] == [("KSV206", "web"), ("KSV203", "api")]


def test_it_costs_no_request() -> None:
    """A healthy Service is read as if nothing were odd."""
    source = FakeSource(settled(OF, pod("web-1", probed())))

    only(ask(Query("shop", ("web",)), source), "KSV206")

    assert source.requests == 6


def test_a_port_beside_it_is_judged_by_itself() -> None:
    """The other one is for administration."""
    both = service("web", LED, with_(OTHER, target_port=9000))
    member = pod("web-1", probed("http", *PORTS, port(9000, "admin")))

    assert [place.port for place in of(member, both).places] == ["http"]
