"""KSV401: the slices hold something else than the controller should have written."""

from datetime import timedelta

import pytest

from kubesvc.model.objects import (
    EndpointAddress,
    Endpoints,
    EndpointSubset,
    Metadata,
    Obj,
    Pod,
    Ref,
    Service,
    SubsetPort,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Verdict
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import mirroring, reads
from tests.support.builders import (
    NOW,
    cluster,
    container,
    endpoint,
    hand_made,
    node,
    pod,
    pods,
    port,
    service,
    settled,
    slices,
    terminating,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

OF = service()
QUERY = Query("shop", ("web",))


def of_slices(written: tuple[Obj, ...], *members: Obj) -> Snapshot:
    """A cluster whose slices are not what the controller would write."""
    return cluster(OF, node(), *written, *members)


def test_a_pod_that_is_not_listed_gets_no_traffic() -> None:
    """The controller is behind: seen at two looks, so likely no race."""
    source = FakeSource(of_slices(slices(OF), pod()))
    source.later = cluster(OF, node(), *slices(OF), pod(), at=NOW + timedelta(seconds=3))

    report = ask(QUERY, source)

    found = only(report, "KSV401")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "the slices are behind for 1 endpoint"
    assert (found.culprit, found.effect, found.confidence) == (OF.ref, Effect.BROKEN, Confidence.LIKELY)
    assert [place.endpoint and place.endpoint.name for place in found.places] == ["web-1"]
    assert rows(found) == [
        "endpoint: web-1: should be listed, and is not",
        "seen: at two looks, 3 s apart",
    ]


def test_a_second_look_is_taken_at_slices_and_pods() -> None:
    """And only where the first one could be a race."""
    behind, healthy = FakeSource(of_slices(slices(OF), pod())), FakeSource(settled(OF, pod()))

    ask(QUERY, behind)
    ask(QUERY, healthy)

    assert behind.again == [frozenset({reads.slices_of(OF), reads.pods_of(OF)})]
    assert healthy.again == []


def test_a_race_is_no_finding() -> None:
    """At the second look all is well."""
    source = FakeSource(of_slices(slices(OF), pod()), later=settled(OF, pod()))

    report = ask(QUERY, source)

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_what_only_the_second_look_shows_is_no_finding_yet() -> None:
    """It has not outlasted anything."""
    moved = of_slices(slices(OF, pod()), pod(), pod("web-2", ips=("10.0.0.2",)))
    source = FakeSource(of_slices(slices(OF), pod()), later=moved)

    assert find(ask(QUERY, source), "KSV401") == ()


def test_a_stale_endpoint_still_gets_traffic() -> None:
    """It should be gone: the Service is degraded although all pods are ready."""
    gone = pod("gone", ips=("10.0.0.9",))

    report = explain(of_slices(slices(OF, pod(), gone), pod()))

    found = only(report, "KSV401")
    assert verdict(report) is Verdict.DEGRADED
    assert found.headline == "the slices still list 1 endpoint that should be gone"
    assert (found.culprit, found.effect) == (Ref("EndpointSlice", "shop", "web-1"), Effect.DEGRADED)
    assert rows(found)[-1] == "seen: at one look only; a second one was not possible"


def test_conditions_that_are_not_updated_are_told() -> None:
    """A pod that is no longer ready still gets traffic."""
    report = explain(of_slices(slices(OF, pod()), unready()))

    (found,) = find(report, "KSV401")
    assert rows(found)[0] == (
        "endpoint: web-1: should be not ready, not serving, not terminating, "
        "is ready, serving, not terminating in web-1"
    )


def test_a_slice_of_another_manager_is_a_fact() -> None:
    """It needs no second look; it does no harm by itself, and goes away with a command."""
    source = FakeSource(settled(OF, pod(), hand_made(endpoint("192.0.2.1"))))

    report = ask(QUERY, source)

    found = only(report, "KSV401")
    assert (verdict(report), source.again) == (Verdict.HEALTHY, [])
    assert found.headline == "1 endpoint from a slice that the controller does not manage"
    assert (found.culprit.name, found.effect, found.confidence) == (
        "by-hand",
        Effect.ADVICE,
        Confidence.PROOF,
    )
    assert "written by: by-hand: endpointslice.kubernetes.io/managed-by=somebody.example" in rows(found)
    assert found.fixes[0].command == ("kubectl", "delete", "endpointslice", "by-hand")


def test_a_slice_of_an_earlier_incarnation_should_be_gone() -> None:
    """The Service was deleted and made again; the controller deletes such a slice."""
    before = with_(OF, metadata__uid="before")
    (stale,) = slices(before, pod("old", ips=("10.0.0.9",)))

    report = explain(settled(OF, pod(), with_(stale, metadata__name="stale")))

    found = only(report, "KSV401")
    assert found.headline == "1 endpoint from a slice of another Service of this name, deleted since"
    assert found.fixes == ()


@pytest.mark.parametrize(
    "snapshot",
    [
        settled(OF, *pods(3)),
        settled(OF, unready(), terminating(pod("web-2")), pod("web-3", phase="Failed")),
        settled(OF),
        settled(service(selector={}), hand_made(endpoint("192.0.2.1"))),
        settled(service(type="ExternalName"), hand_made(endpoint("192.0.2.1"))),
    ],
    ids=["in order", "in every state", "a placeholder", "by hand, no selector", "by hand, an ExternalName"],
)
def test_what_looks_like_it_is_not_it(snapshot: Snapshot) -> None:
    """The prediction agrees, or nothing is predicted."""
    assert find(explain(snapshot), "KSV401") == ()


@pytest.mark.parametrize("lost", ["Pod", "EndpointSlice", "Node"])
def test_what_could_not_be_read_is_no_drift(lost: str) -> None:
    """Nothing can be compared."""
    source = FakeSource(settled(OF, *pods(2)), denied=(Read(lost),))

    assert find(ask(QUERY, source), "KSV401") == ()


def test_many_services_look_again_at_the_lists_they_share() -> None:
    """Their own parts are forgotten with them: a failed second look must not read as none."""
    others: list[Service] = [service(f"web-{n}") for n in range(5)]
    written = [entry for of in others for entry in slices(of, pod())]
    written = [with_(entry, metadata__name=f"s-{n}") for n, entry in enumerate(written[:4])]
    truth = cluster(node(), pod(), *others, *written)

    source = FakeSource(truth)

    report = ask(Query("shop"), source)

    assert source.again == [{Read("EndpointSlice", "shop"), Read("Pod", "shop")}]
    verdicts = {subject.ref.name: subject.verdict for subject in report.subjects}
    assert verdicts.pop("web-4") is Verdict.BROKEN
    assert set(verdicts.values()) == {Verdict.HEALTHY}


def test_each_writer_is_a_finding_with_its_own_fix() -> None:
    """Two people wrote a slice: deleting one leaves the other's."""
    one = hand_made(endpoint("192.0.2.1"), name="one")
    two = hand_made(endpoint("192.0.2.2"), endpoint("192.0.2.3"), name="two")

    report = explain(settled(OF, pod(), one, two))

    assert [(f.culprit.name, len(f.places)) for f in find(report, "KSV401")] == [("one", 1), ("two", 2)]
    assert [fix.command for f in find(report, "KSV401") for fix in f.fixes] == [
        ("kubectl", "delete", "endpointslice", "one"),
        ("kubectl", "delete", "endpointslice", "two"),
    ]


def test_the_deletion_of_a_slice_is_simulated() -> None:
    """Only the endpoint of the pod is left then."""
    (fix,) = only(explain(settled(OF, pod(), hand_made(endpoint("192.0.2.1")))), "KSV401").fixes

    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())
    assert [(p.usable, p.expected) for p in fix.outcome.ports] == [(1, 1)]


@pytest.mark.parametrize("members", [(), (unready(),)], ids=["no pod", "an unready pod"])
def test_a_slice_that_alone_carries_the_traffic_is_not_to_be_deleted(members: tuple[Obj, ...]) -> None:
    """The port would get worse."""
    report = explain(settled(OF, *members, hand_made(endpoint("192.0.2.1"))))

    (found,) = find(report, "KSV401")
    assert found.fixes == ()


def test_an_endpoint_that_is_used_suffers_nothing() -> None:
    """Although its port does: that is the finding about the pod beside it."""
    report = explain(settled(OF, unready(), hand_made(endpoint("192.0.2.1"))))

    assert verdict(report) is Verdict.DEGRADED
    assert [(f.code, f.effect) for f in report.findings] == [
        ("KSV301", Effect.DEGRADED),
        ("KSV401", Effect.ADVICE),
    ]


def test_a_node_that_is_gone_since_is_told_without_alarm() -> None:
    """Its pod stays listed, and used, until something makes the controller sync the Service."""
    source = FakeSource(cluster(OF, pod(), *slices(OF, pod())))

    report = ask(QUERY, source)

    found = only(report, "KSV401")
    assert verdict(report) is Verdict.HEALTHY
    assert source.again == [{reads.slices_of(OF), reads.pods_of(OF), Read("Node", name="node-a")}]
    assert found.headline == "the slices are as of the last sync for 1 endpoint"
    assert (found.effect, found.confidence) == (Effect.ADVICE, Confidence.PROOF)
    assert rows(found) == [
        "endpoint: web-1: should not be listed, but is in web-1",
        "seen: at one look only; a second one was not possible",
    ]


@pytest.mark.parametrize(
    ("of", "why", "effect"),
    [
        (service(selector={}), "without a selector", Effect.DEGRADED),
        (service(type="ExternalName"), "an ExternalName", Effect.ADVICE),
    ],
)
def test_slices_that_nobody_renews_are_told_with_their_deletion(
    of: Service, why: str, effect: Effect
) -> None:
    """They stay for ever, whatever becomes of the pods; kube-proxy goes on using them."""
    report = explain(cluster(of, node(), pod(), *slices(OF, pod())))

    (found,) = find(report, "KSV401")
    assert found.headline == f"1 endpoint left behind: the controller no longer looks at this Service, {why}"
    assert (found.effect, found.confidence) == (effect, Confidence.PROOF)
    assert found.culprit == Ref("EndpointSlice", "shop", "web-1")


def test_a_slice_that_kube_proxy_does_not_read_carries_nothing() -> None:
    """It still says headless: of a Service that was headless, and an ExternalName in between."""
    headless = service(cluster_ip="None")

    report = explain(cluster(OF, node(), pod(), *slices(headless, pod())))

    found = only(report, "KSV401")
    assert verdict(report) is Verdict.BROKEN
    assert (found.effect, found.headline) == (Effect.BROKEN, "the slices are as of the last sync")
    (fix,) = found.fixes
    assert fix.command == ("kubectl", "delete", "endpointslice", "web-1")
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())


def test_an_endpoint_in_two_slices_is_told_without_alarm() -> None:
    """It gets its traffic."""
    (written,) = slices(OF, pod())

    report = explain(settled(OF, pod(), with_(written, metadata__name="again")))

    found = only(report, "KSV401")
    assert (found.headline, found.effect) == (
        "1 endpoint in more than one slice of the controller",
        Effect.ADVICE,
    )


def test_a_family_that_was_dropped_is_told() -> None:
    """The controller deletes its slices."""
    both = service(ip_families=("IPv4", "IPv6"))
    dual = pod(ips=("10.0.0.1", "fd00::1"))

    report = explain(cluster(OF, node(), dual, *slices(both, dual)))

    (found,) = find(report, "KSV401")
    assert found.headline == "1 endpoint from a slice of a family that the Service no longer has"


def test_only_so_many_differences_are_shown() -> None:
    """The rest is counted."""
    report = explain(of_slices(slices(OF), *pods(5)))

    assert "more: 2 like these" in rows(only(report, "KSV401"))


def leftover(of: Service, *members: Pod) -> Endpoints:
    """What the endpoints controller wrote while a Service had a selector."""
    meta = of.metadata
    addresses = tuple(EndpointAddress(ip=member.status.pod_ip) for member in members)
    return Endpoints(
        metadata=Metadata(
            name=meta.name, namespace=meta.namespace, labels={mirroring.WRITER: "endpoint-controller"}
        ),
        subsets=(EndpointSubset(addresses=addresses, ports=(SubsetPort(name="http", port=8080),)),),
    )


def test_a_selector_that_was_removed_leaves_two_sets_behind() -> None:
    """Slices that nobody renews, and copies of an Endpoints object that nobody renews.

    Either may go, the other still carries the traffic.
    """
    of, source = service(selector={}), leftover(OF, pod())
    left = (*slices(OF, pod()), *mirroring.slices(source))

    report = explain(cluster(of, node(), pod(), source, *left))

    found = find(report, "KSV401")
    assert verdict(report) is Verdict.DEGRADED
    assert [str(f.culprit) for f in found] == ["EndpointSlice/web-1", "Endpoints/web"]
    assert [fix.command for f in found for fix in f.fixes] == [
        ("kubectl", "delete", "endpointslice", "web-1"),
        ("kubectl", "delete", "endpoints", "web"),
    ]


def test_a_leftover_endpoints_object_may_go_where_others_carry_the_traffic() -> None:
    """Its copies go with it."""
    of, source = service(selector={}), leftover(OF, pod())
    ours = hand_made(endpoint("192.0.2.1"))

    report = explain(cluster(of, source, *mirroring.slices(source), ours))

    (fix,) = only(report, "KSV401").fixes
    assert fix.command == ("kubectl", "delete", "endpoints", "web")
    assert fix.outcome is not None
    assert (fix.outcome.verdict, [p.usable for p in fix.outcome.ports]) == (Verdict.HEALTHY, [1])


def test_a_copy_that_is_late_is_the_controllers_to_remove() -> None:
    """Somebody maintains the Endpoints object; it lists another address now."""
    of, before = service(selector={}), with_(leftover(OF, pod()), metadata__labels={})
    now = leftover(OF, with_(pod(), status__pod_ip="10.244.0.6"))

    report = explain(cluster(of, with_(now, metadata__labels={}), *mirroring.slices(before)))

    assert [(f.headline, f.confidence, f.fixes) for f in find(report, "KSV401")] == [
        ("the slices are behind for 1 endpoint", Confidence.LIKELY, ()),
        ("the slices still list 1 endpoint that should be gone", Confidence.LIKELY, ()),
    ]


def test_what_nobody_may_read_is_not_compared() -> None:
    """Copies may be right."""
    of, source = service(selector={}), leftover(OF, pod())
    asked = FakeSource(cluster(of, source, *mirroring.slices(source)), denied=(Read("Endpoints"),))

    assert find(ask(QUERY, asked), "KSV401") == ()


def test_a_node_that_came_between_two_lists_is_no_finding() -> None:
    """The Nodes are looked at again too."""
    source = FakeSource(cluster(OF, pod(), *slices(OF, pod())), later=settled(OF, pod()))

    report = ask(QUERY, source)

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_a_pod_that_was_ready_before_its_node_is_missing_without_a_fix() -> None:
    """Only the retries of the controller notice the Node: nothing is deleted for that."""
    late = with_(node(), metadata__creation_timestamp=NOW)
    early = with_(pod(), metadata__creation_timestamp=NOW - timedelta(minutes=5))

    found = only(explain(cluster(OF, late, early, *slices(OF))), "KSV401")

    assert (found.headline, found.effect, found.fixes) == (
        "the slices are as of the last sync for 1 endpoint",
        Effect.BROKEN,
        (),
    )


def test_what_no_client_feels_is_advice_whatever_else_is_wrong() -> None:
    """Another zone does not make the pod beside it unready, and nothing is deleted for it."""
    zoned = [node(zone="zone-1"), node("node-b")]
    written = slices(OF, unready(), nodes=zoned)

    report = explain(cluster(OF, node(zone="zone-2"), unready(), *written))

    (found,) = find(report, "KSV401")
    assert verdict(report) is Verdict.BROKEN
    assert (found.effect, found.fixes) == (Effect.ADVICE, ())


def test_two_leftovers_are_not_to_be_deleted_together() -> None:
    """Each is harmless to delete alone."""
    of, source = service(selector={}), leftover(OF, pod())
    left = (*slices(OF, pod()), *mirroring.slices(source))

    report = explain(cluster(of, node(), pod(), source, *left))

    assert [fix.notes for found in find(report, "KSV401") for fix in found.fixes] == [
        ("Not together with Endpoints/web, unless other slices carry the traffic.",),
        ("Not together with EndpointSlice/web-1, unless other slices carry the traffic.",),
    ]


def test_an_unready_pod_that_somebody_else_lists_as_ready_is_told() -> None:
    """It gets traffic that the controller would not send."""
    report = explain(settled(OF, unready(), hand_made(endpoint("10.244.0.5", target=pod()))))

    (found,) = find(report, "KSV401")
    assert found.culprit.name == "by-hand"


def test_what_depends_on_a_version_that_is_not_known_is_not_told() -> None:
    """An old controller knows no ports of sidecars, and none of the newer wishes."""
    sidecar = with_(
        pod(), spec__init_containers=(container("side", port(9090, "web"), restart_policy="Always"),)
    )
    named = service("web", with_(OF.spec.ports[0], target_port="web"), traffic_distribution="PreferClose")
    old = slices(named, sidecar, minor=30)
    source = FakeSource(cluster(named, node(), sidecar, *old), denied=(Read("Version", name="server"),))

    assert find(ask(QUERY, source), "KSV401") == ()
