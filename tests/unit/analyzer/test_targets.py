"""Which Services a query names, and what is near those that do not exist."""

import pytest

from kubesvc.model.objects import Obj, Ref
from kubesvc.model.query import Query
from kubesvc.model.read import GapReason, Read, Unavailable
from kubesvc.model.report import Verdict
from kubesvc.model.selector import selector
from tests.support.builders import cluster, namespace, pod, service, settled, with_
from tests.support.sources import FakeSource, ask, explain


def named(*names: str, space: str = "shop") -> list[Obj]:
    """Services of these names."""
    return [with_(service(name), metadata__namespace=space) for name in names]


def test_a_service_that_does_not_exist_is_missing() -> None:
    """Near names, and where else the name exists."""
    objects = [*named("webshop", "wbe", "unrelated"), *named("web", space="other"), namespace("shop")]

    report = explain(cluster(*objects), "web")

    (missing,) = report.missing
    assert report.subjects == ()
    assert missing.ref == Ref("Service", "shop", "web")
    assert set(missing.near) == {"webshop", "wbe"}
    assert missing.elsewhere == ("other",)
    assert missing.namespace_exists is True
    assert missing.refused is None


def test_namespaces_called_alike_are_named_first() -> None:
    """One of them was rather meant than any other that has the name."""
    objects = [one for space in ("apps", "shop-eu", "sohp") for one in named("web", space=space)]

    (missing,) = explain(cluster(*objects), "web").missing

    assert missing.elsewhere == ("shop-eu", "sohp", "apps")


def test_a_release_prefix_is_near() -> None:
    """However long it is."""
    (missing,) = explain(cluster(*named("a-very-long-release-name-web")), "web").missing

    assert missing.near == ("a-very-long-release-name-web",)


def test_a_missing_namespace_is_told() -> None:
    """Unless it may not be read."""
    (gone,) = explain(cluster(), "web").missing
    source = FakeSource(cluster(), denied=(Read("Namespace"), Read("Service", "shop", part=Read("x").part)))

    assert gone.namespace_exists is False
    (missing,) = ask(Query("shop", ("web",)), FakeSource(cluster(), denied=(Read("Namespace"),))).missing
    assert missing.namespace_exists is None
    (refused,) = ask(Query("shop", ("web",)), source).missing
    assert refused.refused is not None
    assert refused.refused.reason is GapReason.FORBIDDEN


def test_others_are_reported_beside_a_missing_one() -> None:
    """One wrong name does not hide the rest."""
    report = explain(settled(service(), pod()), "web", "absent")

    assert [subject.ref.name for subject in report.subjects] == ["web"]
    assert [missing.ref.name for missing in report.missing] == ["absent"]


def test_without_a_name_all_services_of_the_namespace_are_meant() -> None:
    """Also by labels, also of all namespaces."""
    labeled = with_(service("labeled"), metadata__labels={"team": "a"})
    objects = [*named("one"), labeled, *named("away", space="other")]

    def subjects(query: Query) -> list[str]:
        return [subject.ref.name for subject in ask(query, FakeSource(cluster(*objects))).subjects]

    assert subjects(Query("shop")) == ["labeled", "one"]
    assert subjects(Query("shop", labels=selector({"team": "a"}))) == ["labeled"]
    assert subjects(Query("shop", all_namespaces=True)) == ["away", "labeled", "one"]
    assert subjects(Query("empty")) == []


def test_many_services_share_their_lists() -> None:
    """Instead of a handful of requests each."""
    source = FakeSource(cluster(pod(), *named(*(f"web-{n}" for n in range(9)))))

    report = ask(Query("shop"), source)

    assert {subject.verdict for subject in report.subjects} == {Verdict.BROKEN}
    asked = [read for wanted in source.rounds for read in wanted]
    assert len([read for read in asked if read.kind == "Pod"]) <= 2
    assert len(asked) <= 16


def test_services_that_may_not_be_listed_are_no_empty_list() -> None:
    """There is no report then."""
    with pytest.raises(Unavailable):
        ask(Query("shop"), FakeSource(cluster(*named("web")), denied=(Read("Service"),)))
