"""KSV208: an appProtocol or a port name that says what cannot be meant."""

import json

import pytest

from kubesvc.model.objects import ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support.builders import HTTP, container, pod, pods, port, service, settled, with_
from tests.support.sources import explain, find, only, rows, verdict


def of(said: ServicePort) -> Finding:
    """The only finding about a port."""
    return only(explain(settled(service("web", said), *pods(1))), "KSV208")


def speaking(protocol: str) -> ServicePort:
    """Port http with an application protocol."""
    return with_(HTTP, app_protocol=protocol)


def patched(found: Finding) -> list[object]:
    """What the only fix sets."""
    (fix,) = found.fixes
    assert fix.command is not None
    return list(json.loads(fix.command[-1])[1].values())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("kubernetes.io/http2", "kubernetes.io/h2c"),
        ("kubernetes.io/websocket", "kubernetes.io/ws"),
        ("kubernetes.io/H2C", "kubernetes.io/h2c"),
        ("kubernetes.io/https", "https"),
    ],
)
def test_what_kubernetes_does_not_define_is_told(said: str, meant: str) -> None:
    """With its prefix it means nothing else."""
    report = explain(settled(service("web", speaking(said)), *pods(1)))

    found = only(report, "KSV208")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.confidence, found.effect) == (Confidence.PROOF, Effect.ADVICE)
    assert [place.port for place in found.places] == ["http"]
    assert found.headline == f"appProtocol {said} of port http is none that Kubernetes defines"
    assert rows(found) == ["defined: kubernetes.io/h2c, kubernetes.io/ws, kubernetes.io/wss"]
    assert patched(found) == ["replace", "/spec/ports/0/appProtocol", meant]
    assert found.fixes[0].outcome is not None
    assert found.fixes[0].outcome.ports[0].usable == 1


def test_a_word_that_means_nothing_known_has_no_fix() -> None:
    """Who knows what was meant."""
    assert of(speaking("kubernetes.io/grpc")).fixes == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("h2c", "kubernetes.io/h2c"), ("ws", "kubernetes.io/ws"), ("websocket", "kubernetes.io/ws")],
)
def test_a_word_of_kubernetes_needs_its_prefix(said: str, meant: str) -> None:
    """Some implementations take it without."""
    found = of(speaking(said))

    assert found.confidence is Confidence.LIKELY
    assert found.headline == f"appProtocol {said} of port http lacks the prefix kubernetes.io/"
    assert rows(found)[1] == f"note: some implementations take {said} all the same"
    assert patched(found) == ["replace", "/spec/ports/0/appProtocol", meant]


@pytest.mark.parametrize(
    ("said", "headline", "row"),
    [
        (
            with_(HTTP, protocol="UDP"),
            "port http is for UDP, and http runs over TCP",
            "name: http",
        ),
        (
            with_(HTTP, name="grpc-api", protocol="SCTP"),
            "port grpc-api is for SCTP, and grpc runs over TCP",
            "name: grpc-api",
        ),
        (
            with_(HTTP, name="x", app_protocol="kubernetes.io/ws", protocol="UDP"),
            "port x is for UDP, and ws runs over TCP",
            "appProtocol: kubernetes.io/ws",
        ),
    ],
)
def test_what_runs_over_tcp_is_not_for_another_protocol(said: ServicePort, headline: str, row: str) -> None:
    """By appProtocol, else by the first word of its name."""
    found = of(said)

    assert (found.headline, rows(found)) == (headline, [row])
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.ADVICE)
    assert patched(found) == ["replace", "/spec/ports/0/protocol", "TCP"]


def test_no_protocol_is_offered_twice() -> None:
    """The other one of the number is for TCP: then only its name is wrong."""
    both = service("web", with_(HTTP, name="http-udp", protocol="UDP"), HTTP)

    assert only(explain(settled(both, *pods(1))), "KSV208").fixes == ()


def test_a_name_that_leads_nowhere_for_its_protocol_is_another_cause() -> None:
    """One fault, one finding."""
    wrong = service("web", with_(HTTP, protocol="UDP", target_port="web"))

    report = explain(settled(wrong, pod("web-1", container("app", port(8080, "web")))))

    assert [found.code for found in report.findings] == ["KSV201"]


def test_a_port_may_say_two_things_that_are_wrong() -> None:
    """Each is told, with its own fix."""
    found = find(
        explain(settled(service("web", with_(HTTP, app_protocol="ws", protocol="UDP")), *pods(1))), "KSV208"
    )

    assert [[fix.title for fix in f.fixes] for f in found] == [
        ["appProtocol kubernetes.io/ws"],
        ["protocol TCP"],
    ]


@pytest.mark.parametrize(
    "said",
    [
        HTTP,
        speaking("http"),
        speaking("HTTP2"),
        speaking("grpc"),
        speaking("kubernetes.io/h2c"),
        speaking("example.com/own"),
        speaking("nonsense"),
        with_(HTTP, name=""),
        with_(HTTP, name="dns", protocol="UDP"),
        with_(HTTP, name="https", protocol="UDP"),
        with_(HTTP, name="http3", protocol="UDP"),
        with_(HTTP, name="httpd", protocol="UDP"),
        with_(HTTP, name="http", app_protocol="quic", protocol="UDP"),
        with_(HTTP, name="", protocol="UDP"),
    ],
)
def test_what_looks_like_it_is_not_it(said: ServicePort) -> None:
    """IANA has many names, and implementations their own; HTTP has a version over UDP."""
    assert find(explain(settled(service("web", said), *pods(1))), "KSV208") == ()
