"""What would come of a change: who comes and goes, which causes do, what else happens, what is not known."""

from collections.abc import Iterator

import pytest

from kubesvc.analyzer import registry
from kubesvc.analyzer.rule import Rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.errors import NotSimulated, UsageError
from kubesvc.model.change import ABSENT, Op
from kubesvc.model.objects import Obj, Ref, Service, ServicePort
from kubesvc.model.query import Query
from kubesvc.model.read import GapReason, Portion, Read
from kubesvc.model.report import Comparison, EndpointComparison, Finding, LineKind, Verdict
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    HTTP,
    OTHER,
    cluster,
    container,
    deployment,
    endpoint,
    hand_made,
    headless,
    node,
    pod,
    pods,
    port,
    service,
    settled,
    slices,
    terminating,
    unready,
    unscheduled,
    with_,
)
from tests.support.sources import FakeSource, ask

WRONG = service(selector={"app": "Web"})
SELECT = Op(("spec", "selector", "app"), "web")
NAMED = ServicePort(name="http", port=80, target_port="web")


def compare(snapshot: Snapshot, *ops: Op, denied: tuple[Read, ...] = ()) -> Comparison:
    """Ask what would come of changes of Service web."""
    return compared(FakeSource(snapshot, denied=denied), *ops)


def compared(source: FakeSource, *ops: Op) -> Comparison:
    """Ask a source."""
    (subject,) = ask(Query("shop", ("web",), changes=ops), source).subjects
    assert subject.comparison is not None
    assert subject.judged is subject.comparison.after.verdict
    return subject.comparison


def verdicts(told: Comparison) -> tuple[Verdict, Verdict]:
    """Before and after."""
    return told.before.verdict, told.after.verdict


def codes(told: Comparison) -> dict[str, list[str]]:
    """The causes, by what becomes of them."""
    groups = {"gone": told.gone, "remaining": told.remaining, "new": told.new}
    return {name: [cause.code for cause in causes] for name, causes in groups.items() if causes}


def moves(told: Comparison, at: int = 0) -> list[str]:
    """The endpoints of a port: `web-1 - → 10.0.0.1:80 ready`, `+` where traffic uses it."""
    return [_move(entry) for entry in told.ports[at].endpoints]


def _move(entry: EndpointComparison) -> str:
    assert entry.place.endpoint is not None
    sides = [
        f"{side.address or 'none'}{'+' if side.used else ''}" if side else "-"
        for side in (entry.before, entry.after)
    ]
    return f"{entry.place.endpoint.name} {' → '.join(sides)}"


def texts(told: Comparison, *kinds: LineKind) -> list[str]:
    """The lines of some kinds as `label value details state`."""
    lines = [*told.line.children, *(inner for line in told.line.children for inner in line.children)]
    return [
        " ".join(filter(None, [line.label, line.value, *line.details, line.state, *line.codes]))
        for line in lines
        if line.kind in kinds
    ]


def test_a_selector_that_is_put_right_brings_its_pods() -> None:
    """Verdict, endpoints, causes, and the command."""
    told = compare(settled(WRONG, *pods(2)), SELECT)

    assert verdicts(told) == (Verdict.BROKEN, Verdict.HEALTHY)
    assert (told.before.summary, told.after.summary) == (
        "its selector matches no pod",
        "2 of 2 pods receive traffic",
    )
    assert moves(told) == ["web-1 - → 10.244.0.1:8080+", "web-2 - → 10.244.0.2:8080+"]
    assert codes(told) == {"gone": ["KSV101"]}
    patch = '{"spec":{"selector":{"app":"web"}}}'
    assert told.command == ("kubectl", "patch", "service", "web", "--type", "merge", "-p", patch)
    assert told.line.label == "With this change shop/web would be healthy instead of broken"
    assert texts(told, LineKind.SETTING, LineKind.BEFORE, LineKind.AFTER, LineKind.PORT, LineKind.GONE) == [
        "Set spec.selector.app Web → web",
        "Before its selector matches no pod broken",
        "After 2 of 2 pods receive traffic healthy",
        "Port http 80/TCP → targetPort 8080 0 → 2 endpoints",
        "Gone selector app=Web: carried by 0 of 2 pods in shop KSV101",
    ]
    assert texts(told, LineKind.ENDPOINT) == [
        "10.244.0.1:8080 web-1 node-a comes, ready",
        "10.244.0.2:8080 web-2 node-a comes, ready",
    ]


def test_the_present_is_told_as_without_the_question() -> None:
    """Verdict and findings are those of the cluster; nothing has been changed."""
    snapshot = settled(WRONG, *pods(2))

    asked = ask(Query("shop", ("web",), changes=(SELECT,)), FakeSource(snapshot))
    plain = ask(Query("shop", ("web",)), FakeSource(snapshot))

    assert asked.findings == plain.findings
    assert asked.subjects[0].line == plain.subjects[0].line
    assert asked.subjects[0].verdict is Verdict.BROKEN
    assert plain.subjects[0].comparison is None
    assert plain.subjects[0].judged is Verdict.BROKEN


def test_what_remains_and_what_is_new_is_told() -> None:
    """One of two faults is put right; another is made."""
    of = service("web", NAMED, selector={"app": "Web"})
    broken = compare(settled(of, *pods(1)), SELECT)
    still = compare(settled(of, *pods(1)), Op(("spec", "selector", "app"), "nobody"))

    assert codes(broken) == {"gone": ["KSV101"], "new": ["KSV201"]}
    assert broken.line.label == "With this change shop/web would still be broken"
    assert texts(broken, LineKind.NEW) == [
        'New target port "web" of port http is declared by no selected pod KSV201'
    ]
    assert codes(still) == {"remaining": ["KSV101"]}
    assert still.remaining[0].headline == "selector app=nobody: carried by 0 of 1 pod in shop"


def test_a_cause_stays_the_same_when_pods_leave_its_place() -> None:
    """It is known by code and culprit where its places still touch; at another port it is another."""
    of = service("web", NAMED, with_(NAMED, name="admin", port=81, target_port="admin"))
    snapshot = settled(of, *pods(2))

    told = compare(snapshot, Op(("spec", "ports", "http", "targetPort"), 8080))

    assert codes(told) == {"gone": ["KSV201"], "remaining": ["KSV201"]}
    assert "port admin" in told.remaining[0].headline
    assert "port http" in told.gone[0].headline


def test_pods_go_and_others_come() -> None:
    """Each is one line; nobody is counted twice."""
    others = [with_(one, metadata__labels={"app": "api"}) for one in pods(1)]
    members = [pod("web-2", ips=("10.244.0.2",)), *others]

    told = compare(settled(service(), *members), Op(("spec", "selector", "app"), "api"))

    assert verdicts(told) == (Verdict.HEALTHY, Verdict.HEALTHY)
    assert sorted(moves(told)) == ["web-1 - → 10.244.0.1:8080+", "web-2 10.244.0.2:8080+ → -"]
    assert sorted(texts(told, LineKind.ENDPOINT)) == [
        "10.244.0.1:8080 web-1 node-a comes, ready",
        "10.244.0.2:8080 web-2 node-a goes",
    ]


def test_pods_that_come_unready_or_without_an_address_are_told_so() -> None:
    """Two of three do not serve."""
    told = compare(
        settled(WRONG, pod("web-1"), unready("web-2", ips=("10.0.0.2",)), unscheduled("web-3")), SELECT
    )

    assert told.after.verdict is Verdict.DEGRADED
    assert moves(told) == [
        "web-1 - → 10.244.0.5:8080+",
        "web-2 - → 10.0.0.2:8080",
        "web-3 - → none",
    ]
    assert texts(told, LineKind.PORT) == ["Port http 80/TCP → targetPort 8080 0 → 1 of 3 endpoints"]
    assert texts(told, LineKind.ENDPOINT) == [
        "10.244.0.5:8080 web-1 node-a comes, ready",
        "10.0.0.2:8080 web-2 node-a comes, not ready: readiness probe of app",
        "no endpoint web-3 selected, not in the slices: Unschedulable",
    ]


def test_pods_that_were_selected_in_vain_are_told_of_too() -> None:
    """They were no endpoints, and are not selected any more."""
    told = compare(settled(service(), pod(), unscheduled("web-2")), Op(("spec", "selector", "x"), "y"))

    assert moves(told) == ["web-1 10.244.0.5:8080+ → -", "web-2 none → -"]
    assert texts(told, LineKind.ENDPOINT) == [
        "10.244.0.5:8080 web-1 node-a goes",
        "no endpoint web-2 no longer selected",
    ]


def test_endpoints_that_are_reached_otherwise_are_told_of() -> None:
    """By another number, or in another state; those that stay are counted."""
    declared = container("app", port(8080, "web"))
    members = [unready("web-1", ips=("10.0.0.1",)), pod("web-2", declared, ips=("10.0.0.2",))]
    snapshot = settled(service(), *members)

    number = compare(snapshot, Op(("spec", "ports", 0, "targetPort"), 9090))
    published = compare(snapshot, Op(("spec", "publishNotReadyAddresses"), value=True))
    named = compare(snapshot, Op(("spec", "ports", 0, "targetPort"), "web"))

    assert texts(number, LineKind.ENDPOINT) == [
        "10.0.0.1:9090 web-1 node-a was 10.0.0.1:8080",
        "10.0.0.2:9090 web-2 node-a was 10.0.0.2:8080",
    ]
    assert texts(published, LineKind.ENDPOINT) == [
        "10.0.0.1:8080 web-1 node-a published, not Ready: readiness probe of app, was not ready",
        "+ 1 as before",
    ]
    assert texts(published, LineKind.SETTING) == ["Set spec.publishNotReadyAddresses false → true"]
    assert texts(named, LineKind.ENDPOINT) == [
        "10.0.0.1 web-1 node-a without this port, was not ready, was 10.0.0.1:8080",
        "+ 1 as before",
    ]


def test_a_selected_pod_may_leave_the_slices() -> None:
    """With the second family its address there goes."""
    of = service(
        ip_families=("IPv4", "IPv6"), ip_family_policy="RequireDualStack", cluster_ips=("10.0.0.1", "fd00::1")
    )
    snapshot = settled(of, pod(ips=("10.0.0.2", "fd00::2")))

    told = compare(snapshot, Op(("spec", "ipFamilyPolicy"), "SingleStack"))

    assert moves(told) == ["web-1 10.0.0.2:8080+ → 10.0.0.2:8080+", "web-1 [fd00::2]:8080+ → -"]
    assert told.notes == ("The address fd00::1 is given back; a way back may bring another one.",)


def test_a_pod_that_is_listed_by_hand_goes_but_stays_selected() -> None:
    """A slice of the controller's label that is not its own goes at the next sync."""
    of = service()
    stale = with_(
        slices(of, unscheduled(), pod("web-2"))[0], endpoints=(endpoint("10.9.9.9", target=unscheduled()),)
    )

    told = compare(cluster(of, unscheduled(), stale), Op(("spec", "ports", 0, "name"), "http"))

    assert moves(told) == ["web-1 10.9.9.9:8080+ → none"]
    assert texts(told, LineKind.ENDPOINT) == ["no endpoint web-1 goes, not in the slices: Unschedulable"]


def test_ports_come_and_go_by_their_keys() -> None:
    """A port of another name is another port."""
    snapshot = settled(service("web", HTTP, OTHER), *pods(1))

    gone = compare(snapshot, Op(("spec", "ports", "admin"), ABSENT))
    renamed = compare(snapshot, Op(("spec", "ports", "admin", "name"), "metrics"))

    assert [(p.key, p.before is None, p.after is None) for p in gone.ports] == [
        ("http", False, False),
        ("admin", False, True),
    ]
    assert texts(gone, LineKind.PORT) == [
        "Port http 80/TCP → targetPort 8080 1 → 1 endpoints",
        "Port admin is no longer there had 1 endpoint",
    ]
    assert [(p.key, p.before is None, p.after is None) for p in renamed.ports] == [
        ("http", False, False),
        ("admin", False, True),
        ("metrics", True, False),
    ]


def test_a_value_that_is_there_already_is_told_so() -> None:
    """Nothing changes, and that is no mistake of the simulation."""
    told = compare(settled(service(), *pods(1)), Op(("spec", "selector", "app"), "web"))

    assert texts(told, LineKind.SETTING) == ["Set spec.selector.app web, as it is"]
    assert texts(told, LineKind.ENDPOINT) == ["+ 1 as before"]
    assert told.line.label == "With this change shop/web would still be healthy"


def test_settings_are_told_one_after_the_other() -> None:
    """As they are made; what nobody has set has its default."""
    of = service("web", HTTP, OTHER)
    told = compare(
        settled(of, *pods(1)),
        Op(("spec", "type"), "NodePort"),
        Op(("spec", "ports", 0, "protocol"), "UDP"),
        Op(("spec", "ports", 2, "port"), 82),
        Op(("spec", "ports", 2, "name"), "new"),
        Op(("spec", "ports", "admin"), ABSENT),
    )

    assert texts(told, LineKind.SETTING) == [
        "Set spec.type ClusterIP → NodePort",
        "Set spec.ports[0].protocol TCP → UDP",
        'Set spec.ports[2] unset → {"port":82}',
        "Set spec.ports[2].name unset → new",
        'Set spec.ports[1] {"name":"admin","port":81,"targetPort":8081} → removed',
    ]


@pytest.mark.parametrize(
    ("of", "ops", "notes"),
    [
        (
            service(),
            (Op(("spec", "type"), "ExternalName"), Op(("spec", "externalName"), "a.example")),
            [
                "The address 10.96.0.10 is given back; a way back may bring another one.",
                "The controller looks away from then on: 1 slice of its own stays.",
            ],
        ),
        (
            service(),
            (Op(("spec", "type"), "LoadBalancer"),),
            ["Each port is given a port on every node; the API server chooses which."],
        ),
        (
            service("web", with_(HTTP, node_port=30080), type="LoadBalancer"),
            (Op(("spec", "type"), "ClusterIP"),),
            ["Node port 30080 is given back.", "Its load balancer is taken down."],
        ),
        (
            service("web", with_(HTTP, node_port=30080), with_(OTHER, node_port=30081), type="NodePort"),
            (Op(("spec", "type"), "ClusterIP"),),
            ["Node ports 30080, 30081 are given back."],
        ),
        (
            service(),
            (Op(("spec", "selector"), ABSENT),),
            ["The controller looks away from then on: 1 slice of its own stays."],
        ),
        (headless(), (Op(("spec", "selector", "app"), "api"),), []),
        (service(type="NodePort"), (Op(("spec", "type"), "LoadBalancer"),), []),
    ],
)
def test_what_else_the_change_brings_about_is_told(
    of: Service, ops: tuple[Op, ...], notes: list[str]
) -> None:
    """What the server gives and takes along with it, and what controllers then leave alone."""
    told = compare(settled(of, *pods(1)), *ops)

    assert list(told.notes) == notes
    assert texts(told, LineKind.NOTE) == [f"Note {note}" for note in notes]


@pytest.mark.parametrize("denied", [(), (Read("Node"),)], ids=["known", "not known"])
def test_who_takes_the_change_back_is_told(denied: tuple[Read, ...]) -> None:
    """Its command is printed, whatever comes of it."""
    released = with_(WRONG, metadata__annotations={"meta.helm.sh/release-name": "front"})

    told = compare(settled(released, *pods(1)), SELECT, denied=denied)

    back = "its next upgrade takes this back"
    assert told.notes == (f"Helm release front in shop deploys Service/web: {back}. Change its values.",)
    assert texts(told, LineKind.NOTE)[:1] == [f"Note {told.notes[0]}"]


def test_an_alias_lists_ports_that_nobody_uses() -> None:
    """Its slices stay behind; nothing forwards to them."""
    ops = (Op(("spec", "type"), "ExternalName"), Op(("spec", "externalName"), "a.example"))

    told = compare(settled(service(), *pods(1)), *ops)

    assert told.after.summary.startswith("an alias of a.example")
    assert told.after.verdict is Verdict.HEALTHY


def test_what_the_changed_object_needs_is_read() -> None:
    """The pods that it would select, in rounds with the rest; nothing is asked for twice."""
    others = [with_(one, metadata__labels={"app": "api"}) for one in pods(2)]
    source = FakeSource(settled(service(), pod("web-9"), *others))

    told = compared(source, Op(("spec", "selector", "app"), "api"))

    wanted = [read for asked in source.rounds for read in asked]
    assert Read("Pod", "shop", labels=selector({"app": "api"})) in wanted
    assert len(wanted) == len(set(wanted)) <= 8
    assert told.after.verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    "lost", [Read("Pod", "shop", labels=selector({"app": "api"})), Read("Node")], ids=str
)
def test_what_could_not_be_read_is_unknown_and_not_zero(lost: Read) -> None:
    """Neither the pods nor the Nodes that decide whether they are listed."""
    others = [with_(one, metadata__labels={"app": "api"}) for one in pods(2)]

    told = compare(settled(service(), *others), Op(("spec", "selector", "app"), "api"), denied=(lost,))

    assert told.after.verdict is Verdict.UNKNOWN
    assert "could not be read (forbidden)" in told.after.summary
    assert (told.ports, told.gone, told.new) == ((), (), ())
    assert told.line.label == "How shop/web would fare with this change is not known"
    assert texts(told, LineKind.PORT, LineKind.GONE) == []
    assert texts(told, LineKind.SETTING) == ["Set spec.selector.app web → api"]


def test_a_cause_that_could_not_be_looked_for_is_told() -> None:
    """That nothing new was found would say too much."""
    of = service("web", NAMED)
    denied = (Read("ReplicaSet"),)

    def lacking(_: Rule, view: ServiceView) -> Iterator[Finding]:
        if view.simulated:
            view.snapshot.find(Read("ReplicaSet", "shop"), Obj)
        yield from ()

    rule = Rule("KSV999", "lacking", registry.RULES[0].confidence, frozenset(), "0.1", lacking, "Report it.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "RULES", (*registry.RULES, rule))
        told = compare(settled(of, *pods(1)), Op(("spec", "ports", 0, "port"), 81), denied=denied)

    assert [missed.code for missed in told.not_checked] == ["KSV999"]
    assert texts(told, LineKind.NOTE) == [
        "Note Not looked for after the change, since something could not be read: KSV999."
    ]


def test_a_rule_that_fails_on_the_changed_object_leaves_it_unknown() -> None:
    """What it would have found is not known."""

    def failing(_: Rule, view: ServiceView) -> Iterator[Finding]:
        if view.simulated:
            raise LookupError("x")
        yield from ()

    rule = Rule("KSV999", "failing", registry.RULES[0].confidence, frozenset(), "0.1", failing, "Report it.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "RULES", (*registry.RULES, rule))
        told = compare(settled(service(), *pods(1)), SELECT)

    assert told.after.verdict is Verdict.UNKNOWN
    assert [cause.code for cause in told.new] == ["KSV902"]


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (
            Op(("spec", "clusterIP"), "None"),
            "the API server would refuse this change: spec.clusterIP may not change once set",
        ),
        (
            Op(("spec", "ipFamilyPolicy"), "PreferDualStack"),
            (
                "this change cannot be simulated: whether there is a second IP family for Services, "
                "the API server alone knows"
            ),
        ),
    ],
)
def test_what_the_server_would_not_take_is_an_error(op: Op, said: str) -> None:
    """In one line."""
    with pytest.raises(NotSimulated) as caught:
        compare(settled(service(), *pods(1)), op)

    assert caught.value.message == said
    assert caught.value.exit_status == 2


def test_a_port_that_is_not_there_is_an_error() -> None:
    """With those that are."""
    with pytest.raises(UsageError, match="does not exist"):
        compare(settled(service(), *pods(1)), Op(("spec", "ports", "web", "port"), 1))


def test_slices_of_others_stay() -> None:
    """A change of the Service does not touch them."""
    snapshot = settled(WRONG, *pods(1), hand_made(endpoint("192.0.2.1")))

    told = compare(snapshot, SELECT)

    assert moves(told) == [
        "192.0.2.1 192.0.2.1:8080+ → 192.0.2.1:8080+",
        "web-1 - → 10.244.0.1:8080+",
    ]


def test_many_endpoints_are_counted_in_the_tree_and_kept_in_the_value() -> None:
    """A program gets all of them."""
    many = [pod(f"web-{n}", ips=(f"10.1.{n // 250}.{n % 250}",)) for n in range(130)]

    told = compare(settled(WRONG, *many), SELECT)

    assert len(told.ports[0].endpoints) == 130
    assert texts(told, LineKind.ENDPOINT)[100:] == ["+ 30 more not shown"]


def test_a_workload_without_pods_is_found_by_the_changed_selector() -> None:
    """Nobody serves, and nobody should."""
    snapshot = cluster(
        WRONG, *slices(WRONG), node(), deployment("web", replicas=0), pod("x-1", labels={"app": "x"})
    )

    told = compare(snapshot, SELECT)

    assert told.after.verdict is Verdict.IDLE
    assert told.after.summary == "every workload behind it is scaled to zero"


def test_in_a_file_what_is_not_there_is_a_gap() -> None:
    """Never zero: the pods of another selector were not captured."""
    from kubesvc.client.source import FileSource  # noqa: PLC0415 - the seam to a file
    from kubesvc.model.read import Unread  # noqa: PLC0415

    recorded = FakeSource(settled(service(), *pods(1), pod("api-1", labels={"app": "api"})))
    ask(Query("shop", ("web",)), recorded)
    snapshot = recorded.begin()
    for wanted in recorded.rounds:
        snapshot = FakeSource(recorded.truth).answer(snapshot, Unread(wanted))
    source = FileSource(snapshot)
    told = compared(source, Op(("spec", "selector", "app"), "api"))  # type: ignore[arg-type] # both answer

    assert told.after.verdict is Verdict.UNKNOWN
    assert str(GapReason.NOT_IN_FILE) in told.after.summary


def test_near_pods_are_read_as_metadata_once_for_both_sides() -> None:
    """Before and after share what was read."""
    source = FakeSource(settled(WRONG, *pods(1)))

    compared(source, Op(("spec", "selector", "app"), "wbe"))

    wanted = [read for asked in source.rounds for read in asked]
    assert wanted.count(Read("Pod", "shop", part=Portion.METADATA)) == 1


def test_the_culprit_is_told_with_the_cause() -> None:
    """As in a finding."""
    told = compare(settled(WRONG, *pods(1)), SELECT)

    assert told.gone[0].culprit == Ref("Service", "shop", "web")


def test_who_serves_while_nobody_is_ready_is_used_until_somebody_is() -> None:
    """A pod that goes and still serves."""
    going = terminating(pod("web-1", labels={"app": "web", "track": "old"}))
    fresh = pod("web-2", labels={"app": "web"}, ips=("10.0.0.2",))
    snapshot = settled(service(selector={"app": "web", "track": "old"}), going, fresh)

    more = compare(snapshot, Op(("spec", "selector", "track"), ABSENT))
    less = compare(settled(service(), going, fresh), Op(("spec", "selector", "track"), "old"))

    assert texts(more, LineKind.ENDPOINT) == [
        "10.244.0.5:8080 web-1 node-a used no more, as others are ready",
        "10.0.0.2:8080 web-2 node-a comes, ready",
    ]
    assert texts(less, LineKind.ENDPOINT) == [
        "10.244.0.5:8080 web-1 node-a used from then on",
        "10.0.0.2:8080 web-2 node-a goes",
    ]
