"""Causes that look alike, side by side in one namespace: each Service is told its own, and none another's."""

from collections.abc import Iterable
from typing import Final

import msgspec
import pytest

from kubesvc.model import derived
from kubesvc.model.mentions import Mention
from kubesvc.model.objects import Container, Obj, OwnerReference, Pod, Service, ServicePort
from kubesvc.model.report import Finding, Report, Verdict
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    NOW,
    cluster,
    condition,
    container,
    cron_job,
    daemon_set,
    deployment,
    headless,
    job,
    owned_by,
    pod,
    port,
    replica_set,
    service,
    settled,
    slices,
    unready,
    with_,
)
from tests.support.sources import explain

NAMED: Final = ServicePort(name="http", port=80, target_port="http")
PEER: Final = ServicePort(name="peer", port=8080)
QUOTA: Final = 'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0'
INSTANCE: Final = "app.kubernetes.io/instance"
ROLLOUT: Final = OwnerReference(kind="Rollout", name="x", api_version="argoproj.io/v1", controller=True)
SERVING: Final = container("app", port(8080, "http"))
SILENT: Final = container("app")


def of(name: str, *ports: ServicePort, **more: object) -> Service:
    """A Service that selects what is called like it."""
    return service(name, *ports, **{"selector": {"app": name}, **more})  # type: ignore[arg-type]


def running(app: str, by: str, *containers: Container, kind: str = "StatefulSet", **labels: str) -> Pod:
    """A pod of an application that something makes."""
    name = f"{by}-0"
    return pod(
        name,
        *containers,
        labels={"app": app, **labels},
        ips=(f"10.0.{sum(map(ord, app + by)) % 250}.{len(name)}",),
        owner=owned_by(kind, by),
    )


def refused(name: str) -> Obj:
    """A Deployment whose pods are not created."""
    failing = condition("ReplicaFailure", "True", "FailedCreate", QUOTA)
    return with_(deployment(name, replicas=2, labels={"app": name}), status__conditions=(failing,))


def failing(name: str) -> Pod:
    """A pod whose readiness probe fails."""
    sick = unready(f"{name}-0", owner=owned_by("StatefulSet", name))
    return with_(sick, metadata__labels={"app": name})


def asking(name: str) -> Pod:
    """The same; it names its own Service."""
    note = msgspec.json.encode((Mention("app", "--join", name, host=True),)).decode()
    return with_(failing(name), metadata__annotations={derived.PREFIX + "services-named": note})


def together(services: Iterable[Service], objects: Iterable[Obj]) -> Snapshot:
    """A cluster whose controller has synced each of some Services."""
    known = tuple(objects)
    each = [settled(one, *known) for one in services]
    return cluster(*{ref: obj for snapshot in each for ref, obj in snapshot.objects.items()}.values())


def told(report: Report) -> dict[str, list[str]]:
    """The codes by Service; what follows from a cause stands behind it."""
    found: dict[str, list[str]] = {subject.ref.name: [] for subject in report.subjects}
    for finding in report.findings:
        found[finding.places[0].service.name].append(_code(finding))
    return found


def _code(finding: Finding) -> str:
    return " > ".join([finding.code, *sorted({under.code for under in finding.consequences})])


NOBODY: Final[dict[str, tuple[Service, tuple[Obj, ...], str]]] = {
    "typo": (of("typo", selector={"app": "Typo"}), (running("typo", "typo"),), "KSV101"),
    "asleep": (of("asleep"), (deployment("asleep", replicas=0, labels={"app": "asleep"}),), "KSV102"),
    "nightly": (of("nightly"), (cron_job("nightly", labels={"app": "nightly"}),), "KSV102"),
    "held": (of("held"), (job("held", suspend=True, labels={"app": "held"}),), "KSV102"),
    "agent": (of("agent"), (daemon_set("agent", desired=0, labels={"app": "agent"}),), "KSV102"),
    "rollout": (
        of("rollout"),
        (
            with_(
                replica_set("x-1"),
                metadata__labels={"app": "rollout"},
                metadata__owner_references=(ROLLOUT,),
            ),
        ),
        "KSV102",
    ),
    "bare": (of("bare", selector={}), (), "KSV103"),
    "refused": (of("refused"), (refused("refused"),), "KSV104"),
    "alias": (
        of("alias", type="ExternalName", external_name="a.example", cluster_ip="", cluster_ips=()),
        (),
        "KSV108",
    ),
    "over": (
        of("over"),
        (
            with_(job("over-1", labels={"app": "over"}), status__conditions=(condition("Complete", "True"),)),
            with_(running("over", "over-1", kind="Job"), status__phase="Succeeded"),
        ),
        "KSV302",
    ),
}


def test_nobody_is_there_for_many_reasons() -> None:
    """No pod fits, none is wanted, none is created, none stays; or nobody looks for any."""
    objects = [obj for _, made, _ in NOBODY.values() for obj in made]
    snapshot = together([one for one, _, _ in NOBODY.values()], objects)

    report = explain(snapshot, *NOBODY)

    assert told(report) == {name: [code] for name, (_, _, code) in NOBODY.items()}
    verdicts = {subject.ref.name: subject.verdict for subject in report.subjects}
    idle = {"asleep", "nightly", "held", "agent"}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.IDLE} == idle
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.UNKNOWN} == {"rollout"}


def release(name: str) -> tuple[Service, Pod]:
    """A release of a chart whose selector forgot it."""
    one = with_(service(name, selector={"app": "shop"}), metadata__labels={INSTANCE: name})
    return one, with_(running("shop", name, SERVING), metadata__labels={"app": "shop", INSTANCE: name})


BLUE, GREEN = release("blue"), release("green")
SOME: Final[dict[str, tuple[Service, tuple[Obj, ...], list[str]]]] = {
    "broad": (
        of("broad", NAMED),
        (
            running("broad", "broad", SERVING, role="web"),
            running("broad", "broad-worker", SILENT, role="worker"),
        ),
        ["KSV105 > KSV202"],
    ),
    "some": (
        of("some", NAMED),
        (running("some", "some", SERVING), running("some", "some-old", container("app", port(8080, "web")))),
        ["KSV202"],
    ),
    "none": (of("none", NAMED), (running("none", "none", container("app", port(8080, "web"))),), ["KSV201"]),
    "canary": (
        of("canary"),
        (running("canary", "canary", SERVING), running("canary", "canary-next", SERVING, track="next")),
        [],
    ),
    "blue": (BLUE[0], (BLUE[1],), ["KSV105"]),
    "green": (GREEN[0], (GREEN[1],), ["KSV105"]),
    "twin": (of("twin"), (running("twin", "twin", SERVING),), ["KSV106"]),
    "twin-old": (of("twin-old", selector={"app": "twin"}), (), ["KSV106"]),
    "twin-peers": (headless("twin-peers", PEER, selector={"app": "twin"}), (), []),
    "leaving": (
        with_(of("leaving"), metadata__deletion_timestamp=NOW, metadata__finalizers=("x.example/y",)),
        (running("leaving", "leaving", SERVING),),
        ["KSV107"],
    ),
    "peers": (headless("peers", PEER, selector={"app": "peers"}), (asking("peers"),), ["KSV109 > KSV301"]),
    "sick": (of("sick"), (failing("sick"),), ["KSV301"]),
}


def test_not_everybody_serves_for_many_reasons() -> None:
    """Too many are selected, a port is lacking, all wait for each other, or one probe fails."""
    objects = [obj for _, made, _ in SOME.values() for obj in made]

    report = explain(together([one for one, _, _ in SOME.values()], objects), *SOME)

    assert told(report) == {name: codes for name, (_, _, codes) in SOME.items()}


LEAVING: Final = {"metadata__deletion_timestamp": NOW, "metadata__finalizers": ("x.example/y",)}
MIGRATE: Final = running("web", "migrate", SILENT, kind="Job")


@pytest.mark.parametrize(
    ("of_", "objects", "codes"),
    [
        (
            with_(of("web", selector={"app": "Web"}), **LEAVING),
            (running("web", "web"),),
            {"KSV101", "KSV107"},
        ),
        (with_(of("web"), **LEAVING), (refused("web"),), {"KSV104", "KSV107"}),
        (with_(of("web", selector={}), **LEAVING), (), {"KSV103", "KSV107"}),
        (with_(of("web"), **LEAVING), (failing("web"),), {"KSV301", "KSV107"}),
        (with_(NOBODY["alias"][0], **LEAVING), (), {"KSV107", "KSV108"}),
        (of("web"), (failing("web"), MIGRATE), {"KSV105", "KSV301"}),
        (of("web"), (failing("web"), of("old", selector={"app": "web"})), {"KSV106", "KSV301"}),
    ],
    ids=["typo", "refused", "no selector", "probe", "alias", "too broad", "twin"],
)
def test_two_independent_faults_are_two_findings(
    of_: Service, objects: tuple[Obj, ...], codes: set[str]
) -> None:
    """Mending one leaves the other."""
    report = explain(settled(of_, *objects), of_.metadata.name)

    assert {_code(finding) for finding in report.findings} == codes


@pytest.mark.parametrize(
    ("of_", "objects", "code"),
    [
        (
            of("web", selector={}),
            slices(of("web"), running("web", "web", SERVING)),
            "KSV103 > KSV401",
        ),
        (
            of("web"),
            (refused("web"), with_(running("web", "web-1", kind="ReplicaSet"), status__phase="Failed")),
            "KSV104 > KSV302",
        ),
        (
            of("web"),
            (
                running("web", "app", SERVING),
                with_(failing("web"), metadata__owner_references=(owned_by("Job", "m"),)),
            ),
            "KSV105 > KSV301",
        ),
        (headless("web", PEER), (asking("web"),), "KSV109 > KSV301"),
    ],
    ids=["left behind", "finished", "a stranger's probe", "waiting"],
)
def test_a_fault_and_its_consequence_are_one_finding(
    of_: Service, objects: tuple[Obj, ...], code: str
) -> None:
    """What follows from a cause stands under it."""
    (finding,) = explain(settled(of_, *objects)).findings

    assert _code(finding) == code
