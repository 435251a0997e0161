"""KSV103: no selector, and nobody wrote endpoints by hand."""

import json
from typing import Any

import pytest

from kubesvc.model import derived
from kubesvc.model.objects import (
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    Metadata,
    Obj,
    Pod,
    PodStatus,
    Service,
    SubsetPort,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Portion, Read, Unread
from kubesvc.model.report import Confidence, Effect, Verdict
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import mirroring
from tests.support.builders import (
    cluster,
    daemon_set,
    deployment,
    endpoint,
    hand_made,
    node,
    pod,
    pods,
    service,
    settled,
    slices,
    stateful_set,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BARE = service(selector={})


def test_nobody_writes_the_endpoints() -> None:
    """Neither the controller nor a person."""
    report = explain(settled(BARE))

    found = only(report, "KSV103")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "it has no selector, and no EndpointSlice belongs to it"
    assert (found.culprit, found.effect) == (BARE.ref, Effect.BROKEN)
    assert rows(found)[0] == "slices: none is labeled kubernetes.io/service-name=web"
    assert found.fixes == ()


def test_a_workload_of_the_same_name_is_offered() -> None:
    """Simulated: the controller would write slices then."""
    found = only(explain(settled(BARE, pod(), deployment(), deployment("other"))), "KSV103")

    (fix,) = found.fixes
    assert fix.title == "select app=web, as Deployment/web does"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == {"spec": {"selector": {"app": "web"}}}
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("of", "others"),
    [
        (BARE, (hand_made(endpoint("192.0.2.1")),)),
        (BARE, (hand_made(),)),
        (service(), ()),
        (with_(BARE, spec__type="ExternalName", spec__external_name="x.example"), ()),
    ],
    ids=["endpoints by hand", "an empty slice by hand", "a selector", "an alias"],
)
def test_what_looks_like_it_is_not_it(of: Service, others: tuple[Obj, ...]) -> None:
    """Somebody wrote a slice, or nobody has to."""
    assert find(explain(settled(of, *others)), "KSV103") == ()


def test_endpoints_by_hand_make_it_healthy() -> None:
    """No pod has to stand behind them."""
    report = explain(settled(BARE, hand_made(endpoint("192.0.2.1", ready=None))))

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_slices_that_could_not_be_read_are_not_none() -> None:
    """Forbidden is not empty."""
    report = ask(Query("shop", ("web",)), FakeSource(settled(BARE), denied=(Read("EndpointSlice"),)))

    assert (verdict(report), report.findings) == (Verdict.UNKNOWN, ())
    assert "KSV103" in [missed.code for missed in report.not_checked]


def left(*members: Pod, **labels: str) -> tuple[Obj, ...]:
    """What the controllers leave of Service web when its selector goes: a slice, Endpoints, and a copy."""
    (written,) = slices(service(), *members)
    meta = Metadata(name="web", namespace="shop", uid="uid-source", labels=labels)
    addresses = tuple(
        EndpointAddress(ip=ip, target_ref=target)
        for listed in written.endpoints
        for ip, target in [(listed.addresses[0], listed.target_ref)]
    )
    subset = EndpointSubset(addresses=addresses, ports=(SubsetPort(name="http", port=8080),))
    source = Endpoints(metadata=meta, subsets=(subset,))
    return (written, source, *mirroring.slices(source))


BY_CONTROLLER = {mirroring.WRITER: "endpoint-controller"}


def test_slices_that_are_left_of_a_selector_are_nobodys() -> None:
    """Not four findings: one, with what follows from it."""
    gone = pods(2)

    report = explain(cluster(BARE, *left(*gone, **BY_CONTROLLER), deployment(replicas=0)))

    (found,) = report.findings
    assert (found.code, found.effect, found.confidence) == ("KSV103", Effect.BROKEN, Confidence.PROOF)
    assert found.headline == "its selector is gone, and nobody renews the 2 endpoints left of it"
    assert [under.code for under in found.consequences] == ["KSV401", "KSV401"]
    assert rows(found)[:2] == [
        "left: web-1 with 2 endpoints",
        "left: web-mirror-1 with 2 endpoints, a copy of the Endpoints object",
    ]


@pytest.mark.parametrize(
    ("there", "verdict_", "said"),
    [
        (
            (),
            Verdict.BROKEN,
            [
                "pods: 2 of 2 pods are gone, and still listed",
                "web:80 leads nowhere: the pods of its 2 endpoints",
            ],
        ),
        (
            (with_(pods(1)[0], metadata__uid="another", status=PodStatus()),),
            Verdict.BROKEN,
            [
                "pods: 2 of 2 pods are gone, and still listed",
                "web:80 leads nowhere: the pods of its 2 endpoints",
            ],
        ),
        (
            pods(1),
            Verdict.DEGRADED,
            [
                "pods: 1 of 2 pods is gone, and still listed",
                "web:80 is forwarded to 2 endpoints, 1 of them gone",
            ],
        ),
        (pods(2), Verdict.DEGRADED, ["web:80 is forwarded to 2 endpoints (where kube-proxy forwards)"]),
    ],
    ids=["none", "one of that name", "one", "both"],
)
def test_pods_that_are_gone_are_told(there: tuple[Pod, ...], verdict_: Verdict, said: list[str]) -> None:
    """Their endpoints stay ready for ever; where no other is left, what is sent there reaches nobody."""
    report = explain(cluster(BARE, *left(*pods(2), **BY_CONTROLLER), *there))

    found = find(report, "KSV103")[0]
    assert verdict(report) is verdict_
    assert len(rows(found)[2:]) == len(said)
    assert all(part in row for part, row in zip(said, rows(found)[2:], strict=True))


def test_pods_that_could_not_be_read_are_not_gone() -> None:
    """Forbidden is not empty."""
    truth = cluster(BARE, *left(*pods(2), **BY_CONTROLLER))

    report = ask(Query("shop", ("web",)), FakeSource(truth, denied=(Read("Pod"),)))

    assert verdict(report) is Verdict.DEGRADED
    assert [row.label for row in find(report, "KSV103")[0].rows] == ["left", "left", "clients"]


def test_the_copy_alone_is_less_certain() -> None:
    """The label that tells who wrote the Endpoints object may have been copied with it."""
    _, *copied = left(*pods(1), **BY_CONTROLLER)

    assert find(explain(cluster(BARE, *copied)), "KSV103")[0].confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "objects",
    [
        left(*pods(1))[1:],
        (*left(*pods(1), **BY_CONTROLLER), hand_made(endpoint("192.0.2.1"))),
        (*slices(with_(service(), metadata__uid="uid-earlier"), *pods(1)),),
    ],
    ids=["endpoints by hand", "somebody writes slices", "of an earlier Service"],
)
def test_slices_of_others_are_somebodys(objects: tuple[Obj, ...]) -> None:
    """The selector may be gone on purpose."""
    assert find(explain(cluster(BARE, *objects)), "KSV103") == ()


def test_the_selector_that_was_applied_last_is_offered() -> None:
    """With it the controllers take back what they left."""
    applied = {derived.PREFIX + "applied-selector": '{"app":"web","tier":"front"}'}
    bare = with_(BARE, metadata__annotations=applied)
    member = pod(labels={"app": "web", "tier": "front"})

    found = explain(cluster(bare, *left(*pods(2), **BY_CONTROLLER), member, node(), deployment())).findings[0]

    (fix,) = found.fixes
    assert fix.title == "select app=web,tier=front, as kubectl apply wrote it last"
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())
    assert [(port.usable, port.expected) for port in fix.outcome.ports] == [(1, 1)]


@pytest.mark.parametrize(
    ("makers", "names", "offered"),
    [
        (
            (deployment("shop-web", replicas=0),),
            ["shop-web-7847f7476f-5m5nk", "shop-web-5d8f7-abcde"],
            "Deployment/shop-web",
        ),
        (
            (stateful_set("db", replicas=0), stateful_set("db-0", replicas=0)),
            ["db-0", "db-12"],
            "StatefulSet/db",
        ),
        ((daemon_set("agent", desired=0),), ["agent-x7k2p"], "DaemonSet/agent"),
        ((deployment("shop-web", replicas=0),), ["shop-web-7847f7476f-5m5nk", "other"], None),
        ((deployment("shop", replicas=0),), ["shop-web-7847f7476f-5m5nk"], None),
        ((stateful_set("db", replicas=0), deployment("web", replicas=0)), ["other"], "Deployment/web"),
    ],
    ids=["deployment", "stateful set", "daemon set", "another pod", "another name", "named like the service"],
)
def test_the_workload_whose_pods_are_left_tells_the_selector(
    makers: tuple[Obj, ...], names: list[str], offered: str | None
) -> None:
    """By their names; else the one that is named like the Service."""
    gone = [pod(name, ips=(f"10.0.0.{n}",)) for n, name in enumerate(names, 1)]

    (found,) = find(explain(cluster(BARE, *left(*gone, **BY_CONTROLLER), *makers)), "KSV103")

    assert [fix.title.split(" as ")[1].split(" ")[0] for fix in found.fixes] == ([offered] if offered else [])


def test_an_empty_slice_that_is_left_is_nobodys_too() -> None:
    """There was a selector once, and no pod."""
    report = explain(cluster(BARE, *slices(service())))

    found = only(report, "KSV103")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "it has no selector, and no EndpointSlice of it lists an endpoint"


def unlabeled(name: str) -> EndpointSlice:
    """A slice by hand of no Service."""
    return with_(hand_made(endpoint("192.0.2.1"), name=name), metadata__labels={})


def called(name: str, **metadata: Any) -> Endpoints:
    """An Endpoints object of that name."""
    return Endpoints(metadata=Metadata(name=name, namespace="shop", uid="e", **metadata))


def test_a_slice_that_is_nearly_its_own_is_named_and_may_be_given_to_it() -> None:
    """By its label, or by its name where it has none; simulated."""
    report = explain(
        settled(BARE, hand_made(endpoint("192.0.2.2"), name="typo", of="wbe"), unlabeled("web-1"))
    )

    found = only(report, "KSV103")
    assert sorted(row for row in rows(found) if row.startswith("near")) == [
        (
            "near: EndpointSlice/typo lists 1 endpoint, and its label kubernetes.io/service-name names wbe, "
            "which is no Service"
        ),
        "near: EndpointSlice/web-1 lists 1 endpoint, and has no label kubernetes.io/service-name",
    ]
    assert sorted(fix.title for fix in found.fixes) == [
        "label EndpointSlice/typo with kubernetes.io/service-name=web",
        "label EndpointSlice/web-1 with kubernetes.io/service-name=web",
    ]
    for fix in found.fixes:
        assert fix.command is not None
        assert json.loads(fix.command[-1]) == {"metadata": {"labels": {"kubernetes.io/service-name": "web"}}}
        assert fix.outcome is not None
        assert fix.outcome.verdict is Verdict.HEALTHY


def test_an_endpoints_object_of_nearly_its_name_is_named() -> None:
    """Its name cannot be changed."""
    found = only(explain(settled(BARE, called("webb"))), "KSV103")

    assert rows(found)[-1] == "near: Endpoints/webb is for a Service of its own name, and there is none"
    assert found.fixes == ()


@pytest.mark.parametrize(
    "others",
    [
        (hand_made(endpoint("192.0.2.1"), of="wbe"), service("wbe", selector={})),
        (hand_made(endpoint("192.0.2.1"), of="database"),),
        (unlabeled("database-1"),),
        (called("webb"), service("webb", selector={})),
        (called("webb", labels={mirroring.SKIP: "true"}),),
        (called("webb", annotations={mirroring.LEADER: "{}"}),),
        (called("database"),),
        slices(service("webb"), pod()),
    ],
    ids=[
        "of a Service that is there",
        "of another one",
        "of another name",
        "Endpoints of a Service that is there",
        "Endpoints that nobody copies",
        "a lock",
        "Endpoints of another name",
        "the controller's",
    ],
)
def test_what_is_not_nearly_its_own_is_not_named(others: tuple[Obj, ...]) -> None:
    """Somebody else's endpoints are no clue."""
    found = find(explain(cluster(BARE, *others)), "KSV103")

    assert [row for one in found for row in rows(one) if row.startswith("near")] == []


def test_where_it_is_not_known_whether_a_service_is_there_nothing_is_said_of_it() -> None:
    """Nor where the slices of others cannot be read; an unlabeled slice is nobody's in any case."""
    snapshot = settled(BARE, hand_made(endpoint("192.0.2.2"), name="typo", of="wbe"), unlabeled("web-1"))
    services = Read("Service", "shop", part=Portion.METADATA)
    lists = Read("EndpointSlice", "shop")

    def near(*denied: Read) -> list[str]:
        class Denying(FakeSource):
            """Refuses exactly these reads."""

            def answer(self, snapshot: Snapshot, unread: Unread) -> Snapshot:
                self.denied = tuple(read for read in denied if read in unread.reads)
                return super().answer(snapshot, unread)

        report = ask(Query("shop", ("web",)), Denying(snapshot))
        return [row for one in find(report, "KSV103") for row in rows(one) if row.startswith("near")]

    assert len(near()) == 2
    assert near(services) == [
        "near: EndpointSlice/web-1 lists 1 endpoint, and has no label kubernetes.io/service-name"
    ]
    assert near(lists) == []


def test_looking_for_what_is_near_costs_sixteen_requests_at_most() -> None:
    """Two lists, and that of the Services where something is near; nothing of all that with slices."""
    near = (hand_made(endpoint("192.0.2.2"), name="typo", of="wbe"), called("webb"))
    broken = FakeSource(settled(BARE, *near, *pods(3), deployment()))
    healthy = FakeSource(settled(BARE, hand_made(endpoint("192.0.2.2"))))

    ask(Query("shop", ("web",)), broken)
    ask(Query("shop", ("web",)), healthy)

    assert broken.requests <= 16, sorted(map(str, frozenset.union(*broken.rounds)))
    assert Read("EndpointSlice", "shop") in frozenset.union(*broken.rounds)
    assert Read("EndpointSlice", "shop") not in frozenset.union(*healthy.rounds)
