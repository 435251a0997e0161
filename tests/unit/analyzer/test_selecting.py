"""What is offered where a selector matches nobody: another selector, or labels for a template or a pod."""

import json
from typing import Any

import pytest

from kubesvc.model.objects import (
    Deployment,
    LabelSelector,
    LabelSelectorRequirement,
    Obj,
    OwnerReference,
    Pod,
    RollingUpdate,
    UpdateStrategy,
)
from kubesvc.model.query import Query
from kubesvc.model.report import Verdict
from tests.support.builders import (
    container,
    deployment,
    owned_by,
    pod,
    pods,
    port,
    replica_set,
    service,
    settled,
    stateful_set,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows

FREE = {"app": "web"}
HASHED = "5d4f8c7d9"
BY_HASH = owned_by("ReplicaSet", f"web-{HASHED}")


def made(labels: dict[str, str], number: int = 1) -> list[Obj]:
    """Deployment web's ReplicaSet with its pods, as a cluster names them."""
    members = pods(number, labels={**labels, "pod-template-hash": HASHED}, owner=BY_HASH)
    return [replica_set(f"web-{HASHED}"), *members]


def labeled(template: dict[str, str], own: dict[str, str] | None = None, **more: Any) -> Deployment:
    """Deployment web; `own` are the labels that it bears itself."""
    return with_(deployment(labels=template), metadata__labels=own or {}, **more)


def test_labels_on_the_workload_belong_into_its_template() -> None:
    """The Service is right: that comes before a change of its selector."""
    of = service(selector={"app": "web", "tier": "fe"})
    workload = labeled({"app": "web"}, {"app": "web", "tier": "fe"})

    found = only(explain(settled(of, workload, *made(FREE, 2))), "KSV101")

    said = "nearest: no tier, differs in a label that only their workload carries: "
    assert rows(found)[0] == f"{said}2 ready pods of Deployment/web"
    first, second = found.fixes
    assert first.title == "label the pods tier=fe in the template of Deployment/web"
    assert first.command is not None
    assert first.command[:-1] == ("kubectl", "patch", "deployment", "web", "--type", "merge", "-p")
    assert json.loads(first.command[-1]) == {"spec": {"template": {"metadata": {"labels": {"tier": "fe"}}}}}
    assert (first.outcome, first.then) == (None, ())
    assert first.notes == (
        "It starts a rollout. Not simulated: whether the new pods become ready is not known before.",
    )
    assert second.title == "select no tier"


def test_labels_in_a_template_of_which_no_pod_is_wanted_start_nothing() -> None:
    """What follows is known: nobody serves, and nobody is wanted to."""
    of = service(selector={"app": "web", "tier": "fe"})
    workload = labeled({"app": "web"}, {"app": "web", "tier": "fe"}, spec__replicas=0)

    first, second = only(explain(settled(of, workload)), "KSV101").fixes

    assert first.title == "label the pods tier=fe in the template of Deployment/web"
    assert first.notes == (
        "Deployment/web wants 0: no pod is made.",
        "KSV102 remains: Deployment/web is scaled to zero.",
    )
    assert first.outcome is not None
    assert first.outcome == second.outcome
    assert (first.outcome.verdict, first.outcome.remaining) == (Verdict.IDLE, ("KSV102",))


def stateful(template: dict[str, str], *carried: dict[str, str]) -> list[Obj]:
    """StatefulSet web with a pod for each of the labels that something gave it besides its template's."""
    owner = owned_by("StatefulSet", "web")
    members = [
        pod(f"web-{n}", labels={**template, **more}, ips=(f"10.0.0.{n}",), owner=owner)
        for n, more in enumerate(carried)
    ]
    return [stateful_set(labels=template, replicas=len(members)), *members]


REPLICA = {"role": "replica"}
ELECTED = {
    "another role": ((REPLICA, REPLICA), "nearest: role=replica, differs in value: 2 pods"),
    "another role, and none yet": ((REPLICA, {}), "nearest: no role, differs in a key that they lack: 1 pod"),
}


@pytest.mark.parametrize(("carried", "nearest"), ELECTED.values(), ids=ELECTED)
def test_a_label_that_something_sets_on_running_pods_is_no_mistake(
    carried: tuple[dict[str, str], ...], nearest: str
) -> None:
    """No primary is elected: replicas are not to get its traffic, and not all pods are primaries."""
    of = service("entry", selector={"app": "web", "role": "primary"})

    found = only(explain(settled(of, *stateful({"app": "web"}, *carried)), "entry"), "KSV101")

    assert found.fixes == ()
    said = "role is not in the template of StatefulSet/web: set on running pods by something else"
    assert rows(found)[0] == f"{nearest} of StatefulSet/web"
    assert f"labels: {said}" in rows(found)


def test_a_label_of_running_pods_may_be_misspelled() -> None:
    """The same word is meant; all pods must not bear it for that."""
    of = service("entry", selector={"app": "web", "role": "Replica"})

    found = only(explain(settled(of, *stateful({"app": "web"}, REPLICA)), "entry"), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select role=replica"]


def test_a_label_of_the_template_may_be_the_one_that_was_meant() -> None:
    """Its pods carry it for good."""
    of = service("entry", selector={"app": "web", "role": "primary"})

    found = only(explain(settled(of, *stateful({"app": "web", "role": "main"}, {})), "entry"), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select role=main"]
    assert [row for row in rows(found) if row.startswith("labels")] == []


def test_a_key_that_was_renamed_may_be_added_to_the_template() -> None:
    """After the change of the selector, which reaches further at once; its own selector is no obstacle."""
    name = "app.kubernetes.io/name"

    found = only(explain(settled(service(), labeled({name: "web"}), *made({name: "web"}))), "KSV101")

    assert [fix.title for fix in found.fixes] == [
        f"select {name}=web",
        "label the pods app=web in the template of Deployment/web",
    ]
    assert found.fixes[0].notes == ()


OnDelete, HeldBack = UpdateStrategy(type="OnDelete"), RollingUpdate(partition=1)
FIXED = {
    "another value that others may use": labeled(
        {"app": "web", "tier": "x"}, spec__selector=LabelSelector(match_labels=FREE)
    ),
    "its own selector": labeled(FREE, spec__selector=LabelSelector(match_labels={"app": "web", "tier": "x"})),
    "an expression": labeled(
        FREE,
        spec__selector=LabelSelector(
            match_labels=FREE, match_expressions=(LabelSelectorRequirement(key="tier", operator="Exists"),)
        ),
    ),
    "a paused rollout": labeled(FREE, spec__paused=True),
    "deletion by hand": labeled(FREE, spec__update_strategy=OnDelete),
    "a partition": labeled(FREE, spec__update_strategy=UpdateStrategy(rolling_update=HeldBack)),
}


@pytest.mark.parametrize("workload", FIXED.values(), ids=FIXED)
def test_a_template_is_left_alone_where_its_change_would_not_do(workload: Deployment) -> None:
    """It would be refused, or not reach the pods, or take from others what they use."""
    of = service(selector={"app": "web", "tier": "fe"})
    template = workload.spec.template.metadata.labels

    found = only(explain(settled(of, workload, *made(template))), "KSV101")

    assert [fix.title for fix in found.fixes if fix.title.startswith("label")] == []
    assert len(found.fixes) == 1


@pytest.mark.parametrize(("ready", "offered"), [(True, 2), (False, 1)])
def test_a_stateful_set_that_waits_for_a_pod_rolls_nothing_out(*, ready: bool, offered: int) -> None:
    """It goes on only once the pod is ready."""
    workload = with_(stateful_set(), spec__selector__match_labels={"app": "web"})
    member = pod("web-0", owner=owned_by("StatefulSet", "web"), ready=ready)
    of = service(selector={"app": "web", "tier": "fe"})

    found = find(explain(settled(of, workload, member)), "KSV101")[0]

    assert len(found.fixes) == offered


def test_a_hash_is_never_given_to_a_template() -> None:
    """Kubernetes writes it."""
    of = service(selector={"app": "web", "pod-template-hash": "old"})

    (fix,) = only(explain(settled(of, labeled(FREE), *made(FREE))), "KSV101").fixes

    assert fix.title == "select no pod-template-hash"


def test_pods_of_other_owners_that_would_be_selected_too_are_named() -> None:
    """Whatever they differ in."""
    of = service(selector={"app": "Web"})
    cache = [
        pod(f"cache-{n}", ips=(f"10.0.9.{n}",), owner=owned_by("StatefulSet", "cache")) for n in range(2)
    ]

    found = only(explain(settled(of, labeled(FREE), *made(FREE, 3), *cache)), "KSV101")

    (fix,) = found.fixes
    assert fix.notes[0] == "It would select 2 pods of StatefulSet/cache, too."
    assert fix.outcome is not None
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(5, 5)]


def behind(owner: OwnerReference, name: str, number: int, **labels: str) -> list[Pod]:
    """Pods of one application of release prod, that declare a port each."""
    declared = with_(container(), image=f"registry.example/{name}:1", ports=(port(number),))
    return [
        pod(
            f"{name}-{n}",
            declared,
            labels={"release": "prod", **labels},
            ips=(f"10.0.{len(name)}.{n}",),
            owner=owner,
        )
        for n in range(2)
    ]


WEB = owned_by("StatefulSet", "prod-web")
DB = owned_by("StatefulSet", "prod-db")


def test_strangers_are_kept_out_by_a_label_that_only_those_who_are_meant_carry() -> None:
    """The release alone selects its database, too: two mistakes, one fix."""
    of = service(selector={"release": "Prod"})
    members = [*behind(WEB, "web", 8080, app="web"), *behind(DB, "db", 5432, app="db")]

    found = only(explain(settled(of, *members)), "KSV101")

    assert rows(found)[:2] == [
        "nearest: release=prod, differs in letter case: 2 ready pods of StatefulSet/prod-web",
        ": release=prod, differs in letter case: 2 ready pods of StatefulSet/prod-db",
    ]
    (fix,) = found.fixes
    assert fix.title == "select app=web,release=prod"
    assert fix.notes == ("Without app=web it would select 2 pods of StatefulSet/prod-db, too.",)
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == {"spec": {"selector": {"app": "web", "release": "prod"}}}
    assert fix.outcome is not None
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(2, 2)]


def test_whoever_serves_as_well_stays_beside_those_who_are_kept_out() -> None:
    """A canary is meant: what keeps the database out must not keep it out."""
    of = service(selector={"release": "Prod"})
    canary = behind(owned_by("StatefulSet", "prod-web-canary"), "web-canary", 8080, app="web", track="canary")
    stable = behind(WEB, "web", 8080, app="web", track="stable")

    found = only(explain(settled(of, *stable, *canary, *behind(DB, "db", 5432, app="db"))), "KSV101")

    (fix,) = found.fixes
    assert fix.title == "select app=web,release=prod"
    assert fix.notes == (
        "It would select 2 pods of StatefulSet/prod-web-canary, too.",
        "Without app=web it would select 2 pods of StatefulSet/prod-db, too.",
    )
    assert fix.outcome is not None
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(4, 4)]


@pytest.mark.parametrize(
    ("web", "db"),
    [
        pytest.param({}, {}, id="no label tells them apart"),
        pytest.param({}, {"app": "db"}, id="only the strangers carry one"),
    ],
)
def test_strangers_are_named_where_no_label_keeps_them_out(web: dict[str, str], db: dict[str, str]) -> None:
    """It is still better than nobody, and the reader decides."""
    of = service(selector={"release": "Prod"})

    found = only(
        explain(settled(of, *behind(WEB, "web", 8080, **web), *behind(DB, "db", 5432, **db))), "KSV101"
    )

    assert [(fix.title, fix.notes) for fix in found.fixes] == [
        ("select release=prod", ("It would select 2 pods of StatefulSet/prod-db, too.",))
    ]


def test_those_who_have_ended_are_no_company() -> None:
    """A pod that has finished gets no traffic, whoever made it."""
    of = service(selector={"release": "Prod"})
    ended = [with_(one, status__phase="Succeeded") for one in behind(DB, "db", 5432, app="db")]

    found = only(explain(settled(of, *behind(WEB, "web", 8080, app="web"), *ended)), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select release=prod"]


def test_the_template_comes_first_where_the_selector_would_select_others() -> None:
    """Without the requirement it does."""
    of = service(selector={"app": "web", "tier": "fe"})
    other = pod("cache-0", labels={"app": "web", "tier": "cache"}, owner=owned_by("StatefulSet", "cache"))

    found = only(explain(settled(of, labeled(FREE), *made(FREE), other)), "KSV101")

    assert [(fix.title, len(fix.notes)) for fix in found.fixes] == [
        ("label the pods tier=fe in the template of Deployment/web", 1),
        ("select no tier", 1),
    ]
    assert found.fixes[1].notes == ("It would select 1 pod of StatefulSet/cache, too.",)


def test_a_pod_without_labels_is_told_and_given_them() -> None:
    """Those of its node's place are not its own; the label is simulated on the pod."""
    place = {"topology.kubernetes.io/zone": "a", "topology.kubernetes.io/region": "r"}
    source = FakeSource(settled(service(), pod("my-web", labels=place), pod("db", labels={"app": "db"})))

    found = only(ask(Query("shop", ("web",)), source), "KSV101")

    assert rows(found)[0] == "unlabeled: my-web carries no label that a selector could name"
    (fix,) = found.fixes
    assert fix.title == "label Pod/my-web app=web"
    assert fix.command == ("kubectl", "label", "pod", "my-web", "app=web")
    assert fix.change is not None
    assert fix.change.merge_patch == {"metadata": {"labels": {"app": "web"}}}
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(1, 1)]


def test_pods_without_labels_that_nobody_meant_get_none() -> None:
    """Others are called otherwise, or are made anew without."""
    members = (
        pod("cron", labels={}),
        pod("web-x", labels={}, owner=owned_by("Thing", "web")),
        pod("db", labels={"app": "db"}),
    )

    found = only(explain(settled(service(), *members)), "KSV101")

    assert rows(found)[0] == "unlabeled: cron, web-x carry no label that a selector could name"
    assert found.fixes == ()


def test_pods_without_labels_do_not_matter_where_others_are_near() -> None:
    """Nor are they told."""
    found = only(explain(settled(service(), pod("web", labels={}), pod(labels={"app": "Web"}))), "KSV101")

    assert [row for row in rows(found) if row.startswith("unlabeled")] == []
    assert [fix.title for fix in found.fixes] == ["select app=Web"]


def test_only_the_nearest_is_offered_labels() -> None:
    """The others are second guesses."""
    name = "app.kubernetes.io/name"
    more = with_(deployment("webb", labels={name: "webb"}))
    other = pod("webb-0", labels={name: "webb"}, ips=("10.0.9.1",), owner=owned_by("ReplicaSet", "webb-1"))
    pieces = (labeled({name: "web"}), *made({name: "web"}), more, replica_set("webb-1", "webb"), other)

    titles = [fix.title for fix in only(explain(settled(service(), *pieces)), "KSV101").fixes]

    assert [title.split()[0] for title in titles] == ["select", "label", "select"]


@pytest.mark.parametrize(
    ("own", "template", "said"),
    [
        ({"app": "web", "tier": "fe"}, {"app": "web", "tier": "x"}, "tier=x, differs in value"),
        (
            {"app": "web", "tier": "fe"},
            {"app": "web"},
            "no tier, differs in a label that only their workload",
        ),
        (
            {"app": "web", "tier": "fe"},
            {"run": "y", "tier": "fe"},
            "run=y,no app, differs in a label that only",
        ),
    ],
    ids=["the template says otherwise", "the template says nothing", "another name"],
)
def test_what_only_the_workload_carries_is_missing(
    own: dict[str, str], template: dict[str, str], said: str
) -> None:
    """Where its template has the key, it is that value which differs."""
    of = service(selector={"app": "web", "tier": "fe"})

    found = only(explain(settled(of, labeled(template, own), *made(template))), "KSV101")

    assert rows(found)[0].startswith(f"nearest: {said}")


def test_a_pod_without_labels_may_be_called_like_the_service_or_what_it_selects() -> None:
    """Either is what it is for."""
    of = service(selector={"app": "frontend", "tier": "x"})
    members = [
        pod(name, labels={}, ips=(f"10.0.0.{n}",)) for n, name in enumerate(("frontend-1", "my-web", "x"))
    ]

    found = only(explain(settled(of, *members)), "KSV101")

    assert [fix.title for fix in found.fixes] == [
        "label Pod/frontend-1 app=frontend,tier=x",
        "label Pod/my-web app=frontend,tier=x",
    ]
