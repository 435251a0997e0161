"""Pods that slices list and that are gone: what proves it, and what follows for verdict, summary and tree."""

import pytest
from msgspec.structs import replace

from kubesvc.analyzer import clients
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import ABSENT, Op
from kubesvc.model.objects import Obj, Pod, PodStatus, Service
from kubesvc.model.query import Query, Viewpoint
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.report import Line, LineKind, Mark, Report, Verdict
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    HTTP,
    OTHER,
    cluster,
    cron_job,
    deployment,
    endpoint,
    hand_made,
    headless,
    node,
    pod,
    pods,
    service,
    slices,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, rows, verdict

WEB = Query("shop", ("web",))
BARE = service(selector={})
PODS = pods(2)
LEFT = slices(service(), *PODS)
WHERE = "(where kube-proxy forwards)"
ELSEWHERE = pod("other", labels={"app": "other"}, ips=("10.244.9.9",))


def gone(snapshot: Snapshot, of: Service = BARE) -> set[str]:
    """The pods that are proven gone; a second look sees what the first one saw."""
    view = ServiceView(replace(snapshot, earlier=snapshot), of, Viewpoint())
    return {identity.name for identity in view.gone}


def holding(address: str, **changes: object) -> Pod:
    """Another pod at an address."""
    return with_(pod("holder", labels={"app": "other"}, ips=(address,)), **changes)


PROVEN: dict[str, tuple[tuple[Obj, ...], set[str]]] = {
    "no pod is there": ((), {"web-1", "web-2"}),
    "others are": ((ELSEWHERE,), {"web-1", "web-2"}),
    "one is": ((PODS[0],), {"web-2"}),
    "both are, without their labels": (tuple(with_(one, metadata__labels={}) for one in PODS), set()),
    "one of the name is": ((with_(PODS[0], metadata__uid="x", status=PodStatus()),), {"web-1", "web-2"}),
    "another has the address of one": ((holding("10.244.0.1"),), {"web-2"}),
    "in another spelling": (
        (holding("::1", status__pod_ip="::ffff:10.244.0.1", status__pod_ips=()),),
        {"web-2"},
    ),
    "another had it, and has finished": (
        (holding("10.244.0.1", status__phase="Succeeded"),),
        {"web-1", "web-2"},
    ),
    "one elsewhere has it": ((holding("10.244.0.1", metadata__namespace="other"),), {"web-1", "web-2"}),
}


@pytest.mark.parametrize(("there", "expected"), PROVEN.values(), ids=PROVEN)
def test_a_pod_is_gone_where_neither_its_uid_nor_its_address_is_left(
    there: tuple[Obj, ...], expected: set[str]
) -> None:
    """In its namespace: an address that another pod of it has may lead to whom clients mean."""
    assert gone(cluster(BARE, *LEFT, *there)) == expected


@pytest.mark.parametrize(
    "others",
    [
        (hand_made(*(endpoint("10.244.0.1", target=one) for one in PODS)),),
        slices(with_(service(), metadata__uid="uid-earlier"), *PODS),
        slices(service(), *(with_(one, metadata__uid="") for one in PODS)),
        tuple(replace(one, endpoints=(endpoint("10.244.0.1"),)) for one in LEFT),
    ],
    ids=["by somebody else", "of an earlier Service", "no uid", "no pod is named"],
)
def test_without_proof_no_pod_is_gone(others: tuple[Obj, ...]) -> None:
    """Somebody else may list pods of another cluster; what is not identified cannot be missed."""
    report = explain(cluster(BARE, *others))

    assert gone(cluster(BARE, *others)) == set()
    assert "gone" not in str([(line.value, line.state) for line in ports(report)[0].children])


def test_a_pod_that_is_listed_twice_is_gone_unless_one_of_its_addresses_is_anothers() -> None:
    """A second slice may hold another address of it."""
    (left,) = LEFT
    moved = tuple(replace(one, addresses=("10.244.7.7",)) for one in left.endpoints[:1])
    second = with_(left, metadata__name="web-2", endpoints=moved)

    assert gone(cluster(BARE, left, second)) == {"web-1", "web-2"}
    assert gone(cluster(BARE, left, second, holding("10.244.7.7"))) == {"web-2"}
    assert gone(cluster(BARE, left, second, holding("10.244.0.1"))) == {"web-2"}


@pytest.mark.parametrize(
    ("there", "denied"),
    [((), Read("Pod")), ((ELSEWHERE,), Read("Pod")), ((PODS[0],), Read("Pod", "shop"))],
    ids=["none there", "others there", "one there"],
)
def test_pods_that_could_not_be_read_are_not_gone(there: tuple[Obj, ...], denied: Read) -> None:
    """Forbidden is not empty."""
    report = ask(WEB, FakeSource(cluster(BARE, *LEFT, *there), denied=(denied,)))

    assert verdict(report) is Verdict.DEGRADED
    assert report.subjects[0].summary == "2 of 2 endpoints are sent traffic, by slices that nobody renews"


def test_a_pod_that_could_not_be_decoded_may_have_the_address() -> None:
    """It is there, and nothing else is known of it."""
    torn = Gap(Read("Pod", "shop", "torn"), GapReason.UNREADABLE, "spec: Expected `object`")

    assert gone(cluster(BARE, *LEFT).with_answers((), (), [torn])) == set()


def test_names_alone_prove_it_only_where_there_is_none() -> None:
    """A file may hold no more than metadata: of pods that are there it does not tell the addresses."""
    names = Read("Pod", "shop", part=Portion.METADATA)
    other = Read("Endpoints", "shop", "web")
    refused = Gap(Read("Pod", "shop"), GapReason.NOT_IN_FILE)

    def of(*there: Obj) -> Snapshot:
        known = [Read("EndpointSlice", "shop"), names, other]
        return Snapshot("file", cluster().taken_at).with_answers((BARE, *LEFT, *there), known, [refused])

    assert gone(of()) == {"web-1", "web-2"}
    assert gone(of(Obj(kind="Pod", metadata=ELSEWHERE.metadata))) == set()


def test_what_the_second_look_no_longer_shows_is_not_gone() -> None:
    """The controller was about to write."""
    source = FakeSource(
        cluster(service(), node(), *LEFT), later=cluster(service(), node(), *slices(service()))
    )

    report = ask(WEB, source)

    assert find(report, "KSV401") == ()
    assert ports(report)[0].state == "0 endpoints"


def test_a_healthy_service_is_asked_no_more_than_before() -> None:
    """Only what is left behind is doubted."""
    source = FakeSource(cluster(service(), node(), *PODS, *LEFT))

    ask(WEB, source)

    assert Read("Pod", "shop") not in frozenset.union(*source.rounds)


def test_pods_that_are_known_to_be_there_are_not_asked_for_again() -> None:
    """Without its selector the Service would keep their endpoints."""
    source = FakeSource(cluster(service(), node(), *PODS, *LEFT))

    report = ask(replace(WEB, changes=(Op(("spec", "selector"), ABSENT),)), source)

    told = report.subjects[0].comparison
    assert told is not None
    assert told.after.verdict is Verdict.DEGRADED
    assert Read("Pod", "shop") not in frozenset.union(*source.rounds)


def ports(report: Report) -> list[Line]:
    """The lines of the ports."""
    return [line for line in report.subjects[0].line.children if line.kind is LineKind.PORT]


FATES: dict[str, tuple[Service, tuple[Obj, ...], Verdict, str, str]] = {
    "no selector": (
        BARE,
        (),
        Verdict.BROKEN,
        "2 of 2 endpoints are sent traffic, although their pods are gone, by slices that nobody renews",
        "2 of 2 gone",
    ),
    "no selector, one is there": (
        BARE,
        (PODS[0],),
        Verdict.DEGRADED,
        "1 of 2 endpoints is sent traffic, although its pod is gone, by slices that nobody renews",
        "1 of 1 ready, 1 gone",
    ),
    "a selector that matches nobody": (
        service(),
        (),
        Verdict.BROKEN,
        "its selector matches no pod, but its slices list 2 endpoints, whose pods are gone",
        "2 of 2 gone",
    ),
    "one that is left has lost its labels": (
        service(),
        (with_(PODS[0], metadata__labels={}),),
        Verdict.DEGRADED,
        "its selector matches no pod, but its slices list 2 endpoints",
        "1 of 1 ready, 1 gone",
    ),
    "pods are wanted": (
        service(),
        (deployment(replicas=2),),
        Verdict.BROKEN,
        "the workload behind it has no pods, but its slices list 2 endpoints, whose pods are gone",
        "2 of 2 gone",
    ),
    "scaled to zero": (
        service(),
        (deployment(replicas=0),),
        Verdict.IDLE,
        "every workload behind it is scaled to zero",
        "2 of 2 gone, idle",
    ),
    "between two runs": (
        service(),
        (cron_job(),),
        Verdict.IDLE,
        "no workload behind it wants a pod now",
        "2 of 2 gone, idle",
    ),
    "one of them serves": (
        service(),
        (PODS[0],),
        Verdict.DEGRADED,
        (
            "1 of 2 endpoints is sent traffic, although its pod is gone, "
            "by slices that are not what the controller should have written"
        ),
        "1 of 1 ready, 1 gone",
    ),
}


@pytest.mark.parametrize(("of", "there", "fate", "summary", "state"), FATES.values(), ids=FATES)
def test_who_is_gone_serves_nobody_and_should_not(
    of: Service, there: tuple[Obj, ...], fate: Verdict, summary: str, state: str
) -> None:
    """With nobody else the port fares as without an endpoint: pods and workloads decide."""
    report = explain(cluster(of, node(), *LEFT, *there))

    assert verdict(report) is fate
    assert report.subjects[0].summary == summary
    (line,) = ports(report)
    assert line.state == state
    left = [child for child in line.children if child.value.endswith(", gone")]
    assert {(child.mark, child.state) for child in left} == {(Mark.BAD, "still listed as ready")}
    (counted,) = report.subjects[0].ports
    assert counted.usable == len(line.children) - len(left)


def test_one_that_is_gone_is_one() -> None:
    """In words."""
    report = explain(cluster(service(), *slices(service(), PODS[0])))

    assert report.subjects[0].summary == (
        "its selector matches no pod, but its slices list 1 endpoint, whose pod is gone"
    )
    assert rows(find(report, "KSV401")[0])[1:3] == [
        "pods: 1 of 1 pod is gone, and still listed",
        f"clients: inside the cluster, web:80 leads nowhere: the pod of its only endpoint is gone {WHERE}",
    ]


TWO = service("web", HTTP, OTHER)
UNNAMED = headless("web", HTTP)
SEEN: dict[str, tuple[Service, tuple[Obj, ...], str]] = {
    "nobody": (
        service(),
        (),
        f"inside the cluster, web:80 leads nowhere: the pods of its 2 endpoints are gone {WHERE}",
    ),
    "at two ports": (
        TWO,
        (),
        (
            "inside the cluster, web:80 leads nowhere: the pods of its 2 endpoints are gone, "
            f"web:81 leads nowhere: the pods of its 2 endpoints are gone {WHERE}"
        ),
    ),
    "some": (
        service(),
        (PODS[0],),
        f"inside the cluster, web:80 is forwarded to 2 endpoints, 1 of them gone {WHERE}",
    ),
    "on its own node": (
        service(internal_traffic_policy="Local"),
        (),
        f"inside the cluster, web:80 leads nowhere: the pods of its 2 endpoints are gone {WHERE}",
    ),
    "a name": (
        UNNAMED,
        (PODS[0],),
        "web resolves to 2 addresses, 1 of them of pods that are gone (where CoreDNS answers)",
    ),
}


@pytest.mark.parametrize(("of", "there", "said"), SEEN.values(), ids=SEEN)
def test_clients_are_sent_to_who_is_gone(of: Service, there: tuple[Obj, ...], said: str) -> None:
    """Slices decide where packets and names lead: nothing is refused."""
    snapshot = cluster(of, node(), *slices(of, *PODS), *there)
    view = ServiceView(replace(snapshot, earlier=snapshot), of, Viewpoint())

    assert clients.seen(of, view.ports) == said


def test_a_node_with_none_but_who_is_gone_answers_nobody() -> None:
    """Under a Local policy each node asks its own endpoints."""
    of = service(type="NodePort", external_traffic_policy="Local")
    of = with_(of, spec__ports=(with_(HTTP, node_port=30080),))
    there, left = (
        pod("web-1", ips=("10.244.0.1",), node="node-a"),
        pod("web-2", ips=("10.244.0.2",), node="node-b"),
    )

    report = explain(cluster(of, node(), node("node-b"), *slices(of, there, left), there))

    (nodes,) = [
        child.value
        for line in report.subjects[0].line.children
        for child in line.children
        if child.kind is LineKind.NODES
    ]
    assert "on nodes with a ready endpoint: node-a " in nodes
