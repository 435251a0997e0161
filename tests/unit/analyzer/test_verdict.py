"""The verdict comes from facts: endpoints first, then what the rest still waits for."""

from datetime import timedelta

import pytest

from kubesvc.analyzer.facts import worst
from kubesvc.model.objects import Endpoint, Obj, Service, ServicePort
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Verdict
from tests.support.builders import (
    HTTP,
    NOW,
    container,
    daemon_set,
    deployment,
    endpoint,
    hand_made,
    headless,
    http_probe,
    pod,
    pods,
    port,
    running,
    service,
    settled,
    terminating,
    unready,
    waiting,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, verdict

YOUNG = pod(
    "young",
    container(readiness_probe=http_probe()),
    ips=("10.0.0.9",),
    ready=False,
    statuses=(running(ready=False, since=NOW - timedelta(seconds=10)),),
)
DUAL = service(ip_families=("IPv4", "IPv6"))
LOCAL = service(internal_traffic_policy="Local")
PUBLISHING = service(publish_not_ready_addresses=True)
CRASHED = pod("web-8", ips=("10.0.0.8",), ready=False, statuses=(waiting("CrashLoopBackOff"),))
CREATED = with_(
    pod("web-7", ips=("10.0.0.7",), ready=False, statuses=(waiting("ContainerCreating"),)),
    metadata__creation_timestamp=NOW - timedelta(seconds=12),
)

VERDICTS: dict[str, tuple[Service, tuple[Obj, ...], Verdict]] = {
    "all serve": (service(), pods(3), Verdict.HEALTHY),
    "some serve": (service(), (*pods(2), unready("web-9", ips=("10.0.0.9",))), Verdict.DEGRADED),
    "none serves": (service(), (unready(),), Verdict.BROKEN),
    "no pod": (service(), (), Verdict.BROKEN),
    "wants pods and has none": (service(), (deployment(replicas=2),), Verdict.BROKEN),
    "wants no pod": (service(), (deployment(replicas=0),), Verdict.IDLE),
    "fits no node": (service(), (daemon_set(desired=0),), Verdict.IDLE),
    "probe may still fail": (service(), (YOUNG,), Verdict.PROGRESSING),
    "one more is starting": (service(), (*pods(1), YOUNG), Verdict.PROGRESSING),
    "one is starting, one fails": (service(), (unready(), YOUNG), Verdict.BROKEN),
    "one leaves": (service(), (*pods(1), terminating(pod("web-9", ips=("10.0.0.9",)))), Verdict.HEALTHY),
    "the last one leaves": (service(), (terminating(pod()),), Verdict.DEGRADED),
    "the last one left": (service(), (terminating(unready()),), Verdict.BROKEN),
    "one leaves, the next is starting": (service(), (terminating(pod()), YOUNG), Verdict.PROGRESSING),
    "one finished": (service(), (*pods(1), pod("web-9", phase="Succeeded")), Verdict.HEALTHY),
    "all finished": (service(), (pod(phase="Failed"),), Verdict.BROKEN),
    "published": (PUBLISHING, (unready(),), Verdict.HEALTHY),
    "published, nothing runs": (PUBLISHING, (CRASHED,), Verdict.BROKEN),
    "published, one runs": (PUBLISHING, (pod(), CRASHED), Verdict.DEGRADED),
    "published, nothing runs yet": (PUBLISHING, (CREATED,), Verdict.PROGRESSING),
    "published by name": (headless(publish_not_ready_addresses=True), (unready(),), Verdict.HEALTHY),
    "published by name, nothing runs": (
        headless(publish_not_ready_addresses=True),
        (CRASHED,),
        Verdict.BROKEN,
    ),
    "published by name alone, nothing runs": (
        with_(headless(publish_not_ready_addresses=True), spec__ports=()),
        (CRASHED,),
        Verdict.BROKEN,
    ),
    "published, one leaves, of which nothing runs": (
        PUBLISHING,
        (*pods(1), terminating(CRASHED)),
        Verdict.HEALTHY,
    ),
    "published, the last one leaves, and nothing of it runs": (
        PUBLISHING,
        (terminating(CRASHED),),
        Verdict.BROKEN,
    ),
    "listed as ready by somebody, nothing runs": (
        service(),
        (hand_made(endpoint("10.0.0.8", target=CRASHED)), CRASHED),
        Verdict.BROKEN,
    ),
    "by hand": (service(selector={}), (hand_made(endpoint("192.0.2.1")),), Verdict.HEALTHY),
    "by hand, nil conditions": (
        service(selector={}),
        (hand_made(endpoint("192.0.2.1", ready=None, serving=None, terminating=None)),),
        Verdict.HEALTHY,
    ),
    "by hand, one not ready": (
        service(selector={}),
        (hand_made(endpoint("192.0.2.1"), endpoint("192.0.2.2", ready=False)),),
        Verdict.DEGRADED,
    ),
    "by hand, one leaves": (
        service(selector={}),
        (hand_made(endpoint("192.0.2.1"), endpoint("192.0.2.2", ready=False, terminating=True)),),
        Verdict.HEALTHY,
    ),
    "by hand, another port name": (
        service("web", ServicePort(name="other", port=80), selector={}),
        (hand_made(endpoint("192.0.2.1")),),
        Verdict.BROKEN,
    ),
    "by hand, empty": (service(selector={}), (hand_made(),), Verdict.BROKEN),
    "headless": (headless(), pods(2), Verdict.HEALTHY),
    "headless, no ports": (with_(headless(), spec__ports=()), pods(2), Verdict.HEALTHY),
    "headless, the last one leaves": (headless(), (terminating(pod()),), Verdict.BROKEN),
    "headless, unresolved port": (headless("web", with_(HTTP, target_port="x")), pods(1), Verdict.HEALTHY),
    "alias": (service(type="ExternalName", external_name="x.example", cluster_ip=""), (), Verdict.HEALTHY),
    "both families": (DUAL, (pod(ips=("10.0.0.1", "fd00::1")),), Verdict.HEALTHY),
    "one of two families": (DUAL, (pod(),), Verdict.DEGRADED),
}


@pytest.mark.parametrize(("of", "objects", "expected"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_of_a_service(of: Service, objects: tuple[Obj, ...], expected: Verdict) -> None:
    """Whatever the findings say."""
    assert verdict(explain(settled(of, *objects))) is expected


LOST: dict[str, tuple[Service, tuple[Obj, ...], str, Verdict]] = {
    "slices": (service(), pods(2), "EndpointSlice", Verdict.UNKNOWN),
    "pods": (service(), pods(2), "Pod", Verdict.UNKNOWN),
    "nodes of healthy pods": (service(), pods(2), "Node", Verdict.HEALTHY),
    "nodes of failing pods": (service(), (unready(),), "Node", Verdict.BROKEN),
    "events": (service(), pods(2), "Event", Verdict.HEALTHY),
    "the version": (service(), pods(2), "Version", Verdict.HEALTHY),
    "workloads, with pods": (service(), (*pods(1), deployment()), "Deployment", Verdict.HEALTHY),
    "workloads, without pods": (service(), (deployment(replicas=0),), "Deployment", Verdict.UNKNOWN),
    "some workloads, others want pods": (service(), (deployment(replicas=1),), "StatefulSet", Verdict.BROKEN),
    "some workloads, others want none": (
        service(),
        (deployment(replicas=0),),
        "StatefulSet",
        Verdict.UNKNOWN,
    ),
    "pods of no selector": (
        service(selector={}),
        (hand_made(endpoint("192.0.2.1")),),
        "Pod",
        Verdict.HEALTHY,
    ),
}


@pytest.mark.parametrize(("of", "objects", "kind", "expected"), LOST.values(), ids=LOST)
def test_a_lost_read_matters_only_if_it_could_change_the_verdict(
    of: Service, objects: tuple[Obj, ...], kind: str, expected: Verdict
) -> None:
    """Unknown where it could; otherwise what is known."""
    source = FakeSource(settled(of, *objects), denied=(Read(kind),))

    assert verdict(ask(Query("shop", ("web",)), source)) is expected


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([], Verdict.HEALTHY),
        ([Verdict.HEALTHY, Verdict.IDLE], Verdict.IDLE),
        ([Verdict.PROGRESSING, Verdict.DEGRADED, Verdict.HEALTHY], Verdict.DEGRADED),
        ([Verdict.UNKNOWN, Verdict.DEGRADED], Verdict.UNKNOWN),
        ([Verdict.UNKNOWN, Verdict.BROKEN], Verdict.BROKEN),
    ],
)
def test_the_whole_is_its_worst_part(verdicts: list[Verdict], whole: Verdict) -> None:
    """Broken is certain whatever else is unknown."""
    assert worst(verdicts) is whole


def test_progressing_names_the_seconds_left() -> None:
    """And what for."""
    report = explain(settled(service(), YOUNG))

    assert (
        report.subjects[0].summary == "0 of 1 pod receives traffic; 20 s left for the readiness probe of app"
    )


BY_HAND = with_(LOCAL, spec__selector={})


def nameless(number: int) -> list[Endpoint]:
    """Endpoints that do not say on which node they are."""
    return [endpoint(f"192.0.2.{n}") for n in range(number)]


def named(number: int) -> list[Endpoint]:
    """Endpoints on nodes of their own."""
    return [with_(endpoint(f"198.51.100.{n}"), node_name=f"node-{n}") for n in range(number)]


SUMMARIES: dict[str, tuple[Service, tuple[Obj, ...], str]] = {
    "healthy": (service(), pods(3), "3 of 3 pods receive traffic"),
    "by hand": (
        service(selector={}),
        (hand_made(endpoint("192.0.2.1")),),
        "1 of 1 endpoint is sent traffic",
    ),
    "leaving": (service(), (terminating(pod()),), "only 1 terminating pod still receives traffic"),
    "from one node": (
        LOCAL,
        (pod(), unready("web-2", ips=("10.0.0.2",))),
        "1 of 2 pods receive traffic, inside the cluster only from its own node",
    ),
    "from several nodes": (
        LOCAL,
        pods(2),
        "2 of 2 pods receive traffic, inside the cluster each only from its own node",
    ),
    "from no node": (LOCAL, (unready(),), "0 of 1 pod receives traffic"),
    "a node is not named": (
        BY_HAND,
        (hand_made(*nameless(1)),),
        "1 of 1 endpoint is sent traffic, but not from inside the cluster: it names no node",
    ),
    "no node is named": (
        BY_HAND,
        (hand_made(*nameless(2)),),
        "2 of 2 endpoints are sent traffic, but not from inside the cluster: they name no node",
    ),
    "one node is not named": (
        BY_HAND,
        (hand_made(*named(2), *nameless(1)),),
        (
            "3 of 3 endpoints are sent traffic, inside the cluster 2 of them each only from its own node: "
            "the other names no node"
        ),
    ),
    "one node is named": (
        BY_HAND,
        (hand_made(*named(1), *nameless(2)),),
        (
            "3 of 3 endpoints are sent traffic, inside the cluster 1 of them only from its own node: "
            "the others name no node"
        ),
    ),
    "no selector": (service(selector={}), (), "it has no selector and no EndpointSlice"),
    "nothing matches": (service(), (), "its selector matches no pod"),
    "one port": (
        service("web", HTTP, ServicePort(name="admin", port=81, target_port="x")),
        pods(2),
        "on port admin, 2 ready endpoints, none with that port",
    ),
    "one pod with the port": (
        service("web", with_(HTTP, target_port="web")),
        (pod("web-1", container("app", port(8080, "web"))), pod("web-2", ips=("10.0.0.2",))),
        "1 of 2 pods receive traffic",
    ),
    "no pod, one endpoint": (
        service(),
        (hand_made(endpoint("192.0.2.1")),),
        "its selector matches no pod, but its slices list 1 endpoint",
    ),
    "no pod, two endpoints": (
        service(),
        (hand_made(endpoint("192.0.2.1"), endpoint("192.0.2.2")),),
        "its selector matches no pod, but its slices list 2 endpoints",
    ),
    "nobody over one family": (DUAL, (pod(),), "1 of 1 pod receives traffic, none over IPv6"),
    "nobody over the other": (
        DUAL,
        (pod(ips=("fd00::1",)),),
        "1 of 1 pod receives traffic, none over IPv4",
    ),
    "nobody over any family": (
        DUAL,
        (unready(ips=("10.0.0.1", "fd00::1")),),
        "0 of 1 pod receives traffic",
    ),
    "both families": (DUAL, (pod(ips=("10.0.0.1", "fd00::1")),), "1 of 1 pod receives traffic"),
    "published": (
        service(publish_not_ready_addresses=True),
        (pod(), unready("web-2", ips=("10.0.0.2",)), unready("web-3", ips=("10.0.0.3",))),
        "3 of 3 pods receive traffic, 2 of them not Ready, but published",
    ),
    "one published": (
        PUBLISHING,
        (unready(),),
        "1 of 1 pod receives traffic, it is not Ready, but published",
    ),
    "one of two published": (
        PUBLISHING,
        (pod(), unready("web-2", ips=("10.0.0.2",))),
        "2 of 2 pods receive traffic, 1 of them not Ready, but published",
    ),
    "published, nothing runs": (
        PUBLISHING,
        (CRASHED,),
        "0 of 1 pod receives traffic, it is published, but its container does not run",
    ),
    "published, one runs": (
        PUBLISHING,
        (pod(), CRASHED),
        "1 of 2 pods receive traffic, 1 is published, but its container does not run",
    ),
    "published, one is not ready, two do not run": (
        PUBLISHING,
        (unready(), CRASHED, CREATED),
        (
            "1 of 3 pods receive traffic, 1 of them not Ready, but published, "
            "2 are published, but their containers do not run"
        ),
    ),
    "published, nothing runs yet": (
        PUBLISHING,
        (CREATED,),
        (
            "0 of 1 pod receives traffic, it is published, but its container does not run; "
            "48 s left for container app"
        ),
    ),
    "published, what leaves does not run": (
        PUBLISHING,
        (terminating(CRASHED),),
        "only 1 terminating pod is still sent traffic, and is not running",
    ),
    "listed as ready by somebody, nothing runs": (
        service(),
        (hand_made(endpoint("10.0.0.8", target=CRASHED)), CRASHED),
        "0 of 1 pod receives traffic, it is listed as ready, but its container does not run",
    ),
    "no address yet": (
        service(),
        (with_(CREATED, status__pod_ip="", status__pod_ips=()),),
        "0 of 1 pod receives traffic; 48 s left for an address",
    ),
}


@pytest.mark.parametrize(("of", "objects", "said"), SUMMARIES.values(), ids=SUMMARIES)
def test_the_summary_says_what_the_verdict_rests_on(of: Service, objects: tuple[Obj, ...], said: str) -> None:
    """In one clause."""
    assert explain(settled(of, *objects)).subjects[0].summary == said


def test_an_unknown_verdict_names_what_is_missing() -> None:
    """And why."""
    report = ask(Query("shop", ("web",)), FakeSource(settled(service()), denied=(Read("EndpointSlice"),)))

    assert report.subjects[0].summary.endswith("could not be read (forbidden)")


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([59], Verdict.PROGRESSING),
        ([60], Verdict.BROKEN),
        ([1, 2], Verdict.PROGRESSING),
        ([1, 61], Verdict.BROKEN),
    ],
    ids=["young", "old", "both young", "one old"],
)
def test_a_workload_has_a_minute_to_make_its_pods(ages: list[int], expected: Verdict) -> None:
    """Before that nothing is wrong yet."""
    made = [
        with_(deployment(f"w-{n}"), metadata__creation_timestamp=NOW - timedelta(seconds=age))
        for n, age in enumerate(ages)
    ]

    report = explain(settled(service(), *made))

    assert verdict(report) is expected
    assert [found.code for found in report.findings] == (["KSV104"] * sum(age >= 60 for age in ages))
