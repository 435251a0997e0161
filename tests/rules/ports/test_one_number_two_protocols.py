"""KSV209: one number under two protocols, of which `kubectl apply` lost one."""

import json
from typing import Any

import pytest

from kubesvc.model import decode, derived
from kubesvc.model.objects import Service, ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support import documents
from tests.support.builders import container, headless, pod, port, service, settled, with_
from tests.support.sources import explain, find, only, rows, verdict

UDP = ServicePort(name="dns", port=53, target_port=53, protocol="UDP")
TCP = ServicePort(name="dns-tcp", port=53, target_port=53)
MEMBER = pod("web-1", container("app", port(53, "dns", "UDP"), port(53, "dns-tcp")))
Applied = list[dict[str, Any]]
BOTH: Applied = [
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 53},
]


def applied(of: Service, ports: Applied) -> Service:
    """The Service with what was applied last, as the decoder derives it."""
    document = documents.service()
    last = json.dumps({"kind": "Service", "spec": {"ports": ports}})
    document["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": last}
    (found,) = decode.decode_one(json.dumps(document).encode(), "Service").objects
    return with_(of, metadata__annotations=found.metadata.annotations)


LOST = applied(service("web", UDP), BOTH)


def of(lost: Service, asked: str = "") -> Finding:
    """The only finding."""
    (found,) = explain(settled(lost, MEMBER), port=asked).findings
    assert found.code == "KSV209"
    return found


def patched(found: Finding) -> list[object]:
    """The patch of the only fix, as op, path and value."""
    (fix,) = found.fixes
    assert fix.command is not None
    return [tuple(op.values()) for op in json.loads(fix.command[-1])]


def test_a_port_that_was_applied_and_is_not_there_is_told() -> None:
    """The Service is healthy: what it has is served."""
    report = explain(settled(LOST, MEMBER))

    found = only(report, "KSV209")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.culprit, found.effect, found.confidence) == (LOST.ref, Effect.ADVICE, Confidence.LIKELY)
    assert found.headline == "53/TCP was applied, and the Service does not have it"
    assert [place.port for place in found.places] == ["53/TCP", "dns-tcp"]
    assert rows(found) == [
        "applied: dns 53/UDP, dns-tcp 53/TCP",
        "there: dns 53/UDP → 53",
        "why: kubectl apply takes ports of the number 53 for one, whatever their protocol",
        "or: somebody changed the Service since it was applied",
    ]


def test_it_is_added_as_it_was_applied() -> None:
    """At the end, behind the port that is tested."""
    found = of(LOST)

    value = {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53}
    assert patched(found) == [("test", "/spec/ports/0/name", "dns"), ("add", "/spec/ports/1", value)]
    (fix,) = found.fixes
    assert fix.outcome is not None
    assert [(p.key, p.usable) for p in fix.outcome.ports] == [("dns", 1), ("dns-tcp", 1)]


def test_several_are_added_one_behind_the_other() -> None:
    """Each with the target port that was applied."""
    more = [*BOTH, {"name": "x", "port": 53, "protocol": "SCTP", "targetPort": "x"}]

    assert [entry[:2] for entry in patched(of(applied(service("web", UDP), more)))] == [  # type: ignore[index]
        ("test", "/spec/ports/0/name"),
        ("add", "/spec/ports/1"),
        ("add", "/spec/ports/2"),
    ]


def test_a_target_port_that_reached_the_other_one_is_told() -> None:
    """Both are there; the change of one went to the other."""
    swapped = [BOTH[0], {**BOTH[1], "targetPort": 5353}]
    there = applied(service("web", with_(UDP, target_port=5353), TCP), swapped)

    found = of(there)

    assert found.headline == "target port 5353 was applied to 53/TCP, and 53/UDP has it"
    assert [place.port for place in found.places] == ["dns-tcp"]
    assert rows(found)[:2] == [
        "applied: dns 53/UDP, dns-tcp 53/TCP → 5353",
        "there: dns 53/UDP → 5353, dns-tcp 53/TCP → 53",
    ]
    assert patched(found) == [
        ("test", "/spec/ports/0/name", "dns"),
        ("replace", "/spec/ports/0/targetPort", 53),
        ("test", "/spec/ports/1/name", "dns-tcp"),
        ("replace", "/spec/ports/1/targetPort", 5353),
    ]
    assert found.fixes[0].outcome is not None
    assert found.fixes[0].outcome.remaining == ()


@pytest.mark.parametrize("asked", ["53/TCP", "dns-tcp"])
def test_who_dials_the_lost_port_is_told_why(asked: str) -> None:
    """That the Service lacks it follows from it."""
    report = explain(settled(LOST, MEMBER), port=asked)

    (found,) = report.findings
    assert verdict(report) is Verdict.BROKEN
    assert (found.code, found.effect) == ("KSV209", Effect.BROKEN)
    assert [follower.code for follower in found.consequences] == ["KSV204"]
    assert found.fixes[0].outcome is not None
    assert found.fixes[0].outcome.verdict is Verdict.HEALTHY


def test_who_dials_another_port_is_told_of_both() -> None:
    """One has nothing to do with the other."""
    found = explain(settled(LOST, MEMBER), port="8080").findings

    assert [(f.code, f.effect) for f in found] == [("KSV204", Effect.BROKEN), ("KSV209", Effect.ADVICE)]


def test_a_headless_name_hides_no_port() -> None:
    """It is dialed all the same."""
    lost = applied(headless("web", UDP), BOTH)

    assert of(lost, "53/TCP").effect is Effect.ADVICE


@pytest.mark.parametrize(
    ("there", "ports"),
    [
        (service("web", with_(UDP, name="")), BOTH),
        (service("web", with_(UDP, name="dns-tcp")), BOTH),
        (service("web", UDP), [BOTH[0], {"port": 53}]),
    ],
    ids=["the known port has no name", "the name is taken", "it was applied without a name"],
)
def test_no_port_is_added_that_would_be_refused(there: Service, ports: Applied) -> None:
    """Each of several needs a name of its own."""
    assert of(applied(there, ports)).fixes == ()


@pytest.mark.parametrize(
    ("there", "ports"),
    [
        (service("web", UDP, TCP), BOTH),
        (service("web", UDP, TCP), [BOTH[0], {**BOTH[1], "targetPort": 53}]),
        (service("web", UDP, with_(TCP, target_port=1)), [BOTH[0], {**BOTH[1], "targetPort": 2}]),
        (
            service("web", with_(UDP, target_port="dns"), with_(TCP, target_port=5353)),
            [{**BOTH[0], "targetPort": "dns"}, {**BOTH[1], "targetPort": "dns"}],
        ),
        (service("web", UDP), BOTH[:1]),
        (service("web", UDP), [BOTH[0], {"name": "http", "port": 80}]),
        (
            service("web", UDP, with_(TCP, port=80)),
            [*BOTH[:1], {"name": "dns-tcp", "port": 80, "targetPort": 1}],
        ),
        (
            service("web", UDP, TCP, with_(TCP, name="x", port=80)),
            [*BOTH, {"name": "x", "port": 80, "targetPort": 9}],
        ),
    ],
    ids=[
        "both are there",
        "with the target port",
        "the target port was changed since",
        "by a patch of one of both, to a number",
        "one was applied",
        "of another number",
        "of another number, changed since",
        "another port, changed since",
    ],
)
def test_what_looks_like_it_is_not_it(there: Service, ports: Applied) -> None:
    """Only ports that share a number are lost this way; others are changed by people."""
    assert find(explain(settled(applied(there, ports), MEMBER)), "KSV209") == ()


@pytest.mark.parametrize(
    "last",
    [
        "",
        "{",
        "5",
        '{"spec": 5}',
        '{"spec": {"ports": [{"port": "x"}]}}',
        '{"spec": {"ports": [{"port": 53, "name": "a b"}, {"port": 53, "protocol": "UDP"}]}}',
        '{"spec": {"ports": [{"port": 53, "name": "\\u001b"}, {"port": 53, "protocol": "UDP"}]}}',
    ],
)
def test_an_odd_annotation_is_ignored(last: str) -> None:
    """It is free text; nothing of it is kept that no port could have."""
    document = documents.service()
    document["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": last}

    (found,) = decode.decode_one(json.dumps(document).encode(), "Service").objects

    assert isinstance(found, Service)
    assert derived.applied_ports(found) == ()
    assert found.metadata.annotations == {}
