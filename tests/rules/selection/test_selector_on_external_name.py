"""KSV108: a Service of type ExternalName has a selector, which is ignored."""

import json

from kubesvc.model.objects import Obj, Service
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import cluster, pods, service, settled, unready, with_
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

ALIAS = service(type="ExternalName", external_name="db.example", cluster_ip="", cluster_ips=())


def test_the_selector_of_an_alias_is_ignored() -> None:
    """Pods may have been meant: then the type is wrong, and it is not known which."""
    report = explain(settled(ALIAS, *pods(2), unready("web-9")))

    found = only(report, "KSV108")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.effect, found.confidence) == (Effect.ADVICE, Confidence.PROOF)
    assert found.headline == "its selector app=web is ignored: the type is ExternalName"
    assert rows(found) == [
        "alias: clients are sent to db.example",
        "pods: 3 pods with these labels",
    ]
    assert [json.loads((fix.command or ())[-1]) for fix in found.fixes] == [
        {"spec": {"selector": None}},
        {"spec": {"type": "ClusterIP", "externalName": None}},
    ]


def fixes(of: Service, *objects: Obj) -> list[str]:
    """The titles of the fixes of an alias."""
    return [fix.title for fix in only(explain(cluster(of, *objects)), "KSV108").fixes]


def test_without_pods_or_ports_nothing_else_was_meant() -> None:
    """A Service of another type cannot do without a port."""
    only_removed = ["remove the selector, if the external name is meant"]

    assert fixes(ALIAS) == only_removed
    assert fixes(with_(ALIAS, spec__ports=()), *pods(1)) == only_removed
    assert rows(only(explain(cluster(ALIAS)), "KSV108"))[1] == "pods: none carries these labels"


def test_pods_that_could_not_be_read_are_not_none() -> None:
    """Forbidden is not empty."""
    source = FakeSource(cluster(ALIAS, *pods(1)), denied=(Read("Pod"),))

    found = only(ask(Query("shop", ("web",)), source), "KSV108")

    assert [row.label for row in found.rows] == ["alias"]


def test_what_looks_like_it_is_not_it() -> None:
    """An alias without a selector, and a selector of another type."""
    assert explain(cluster(with_(ALIAS, spec__selector={}))).findings == ()
    assert find(explain(settled(service(), *pods(1))), "KSV108") == ()
