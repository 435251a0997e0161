"""Near misses that another Service selects already: shown, and offered where they are meant all the same."""

from dataclasses import dataclass

import pytest

from kubesvc.model.objects import Obj
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.report import Finding
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    deployment,
    owned_by,
    pod,
    replica_set,
    service,
    settled,
    slices,
    stateful_set,
)
from tests.support.sources import FakeSource, ask, explain, only, rows

INSTANCE, NAME = "app.kubernetes.io/instance", "app.kubernetes.io/name"
Labels = dict[str, str]


def served(labels: Labels, workload: str, number: int = 2) -> list[Obj]:
    """A Deployment with its pods."""
    owner = owned_by("ReplicaSet", f"{workload}-abc")
    members = [
        pod(f"{workload}-{n}", labels=labels, ips=(f"10.0.1.{n}",), owner=owner) for n in range(number)
    ]
    return [deployment(workload, labels=labels), replica_set(f"{workload}-abc", workload), *members]


@dataclass
class Case:
    """A Service whose selector no pod carries, a workload with its labels, and another Service."""

    name: str
    selector: Labels
    labels: Labels
    workload: str
    other: str
    others: Labels | None = None
    beside: tuple[Obj, ...] = ()

    def finding(self) -> Finding:
        """What is found; the other Service selects the labels, unless it is told otherwise."""
        other = service(self.other, selector=self.others or self.labels)
        objects = (*served(self.labels, self.workload), *self.beside)
        snapshot = settled(service(self.name, selector=self.selector), *objects)
        return only(explain(snapshot.with_answers((other, *slices(other)), ()), self.name), "KSV101")


TAKEN = {
    "a word alike": Case("oauth", {"app": "oauth"}, {"app": "auth"}, "auth", "auth"),
    "more words": Case("cart", {"app": "cart"}, {"app": "redis-cart"}, "redis-cart", "redis-cart"),
    "fewer words": Case("web-ui", {"app": "web-ui"}, {"app": "web"}, "web", "web"),
    "a beginning": Case("front", {"app": "front"}, {"app": "frontend"}, "frontend", "frontend"),
    "a key that they lack": Case(
        "ctl-leader", {"app": "ctl", "leader": "true"}, {"app": "ctl"}, "ctl", "ctl"
    ),
    "another track": Case(
        "web-canary",
        {"app": "web", "track": "canary"},
        {"app": "web", "track": "stable"},
        "web",
        "web-stable",
    ),
}


@pytest.mark.parametrize("case", TAKEN.values(), ids=TAKEN)
def test_pods_that_have_a_service_of_their_own_are_shown_and_not_offered(case: Case) -> None:
    """What was meant is likely not there."""
    found = case.finding()

    assert found.fixes == ()
    assert rows(found)[0].startswith("nearest: ")
    assert rows(found)[0].endswith(
        f": 2 pods of Deployment/{case.workload}; Service/{case.other} selects these pods already"
    )


SECOND = {
    "letter case": Case("web-metrics", {"app": "Web"}, {"app": "web"}, "x", "web"),
    "another key": Case("metrics", {NAME: "web"}, {"app": "web"}, "x", "web"),
    "a key of no meaning": Case("metrics", {"app": "web"}, {"part": "web"}, "x", "web"),
    "a stale hash": Case("metrics", {"app": "web", "pod-template-hash": "1"}, {"app": "web"}, "x", "web"),
    "the Service's name": Case("web", {"app": "hello"}, {"app": "web"}, "x", "web-headless"),
    "a namesake": Case(
        "web", {"app": "web", "tier": "fe"}, {"app": "web", "tier": "ui"}, "web", "web-headless"
    ),
    "a slip": Case("web-metrics", {"app": "webb"}, {"app": "web"}, "x", "web"),
}


@pytest.mark.parametrize("case", SECOND.values(), ids=SECOND)
def test_a_second_service_for_the_same_pods_is_usual(case: Case) -> None:
    """Headless, for metrics, for canaries: what is surely meant is offered, and the other one named."""
    found = case.finding()

    assert found.fixes[0].title.startswith("select ")
    already = f"; Service/{case.other} selects these pods already"
    assert rows(found)[0].endswith(
        f": 2 ready pods of Deployment/x{already}".replace("/x", f"/{case.workload}")
    )


ELSEWHERE = {
    "it selects others": Case("oauth", {"app": "oauth"}, {"app": "auth"}, "auth", "db", {"app": "db"}),
    "it selects others too": Case(
        "oauth",
        {"app": "oauth"},
        {"app": "auth", "stage": "prod"},
        "auth",
        "everything",
        {"stage": "prod"},
        (pod("db", labels={"app": "db", "stage": "prod"}, ips=("10.0.9.9",)),),
    ),
    "it asks for more": Case(
        "oauth", {"app": "oauth"}, {"app": "auth"}, "auth", "auth", {"app": "auth", "x": "y"}
    ),
}


@pytest.mark.parametrize("case", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_service_that_is_not_for_these_pods_says_nothing(case: Case) -> None:
    """They may be what was meant."""
    found = case.finding()

    assert [fix.title for fix in found.fixes] == ["select app=auth"]
    assert "already" not in rows(found)[0]


def test_an_alias_has_no_pods() -> None:
    """Whatever its selector is."""
    alias = service("auth", selector={"app": "auth"}, type="ExternalName", external_name="x.example")
    of = service("oauth", selector={"app": "oauth"})

    snapshot = settled(of, *served({"app": "auth"}, "auth")).with_answers((alias,), ())

    assert len(only(explain(snapshot, "oauth"), "KSV101").fixes) == 1


def test_the_pods_of_nobody_come_before_those_that_are_taken() -> None:
    """Although they are a word less alike."""
    of, other = service("oauth", selector={"app": "oauth"}), service("auth", selector={"app": "auth"})
    objects = (*served({"app": "auth"}, "auth"), pod("x", labels={"app": "oauth2-proxy-oauth"}))

    found = only(explain(settled(of, *objects).with_answers((other, *slices(other)), ()), "oauth"), "KSV101")

    assert [fix.title for fix in found.fixes] == ["select app=oauth2-proxy-oauth"]
    assert rows(found)[0].startswith("nearest: app=oauth2-proxy-oauth")
    assert rows(found)[1].endswith("; Service/auth selects these pods already")


def test_several_services_are_named_together() -> None:
    """With a verb that fits."""
    of = service("oauth", selector={"app": "oauth"})
    others = [service(name, selector={"app": "auth"}) for name in ("auth", "auth-headless")]
    snapshot = settled(of, *served({"app": "auth"}, "auth")).with_answers(others, ())

    found = only(explain(snapshot, "oauth"), "KSV101")

    assert rows(found)[0].endswith("; Service/auth, Service/auth-headless select these pods already")


def test_a_workload_without_pods_is_taken_by_its_template() -> None:
    """A Service for the pods that it would make is no less one."""
    of, other = service("oauth", selector={"app": "oauth"}), service("auth", selector={"app": "auth"})
    idle = stateful_set("auth", labels={"app": "auth"}, replicas=0)

    found = only(explain(settled(of, idle).with_answers((other,), ()), "oauth"), "KSV101")

    assert found.fixes == ()
    assert rows(found)[0].endswith("wants 0; Service/auth selects these pods already")


class Listless(FakeSource):
    """Answers what is asked for by name, and no list of Services."""

    def begin(self) -> Snapshot:
        """One refusal is known."""
        return super().begin().with_answers((), (), [Gap(Read("Service", "shop"), GapReason.FORBIDDEN)])


def test_services_that_cannot_be_read_say_nothing() -> None:
    """Nothing is known of them: the change is offered as before."""
    of, other = service("oauth", selector={"app": "oauth"}), service("auth", selector={"app": "auth"})
    snapshot = settled(of, *served({"app": "auth"}, "auth")).with_answers((other,), ())

    report = ask(Query("shop", ("oauth",)), Listless(snapshot))

    assert [fix.title for fix in only(report, "KSV101").fixes] == ["select app=auth"]


def test_services_are_asked_for_only_where_something_is_offered() -> None:
    """In one list."""
    services = Read("Service", "shop")

    def asked(labels: Labels) -> int:
        source = FakeSource(settled(service(), pod(labels=labels)))
        only(ask(Query("shop", ("web",)), source), "KSV101")
        return sum(read == services for wanted in source.rounds for read in wanted)

    assert (asked({"app": "Web"}), asked({"app": "db"})) == (1, 0)
