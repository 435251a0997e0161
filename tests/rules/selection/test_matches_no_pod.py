"""KSV101: the selector matches no pod."""

import json

import pytest

from kubesvc.analyzer.differences import HASHES
from kubesvc.model import derived
from kubesvc.model.objects import (
    ContainerPort,
    LabelSelector,
    LabelSelectorRequirement,
    Obj,
    Ordinals,
    Ref,
    ServicePort,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Portion, Read
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    container,
    deployment,
    endpoint,
    hand_made,
    headless,
    namespace,
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
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BY_RS = owned_by("ReplicaSet", "web-abc")
WEB: tuple[Obj, ...] = (deployment(), replica_set())


def test_a_selector_that_no_pod_carries_is_the_cause() -> None:
    """The nearest pods, what clients see, and the change that would select them."""
    of = service(selector={"app": "Web"})

    report = explain(settled(of, *pods(3, owner=BY_RS), *WEB))

    found = only(report, "KSV101")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "selector app=Web: carried by 0 of 3 pods in shop"
    assert found.culprit == of.ref
    assert [(place.service, place.field) for place in found.places] == [(of.ref, "spec.selector")]
    assert (found.confidence, found.effect) == (Confidence.PROOF, Effect.BROKEN)
    assert rows(found) == [
        "nearest: app=web, differs in letter case: 3 ready pods of Deployment/web",
        "clients: inside the cluster, web:80 refuses connections (where kube-proxy forwards)",
    ]
    (fix,) = found.fixes
    assert fix.title == "select app=web"
    assert fix.command is not None
    assert fix.command[:-1] == ("kubectl", "patch", "service", "web", "--type", "merge", "-p")
    assert json.loads(fix.command[-1]) == {"spec": {"selector": {"app": "web"}}}
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(3, 3)]
    assert fix.notes == (
        "Relabeling Deployment/web instead is not possible: app is in its immutable selector.",
    )


KINDS = {
    "value": ({"app": "webb"}, {"app": "web"}, {"app": "web"}, "differs in value"),
    "letter case": ({"app": "WEB"}, {"app": "web"}, {"app": "web"}, "differs in letter case"),
    "key": (
        {"app": "web"},
        {"app.kubernetes.io/name": "web"},
        {"app": None, "app.kubernetes.io/name": "web"},
        "in key",
    ),
    "case of the key": (
        {"App": "web"},
        {"app": "web"},
        {"App": None, "app": "web"},
        "letter case of the key",
    ),
    "one of two": (
        {"app": "web", "tier": "fe"},
        {"app": "web", "tier": "frontend"},
        {"tier": "frontend"},
        "value",
    ),
    "release prefix": (
        {"app": "web"},
        {"app": "my-release-web"},
        {"app": "my-release-web"},
        "differs in value",
    ),
}


@pytest.mark.parametrize(("selector", "labels", "patch", "said"), KINDS.values(), ids=KINDS)
def test_near_misses_are_told_by_kind(
    selector: dict[str, str], labels: dict[str, str], patch: dict[str, str | None], said: str
) -> None:
    """One cause with several ways to miss; the change touches only what differs."""
    found = only(explain(settled(service(selector=selector), pod(labels=labels))), "KSV101")

    assert said in rows(found)[0]
    assert found.fixes[0].command is not None
    assert json.loads(found.fixes[0].command[-1]) == {"spec": {"selector": patch}}


def test_the_nearest_comes_first() -> None:
    """A letter's case before a value; at most three are offered."""
    carried = ["frontend1", "frontend2", "frontend3", "Frontend"]
    members = [pod(f"w-{n}", labels={"app": value}, ips=(f"10.0.1.{n}",)) for n, value in enumerate(carried)]

    found = only(explain(settled(service(selector={"app": "frontend"}), *members)), "KSV101")

    assert len(found.fixes) == 3
    assert found.fixes[0].title == "select app=Frontend"


def test_hashes_do_not_tell_pods_apart() -> None:
    """Pods of two revisions are one candidate."""
    members = [
        with_(p, metadata__labels={"app": "web", "pod-template-hash": str(n)})
        for n, p in enumerate(pods(2, owner=BY_RS))
    ]

    found = only(explain(settled(service(selector={"app": "Web"}), *members, *WEB)), "KSV101")

    assert rows(found)[0].endswith("2 ready pods of Deployment/web")
    assert len(found.fixes) == 1


def test_owners_of_one_candidate_share_its_fix() -> None:
    """The same change would select the pods of both."""
    members = (pod("web-1", owner=owned_by("StatefulSet", "web")), pod("web-2", ips=("10.0.0.2",)))

    found = only(explain(settled(service(selector={"app": "Web"}), *members, stateful_set())), "KSV101")

    assert [row.split(": ", 1)[1] for row in rows(found)[:2]] == [
        "app=web, differs in letter case: 1 ready pod of StatefulSet/web",
        "app=web, differs in letter case: 1 ready pod of Pod/web-2",
    ]
    assert len(found.fixes) == 1


def test_a_fix_says_what_still_remains() -> None:
    """Selector and port may be wrong at once: the change is no promise of health."""
    wrong = service("web", with_(service().spec.ports[0], target_port="nobody"), selector={"app": "Web"})

    found = only(explain(settled(wrong, pod("web-1", container("app", port(1), port(2))))), "KSV101")

    assert found.fixes[0].outcome is not None
    assert (found.fixes[0].outcome.verdict, found.fixes[0].outcome.remaining) == (Verdict.BROKEN, ("KSV201",))


def test_a_template_label_that_is_free_may_be_changed() -> None:
    """Nothing is said of the workload's selector then."""
    labels = {"app": "web", "tier": "frontend"}
    free = with_(deployment(labels=labels), spec__selector__match_labels={"app": "web"})
    of = service(selector={"app": "web", "tier": "fe"})

    found = only(explain(settled(of, pod(labels=labels, owner=BY_RS), replica_set(), free)), "KSV101")

    assert found.fixes[0].notes == ()


def test_other_namespaces_are_searched_where_the_own_has_no_candidate() -> None:
    """Only then: a cluster-wide list is dear."""
    away = [pod(f"web-{n}", namespace="other") for n in range(2)]
    nothing = FakeSource(settled(service(), pod("db", labels={"app": "db"}), *away))
    something = FakeSource(settled(service(selector={"app": "Web"}), *pods(1), *away))

    found = only(ask(Query("shop", ("web",)), nothing), "KSV101")
    ask(Query("shop", ("web",)), something)

    assert rows(found)[0] == "elsewhere: namespace other has 2 pods with these labels"
    assert found.fixes == ()
    everywhere = [
        read for wanted in something.rounds for read in wanted if read.kind == "Pod" and not read.namespace
    ]
    assert everywhere == []


def test_namespaces_called_alike_are_named_first() -> None:
    """One of them was rather meant than any other that has such pods."""
    away = [pod(namespace=space) for space in ("a", "b", "c", "shop-eu")]

    found = only(explain(settled(service(), pod("db", labels={"app": "db"}), *away)), "KSV101")

    assert rows(found)[0] == "elsewhere: namespace shop-eu has 1 pod with these labels"


def test_the_manager_of_the_selector_is_named() -> None:
    """With its last write to any of its fields."""
    note = {derived.PREFIX + "managers": '{"spec.selector":["helm","2026-01-31T11:58:00Z"]}'}
    of = with_(service(selector={"app": "none"}), metadata__annotations=note)

    found = only(explain(settled(of)), "KSV101")

    assert rows(found)[-1] == "changed: selector is managed by helm, which last wrote 2 min ago"


def test_a_headless_name_resolves_to_nothing() -> None:
    """No virtual address refuses anything."""
    found = only(explain(settled(headless(selector={"app": "none"}))), "KSV101")

    assert rows(found) == ["clients: web resolves to no address (where CoreDNS answers)"]


def test_a_workload_that_could_not_be_read_leaves_a_doubt() -> None:
    """It may be scaled to zero; the verdict is unknown then, and nothing is proven."""
    source = FakeSource(settled(service(), deployment(replicas=0)), denied=(Read("Deployment"),))

    report = ask(Query("shop", ("web",)), source)

    found = only(report, "KSV101")
    assert verdict(report) is Verdict.UNKNOWN
    assert found.confidence is Confidence.LIKELY
    assert any(
        row.startswith("not read: deployments in shop could not be read (forbidden)") for row in rows(found)
    )


def test_pods_without_any_likeness_are_no_candidates() -> None:
    """A guess must rest on something."""
    found = only(
        explain(settled(service(), pod(labels={"app": "postgres"}), pod("bare", labels={}))), "KSV101"
    )

    assert found.fixes == ()
    assert found.headline.endswith("0 of 2 pods in shop")


def test_a_fix_that_leaves_the_cause_is_not_offered() -> None:
    """A pod of the candidate may be gone when it is read whole."""
    labels = {"app": "web", "tier": "frontend"}
    report = explain(settled(service(selector={"app": "Web"}), pod(labels=labels, phase="Failed")))

    (fix,) = only(report, "KSV101").fixes
    assert fix.outcome is not None
    assert fix.outcome.remaining == ("KSV302",)


def test_candidates_that_are_not_ready_are_told() -> None:
    """Selecting them would not be the end of it."""
    of = service(selector={"app": "Web"})

    found = only(explain(settled(of, pod("web-1"), unready("web-2", owner=BY_RS), *WEB)), "KSV101")

    assert rows(found)[:2] == [
        "nearest: app=web, differs in letter case: 1 pod, 0 ready, of Deployment/web",
        ": app=web, differs in letter case: 1 ready pod of Pod/web-1",
    ]


@pytest.mark.parametrize(
    "objects",
    [
        (service(), pod()),
        (service(), pod(phase="Failed")),
        (service(), deployment(replicas=0)),
        (service(), deployment(replicas=3)),
        (service(selector={}), pod()),
        (service(selector={"app": "none"}, type="ExternalName", external_name="x.example"), pod()),
    ],
    ids=["selects", "finished pods", "scaled to zero", "no pods yet", "no selector", "alias"],
)
def test_what_looks_like_it_is_not_it(objects: tuple[Obj, ...]) -> None:
    """Another cause, or none."""
    assert find(explain(settled(objects[0], *objects[1:])), "KSV101") == ()  # type: ignore[arg-type]


def test_pods_that_could_not_be_read_are_not_zero() -> None:
    """Forbidden is not empty."""
    source = FakeSource(settled(service(), *pods(2)), denied=(Read("Pod"),))

    report = ask(Query("shop", ("web",)), source)

    assert report.findings == ()
    assert "KSV101" in [missed.code for missed in report.not_checked]
    assert verdict(report) is Verdict.UNKNOWN


def test_pods_of_another_namespace_do_not_count() -> None:
    """Although they carry the labels; endpoints written by hand do serve."""
    away = pod(namespace="other")

    report = explain(settled(service(), away, namespace(), hand_made(endpoint("192.0.2.1"))))

    assert report.findings[0].code == "KSV101"
    assert report.findings[0].culprit == Ref("Service", "shop", "web")


def test_pods_of_other_applications_are_shown_and_not_offered() -> None:
    """They share the instance only: nothing speaks for another name. So other namespaces are searched."""
    of = service(selector={"name": "web", "instance": "prod"})
    members = [
        pod(name, labels={"name": name, "instance": "prod"}, ips=(f"10.0.0.{n}",))
        for n, name in enumerate(("postgres", "redis"))
    ]
    away = pod(namespace="other", labels={"name": "web", "instance": "prod"})

    found = only(explain(settled(of, *members, away)), "KSV101")

    assert found.fixes == ()
    assert rows(found)[:3] == [
        "nearest: name=postgres, differs in value: 1 pod of Pod/postgres; another name",
        ": name=redis, differs in value: 1 pod of Pod/redis; another name",
        "elsewhere: namespace other has 1 pod with these labels",
    ]


def test_why_a_part_of_the_application_is_not_offered_is_said() -> None:
    """It is another kind of part, or one of several that are as near."""
    of = service(selector={"app": "shop", "component": "ui"})

    def said(*parts: str) -> list[str]:
        members = [pod(part, labels={"app": "shop", "component": part}) for part in parts]
        found = only(explain(settled(of, *members)), "KSV101")
        assert found.fixes == ()
        return [row.rpartition("; ")[2] for row in rows(found) if "differs in" in row]

    assert said("worker") == ["worker names another part"]
    assert said("api", "customer") == ["another component", "another component"]


def test_another_tier_of_the_same_application_is_offered() -> None:
    """However its value is spelled: the name speaks for it."""
    of = service(selector={"app": "web", "tier": "fe"})

    (fix,) = only(explain(settled(of, pod(labels={"app": "web", "tier": "customer"}))), "KSV101").fixes

    assert fix.title == "select tier=customer"


@pytest.mark.parametrize("key", sorted(HASHES))
def test_a_label_that_changes_with_each_rollout_is_removed(key: str) -> None:
    """Its next value would be wrong again soon."""
    of = service(selector={"app": "web", key: "old-5d4f8c7d9"})
    member = pod(labels={"app": "web", key: "old-5d4f8c7d8"}, owner=BY_RS)

    found = only(explain(settled(of, member, *WEB)), "KSV101")

    (fix,) = found.fixes
    assert fix.title == f"select no {key}"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == {"spec": {"selector": {key: None}}}
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


def test_a_selector_of_nothing_but_a_hash_has_no_candidate() -> None:
    """Without it the Service would select nothing at all."""
    of = service(selector={"pod-template-hash": "old"})

    found = only(explain(settled(of, pod(labels={"pod-template-hash": "new"}))), "KSV101")

    assert [row for row in rows(found) if row.startswith("nearest")] == []
    assert found.fixes == ()


@pytest.mark.parametrize(
    ("spaces", "last"),
    [
        (3, "elsewhere: namespace other-2 has 1 pod with these labels"),
        (4, ": and 1 more namespace"),
        (6, ": and 3 more namespaces"),
    ],
)
def test_at_most_three_namespaces_are_named(spaces: int, last: str) -> None:
    """The others are counted."""
    away = [pod(namespace=f"other-{n}") for n in range(spaces)]

    found = only(explain(settled(service(), *away)), "KSV101")

    named = [row for row in rows(found) if row.startswith("elsewhere")]
    assert len(named) == 3
    assert rows(found)[-2] == last


def test_a_selector_with_expressions_holds_its_labels_too() -> None:
    """A workload may name its keys in `matchExpressions` alone."""
    expression = LabelSelectorRequirement(key="app", operator="In", values=("web",))
    workload = with_(deployment(), spec__selector=LabelSelector(match_expressions=(expression,)))
    members = pods(1, owner=BY_RS)

    found = only(
        explain(settled(service(selector={"app": "Web"}), *members, replica_set(), workload)), "KSV101"
    )

    assert found.fixes[0].notes == (
        "Relabeling Deployment/web instead is not possible: app is in its immutable selector.",
    )


@pytest.mark.parametrize(
    ("selector", "same", "key"),
    [
        ({"app": "xyz", "tier": "t"}, {"tier": "t"}, "app"),
        ({"app": "shop", "part": "xyz"}, {"app": "shop"}, "part"),
    ],
    ids=["of any application", "of the same application"],
)
def test_the_name_of_the_service_comes_before_other_unlike_values(
    selector: dict[str, str], same: dict[str, str], key: str
) -> None:
    """Although more pods carry another."""
    values = ("cart", "cart", "web")
    members = [
        pod(f"p-{n}", labels={**same, key: value}, ips=(f"10.0.0.{n}",)) for n, value in enumerate(values)
    ]

    found = only(explain(settled(service(selector=selector), *members)), "KSV101")

    assert rows(found)[0].startswith(f"nearest: {key}=web, differs in value: 1 ready pod")
    assert found.fixes[0].title == f"select {key}=web"


def expressed(key: str, operator: str, *values: str) -> LabelSelector:
    """A selector of one expression."""
    return LabelSelector(
        match_expressions=(LabelSelectorRequirement(key=key, operator=operator, values=values),)
    )


HOW = {
    "a prefix": ({"app": "web"}, {"app": "shop-web"}, "app=shop-web, differs in value by the prefix shop-"),
    "a suffix": ({"app": "web"}, {"app": "web-app"}, "app=web-app, differs in value by the suffix -app"),
    "a prefix less": (
        {"app": "shop-web"},
        {"app": "web"},
        "app=web, differs in value without the prefix shop-",
    ),
    "a suffix less": (
        {"app": "web-app"},
        {"app": "web"},
        "app=web, differs in value without the suffix -app",
    ),
    "separators": ({"app": "web-app"}, {"app": "web_app"}, "app=web_app, differs in separators"),
    "key and value": ({"app": "web"}, {"run": "webb"}, "run=webb, differs in key and value"),
    "key and letter case": ({"app": "web"}, {"run": "Web"}, "run=Web, differs in key and letter case"),
    "the prefix of the key": ({"x.example/part": "a"}, {"part": "a"}, "part=a, differs in key"),
    "a key that nobody has": (
        {"app": "web", "tier": "fe"},
        {"app": "web"},
        "no tier, differs in a key that they lack",
    ),
    "its own key before another": (
        {"run": "web"},
        {"app": "webb", "run": "webb"},
        "run=webb, differs in value",
    ),
    "two things": (
        {"app": "Web", "tier": "fe"},
        {"app": "web", "tier": "frontend"},
        "app=web,tier=frontend, differs in letter case and value",
    ),
    "one thing twice": (
        {"app": "Web", "tier": "Fe"},
        {"app": "web", "tier": "fe"},
        "app=web,tier=fe, differs in letter case",
    ),
    "a pod alone": (
        {"app": "web", "statefulset.kubernetes.io/pod-name": "db-0"},
        {"app": "web"},
        "no statefulset.kubernetes.io/pod-name, differs in a label of one pod alone",
    ),
}


@pytest.mark.parametrize(("selector", "labels", "said"), HOW.values(), ids=HOW)
def test_it_is_said_in_what_they_differ(selector: dict[str, str], labels: dict[str, str], said: str) -> None:
    """And what the selector would be."""
    found = only(explain(settled(service(selector=selector), pod(labels=labels))), "KSV101")

    assert rows(found)[0].startswith(f"nearest: {said}: 1 ")


def test_a_label_of_another_requirement_stands_for_no_second_one() -> None:
    """It meets the one already."""
    of = service(selector={"app": "web", "run": "webb"})

    found = only(explain(settled(of, pod(labels={"app": "web"}))), "KSV101")

    assert rows(found)[0].startswith("nearest: no run, differs in a key that they lack")


def test_a_workload_without_pods_is_a_candidate() -> None:
    """Its template tells what its pods would carry; what else is wrong remains."""
    of = service(selector={"app": "Web"})

    found = only(explain(settled(of, deployment(replicas=0), pod("db", labels={"app": "db"}))), "KSV101")

    assert rows(found)[0] == (
        "nearest: app=web, differs in letter case: Deployment/web has no pods, and wants 0"
    )
    (fix,) = found.fixes
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.IDLE, ("KSV102",))
    assert fix.notes[-1] == "KSV102 remains: Deployment/web is scaled to zero."


@pytest.mark.parametrize(
    "selecting",
    [
        LabelSelector(match_labels={"app": "web"}),
        expressed("app", "In", "web"),
        expressed("app", "Exists"),
        expressed("x", "DoesNotExist"),
        expressed("x", "NotIn", "y"),
        expressed("app", "NotIn", "y"),
    ],
)
def test_a_workload_that_has_pods_is_told_by_them(selecting: LabelSelector) -> None:
    """Its selector tells which are its own; an older template may have labeled them otherwise."""
    workload = with_(deployment(labels={"app": "web-new"}), spec__selector=selecting)
    of = service(selector={"app": "Web"})

    found = only(explain(settled(of, workload, pod(owner=BY_RS), replica_set())), "KSV101")

    assert [row for row in rows(found) if "has no pods" in row] == []


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("In", "app", ("x",)),
        ("In", "x", ("web",)),
        ("NotIn", "app", ("web",)),
        ("Exists", "x", ()),
        ("DoesNotExist", "app", ()),
    ],
)
def test_pods_of_others_are_none_of_a_workload(operator: str, key: str, values: tuple[str, ...]) -> None:
    """Every expression of its selector has to hold."""
    workload = with_(deployment(replicas=0), spec__selector=expressed(key, operator, *values))

    found = only(explain(settled(service(selector={"app": "Web"}), workload, pod())), "KSV101")

    assert any("Deployment/web has no pods" in row for row in rows(found))


def test_nothing_is_said_of_workloads_where_the_pods_could_not_be_read() -> None:
    """They may have some."""
    near = Read("Pod", "shop", part=Portion.METADATA)
    source = FakeSource(settled(service(selector={"app": "Web"}), deployment(replicas=0)), denied=(near,))

    found = only(ask(Query("shop", ("web",)), source), "KSV101")

    assert found.fixes == ()
    assert [row for row in rows(found) if row.startswith("nearest")] == []


def test_the_nearest_of_several_owners_decides_the_order() -> None:
    """A change is offered where it stands first, not where another owner's pods would put it."""
    of = service(selector={"app": "frontend"})
    apps = (("frontend", "frontend-v1", 9), ("x", "v2-frontend", 1), ("y", "frontend-v1", 1))
    members = [
        pod(f"{name}-{n}", labels={"app": value}, ips=(f"10.{k}.0.{n}",), owner=owned_by("StatefulSet", name))
        for k, (name, value, number) in enumerate(apps)
        for n in range(number)
    ]

    found = only(explain(settled(with_(of, metadata__name="frontend"), *members), "frontend"), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select app=frontend-v1", "select app=v2-frontend"]


def test_more_changes_than_three_that_are_equally_near_are_not_offered() -> None:
    """Nothing speaks for one of them; so other namespaces are searched."""
    values = ("web-a", "web-b", "web-c", "web-d")
    members = [pod(f"p-{n}", labels={"app": value}, ips=(f"10.0.0.{n}",)) for n, value in enumerate(values)]
    away = pod(namespace="other")

    many = only(explain(settled(service(), *members, away)), "KSV101")
    few = only(explain(settled(service(), *members[:3], away)), "KSV101")

    assert (len(many.fixes), len(few.fixes)) == (0, 3)
    assert [row.partition(":")[0] for row in rows(many)[:4]] == ["nearest", "", "", "elsewhere"]


def colors(*values: str, key: str = "color") -> list[Obj]:
    """Variants of one application, each of a StatefulSet of its own."""
    return [
        pod(
            f"web-{value}-0",
            labels={"app": "web", key: value},
            ips=(f"10.0.0.{n}",),
            owner=owned_by("StatefulSet", f"web-{value}"),
        )
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize("values", [("blue", "green"), ("blue", "green", "red")])
def test_few_variants_that_are_equally_near_are_each_offered(values: tuple[str, ...]) -> None:
    """With the remark that nobody knows which; a fix that is the only one goes without."""
    of = service(selector={"app": "web", "color": "purple"})

    found = only(explain(settled(of, *colors(*values))), "KSV101")
    one = only(explain(settled(of, *colors("blue"))), "KSV101")

    assert [fix.title for fix in found.fixes] == [f"select color={value}" for value in values]
    assert {fix.notes for fix in found.fixes} == {("Which one is meant is not known.",)}
    assert {fix.outcome.verdict for fix in found.fixes if fix.outcome} == {Verdict.HEALTHY}
    assert [(fix.title, fix.notes) for fix in one.fixes] == [("select color=blue", ())]


RELEASES = ("app.kubernetes.io/instance", "instance", "release")
UNDECIDED = {
    "many": ({"app": "web", "color": "purple"}, colors("blue", "green", "red", "white")),
    "parts": ({"app": "web", "tier": "purple"}, colors("blue", "green", key="tier")),
    **{
        key: ({"app": "web", key: "purple"}, colors("blue", "green", key=key))
        for key in (*RELEASES, "example.com/tier")
    },
    "of no application": ({"color": "purple", "stage": "x"}, colors("blue", "green")),
    "of another one": ({"app": "db", "color": "purple"}, colors("blue", "green")),
    "of Jobs": (
        {"app": "web", "color": "purple"},
        [with_(p, metadata__owner_references=(owned_by("Job", p.metadata.name),)) for p in colors("a", "b")],
    ),
}


@pytest.mark.parametrize(("selector", "members"), UNDECIDED.values(), ids=UNDECIDED)
def test_what_is_no_variant_of_the_application_is_not_offered(
    selector: dict[str, str], members: list[Obj]
) -> None:
    """Nor where there are many."""
    of = service("entry", selector=selector)

    assert only(explain(settled(of, *members), "entry"), "KSV101").fixes == ()


@pytest.mark.parametrize(
    ("asked", "labels", "said"),
    [
        ({"app": "web-missing"}, {"app": "web-db"}, "app=web-db, differs in value"),
        ({"app": "web"}, {"app": "web-db"}, "app=web-db, differs in value by the suffix -db"),
        (
            {"app": "web", "stage": "prod"},
            {"app": "web-db", "env": "x"},
            None,
        ),
    ],
    ids=["like the Service", "like what is written", "and something else is lacking"],
)
def test_another_part_is_named_and_not_offered(
    asked: dict[str, str], labels: dict[str, str], said: str | None
) -> None:
    """It is near by its name, and what it is is said; what differs otherwise as well is not near."""
    workload = deployment("web-db", labels=labels)
    member = pod("web-db-x", labels=labels, owner=owned_by("ReplicaSet", "web-db-abc"))

    found = only(
        explain(settled(service(selector=asked), workload, replica_set("web-db-abc", "web-db"), member)),
        "KSV101",
    )

    assert found.fixes == ()
    near = [row for row in rows(found) if row.startswith("nearest: ")]
    assert near == ([f"nearest: {said}: 1 pod of Deployment/web-db; db names another part"] if said else [])


def test_a_bare_pod_of_another_part_is_offered_no_labels() -> None:
    """It is called after the Service, and is not what it is for."""
    found = only(explain(settled(service(), pod("web-db", labels={}))), "KSV101")

    assert found.fixes == ()


def test_a_variant_that_something_speaks_for_is_offered_alone() -> None:
    """The others are farther."""
    of = service("web-green", selector={"app": "web", "color": "purple"})

    found = only(explain(settled(of, *colors("blue", "green")), "web-green"), "KSV101")

    assert [(fix.title, fix.notes) for fix in found.fixes] == [("select color=green", ())]


def test_variants_are_not_offered_in_a_large_namespace() -> None:
    """Only one change is tried there, and which of them is not known."""
    of = service(selector={"app": "web", "color": "purple"})
    others = [pod(f"db-{n}", labels={"app": "db"}, ips=("10.0.9.9",)) for n in range(200)]

    assert only(explain(settled(of, *colors("blue", "green"), *others)), "KSV101").fixes == ()


@pytest.mark.parametrize(
    ("value", "template", "told"),
    [("web-2", {"app": "web"}, True), ("web-x", {"app": "web"}, False), ("web-2", {"app": "db"}, False)],
)
def test_one_pod_of_a_stateful_set_is_asked_for_by_its_number(
    value: str, template: dict[str, str], *, told: bool
) -> None:
    """Its others are not meant: without the number all would be selected."""
    of = service(selector={"app": "web", "statefulset.kubernetes.io/pod-name": value})
    workload = stateful_set(labels=template, replicas=2)
    members = [
        pod(
            f"web-{n}",
            labels={"app": "web", "statefulset.kubernetes.io/pod-name": f"web-{n}"},
            ips=(f"10.0.0.{n}",),
            owner=owned_by("StatefulSet", "web"),
        )
        for n in range(2)
    ]

    found = only(explain(settled(of, workload, *members)), "KSV101")

    said = "selects: web-2, which StatefulSet/web has from 3 replicas on; it wants 2"
    assert (rows(found)[0] == said) is told
    scaled = [fix.command for fix in found.fixes if fix.title == "scale StatefulSet/web up to 3 pods"]
    assert scaled == [("kubectl", "scale", "statefulset/web", "--replicas=3")] * told
    assert (len(found.fixes) == len(scaled)) is told


@pytest.mark.parametrize(
    ("start", "number", "told"),
    [
        (0, 1, "one pod of StatefulSet/web, which wants 2 pods"),
        (5, 6, "one pod of StatefulSet/web, which wants 2 pods"),
        (5, 4, "web-4, which StatefulSet/web never has: its first pod is web-5"),
        (5, 7, "web-7, which StatefulSet/web has from 3 replicas on; it wants 2"),
    ],
    ids=["not there yet", "numbered from 5", "below the first", "above the last"],
)
def test_more_replicas_bring_a_pod_only_above_the_last(start: int, number: int, told: str) -> None:
    """One that is lacking among those that are wanted is its controller's matter."""
    of = service(selector={"app": "web", "statefulset.kubernetes.io/pod-name": f"web-{number}"})

    found = only(
        explain(settled(of, with_(stateful_set(replicas=2), spec__ordinals=Ordinals(start=start)))), "KSV101"
    )

    assert rows(found)[0] == f"selects: {told}"
    assert [fix.title for fix in found.fixes] == [
        "scale StatefulSet/web up to 3 pods" for _ in [0] if "has from" in told
    ]


def test_the_candidates_that_are_ready_come_first_in_a_small_namespace() -> None:
    """Of equally near ones."""
    members = (
        pod("a", labels={"app": "web-a"}, ready=False),
        pod("b", labels={"app": "web-b"}, ips=("10.0.0.9",)),
    )

    found = only(explain(settled(service(), *members)), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select app=web-b", "select app=web-a"]


def test_a_workload_without_pods_is_told_apart_from_one_that_is_missed() -> None:
    """One Service fits what is scaled to zero, the other one misses it: each has its own cause."""
    fits, misses = service(), with_(service(selector={"app": "Web"}), metadata__name="api")
    pieces = (fits, misses, deployment(replicas=0))

    report = explain(settled(*pieces).with_answers(slices(misses), []), "web", "api")

    assert [(f.code, f.culprit.name, f.effect) for f in report.findings] == [
        ("KSV102", "web", Effect.IDLE),
        ("KSV101", "api", Effect.BROKEN),
    ]


@pytest.mark.parametrize("key", ["app.kubernetes.io/version", "helm.sh/chart", "chart"])
def test_a_label_that_changes_with_each_release_is_dropped(key: str) -> None:
    """The value that pods carry today would break the Service again at the next release."""
    of = service(selector={"app": "web", key: "web-1.2.3"})

    found = only(explain(settled(of, pod(labels={"app": "web", key: "web-1.2.4"}))), "KSV101")

    assert [fix.title for fix in found.fixes] == [f"select no {key}"]


@pytest.mark.parametrize(
    ("key", "wanted", "carried", "offered"),
    [
        ("env", "prod", "staging", False),
        ("tenant", "acme", "globex", False),
        ("example.com/stage", "prod", "staging", False),
        ("region", "eu", "us", False),
        ("env", "prod", "prdo", True),
        *((key, "blue", "green", True) for key in ("color", "track", "example.com/slot", "Revision")),
        *((key, "api", "storefront", True) for key in ("component", "role", "tier", "example.com/tier")),
        *((key, "prod", "staging", True) for key in RELEASES),
    ],
)
def test_what_is_told_apart_on_purpose_is_not_offered(
    key: str, wanted: str, carried: str, *, offered: bool
) -> None:
    """Traffic for one environment or customer would reach another; a slip or a color is no such thing.

    Neither is another part or release of what bears the Service's name, by whichever key it is told.
    """
    of = service(selector={"app": "web", key: wanted})

    found = only(explain(settled(of, pod(labels={"app": "web", key: carried}))), "KSV101")

    (near,) = [row for row in rows(found) if row.startswith("nearest")]
    assert near.endswith(f"; another {key}") is not offered
    assert [fix.title for fix in found.fixes] == [f"select {key}={carried}"] * offered


@pytest.mark.parametrize(
    ("app", "declares", "target", "said"),
    [
        ("web-gateway", (port(8443, "https"),), 8080, "declares 8443, not 8080"),
        ("web-gateway", (port(8443, "tls"), port(5432)), "http", "declares 5432, 8443, not http"),
        ("web-gateway", (port(8080),), 8080, ""),
        ("web-gateway", (port(9000, "http"),), "http", ""),
        ("web-gateway", (port(80, "main"),), "http", ""),
        ("web-gateway", (), 8080, ""),
        ("Web", (port(8443),), 8080, ""),
        ("prod-web", (port(8443),), 8080, ""),
    ],
    ids=[
        "number",
        "name",
        "same number",
        "same name",
        "the port",
        "nothing declared",
        "letter case",
        "a prefix",
    ],
)
@pytest.mark.parametrize("there", [True, False], ids=["pods", "template"])
def test_ports_refute_what_is_alike_by_words_alone(
    app: str, declares: tuple[ContainerPort, ...], target: int | str, said: str, *, there: bool
) -> None:
    """Another application is called alike, and listens elsewhere; a slip may come with a wrong port."""
    runs = with_(container(), ports=declares)
    led = ServicePort(name="http", port=80, target_port=target)
    of = service("web", led)
    members: list[Obj] = [pod("runs-x", runs, labels={"app": app})]
    members = members if there else [deployment("runs", runs, labels={"app": app})]

    found = only(explain(settled(of, *members)), "KSV101")

    (near,) = [row for row in rows(found) if row.startswith("nearest")]
    assert near.endswith(f"; {said}") if said else "; declares" not in near
    assert bool(found.fixes) is not bool(said)


def test_beside_a_slip_nothing_is_offered_that_is_more_than_one() -> None:
    """`frontned` is `frontend`, and no `backend`, though both are something about web."""
    of = service(selector={"app": "web-frontned"})
    both = [
        pod(f"{app}-x", labels={"app": app}, ips=(ip,))
        for app, ip in (("web-frontend", "10.0.0.1"), ("web-backend", "10.0.0.2"))
    ]

    found = only(explain(settled(of, *both)), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select app=web-frontend"]
