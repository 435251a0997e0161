"""What the cluster would hold after a change."""

import pytest

from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import Deployment, EndpointSlice, Node, Partial, Pod, Ref, Service, Workload
from kubesvc.model.read import Gap, GapReason, Read, Unavailable, Unread
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import cells, drift, endpoints, mirroring, reads
from kubesvc.semantics.admission import RefusedError, UndecidedError
from kubesvc.semantics.simulate import simulate
from tests.support.builders import (
    NOW,
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
    with_,
)

WRONG = service(selector={"app": "Web"})
FIX = Change(WRONG.ref, (Op(("spec", "selector", "app"), "web"),))


def listed(snapshot: Snapshot, of: Service = WRONG) -> list[tuple[str, int]]:
    """The slices of a Service and how many endpoints they hold."""
    found = snapshot.find(reads.slices_of(of), EndpointSlice)
    return [(entry.metadata.name, len(entry.endpoints)) for entry in found]


def test_the_object_is_changed_and_its_slices_are_predicted() -> None:
    """Everything else stays."""
    before = settled(WRONG, *pods(3))

    after = simulate(before, FIX)

    changed = after.objects[WRONG.ref]
    assert isinstance(changed, Service)
    assert changed == with_(WRONG, spec__selector={"app": "web"})
    assert listed(before) == [("web-1", 0)]
    assert listed(after) == [("web-1 (new)", 3)]
    assert after.find(Read("Pod"), Pod) == before.find(Read("Pod"), Pod)


TEMPLATE = ("spec", "template", "metadata", "labels", "tier")


def test_a_template_of_which_no_pod_is_wanted_is_changed_and_nothing_else() -> None:
    """Nobody makes a pod of it."""
    idle = deployment(replicas=0)
    before = settled(service(), idle, *pods(1))

    after = simulate(before, Change(idle.ref, (Op(TEMPLATE, "fe"),)))

    changed = after.objects[idle.ref]
    assert isinstance(changed, Deployment)
    assert changed.template.metadata.labels == {"app": "web", "tier": "fe"}
    assert after == with_(before, objects={**before.objects, idle.ref: changed})


@pytest.mark.parametrize(
    ("of", "op"),
    [
        (deployment(), Op(TEMPLATE, "fe")),
        (deployment(replicas=0), Op(("spec", "replicas"), 1)),
        (deployment(replicas=0), Op(("spec",), {"replicas": 1})),
        (daemon_set(desired=0), Op(TEMPLATE, "fe")),
        (with_(daemon_set(desired=0), spec__replicas=0), Op(TEMPLATE, "fe")),
    ],
)
def test_pods_that_a_workload_would_make_are_not_simulated(of: Workload, op: Op) -> None:
    """Whether they become ready is not known before."""
    with pytest.raises(UndecidedError):
        simulate(settled(service(), of), Change(of.ref, (op,)))


def test_a_selector_takes_the_copies_of_endpoints_away() -> None:
    """What others wrote stays."""
    bare = with_(WRONG, spec__selector={})
    copy = hand_made(endpoint("10.0.0.9"), name="copy")
    copy = with_(copy, metadata__labels={**copy.metadata.labels, endpoints.MANAGED_BY: mirroring.CONTROLLER})
    before = settled(bare, *pods(2), copy, hand_made(endpoint("192.0.2.1")))

    after = simulate(before, Change(bare.ref, (Op(("spec", "selector"), {"app": "web"}),)))

    assert listed(before) == [("by-hand", 1), ("copy", 1)]
    assert listed(after) == [("by-hand", 1), ("web-1 (new)", 2)]


def test_a_simulated_cluster_has_no_drift() -> None:
    """What was behind is written."""
    stale = settled(WRONG, *pods(2)).with_answers(slices(WRONG, *pods(5)), [])

    after = simulate(stale, FIX)

    of = after.objects[WRONG.ref]
    assert isinstance(of, Service)
    written = after.find(reads.slices_of(of), EndpointSlice)
    selected = cells.Selected(pods(2), {"node-a": node()}, 36)
    assert drift.drift(of, written, selected) == ()


def test_slices_of_others_stay() -> None:
    """The controller never touches them."""
    before = settled(WRONG, *pods(1), hand_made(endpoint("192.0.2.1")))

    assert listed(simulate(before, FIX)) == [("by-hand", 1), ("web-1 (new)", 1)]


def test_a_slice_stays_whatever_its_name() -> None:
    """What is written beside it has another one, be it of somebody or of another Service."""
    foreign = hand_made(endpoint("192.0.2.1"), name="web-1")
    api = hand_made(endpoint("192.0.2.8"), name="web-2", of="api")
    (own,) = slices(WRONG)
    before = cluster(WRONG, with_(own, metadata__name="web-x"), *pods(2), node(), foreign, api)

    after = simulate(before, FIX)

    assert listed(before) == [("web-1", 1), ("web-x", 0)]
    assert listed(after) == [("web-1", 1), ("web-1 (new)", 2)]
    assert after.objects[foreign.ref] == foreign
    assert after.objects[api.ref] == api


def test_a_slice_that_need_not_change_keeps_its_name() -> None:
    """A controller leaves a placeholder as it is."""
    (own,) = slices(WRONG)
    before = cluster(WRONG, with_(own, metadata__name="web-x"))

    after = simulate(before, Change(WRONG.ref, (Op(("spec", "selector", "app"), "api"),)))

    assert listed(after) == [("web-x", 0)]


def test_slices_of_an_earlier_incarnation_go() -> None:
    """They bear the controller's label, and it deletes them."""
    (stale,) = slices(with_(WRONG, spec__selector={"app": "web"}, metadata__uid="before"), pod())
    before = settled(WRONG, *pods(1), with_(stale, metadata__name="stale"))

    assert listed(simulate(before, FIX)) == [("web-1 (new)", 1)]


def test_a_service_that_gets_a_selector_gets_slices() -> None:
    """And one that loses it keeps those it has: the controller looks away from then on."""
    bare = service(selector={})
    given = Change(bare.ref, (Op(("spec", "selector"), {"app": "web"}),))
    taken = Change(WRONG.ref, (Op(("spec", "selector"), ABSENT),))

    assert listed(simulate(settled(bare, *pods(2)), given)) == [("web-1 (new)", 2)]
    assert listed(simulate(settled(WRONG), taken)) == [("web-1", 0)]


def partly(*covered: Read, gaps: tuple[Gap, ...] = ()) -> Snapshot:
    """What is known of a cluster after some reads."""
    whole = settled(WRONG, *pods(2))
    known = [
        obj for obj in whole.objects.values() if any(r.kind == obj.kind and r.matches(obj) for r in covered)
    ]
    return Snapshot("test", NOW).with_answers(known, covered, gaps)


SERVICE, SLICES, PODS = Read("Service", "shop", "web"), reads.slices_of(WRONG), Read("Pod", "shop")


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ((SERVICE,), {SLICES}),
        ((SERVICE, SLICES, reads.pods_of(WRONG)), {reads.pods_of(service())}),
        ((SERVICE, SLICES, PODS), {Read("Node", name="node-a")}),
    ],
)
def test_what_was_not_read_is_asked_for(known: tuple[Read, ...], wanted: set[Read]) -> None:
    """It never becomes zero."""
    with pytest.raises(Unread) as unread:
        simulate(partly(*known), FIX)

    assert unread.value.reads == wanted


@pytest.mark.parametrize("lost", [reads.pods_of(service()), Read("Node", name="node-a")], ids=str)
def test_what_could_not_be_read_is_not_zero_either(lost: Read) -> None:
    """The outcome is not known."""
    known = (SERVICE, SLICES) if lost.kind == "Pod" else (SERVICE, SLICES, PODS)

    with pytest.raises(Unavailable):
        simulate(partly(*known, gaps=(Gap(lost, GapReason.FORBIDDEN),)), FIX)


def test_the_node_of_a_pod_that_has_finished_need_not_be_known() -> None:
    """The pod is left out whatever becomes of its Node; that of a pod beside it decides."""
    over = pod("web-9", node="node-b", phase="Succeeded")
    whole = settled(WRONG, *pods(2), over)
    kept = [read for read in whole.covered if read.kind != "Node"]
    objects = [obj for obj in whole.objects.values() if obj.kind != "Node"]
    known = Snapshot("test", NOW).with_answers(objects, kept)

    with pytest.raises(Unread) as unread:
        simulate(known, FIX)

    assert unread.value.reads == {Read("Node", name="node-a")}


def test_what_is_copied_once_the_selector_is_gone_has_to_be_known() -> None:
    """The endpoints controller leaves its object, and that is copied then; not for an alias."""
    whole = settled(service(), *pods(1))
    read = Read("Endpoints", "shop", "web")
    kept = [made for made in whole.covered if made.kind != "Endpoints"]
    unread = Snapshot("test", NOW).with_answers(whole.objects.values(), kept)
    refused = unread.with_answers((), (), [Gap(read, GapReason.FORBIDDEN)])
    taken = Change(service().ref, (Op(("spec", "selector"), ABSENT),))
    alias = Change(
        service().ref,
        (Op(("spec", "type"), "ExternalName"), Op(("spec", "externalName"), "a.example"), *taken.ops),
    )

    with pytest.raises(Unread) as wanted:
        simulate(unread, taken)
    assert wanted.value.reads == {read}
    with pytest.raises(Unavailable):
        simulate(refused, taken)
    assert listed(simulate(refused, alias)) == [("web-1", 1)]


def test_nodes_that_are_refused_do_not_matter_where_unready_addresses_are_published() -> None:
    """The controller lists the pods all the same; the Nodes only tell their zones."""
    published = Change(WRONG.ref, (*FIX.ops, Op(("spec", "publishNotReadyAddresses"), value=True)))

    refused = Gap(Read("Node", name="node-a"), GapReason.FORBIDDEN)

    assert listed(simulate(partly(SERVICE, SLICES, PODS, gaps=(refused,)), published)) == [("web-1 (new)", 2)]


@pytest.mark.parametrize(
    "change",
    [
        Change(Ref("Service", "shop", "absent"), ()),
        Change(Ref("Pod", "shop", "absent"), ()),
        Change(Ref("Deployment", "shop", "web"), ()),
        Change(WRONG.ref, (Op(("spec", "ports"), "x"),)),
        Change(WRONG.ref, (Op(("spec", "ports", 7, "port"), 1),)),
        Change(WRONG.ref, (Op(("spec", "type", "x"), 1),)),
    ],
)
def test_a_change_that_does_not_fit_is_an_error(change: Change) -> None:
    """It is not half applied."""
    with pytest.raises(ValueError, match=r"\S"):
        simulate(settled(WRONG, *pods(1)), change)


@pytest.mark.parametrize(
    ("op", "error"),
    [
        (Op(("spec", "selector", "app"), "not valid"), RefusedError),
        (Op(("spec", "ipFamilyPolicy"), "PreferDualStack"), UndecidedError),
    ],
)
def test_a_change_that_the_server_would_not_make_is_not_simulated(op: Op, error: type[ValueError]) -> None:
    """As if it had."""
    with pytest.raises(error):
        simulate(settled(WRONG, *pods(1)), Change(WRONG.ref, (op,)))


@pytest.mark.parametrize(("number", "wanted"), [(0, 0), (2, 2), (3, 1)])
def test_few_nodes_are_read_by_name(number: int, wanted: int) -> None:
    """More are one list."""
    members = tuple(pod(f"web-{n}", node=f"node-{n}") for n in range(number))

    try:
        reads.nodes_of(Snapshot("test", NOW), service(), members)
        asked: frozenset[Read] = frozenset()
    except Unread as unread:
        asked = unread.reads

    assert len(asked) == wanted
    assert (Read("Node") in asked) is (number > reads.NODES_BY_NAME)


def test_a_node_that_could_not_be_decoded_is_not_gone() -> None:
    """Nothing is known of any Node then."""
    gap = Gap(Read("Node", name="node-a"), GapReason.UNREADABLE)
    snapshot = Snapshot("test", NOW).with_answers([node("node-b")], [Read("Node")], [gap])

    assert reads.nodes_of(snapshot, service(), (pod(), pod("web-2", node="node-b"))) is None
    assert list(reads.nodes_of(snapshot, service(), (pod("web-2", node="node-b"),)) or ()) == ["node-b"]
    assert snapshot.find(Read("Node"), Node) == (node("node-b"),)


def test_hints_by_the_cpu_of_zones_take_every_node() -> None:
    """All are one list; one that could not be decoded leaves nothing known of the rest."""
    auto = with_(service(), metadata__annotations={"service.kubernetes.io/topology-mode": "Auto"})
    known = Snapshot("test", NOW).with_answers([node(), node("node-b")], [Read("Node")])
    gap = Gap(Read("Node", name="node-c"), GapReason.UNREADABLE)

    assert set(reads.nodes_of(known, auto, (pod(),)) or ()) == {"node-a", "node-b"}
    assert reads.nodes_of(known.with_answers((), (), [gap]), auto, (pod(),)) is None
    assert reads.nodes_of(known, auto, ()) == {}


LABEL = Change(Ref("Pod", "shop", "web-1"), (Op(("metadata", "labels", "app"), "web"),))
BARE = pod("web-1", labels={})


def test_a_pod_that_is_labeled_becomes_an_endpoint() -> None:
    """Of the Services that begin to select it; the others stay as they are."""
    other = with_(service("api", selector={"app": "api"}), metadata__name="api")
    before = settled(service(), BARE, other)

    after = simulate(before, LABEL)

    assert listed(after, service()) == [("web-1 (new)", 1)]
    assert listed(after, other) == listed(before, other) == []
    (changed,) = after.find(Read("Pod", "shop"), Pod)
    assert changed == with_(BARE, metadata__labels={"app": "web"})


def test_a_pod_becomes_an_endpoint_of_every_service_that_selects_it() -> None:
    """Each has slices of its own."""
    twin = with_(service("api"), metadata__name="api")

    after = simulate(settled(service(), BARE, twin), LABEL)

    assert (len(listed(after, service())), len(listed(after, twin))) == (1, 1)


def test_a_pod_that_is_relabeled_is_no_endpoint_any_more() -> None:
    """Of the Services that cease to select it."""
    renamed = Change(LABEL.target, (Op(("metadata", "labels", "app"), "other"),))

    assert listed(simulate(settled(service(), *pods(2)), renamed), service()) == [("web-1 (new)", 1)]


@pytest.mark.parametrize("of", [service(), service(type="ExternalName", external_name="x.example")])
def test_services_that_a_label_does_not_concern_do_not_sync(of: Service) -> None:
    """What is behind stays behind: they select the pod before and after, or write no endpoints."""
    stale = settled(of, pod()).with_answers(slices(service(), *pods(5)), [])
    more = Change(LABEL.target, (Op(("metadata", "labels", "tier"), "x"), *LABEL.ops))
    gone = Change(LABEL.target, (Op(("metadata", "labels"), ABSENT),))

    assert listed(simulate(stale, more if of.spec.type == "ClusterIP" else gone), of) == [("web-1", 5)]


def test_a_pod_of_which_the_metadata_was_read_is_asked_for_whole() -> None:
    """Whether it serves is not known otherwise."""
    whole = settled(service(), BARE)
    known = [obj for obj in whole.objects.values() if not isinstance(obj, Pod)]
    partial = Partial(kind="Pod", metadata=BARE.metadata)
    before = Snapshot("test", NOW).with_answers([*known, partial], [SLICES])

    with pytest.raises(Unread) as unread:
        simulate(before, LABEL)

    assert unread.value.reads == {Read("Pod", "shop", "web-1")}
