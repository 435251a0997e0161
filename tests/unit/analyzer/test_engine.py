"""Rounds of reads, folding, fixes with outcomes."""

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from kubesvc.analyzer import engine, fixes, registry
from kubesvc.analyzer.engine import analyze
from kubesvc.analyzer.rule import Check, Rule
from kubesvc.analyzer.ruling import fold
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.wants import Wants
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Obj, Ref, Service, ServicePort
from kubesvc.model.place import Place
from kubesvc.model.query import Query
from kubesvc.model.read import Portion, Read, Unread
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Verdict
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import VERSION, Snapshot
from kubesvc.semantics.endpoints import SERVICE_NAME
from tests.support.builders import (
    HTTP,
    NOW,
    cluster,
    container,
    deployment,
    endpoint,
    event,
    hand_made,
    http_probe,
    node,
    owned_by,
    pod,
    pods,
    port,
    replica_set,
    service,
    settled,
    slices,
    stateful_set,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, verdict

WEB = Query("shop", ("web",))
SERVICE = Read("Service", "shop", "web")
SLICES = Read("EndpointSlice", "shop", labels=selector({SERVICE_NAME: "web"}))
PODS = Read("Pod", "shop", labels=selector({"app": "web"}))
EVENTS = Read(
    "Event", "shop", fields=selector({"involvedObject.kind": "Service", "involvedObject.name": "web"})
)
NEAR = Read("Pod", "shop", part=Portion.METADATA)
WORKLOADS = {Read(kind, "shop") for kind in ("Deployment", "StatefulSet", "DaemonSet")}
RARER = {
    Read("ReplicaSet", "shop", part=Portion.METADATA),
    Read("Job", "shop"),
    Read("CronJob", "shop"),
}
PRODUCT = Ref("Service", "shop", "web")


def nodes(*names: str) -> set[Read]:
    """Nodes by name."""
    return {Read("Node", name=name) for name in names}


def spread(number: int, **more: object) -> list[Obj]:
    """Pods on nodes of their own."""
    return [pod(f"web-{n}", ips=(f"10.0.0.{n}",), node=f"node-{n}", **more) for n in range(number)]  # type: ignore[arg-type]


def test_a_healthy_service_costs_seven_requests_at_most() -> None:
    """In three rounds: what the name gives, what the Service gives, what the pods give."""
    source = FakeSource(settled(service(), *spread(2)))

    report = ask(WEB, source)

    assert verdict(report) is Verdict.HEALTHY
    assert source.rounds == [
        {SERVICE, SLICES},
        {VERSION, PODS, EVENTS},
        nodes("node-0", "node-1"),
    ]
    assert source.requests == 7


def test_many_nodes_are_one_list() -> None:
    """More than two."""
    source = FakeSource(settled(service(), *spread(3)))

    ask(WEB, source)

    assert source.rounds[-1] == {Read("Node")}


def test_a_selector_that_matches_nothing_costs_sixteen_requests_at_most() -> None:
    """The worst of them: several candidates, each with pods on Nodes of its own."""
    members = [
        pod(
            f"{name}-{n}",
            labels={"app": name},
            ips=(f"10.0.{k}.{n}",),
            node=f"node-{k}-{n}",
            owner=owned_by("ReplicaSet", f"{name}-abc"),
        )
        for k, name in enumerate(("Web", "webb", "wweb"))
        for n in range(2)
    ]
    owners = [replica_set(f"{name}-abc", name) for name in ("Web", "webb", "wweb")]
    source = FakeSource(settled(service(), *members, *owners))

    report = ask(WEB, source)

    assert len(only(report, "KSV101").fixes) == 3
    assert source.rounds[:3] == [{SERVICE, SLICES}, {VERSION, PODS, EVENTS}, WORKLOADS]
    assert source.rounds[3] == {NEAR, *RARER}
    assert source.requests <= 16, sorted(map(str, frozenset.union(*source.rounds)))


def test_the_endpoints_object_is_asked_for_with_the_rest_where_there_is_no_selector() -> None:
    """It costs no round of its own; an alias, and what has a selector, asks for none."""
    source_of = Read("Endpoints", "shop", "web")

    def asked(of: Service) -> list[bool]:
        source = FakeSource(settled(of, pod()))
        ask(Query("shop", ("web",)), source)
        return [source_of in wanted for wanted in source.rounds]

    assert asked(service(selector={}))[:2] == [False, True]
    assert not any(asked(service()) + asked(service(type="ExternalName")))


def test_nodes_are_asked_for_by_name_where_their_list_is_refused() -> None:
    """A right may be for some of them only; nothing is asked for again and again."""
    members = [
        pod(f"{name}-{n}", labels={"app": name}, ips=(f"10.0.{k}.{n}",), node=f"node-{k}-{n}")
        for k, name in enumerate(("Web", "webb", "wweb"))
        for n in range(2)
    ]
    source = FakeSource(settled(service(), *members), denied=(Read("Node"),))

    report = ask(WEB, source)

    assert {fix.outcome for fix in only(report, "KSV101").fixes} == {None}
    asked = [read for wanted in source.rounds for read in wanted if read.kind == "Node"]
    assert len(asked) == len(set(asked)) == 7


def test_one_candidate_costs_fifteen_requests() -> None:
    """The usual case."""
    members = pods(3, owner=owned_by("ReplicaSet", "web-abc"))
    source = FakeSource(settled(service(selector={"app": "Web"}), *members, replica_set(), deployment()))

    only(ask(WEB, source), "KSV101")

    assert source.requests == 15


OF_NOBODY = with_(replica_set("legacy", "x"), metadata__owner_references=())
"""A ReplicaSet that is read whole: its own labels say nothing of its pods."""


def test_one_candidate_on_three_nodes_costs_sixteen_requests_at_most() -> None:
    """With a ReplicaSet of nobody beside it."""
    owner = owned_by("ReplicaSet", "web-abc")
    members = [with_(member, metadata__owner_references=(owner,)) for member in spread(3)]
    of = service(selector={"app": "Web"})
    source = FakeSource(settled(of, *members, replica_set(), deployment(), OF_NOBODY))

    (fix,) = only(ask(WEB, source), "KSV101").fixes

    assert fix.outcome is not None
    assert source.requests <= 16, sorted(map(str, frozenset.union(*source.rounds)))


def test_two_candidates_on_two_nodes_cost_sixteen_requests_at_most() -> None:
    """What several changes need of Nodes is one list, with a ReplicaSet of nobody beside it."""
    members = [
        pod(
            name,
            labels={"app": name},
            ips=(f"10.0.0.{n}",),
            node=f"node-{n}",
            owner=owned_by("ReplicaSet", name),
        )
        for n, name in enumerate(("webb", "wweb"))
    ]
    owners = [replica_set(name, name) for name in ("webb", "wweb")]
    source = FakeSource(settled(service(), *members, *owners, OF_NOBODY))

    assert len(only(ask(WEB, source), "KSV101").fixes) == 2
    assert Read("Node") in source.rounds[-1]
    assert source.requests <= 16, sorted(map(str, frozenset.union(*source.rounds)))


def test_a_failing_probe_costs_sixteen_requests_at_most() -> None:
    """With its owner and the events of one pod."""
    members = [
        with_(m, spec=unready().spec, status__conditions=unready().status.conditions) for m in spread(3)
    ]
    source = FakeSource(
        settled(service(), *members, event(members[0], "Unhealthy", "Readiness probe failed: x"))
    )

    ask(WEB, source)

    assert source.requests <= 16


def test_an_alias_costs_few_requests() -> None:
    """No pods, no Nodes."""
    alias = service(selector={}, type="ExternalName", external_name="x.example", cluster_ip="")
    source = FakeSource(cluster(alias))

    ask(WEB, source)

    assert source.rounds == [{SERVICE, SLICES}, {VERSION, EVENTS}]


def test_several_names_are_asked_for_at_once() -> None:
    """Their rounds are shared."""
    source = FakeSource(settled(service(), pod(), with_(service("api"), metadata__name="api")))

    report = ask(Query("shop", ("web", "api", "web")), source)

    assert [subject.ref.name for subject in report.subjects] == ["web", "api"]
    assert len(source.rounds[0]) == 4
    assert len(source.rounds) <= 5


def test_nothing_is_read_that_is_not_needed() -> None:
    """The whole snapshot is not looked at: an answer holds only what was asked."""
    source = FakeSource(settled(service(), *pods(1)))
    snapshot = source.begin()

    with pytest.raises(Unread) as unread:
        analyze(WEB, snapshot)

    assert unread.value.reads == {SERVICE, SLICES}
    assert snapshot == Snapshot("test", NOW)


def test_a_second_look_waits_until_all_else_is_read() -> None:
    """It is a look at everything at one moment."""
    wants = Wants()
    wants.attempt(lambda: _raise(Unread(frozenset({PODS}), again=True)))
    wants.attempt(lambda: _raise(Unread(frozenset({SERVICE}))))
    wants.attempt(lambda: _raise(Unread(frozenset({SLICES}))))

    with pytest.raises(Unread) as first:
        wants.settle()

    assert first.value.reads == {SERVICE, SLICES}
    assert not first.value.again


def test_only_second_looks_left_are_asked_for() -> None:
    """Together."""
    wants = Wants()
    assert wants.attempt(lambda: 5) == 5
    wants.settle()
    wants.attempt(lambda: _raise(Unread(frozenset({PODS}), again=True)))

    with pytest.raises(Unread) as second:
        wants.settle()

    assert second.value.reads == {PODS}
    assert second.value.again


def _raise(error: Exception) -> None:
    raise error


def test_two_faults_are_two_findings() -> None:
    """A port that nobody declares, and a probe that fails: fixing one leaves the other."""
    named = ServicePort(name="http", port=80, target_port="web")
    admin = ServicePort(name="admin", port=81, target_port=8081)

    report = explain(settled(service("web", named, admin), unready()))

    assert [found.code for found in report.findings] == ["KSV201", "KSV301"]
    assert verdict(report) is Verdict.BROKEN


def test_a_fix_is_simulated_with_what_remains() -> None:
    """The pods that it would select are not ready."""
    report = explain(settled(service(selector={"app": "Web"}), *pods(1), unready("web-9", ips=("10.0.0.9",))))

    (fix,) = only(report, "KSV101").fixes
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.DEGRADED, ("KSV301",))
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(1, 2)]


@pytest.mark.parametrize("denied", [Read("Node"), PODS])
def test_what_is_not_known_never_becomes_zero_in_a_simulation(denied: Read) -> None:
    """The fix is offered; its outcome is not known, and the reason is told."""
    source = FakeSource(settled(service(selector={"app": "Web"}), *pods(3)), denied=(denied,))

    (fix,) = only(ask(WEB, source), "KSV101").fixes

    assert fix.outcome is None
    assert fix.notes[-1] == "Not simulated: something that would decide could not be read."


def finding(code: str, *places: Place, effect: Effect = Effect.BROKEN) -> Finding:
    """A finding about some places."""
    return Finding(code, code.lower(), places, PRODUCT, Confidence.PROOF, effect)


def _nothing(_this: Rule, _view: ServiceView) -> Iterator[Finding]:
    return iter(())


@pytest.fixture
def explaining(monkeypatch: pytest.MonkeyPatch) -> None:
    """KSV1 explains KSV2, which explains KSV3."""
    rules = tuple(
        Rule(code, code, Confidence.PROOF, frozenset(explains), "0.1", _nothing, "Report.")
        for code, explains in (("KSV1", {"KSV2"}), ("KSV2", {"KSV3"}), ("KSV3", set[str]()))
    )
    monkeypatch.setattr(registry, "RULES", rules)


WHOLE, HTTP_PORT, ADMIN = Place(PRODUCT), Place(PRODUCT, "http"), Place(PRODUCT, "admin")


@pytest.mark.usefixtures("explaining")
def test_a_consequence_is_folded_under_its_cause() -> None:
    """Whatever order they came in; also over several steps."""
    cause, effect, last = finding("KSV1", WHOLE), finding("KSV2", HTTP_PORT), finding("KSV3", HTTP_PORT)

    for given in ((cause, effect, last), (last, effect, cause)):
        (top,) = fold(given)
        assert top.code == "KSV1"
        assert [f.code for f in top.consequences] == ["KSV2"]
        assert [f.code for f in top.consequences[0].consequences] == ["KSV3"]


@pytest.mark.usefixtures("explaining")
@pytest.mark.parametrize(
    ("cause", "other"),
    [
        (finding("KSV1", HTTP_PORT), finding("KSV2", ADMIN)),
        (finding("KSV1", HTTP_PORT), finding("KSV2", HTTP_PORT, ADMIN)),
        (finding("KSV1", HTTP_PORT), finding("KSV2", WHOLE)),
        (finding("KSV1", HTTP_PORT), finding("KSV3", HTTP_PORT)),
    ],
    ids=["another place", "more places", "a wider place", "not listed"],
)
def test_independent_findings_stay_apart(cause: Finding, other: Finding) -> None:
    """Code and place must both fit."""
    assert len(fold((cause, other))) == 2


@pytest.mark.usefixtures("explaining")
def test_the_worst_comes_first() -> None:
    """Otherwise the order of the rules stays."""
    given = [
        finding("KSV1", ADMIN, effect=effect)
        for effect in (Effect.ADVICE, Effect.DEGRADED, Effect.BROKEN, Effect.IDLE, Effect.PROGRESSING)
    ]
    given = [with_(f, places=(Place(PRODUCT, str(n)),)) for n, f in enumerate(given)]

    assert [f.effect for f in fold(tuple(given))] == list(reversed(Effect))


@pytest.mark.usefixtures("explaining")
def test_among_equals_what_was_asked_about_comes_first() -> None:
    """Something worse still goes before it."""
    worse, asked = finding("KSV1", HTTP_PORT), finding("KSV3", ADMIN, effect=Effect.DEGRADED)
    other = finding("KSV1", WHOLE, effect=Effect.DEGRADED)

    assert fold((other, worse, asked)) == (worse, other, asked)
    assert fold((other, worse, asked), "admin") == (worse, asked, other)


def test_the_effect_of_a_finding_fits_the_verdict() -> None:
    """A finding explains a verdict; it never makes it."""
    admin = ServicePort(name="admin", port=81, target_port="adm")

    report = explain(settled(service("web", HTTP, admin), pod("p", container("app", port(8080)))))

    (subject,) = report.subjects
    assert [(p.key, p.verdict) for p in subject.ports] == [
        ("http", Verdict.HEALTHY),
        ("admin", Verdict.BROKEN),
    ]
    assert only(report, "KSV201").effect is Effect.BROKEN


@pytest.mark.timeout(20)
def test_thousands_of_pods_are_no_trouble() -> None:
    """The work grows with the pods, not with their square."""
    members = [
        pod(
            f"w-{n}",
            container(readiness_probe=http_probe()),
            ips=(f"10.0.{n // 250}.{n % 250}",),
            ready=bool(n % 3),
        )
        for n in range(3000)
    ]
    members = [with_(m, metadata__owner_references=(owned_by("StatefulSet", "w"),)) for m in members]

    report = explain(settled(service(), *members))

    assert only(report, "KSV301").headline == "readiness probe fails on 1000 of 3000 pods"


def test_a_fix_that_the_server_would_refuse_is_none() -> None:
    """Nobody is to paste it; where the server alone knows what it leads to, that is said."""
    refused = Op(("spec", "clusterIP"), "10.0.0.1")
    undecided = Op(("spec", "ipFamilyPolicy"), "PreferDualStack")

    def offering(this: Rule, view: ServiceView) -> Iterator[Finding]:
        fixes = [
            Fix("x", Confidence.LIKELY, Change(view.ref, (op,)), ("kubectl",)) for op in (refused, undecided)
        ]
        yield this.finding(view, "x", [], view.ref, (), fixes=fixes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "RULES", (_rule("KSV999", offering),))
        report = explain(settled(service(), pod()))

    (fix,) = only(report, "KSV999").fixes
    assert fix.change == Change(PRODUCT, (undecided,))
    assert fix.outcome is None
    assert fix.notes == (
        "Not simulated: whether there is a second IP family for Services, the API server alone knows.",
    )


def _rule(code: str, check: Check) -> Rule:
    return Rule(code, "x", Confidence.PROOF, frozenset(), "0.1", check, "Report x.")


@pytest.mark.timeout(20)
def test_thousands_of_pods_are_no_trouble_after_a_change_or_seen_from_their_workload() -> None:
    """Neither is a square of them looked at."""
    probed = container(readiness_probe=http_probe())
    members = [
        pod(f"w-{n}", probed, ips=(f"10.0.{n // 250}.{n % 250}",), ready=bool(n % 3)) for n in range(3000)
    ]
    members = [with_(m, metadata__owner_references=(owned_by("StatefulSet", "w"),)) for m in members]
    snapshot = settled(service(), *members, stateful_set("w", replicas=3000))
    change = Op(("spec", "ports", 0, "targetPort"), 9090)

    changed = ask(replace(WEB, changes=(change,)), FakeSource(snapshot)).subjects[0].comparison
    (seen,) = ask(Query("shop", others=(Ref("StatefulSet", "", "w"),)), FakeSource(snapshot)).subjects

    assert changed is not None
    assert [cause.code for cause in changed.remaining] == ["KSV301"]
    assert seen.summary == "2000 of 3000 pods receive traffic from Service web"


def test_a_report_says_what_was_not_looked_at() -> None:
    """Network policies and what is outside the API."""
    report = explain(settled(service(), pod(), node()))

    assert report.not_evaluated == engine.NOT_EVALUATED
    assert report.server == "v1.36.0"
    assert find(report, "KSV101") == ()


NEAR_VALUES = ("Web", "webb", "wweb")


def unlike(number: int, *stale: Obj) -> FakeSource:
    """Many pods with three near values, on three nodes; `stale` is what the Service has besides."""
    members = [
        pod(
            f"w-{n}",
            labels={"app": NEAR_VALUES[n % 3]},
            ips=(f"10.0.1.{n}",),
            node=f"node-{n % 3}",
            owner=owned_by("ReplicaSet", f"{NEAR_VALUES[n % 3]}-abc"),
        )
        for n in range(number)
    ]
    owners = [replica_set(f"{value}-abc", value) for value in NEAR_VALUES]
    nodes = [node(f"node-{n}") for n in range(3)]
    return FakeSource(cluster(service(), *members, *owners, *nodes, *stale))


def pod_lists(source: FakeSource) -> list[Read]:
    """The lists of whole pods that were asked for, beside that of the Service's own selector."""
    asked = [read for wanted in source.rounds for read in wanted]
    return [read for read in asked if read.kind == "Pod" and read.part is Portion.WHOLE and read != PODS]


def test_all_pods_of_a_small_namespace_are_one_list() -> None:
    """Three candidates in sixteen requests, also where a second look is taken: the controller is behind."""
    gone = pod("gone", ips=("10.0.0.9",), node="node-0")
    source = unlike(200, *slices(service(), gone))

    report = ask(WEB, source)

    (found,) = find(report, "KSV101")
    assert len(found.fixes) == 3
    assert pod_lists(source) == [Read("Pod", "shop")]
    assert source.again == [{SLICES, PODS}]
    assert source.requests <= 16, sorted(map(str, frozenset.union(*source.rounds)))


def test_in_a_large_namespace_one_change_is_tried() -> None:
    """Reading all its pods would cost more than it tells."""
    source = unlike(201)

    report = ask(WEB, source)

    (fix,) = only(report, "KSV101").fixes
    assert fix.title == "select app=Web"
    assert pod_lists(source) == [Read("Pod", "shop", labels=selector({"app": "Web"}))]
    assert source.requests <= 16, sorted(map(str, frozenset.union(*source.rounds)))


def test_advice_does_not_remain_after_a_fix() -> None:
    """It does nothing to traffic, so the fix has nothing to do with it."""
    other = hand_made(endpoint("192.0.2.1"))

    report = explain(settled(service(selector={"app": "Web"}), pod(), other))

    assert [f.effect for f in find(report, "KSV401")] == [Effect.ADVICE]
    (fix,) = find(report, "KSV101")[0].fixes
    assert fix.outcome is not None
    assert fix.outcome.remaining == ()


NAMED = ServicePort(name="http", port=80, target_port="web")
OTHER_NAMED = ServicePort(name="admin", port=81, target_port="adm")


def test_faults_that_come_to_light_with_a_fix_are_mended_with_it() -> None:
    """Selector and port are wrong at once: one patch, whose outcome is healthy; it says what it is for."""
    declared = container("app", port(8080, "http"))

    report = explain(settled(service("web", NAMED, selector={"app": "Web"}), pod("p", declared)))

    (fix,) = only(report, "KSV101").fixes
    assert fix.title == "select app=web and target port http"
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())
    assert fix.notes == (
        'Otherwise KSV201 would remain: target port "web" of port http is declared by no selected pod.',
        "target port http: the only TCP port that every pod declares",
    )
    assert fix.command is not None
    assert fix.command[:-1] == ("kubectl", "patch", "service", "web", "--type", "json", "-p")
    assert json.loads(fix.command[-1]) == [
        {"op": "replace", "path": "/spec/selector/app", "value": "web"},
        {"op": "test", "path": "/spec/ports/0/name", "value": "http"},
        {"op": "replace", "path": "/spec/ports/0/targetPort", "value": "http"},
    ]


def test_a_renamed_key_and_a_port_are_one_patch() -> None:
    """A JSON patch adds what was not there; replacing it would be refused."""
    declared = container("app", port(8080, "http"))
    member = pod("p", declared, labels={"k8s-app": "web"})

    (fix,) = only(explain(settled(service("web", NAMED), member)), "KSV101").fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1])[:2] == [
        {"op": "remove", "path": "/spec/selector/app"},
        {"op": "add", "path": "/spec/selector/k8s-app", "value": "web"},
    ]


def test_all_faults_that_come_to_light_are_mended() -> None:
    """Each port by itself."""
    declared = container("app", port(8080, "http"), port(8081, "admin"))

    report = explain(settled(service("web", NAMED, OTHER_NAMED, selector={"app": "Web"}), pod("p", declared)))

    (fix,) = only(report, "KSV101").fixes
    assert fix.title == "select app=web and target port http and target port admin"
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


def test_what_comes_to_light_and_cannot_be_mended_with_it_is_named() -> None:
    """Beside what can."""
    failing = unready("p", labels={"app": "web"})
    declared = with_(failing.spec.containers[0], ports=(port(8080, "http"),))
    member = with_(failing, spec__containers=(declared,))

    other = ServicePort(name="main", port=81, target_port=7070)

    report = explain(settled(service("web", NAMED, other, selector={"app": "Web"}), member))

    (fix,) = only(report, "KSV101").fixes
    assert fix.title == "select app=web and target port http"
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.BROKEN, ("KSV301",))
    assert fix.notes[-1] == "KSV301 remains: readiness probe fails on 1 of 1 pod."


def test_what_has_a_finding_of_its_own_is_not_mended_twice() -> None:
    """Each of two visible faults has its own fix."""
    declared = container("app", port(8080, "x"), port(8081, "admin"))

    report = explain(settled(service("web", NAMED, OTHER_NAMED), pod("p", declared)))

    found = find(report, "KSV201")
    assert [[fix.title for fix in each.fixes] for each in found] == [["target port x"], ["target port admin"]]


WEB_REF = Ref("Service", "shop", "web")
PATCH = Fix("do it", Confidence.PROOF, change=Change(WEB_REF, (Op(("spec", "a"), 1),)), notes=("first",))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PATCH, Fix("x", Confidence.PROOF)),
        (Fix("x", Confidence.PROOF), PATCH),
        (PATCH, with_(PATCH, change=Change(Ref("Service", "shop", "api"), ()))),
        (PATCH, with_(PATCH, then=(("kubectl", "get"),))),
        (with_(PATCH, then=(("kubectl", "get"),)), PATCH),
    ],
    ids=["no change", "no change either", "another object", "more to do after", "more to do before"],
)
def test_fixes_that_do_not_go_together_stay_apart(one: Fix, other: Fix) -> None:
    """One command makes one change of one object."""
    assert fixes.together(one, finding("KSV1", WHOLE), other) is None


def test_a_fix_of_two_causes_is_as_certain_as_the_less_certain_one() -> None:
    """And says what the second change is for."""
    other = Fix("more", Confidence.LIKELY, change=Change(WEB_REF, (Op(("spec", "b"), 2),)), notes=("second",))

    both = fixes.together(PATCH, finding("KSV1", WHOLE), other)

    assert both is not None
    assert both.title == "do it and more"
    assert both.certainty is Confidence.LIKELY
    assert both.notes == ("first", "Otherwise KSV1 would remain: ksv1.", "more: second")
    assert both.change is not None
    assert both.change.merge_patch == {"spec": {"a": 1, "b": 2}}


WORKLOAD_NAMES = ("shop-web", *(f"shop-part-{n}" for n in range(99)))
_PAGE = 500


def crowd() -> list[Obj]:
    """2,000 pods of 100 Deployments, on twenty nodes."""
    found: list[Obj] = []
    for at, name in enumerate(WORKLOAD_NAMES):
        labels = {"app": name, "part-of": "shop", "pod-template-hash": "5d4f8c7d9"}
        owner = owned_by("ReplicaSet", f"{name}-5d4f8c7d9")
        found += [deployment(name, labels={"app": name, "part-of": "shop"}), replica_set(owner.name, name)]
        found += [
            pod(f"{name}-{n}", labels=labels, ips=(f"10.{at}.0.{n}",), node=f"node-{n}", owner=owner)
            for n in range(20)
        ]
    return found


@pytest.mark.timeout(20)
@pytest.mark.parametrize("selector", [{"app": "web"}, {"app": "web", "part-of": "shop"}, {"app": "db"}])
def test_a_broken_service_among_thousands_of_pods_costs_sixteen_requests(selector: dict[str, str]) -> None:
    """Metadata first; whole pods of one candidate only, in one page of each list."""
    source = FakeSource(settled(service(selector=selector), *crowd()))

    only(ask(WEB, source), "KSV101")

    assert source.requests <= 16
    whole = [read for wanted in source.rounds for read in wanted if read.part is Portion.WHOLE]
    assert all(len(source.truth.find(read, Obj)) < _PAGE for read in whole)


@pytest.mark.timeout(20)
def test_as_many_near_misses_as_pods_are_no_trouble() -> None:
    """Nor as many workloads without pods."""
    members = [
        pod(f"p-{n}", labels={"app": f"web-x{n}", "tier": "a"}, ips=("10.0.0.1",)) for n in range(2000)
    ]
    empty = [deployment(f"d-{n}", labels={"app": f"wex-{n}", "tier": "a"}) for n in range(300)]

    report = explain(settled(service(selector={"app": "web", "tier": "a"}), *members, *empty))

    assert only(report, "KSV101").fixes == ()


@pytest.mark.parametrize("beside", [(), (OF_NOBODY,)], ids=["alone", "a ReplicaSet of nobody"])
def test_pods_without_labels_cost_few_requests(beside: tuple[Obj, ...]) -> None:
    """They are read whole at once, and no other namespace is searched where some of them are meant."""
    members = [pod(f"web-{n}", labels={}, ips=(f"10.0.0.{n}",), node=f"node-{n}") for n in range(5)]
    source = FakeSource(settled(service(), *members, *beside))

    found = only(ask(WEB, source), "KSV101")

    assert [fix.title for fix in found.fixes] == [f"label Pod/web-{n} app=web" for n in range(3)]
    assert pod_lists(source) == [Read("Pod", "shop")]
    assert source.requests <= 16


def test_near_pods_that_have_finished_cost_few_requests() -> None:
    """Their Nodes decide nothing; whether their Job is to run again does."""
    by = owned_by("Job", "web-1")
    over = [
        pod(f"web-1-{n}", labels={"app": "Web"}, node=f"node-{n}", owner=by, phase="Succeeded")
        for n in range(3)
    ]
    source = FakeSource(settled(service(), *over))

    (fix,) = only(ask(WEB, source), "KSV101").fixes

    assert fix.outcome is not None
    assert not any(read.kind == "Node" for wanted in source.rounds for read in wanted)
    assert source.requests <= 16


def test_a_selector_that_was_lacking_and_a_port_are_one_patch() -> None:
    """The object that lacks a selector gets one."""
    declared = pod("p", container("app", port(8080, "http")), owner=owned_by("ReplicaSet", "web-abc"))
    of = service("web", NAMED, selector={})

    (fix,) = only(explain(settled(of, deployment(), replica_set(), declared)), "KSV103").fixes

    assert fix.command is not None
    assert json.loads(fix.command[-1])[0] == {"op": "add", "path": "/spec/selector", "value": {"app": "web"}}
