"""Why a pod is an endpoint or not: what is said once, what by port and family, of which pods and Nodes."""

from kubesvc.model.cell import StepKind
from kubesvc.model.objects import Obj, Ref, ServicePort
from kubesvc.model.query import Query
from kubesvc.model.read import GapReason, Portion, Read
from tests.support.builders import (
    HTTP,
    OTHER,
    cluster,
    condition,
    node,
    pod,
    pods,
    service,
    settled,
    slices,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask
from tests.support.whys import ASKED, asked, corners, reason, step, why

DUAL = ("IPv4", "IPv6")
NAMED = ServicePort(name="http", port=80, target_port="web")


def test_what_is_equal_at_all_ports_and_families_is_said_once() -> None:
    """Only addresses and ports differ."""
    both = service("web", HTTP, OTHER, ip_families=DUAL)

    told = why(settled(both, pod(ips=("10.0.0.1", "fd00::1"))))

    kinds = [step.kind for step in told.steps]
    assert len(kinds) == 13
    assert [kind for kind in StepKind if kinds.count(kind) > 1] == [StepKind.FAMILY, StepKind.PORT]
    assert [corners(found.places) for found in told.steps if found.kind is StepKind.FAMILY] == [
        ["http/IPv4", "admin/IPv4"],
        ["http/IPv6", "admin/IPv6"],
    ]
    assert [corners(found.places) for found in told.steps if found.kind is StepKind.PORT] == [
        ["http/IPv4", "http/IPv6"],
        ["admin/IPv4", "admin/IPv6"],
    ]
    assert [found.text.partition(":")[0] for found in told.steps if found.kind is StepKind.PORT] == [
        "port http leads to 8080",
        "port admin leads to 8081",
    ]
    four, six = told.results
    assert four.addresses == ("10.0.0.1:8080", "10.0.0.1:8081")
    assert six.addresses == ("[fd00::1]:8080", "[fd00::1]:8081")


def test_another_family_and_another_port_have_reasons_of_their_own() -> None:
    """The pod has no IPv6 address, and no container declares what port http leads to."""
    both = service("web", NAMED, OTHER, ip_families=DUAL)

    told = why(settled(both, unready()))

    assert told.headline == (
        "Why pod web-1 is an endpoint of shop/web without port http over IPv4 and no endpoint over IPv6 and "
        "an unready endpoint on port admin over IPv4"
    )
    assert {found.kind.value: corners(found.decides) for found in told.steps if found.decides} == {
        "family": ["http/IPv6", "admin/IPv6"],
        "port": ["http/IPv4"],
        "probed": ["admin/IPv4"],
    }
    assert [(corners(found.places), found.predicted) for found in told.results] == [
        (["http/IPv4"], "without this port"),
        (["http/IPv6", "admin/IPv6"], "not in the slices"),
        (["admin/IPv4"], "not ready"),
    ]


def test_a_missing_node_leaves_the_pod_out() -> None:
    """The one that a Node which is not Ready does not."""
    of, member = service(), pod()

    gone = why(cluster(of, member, *slices(of)))
    silent = with_(node(), status__conditions=(condition("Ready", "Unknown"),))
    lost = why(settled(of, member, silent))

    assert reason(gone).text == "its Node node-a does not exist, and a pod without one is left out"
    assert reason(gone).field == "node/node-a"
    assert not any(found.decides for found in lost.steps)
    assert step(lost, StepKind.NODE).text == (
        "its Node node-a exists; that it is not Ready is no reason to leave the pod out"
    )


def test_a_pod_stays_listed_when_its_node_goes() -> None:
    """What the slices say is not what they should, and why is known."""
    of, member = service(), pod()

    told = why(cluster(of, member, *slices(of, member)))

    assert told.headline == "Why pod web-1 is a ready endpoint of shop/web"
    (result,) = told.results
    assert (result.predicted, result.actual, result.agrees) == ("not in the slices", "ready", False)
    assert result.text == (
        "the controller should not list it, but slice web-1 lists it at 10.244.0.5:8080 as ready, since a "
        "Node that goes does not make the controller look again"
    )


def test_a_node_that_could_not_be_read_leaves_the_step_open() -> None:
    """And the prediction; what the slices say is said."""
    told = why(settled(service(), pod()), Read("Node"))

    found = reason(told)
    assert (found.kind, found.passed) == (StepKind.NODE, None)
    assert found.text == "whether its Node node-a exists is not known: it was not read (forbidden)"
    (result,) = told.results
    assert (result.predicted, result.actual, result.agrees) == ("", "ready", None)
    assert result.text == (
        "whether the controller should list it is not known, but slice web-1 lists it at 10.244.0.5:8080 as "
        "ready"
    )


def test_what_is_not_known_hides_no_reason_that_is() -> None:
    """Without rights on Nodes a failing probe is still seen."""
    told = why(settled(service(), unready()), Read("Node"))

    assert reason(told).kind is StepKind.PROBED


def test_many_nodes_are_one_list_for_a_selected_pod_too() -> None:
    """Its Node is not asked for once more."""
    many = [with_(member, spec__node_name=f"node-{at}") for at, member in enumerate(pods(5))]
    source = FakeSource(settled(service(), *many))

    ask(ASKED, source)

    nodes = [read for wanted in source.rounds for read in wanted if read.kind == "Node"]
    assert nodes == [Read("Node")]


def test_the_node_of_a_pod_that_has_finished_is_not_asked_for() -> None:
    """It decides nothing, and a file that was captured of its Service need not hold it."""
    source = FakeSource(settled(service(), with_(pod(), status__phase="Failed")))

    (told,) = ask(ASKED, source).subjects[0].why

    assert reason(told).kind is StepKind.PHASE
    assert step(told, StepKind.NODE).text == "whether its Node node-a exists is not known: it was not read"
    assert not any(read.kind == "Node" for wanted in source.rounds for read in wanted)


def test_each_pod_is_told_of_each_service_in_the_order_asked() -> None:
    """The Services are of one namespace."""
    api = service("api", selector={"app": "api"})
    query = Query("shop", ("web", "api"), why=("web-2", "web-1"))

    report = ask(query, FakeSource(settled(service(), api, *pods(2))))

    told = {subject.ref.name: [why.pod.name for why in subject.why] for subject in report.subjects}
    assert told == {"web": ["web-2", "web-1"], "api": ["web-2", "web-1"]}


def test_a_pod_costs_one_read_and_only_if_it_is_asked_about() -> None:
    """Beside its Node, where no selected pod is on it."""
    of, other = service(), pod("web-1", labels={"app": "api"}, node="node-z")
    with_it, without = FakeSource(settled(of, other)), FakeSource(settled(of, other))

    ask(ASKED, with_it)
    ask(Query("shop", ("web",)), without)

    read = {read for wanted in with_it.rounds for read in wanted}
    assert read - {read for wanted in without.rounds for read in wanted} == {
        Read("Pod", "shop", "web-1"),
        Read("Node", name="node-z"),
    }
    assert Read("Pod", "shop", "web-1") in with_it.rounds[0]


def test_a_pod_that_does_not_exist_is_missing() -> None:
    """With near names, and where that name exists; the Service is told all the same."""
    objects: list[Obj] = [pod("web-11"), pod("unrelated"), pod(namespace="other")]

    report = asked(settled(service(), *objects))

    (missing,) = report.missing
    assert missing.ref == Ref("Pod", "shop", "web-1")
    assert (missing.near, missing.elsewhere, missing.namespace_exists) == (
        ("web-11",),
        ("other",),
        True,
    )
    assert report.subjects[0].why == ()


def test_a_pod_of_another_namespace_is_not_the_one_that_is_meant() -> None:
    """A Service selects in its own."""
    assert asked(settled(service(), pod(namespace="other"))).missing[0].refused is None


def test_a_pod_that_may_not_be_read_is_refused() -> None:
    """As a named Service is; what it may know of it from a list does not matter."""
    (missing,) = asked(settled(service(), pod()), Read("Pod")).missing

    assert missing.refused is not None
    assert missing.refused.reason is GapReason.FORBIDDEN
    assert missing.near == ()


def test_no_pod_is_looked_for_where_there_is_no_service() -> None:
    """The Service is what is wrong."""
    report = ask(Query("shop", ("absent",), why=("web-1",)), FakeSource(cluster(pod())))

    assert [missing.ref.kind for missing in report.missing] == ["Service"]


def test_pods_are_asked_about_services_that_labels_choose_too() -> None:
    """Of the namespace."""
    report = ask(Query("shop", why=("web-1",)), FakeSource(settled(service(), pod())))

    assert [told.pod.name for told in report.subjects[0].why] == ["web-1"]


def test_in_several_namespaces_a_pod_may_be_in_any() -> None:
    """As in a file about several; it is told of the Services beside it."""
    away = [with_(obj, metadata__namespace="away") for obj in (service("api"), pod("api-1"))]
    query = Query("", all_namespaces=True, why=("web-1", "api-1", "nope"))

    report = ask(query, FakeSource(settled(service(), pod(), *away)))

    told = {subject.ref.name: [why.pod.name for why in subject.why] for subject in report.subjects}
    assert told == {"web": ["web-1"], "api": ["api-1"]}
    assert [missing.ref.name for missing in report.missing] == ["nope"]


def test_near_pods_are_read_as_metadata() -> None:
    """They are only names."""
    source = FakeSource(settled(service(), pod("web-2")))

    ask(ASKED, source)

    assert Read("Pod", "shop", part=Portion.METADATA) in {read for wanted in source.rounds for read in wanted}
