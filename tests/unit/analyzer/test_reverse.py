"""Which Services select a pod or a workload's pods, which nearly do, and what becomes of the pods there."""

import pytest

from kubesvc.model import derived
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Deployment, Obj, Pod, Ref, Service, ServicePort, Workload
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.report import Line, LineKind, Membership, Missing, Relation, Report, Subject, Verdict
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import VERSION, Snapshot
from tests.support.builders import (
    HTTP,
    LONG_AGO,
    NOW,
    OTHER,
    cluster,
    container,
    daemon_set,
    deployment,
    endpoint,
    hand_made,
    headless,
    namespace,
    node,
    owned_by,
    pod,
    pods,
    port,
    replica_set,
    running,
    service,
    settled,
    slices,
    stateful_set,
    terminating,
    unready,
    unscheduled,
    waiting,
    with_,
)
from tests.support.sources import FakeSource, ask

WEB = Ref("Pod", "", "web-1")
DEPLOYMENT = Ref("Deployment", "", "web")


def report(snapshot: Snapshot, which: Ref = WEB, *, denied: tuple[Read, ...] = ()) -> Report:
    """Ask about a pod or workload of shop."""
    return ask(Query("shop", others=(which,)), FakeSource(snapshot, denied=denied))


def subject(snapshot: Snapshot, which: Ref = WEB, *, denied: tuple[Read, ...] = ()) -> Subject:
    """What is told of it."""
    (told,) = report(snapshot, which, denied=denied).subjects
    assert told.ref == which._replace(namespace="shop")
    return told


def only(told: Subject) -> Membership:
    """The only Service that has to do with it."""
    (member,) = told.services
    return member


def missing(snapshot: Snapshot, which: Ref = WEB, *, denied: tuple[Read, ...] = ()) -> Missing:
    """What was asked for and is not there."""
    (absent,) = report(snapshot, which, denied=denied).missing
    return absent


def texts(told: Subject, *kinds: LineKind) -> list[str]:
    """The lines of some kinds, at any depth, as `label value details state`."""
    return [
        " ".join(filter(None, [line.label, line.value, *line.details, line.state]))
        for line in _all(told.line)
        if line.kind in kinds
    ]


def _all(line: Line) -> list[Line]:
    return [line, *(inner for child in line.children for inner in _all(child))]


def owned(*members: Pod, by: str = "web-abc") -> list[Pod]:
    """Pods that a ReplicaSet controls, with its hash."""
    reference = (owned_by("ReplicaSet", by),)
    return [
        with_(
            member,
            metadata__owner_references=reference,
            metadata__labels={**member.metadata.labels, "pod-template-hash": by.rpartition("-")[2]},
        )
        for member in members
    ]


def deployed(of: Service, *members: Pod, replicas: int = 2, **labels: str) -> Snapshot:
    """A Service, and a Deployment with its pods."""
    made = deployment("web", labels=labels or {"app": "web"}, replicas=replicas)
    sets = with_(replica_set(), metadata__labels=labels or {"app": "web"})
    return settled(of, made, sets, *owned(*members))


def test_a_pod_that_gets_traffic_is_healthy() -> None:
    """Of each Service that selects it, port by port."""
    told = subject(settled(service("web", HTTP, OTHER), *pods(3)))

    assert (told.verdict, told.summary) == (Verdict.HEALTHY, "Service web sends it traffic")
    member = only(told)
    assert (member.relation, member.selector, member.pods) == (Relation.SELECTS, "app=web", ("web-1",))
    assert [(port.key, port.usable, port.expected) for port in member.ports] == [
        ("http", 1, 1),
        ("admin", 1, 1),
    ]
    assert member.reasons == ()
    assert texts(told, LineKind.POD, LineKind.POD_LABELS, LineKind.SELECTED_BY, LineKind.ENDPOINT) == [
        "Pod shop/web-1 10.244.0.1 node-a age 1d",
        "Labels app=web",
        "Service web selects it by app=web healthy",
        "10.244.0.1:8080 web-1 node-a ready",
        "10.244.0.1:8081 web-1 node-a ready",
    ]


def test_a_pod_that_is_not_ready_is_told_the_first_reason() -> None:
    """In the words of --why."""
    told = subject(settled(service(), unready(), pod("web-2", ips=("10.0.0.2",))))

    assert (told.verdict, told.summary) == (
        Verdict.BROKEN,
        "Service web selects it, and sends it no traffic",
    )
    (reason,) = only(told).reasons
    assert (reason.kind, reason.pods) == ("probed", ("web-1",))
    assert reason.text.startswith("the readiness probe of container app does not succeed: GET http://:8080")
    assert texts(told, LineKind.REASON) == [f"Reason {reason.text}"]
    assert texts(told, LineKind.PORT) == ["Port http 80/TCP → targetPort 8080 0 of 1 ready"]


def test_a_published_pod_of_which_nothing_runs_is_sent_traffic_for_nothing() -> None:
    """It is not said that none is sent; where another Service sends it none, that is told."""
    down = pod(ready=False, statuses=(waiting("CrashLoopBackOff"),))
    publishing = service(publish_not_ready_addresses=True)
    other = service("other")

    told = subject(settled(publishing, down))
    both = subject(settled(publishing, down, other, *slices(other, down)))

    assert told.verdict is Verdict.BROKEN
    assert told.summary == "Service web sends it traffic, but its container does not run"
    assert both.summary == "Service other selects it, and sends it no traffic"


def test_a_pod_is_told_of_each_service_and_fares_as_with_the_worst() -> None:
    """One port is on it, another is not."""
    named = service("named", ServicePort(name="http", port=80, target_port="web"))
    members = [pod()]
    snapshot = settled(service(), *members, named, *slices(named, *members))

    told = subject(snapshot)

    assert [(member.service.name, member.verdict) for member in told.services] == [
        ("named", Verdict.BROKEN),
        ("web", Verdict.HEALTHY),
    ]
    assert told.verdict is Verdict.BROKEN
    assert told.summary == "Service named selects it, and sends it no traffic"
    assert "no container declares web/TCP" in told.services[0].reasons[0].text


def test_services_with_which_it_fares_alike_are_told_together() -> None:
    """In one clause."""
    other = service("api")
    member = pod()

    told = subject(settled(service(), member, other, *slices(other, member)))

    assert told.summary == "Services api, web send it traffic"


def test_a_pod_that_is_used_in_one_family_only_is_degraded() -> None:
    """As its Service is."""
    told = subject(settled(service(ip_families=("IPv4", "IPv6")), pod()))

    assert (told.verdict, told.summary) == (Verdict.DEGRADED, "Service web sends it a part of the traffic")
    assert only(told).reasons[0].text == "has no IPv6 address, only 10.244.0.5"


def test_a_pod_within_its_deadlines_is_progressing() -> None:
    """Nothing is wrong yet."""
    young = with_(unready(), status__container_statuses=(running(ready=False, since=NOW),))

    told = subject(settled(service(), young))

    assert (told.verdict, told.summary) == (Verdict.PROGRESSING, "Service web waits until it is ready")


@pytest.mark.parametrize(
    ("member", "verdict", "summary"),
    [
        (
            with_(pod(), status__phase="Succeeded"),
            Verdict.IDLE,
            "Service web selects it, but it is to get no more traffic",
        ),
        (
            terminating(unready()),
            Verdict.IDLE,
            "Service web selects it, but it is to get no more traffic",
        ),
        (terminating(pod()), Verdict.DEGRADED, "Service web sends it a part of the traffic"),
    ],
    ids=["finished", "going", "going and serving"],
)
def test_a_pod_that_goes_or_has_finished_is_to_get_no_traffic(
    member: Pod, verdict: Verdict, summary: str
) -> None:
    """That is as it should be; what still serves is about to stop."""
    told = subject(settled(service(), member))

    assert (told.verdict, told.summary) == (verdict, summary)


def test_a_pod_that_nobody_selects_is_idle_and_told_so() -> None:
    """With how many Services there are."""
    told = subject(settled(service(), pod(labels={"run": "batch"})))

    assert (told.verdict, told.summary, told.services) == (Verdict.IDLE, "no Service selects it", ())
    assert texts(told, LineKind.NOTE) == ["Services none of 1 Service in shop selects it, or nearly"]


def test_a_service_that_nearly_selects_it_is_told_with_the_change() -> None:
    """It selects nobody, so that it may well have been meant; what the change leads to is simulated."""
    wrong = service(selector={"app": "Web"})

    told = subject(settled(wrong, *pods(2)))

    member = only(told)
    assert (told.verdict, told.summary) == (Verdict.IDLE, "no Service selects it, Service web nearly does")
    assert (member.relation, member.verdict, member.ports) == (Relation.NEARLY, None, ())
    assert member.reasons[0].text == (
        "carries app=web, where the selector asks for app=Web, in other letter case"
    )
    assert member.fix is not None
    assert member.fix.change == Change(wrong.ref, (Op(("spec", "selector", "app"), "web"),))
    assert member.fix.command is not None
    assert member.fix.command[:4] == ("kubectl", "patch", "service", "web")
    assert member.fix.outcome is not None
    assert [(port.usable, port.expected) for port in member.fix.outcome.ports] == [(2, 2)]
    assert texts(told, LineKind.NEARLY_BY) == ["Service web nearly selects it, by app=Web"]


def test_a_fix_mends_what_comes_to_light_with_it() -> None:
    """As for the Service: half of a patch would not help."""
    port_too = service("web", ServicePort(name="http", port=80, target_port="web"), selector={"app": "Web"})

    fix = only(subject(settled(port_too, pod("web-1", container("app", port(8080, "http")))))).fix

    assert fix is not None
    assert fix.title == "in Service/web: select app=web and target port http"
    assert fix.outcome is not None
    assert [(port.usable, port.expected) for port in fix.outcome.ports] == [(1, 1)]
    assert fix.notes[0].startswith("Otherwise KSV201 would remain: ")


def test_what_a_fix_leaves_is_named() -> None:
    """Of a pod that is not ready, no change of a Service makes a ready one."""
    fix = only(subject(settled(service(selector={"app": "Web"}), unready()))).fix

    assert fix is not None
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.BROKEN, ("KSV301",))
    assert [note.partition(":")[0] for note in fix.notes] == ["KSV301 remains"]


def test_a_fix_that_makes_a_service_worse_is_none() -> None:
    """The endpoints that somebody wrote are all ready; one of two would be."""
    written = hand_made(endpoint("192.0.2.1"))

    member = only(subject(settled(service(selector={"app": "Web"}), unready(), written)))

    assert (member.relation, member.fix) == (Relation.NEARLY, None)


def test_a_service_of_other_pods_is_left_to_them() -> None:
    """To change its selector would take it from them."""
    told = subject(settled(service(selector={"app": "Web"}), pod(), pod("other", labels={"app": "Web"})))

    member = only(told)
    assert (member.fix, member.notes) == (None, ("It selects 1 other pod.",))


def test_only_the_nearest_has_a_fix() -> None:
    """They are in the order of their distance; each of them would do."""
    near, far = service("near", selector={"app": "Web"}), service("far", selector={"app": "webb"})

    told = subject(settled(far, pod(), near))

    assert [(member.service.name, member.fix is not None) for member in told.services] == [
        ("near", True),
        ("far", False),
    ]
    assert told.summary == "no Service selects it, Services near, far nearly do"


def numbered(number: int) -> Pod:
    """One pod of StatefulSet web."""
    name = f"web-{number}"
    labels = {"app": "web", "statefulset.kubernetes.io/pod-name": name}
    by = owned_by("StatefulSet", "web")
    return pod(name, labels=labels, ips=(f"10.0.0.{number}",), owner=by)


def of_number(number: int, app: str = "web") -> Service:
    """A Service of one such pod."""
    wanted = {"app": app, "statefulset.kubernetes.io/pod-name": f"web-{number}"}
    return service(f"web-{number}", selector=wanted)


def test_a_service_of_another_pod_of_its_stateful_set_is_not_near() -> None:
    """Each is for the pod of its number; without the number it would select all of them."""
    known = cluster(stateful_set(replicas=2), numbered(1), node(), of_number(2), of_number(3))

    assert subject(known).services == ()


def test_of_a_stateful_set_without_pods_the_one_by_its_number_takes_replicas() -> None:
    """As it is offered where the Service is explained."""
    known = settled(of_number(0), stateful_set(replicas=0))

    member = only(subject(known, Ref("StatefulSet", "", "web")))

    assert member.fix is not None
    assert (member.fix.title, member.notes) == ("scale StatefulSet/web up to 1 pod", ())


def test_a_service_of_a_number_that_is_not_there_is_near_its_stateful_set() -> None:
    """No change of its selector is offered here: without the number it would select all of them."""
    known = settled(of_number(2), of_number(1), stateful_set(replicas=2), numbered(1))

    told = subject(known, Ref("StatefulSet", "", "web"))

    (near,) = (member for member in told.services if member.relation is Relation.NEARLY)
    assert (near.service.name, near.fix) == ("web-2", None)
    assert near.reasons[0].text == (
        "it asks for one pod of StatefulSet/web by its number, 2, which is not there; 2 pods are wanted"
    )
    assert near.notes == ("kubesvc explain web-2 tells more.",)


def test_a_service_of_another_index_is_not_near() -> None:
    """Each pod carries its number alone, too; without it the Service would select all of them."""
    index = "apps.kubernetes.io/pod-index"
    member = with_(numbered(1), metadata__labels={**numbered(1).metadata.labels, index: "1"})
    other, own = (
        service(f"web-{n}", selector={"app": app, index: n}) for n, app in (("2", "web"), ("1", "Web"))
    )

    told = subject(cluster(stateful_set(replicas=2), member, node(), other, own), WEB)

    assert [one.service.name for one in told.services] == ["web-1"]


@pytest.mark.parametrize("which", [WEB, Ref("StatefulSet", "", "web")])
def test_a_service_of_its_number_may_be_near(which: Ref) -> None:
    """It errs in another label."""
    near = of_number(1, app="Web")

    member = only(subject(settled(near, stateful_set(), numbered(1)), which))

    assert (member.service.name, member.relation) == ("web-1", Relation.NEARLY)
    assert member.reasons[0].text.startswith("carries app=web, where the selector asks for app=Web")


def test_a_service_of_a_number_of_another_stateful_set_may_be_near() -> None:
    """What else makes pods gives none a number."""
    (alone,) = owned(with_(pod(), metadata__name="web-abc-x"), by="web-abc")
    near = of_number(1)

    told = subject(settled(near, alone), Ref("Pod", "", "web-abc-x"))

    assert [member.service.name for member in told.services] == ["web-1"]


BARE = pod("web", labels={"topology.kubernetes.io/zone": "z1"})


def test_a_pod_without_labels_may_be_called_like_what_is_asked_for() -> None:
    """Then it is given the labels; as it is for the Service."""
    member = only(subject(settled(service(), BARE), Ref("Pod", "", "web")))

    assert (member.relation, member.notes) == (Relation.NEARLY, ())
    assert member.reasons[0].text == (
        "has no label app, where the selector asks for app=web; but it is called like that"
    )
    assert member.fix is not None
    assert member.fix.title == "label Pod/web app=web"
    assert member.fix.outcome is not None
    assert [(port.usable, port.expected) for port in member.fix.outcome.ports] == [(1, 1)]


def test_of_several_services_that_it_is_called_like_the_first_offers_labels() -> None:
    """Those of one suffice."""
    told = subject(settled(service(), BARE, service("web-api")), Ref("Pod", "", "web"))

    assert [(m.service.name, m.fix is not None) for m in told.services] == [("web", True), ("web-api", False)]


@pytest.mark.parametrize(
    ("other", "notes"),
    [
        (pod("other"), ("It selects 1 other pod.",)),
        (pod("other", labels={"app": "Web"}), ("kubesvc explain web tells more.",)),
    ],
    ids=["selects another", "another is nearer"],
)
def test_a_pod_without_labels_is_given_none_where_another_is_meant(
    other: Pod, notes: tuple[str, ...]
) -> None:
    """Nor is it for the Service."""
    member = only(subject(settled(service(), BARE, other), Ref("Pod", "", "web")))

    assert (member.fix, member.notes) == (None, notes)


@pytest.mark.parametrize(
    "bare",
    [
        with_(BARE, metadata__name="db"),
        with_(BARE, metadata__owner_references=(owned_by("StatefulSet", "web"),)),
    ],
    ids=["another name", "made by a workload"],
)
def test_another_pod_is_not_called_so(bare: Pod) -> None:
    """What makes it would make others without the labels."""
    assert subject(settled(service(), bare), Ref("Pod", "", bare.metadata.name)).services == ()


def test_beside_one_that_selects_it_a_near_one_has_no_fix() -> None:
    """It is no fault that it does not."""
    near = service("near", selector={"app": "Web"})

    told = subject(settled(service(), pod(), near))

    assert [(m.service.name, m.relation, m.fix) for m in told.services[1:]] == [
        ("near", Relation.NEARLY, None)
    ]
    assert told.verdict is Verdict.HEALTHY


def test_what_is_far_fetched_is_not_near() -> None:
    """A value like no other is no near miss, nor is a Service without a selector."""
    member = pod(labels={"app": "web", "env": "prod"})
    others = [service("api", selector={"app": "api"}), service("bare", selector={})]
    others.append(service("db", selector={"app": "database", "env": "prod"}))

    assert subject(cluster(member, *others)).services == ()


def test_the_outcome_of_a_fix_may_be_unknown() -> None:
    """It is said so, and the change is offered all the same."""
    told = subject(settled(service(selector={"app": "Web"}), pod()), denied=(Read("Node"),))

    member = only(told)
    assert member.fix is not None
    assert member.fix.outcome is None
    assert member.fix.notes == ("Not simulated: something that would decide could not be read.",)


@pytest.mark.parametrize("denied", [(), (Read("Node"),)], ids=["known", "not known"])
def test_who_takes_a_fix_back_is_told(denied: tuple[Read, ...]) -> None:
    """After what is not known of its outcome."""
    released = with_(
        service(selector={"app": "Web"}), metadata__annotations={"meta.helm.sh/release-name": "front"}
    )

    member = only(subject(settled(released, pod()), denied=denied))

    back = "its next upgrade takes this back"
    assert member.fix is not None
    assert member.fix.notes[len(denied) :] == (
        f"Helm release front in shop deploys Service/web: {back}. Change its values.",
    )


def test_which_pods_a_near_service_selects_may_be_unknown() -> None:
    """Then no change is offered."""
    told = subject(
        settled(service(selector={"app": "Web"}), pod()), denied=(Read("Pod", "shop", part=Portion.METADATA),)
    )

    member = only(told)
    assert (member.fix, member.notes) == (None, ("Which pods it selects could not be read.",))


def test_an_alias_whose_selector_fits_selects_nothing() -> None:
    """The type says so."""
    alias = service(type="ExternalName", external_name="a.example", cluster_ip="")

    told = subject(settled(alias, pod()))

    member = only(told)
    assert told.verdict is Verdict.IDLE
    assert (member.relation, member.reasons[0].kind) == (Relation.NEARLY, "type")
    assert "the type is ExternalName" in member.reasons[0].text


def test_a_pod_may_be_listed_without_being_selected() -> None:
    """By a slice that somebody wrote: it names the pod, or only its address."""
    bare = service(selector={})
    by_name = subject(settled(bare, pod(), hand_made(endpoint("10.244.0.5", target=pod()))))
    by_address = subject(settled(bare, pod(), hand_made(endpoint("10.244.0.5"), endpoint("192.0.2.1"))))

    for told in (by_name, by_address):
        member = only(told)
        assert (member.relation, member.pods) == (Relation.LISTS, ("web-1",))
        assert (told.verdict, told.summary) == (Verdict.HEALTHY, "Service web sends it traffic")
        assert texts(told, LineKind.LISTED_BY) == [
            "Service web does not select it, but is given it by slice by-hand healthy"
        ]


def test_a_listed_pod_that_is_not_ready_there_is_told_so() -> None:
    """Whoever wrote the slice says so."""
    told = subject(settled(service(selector={}), pod(), hand_made(endpoint("10.244.0.5", ready=False))))

    assert told.summary == "Service web lists it, and sends it no traffic"


def test_a_headless_service_answers_without_a_port() -> None:
    """Its clients get the address."""
    of = headless("web", ServicePort(name="http", port=80, target_port="web"))

    assert subject(settled(of, pod())).verdict is Verdict.HEALTHY


def test_slices_that_are_late_are_told_without_a_reason() -> None:
    """No condition is unmet; whether it lasts takes a second look, at the Service."""
    of, member = service(), pod()

    told = subject(cluster(of, member, node(), *slices(of)))

    member_of = only(told)
    assert (told.verdict, member_of.reasons) == (Verdict.BROKEN, ())
    assert member_of.notes == (
        "No condition is unmet, yet the slices say otherwise: kubesvc explain web looks twice.",
    )


def test_a_workload_counts_its_pods() -> None:
    """Those that it controls; of each the first reason is told."""
    stranger = pod("stranger", ips=("10.0.0.9",))
    snapshot = deployed(service(), pod("web-1", ips=("10.0.0.1",)), unready("web-2", ips=("10.0.0.2",)))
    snapshot = settled(
        service(),
        *(
            obj
            for obj in snapshot.objects.values()
            if obj.kind not in ("Service", "EndpointSlice", "Version")
        ),
        stranger,
    )

    told = subject(snapshot, DEPLOYMENT)

    assert (told.verdict, told.summary) == (
        Verdict.DEGRADED,
        "1 of 2 pods receive traffic from Service web",
    )
    member = only(told)
    assert member.pods == ("web-1", "web-2")
    assert [(port.usable, port.expected) for port in member.ports] == [(1, 2)]
    assert [reason.pods for reason in member.reasons] == [("web-2",)]
    assert texts(told, LineKind.WORKLOAD, LineKind.POD_LABELS, LineKind.SELECTED_BY, LineKind.REASON) == [
        "Deployment shop/web 2 of 2 pods age 1d",
        "Template app=web",
        "Service web selects 2 of its pods by app=web degraded",
        (
            "Reason web-2: the readiness probe of container app does not succeed: "
            "GET http://:8080/healthz every 10 s, timeout 1 s, 3 failures"
        ),
    ]


def test_pods_with_one_reason_are_one_line() -> None:
    """However many they are."""
    members = [unready(f"web-{n}", ips=(f"10.0.0.{n}",)) for n in range(1, 6)]

    told = subject(deployed(service(), *members, replicas=5), DEPLOYMENT)

    (reason,) = only(told).reasons
    assert len(reason.pods) == 5
    assert texts(told, LineKind.REASON)[0].startswith("Reason web-1, web-2, web-3 and 2 more: the readiness")


def test_pods_that_a_selector_leaves_out_are_counted() -> None:
    """Older ones may carry other labels."""
    old = pod("web-2", labels={"app": "web", "track": "old"}, ips=("10.0.0.2",))
    new = pod("web-1", labels={"app": "web", "track": "new"})

    told = subject(deployed(service(selector={"track": "new"}), new, old), DEPLOYMENT)

    assert only(told).notes == ("1 of its pods does not carry these labels.",)
    assert told.summary == "1 of 2 pods receive traffic from Service web"


@pytest.mark.parametrize(
    ("workload", "verdict", "notes"),
    [
        (
            deployment(replicas=0),
            Verdict.IDLE,
            ("It wants no pod; those of its template would be selected.",),
        ),
        (
            deployment(replicas=2),
            Verdict.BROKEN,
            (
                "It wants 2 pods and has none; those of its template would be selected.",
                "kubesvc explain web tells more.",
            ),
        ),
        (
            with_(deployment(), metadata__creation_timestamp=NOW),
            Verdict.PROGRESSING,
            ("It wants 1 pod and has none; those of its template would be selected.",),
        ),
        (daemon_set(desired=0), Verdict.IDLE, ("It wants no pod; those of its template would be selected.",)),
        (
            with_(deployment(replicas=2), metadata__creation_timestamp=NOW, spec__paused=True),
            Verdict.BROKEN,
            (
                "It wants 2 pods and has none; those of its template would be selected.",
                "Deployment/web is paused: nothing is rolled out before `kubectl rollout resume`.",
                "kubesvc explain web tells more.",
            ),
        ),
        (
            stateful_set(replicas=3),
            Verdict.BROKEN,
            (
                "It wants 3 pods and has none; those of its template would be selected.",
                "kubesvc explain web tells more.",
            ),
        ),
    ],
)
def test_a_workload_without_pods_is_told_by_its_template(
    workload: Workload, verdict: Verdict, notes: tuple[str, ...]
) -> None:
    """What it would make is selected or not."""
    told = subject(settled(service(), workload), Ref(workload.kind, "", "web"))

    assert (told.verdict, told.summary) == (verdict, "it has no pods; Service web would select them")
    assert only(told).notes == notes
    assert texts(told, LineKind.SELECTED_BY) == [
        f"Service web selects its template by app=web {verdict.word}"
    ]


@pytest.mark.parametrize(
    ("paused", "held"),
    [
        (True, ("Deployment/web is paused: nothing is rolled out before `kubectl rollout resume`.",)),
        (False, ()),
    ],
)
def test_a_template_may_carry_what_its_pods_lack(paused: bool, held: tuple[str, ...]) -> None:  # noqa: FBT001
    """The Service is right, and a change of its selector would be no help."""
    made = with_(deployment(labels={"app": "web"}, replicas=2), spec__paused=paused)
    made = with_(made, spec__template__metadata__labels={"app": "web", "tier": "fe"})
    sets = with_(replica_set(), metadata__labels={"app": "web"})
    of = service(selector={"app": "web", "tier": "fe"})

    told = subject(settled(of, made, sets, *owned(*pods(2))), DEPLOYMENT)

    assert (told.verdict, told.summary) == (
        Verdict.BROKEN,
        "0 of 2 pods receive traffic from Service web",
    )
    assert only(told).fix is None
    assert only(told).relation is Relation.SELECTS
    assert only(told).notes == (
        "Its template carries these labels, none of its 2 pods does.",
        *held,
        "kubesvc explain web tells more.",
    )
    assert texts(told, LineKind.SELECTED_BY) == ["Service web selects its template by app=web,tier=fe broken"]


def test_a_workload_with_pods_is_judged_by_what_they_carry() -> None:
    """Its template need not have a label that somebody gives to each of its pods."""
    members = [
        pod(f"web-{n}", labels={"app": "web", "role": "replica"}, ips=(f"10.0.0.{n}",)) for n in (1, 2)
    ]

    member = only(subject(deployed(service(selector={"app": "web", "role": "main"}), *members), DEPLOYMENT))

    assert member.reasons[0].text == (
        "carries role=replica, where the selector asks for role=main; app=web fits"
    )


def test_of_pods_that_differ_the_nearest_decides() -> None:
    """A Service is told once."""
    near = pod("web-2", labels={"app": "web", "track": "a"}, ips=("10.0.0.2",))
    far = pod("web-1", labels={"app": "web"}, ips=("10.0.0.1",))
    of = service(selector={"app": "web", "track": "A"})

    member = only(subject(deployed(of, far, near), DEPLOYMENT))

    assert member.reasons[0].text.startswith("carries track=a, where the selector asks for track=A")


def test_a_template_that_nobody_selects_may_nearly_be() -> None:
    """Compared like a pod's labels."""
    told = subject(settled(service(selector={"app": "Web"}), deployment(replicas=0)), DEPLOYMENT)

    assert told.summary == "no Service selects it, Service web nearly does"
    assert only(told).fix is not None


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_pods_of_others_belong_to_them_directly(kind: str) -> None:
    """No ReplicaSet is asked for."""
    made: Obj = stateful_set(replicas=1) if kind == "StatefulSet" else daemon_set(desired=1)
    source = FakeSource(settled(service(), made, pod(owner=owned_by(kind, "web"))))

    (told,) = ask(Query("shop", others=(Ref(kind, "", "web"),)), source).subjects

    assert told.summary == "1 of 1 pod receives traffic from Service web"
    assert not any(read.kind == "ReplicaSet" for wanted in source.rounds for read in wanted)


def test_a_pod_costs_few_requests() -> None:
    """It, the Services, and all slices at once; then its Node. Events and other pods are not asked for."""
    source = FakeSource(settled(service(), *pods(3)))

    ask(Query("shop", others=(WEB,)), source)

    assert source.rounds == [
        {Read("Pod", "shop", "web-1"), Read("Service", "shop"), Read("EndpointSlice", "shop"), VERSION},
        {Read("Node", name="node-a")},
    ]


def test_a_workload_costs_two_more() -> None:
    """Its pods and its ReplicaSets, both by its labels."""
    source = FakeSource(deployed(service(), *pods(2)))

    ask(Query("shop", others=(DEPLOYMENT,)), source)

    labels = selector({"app": "web"})
    assert source.rounds[1:] == [
        {
            Read("Pod", "shop", labels=labels),
            Read("ReplicaSet", "shop", labels=labels, part=Portion.METADATA),
        },
        {Read("Node", name="node-a")},
    ]


def test_a_service_is_not_offered_to_who_would_be_a_stranger_behind_it() -> None:
    """Both bear the misspelt release: the Service is for those that serve its port."""
    members = [
        pod(
            name,
            with_(container("app", port(number)), image=f"registry.example/{name}:1"),
            labels={"release": "prod", "app": name},
            ips=(f"10.0.0.{number % 250}",),
            owner=owned_by("StatefulSet", f"prod-{name}"),
        )
        for name, number in (("web", 8080), ("db", 5432))
    ]
    known = settled(service(selector={"release": "Prod"}), *members)

    web, db = (only(subject(known, Ref("Pod", "", name))) for name in ("web", "db"))

    assert web.fix is not None
    assert web.fix.title == "in Service/web: select app=web,release=prod"
    assert (db.fix, db.notes) == (None, ("kubesvc explain web tells more.",))


def test_a_service_whose_own_workload_is_scaled_to_zero_is_not_offered_to_another() -> None:
    """Blue serves no more since the Service was switched to green, on purpose."""
    green = deployment("web-green", labels={"app": "web", "color": "green"}, replicas=0)
    blue = pod("blue", labels={"app": "web", "color": "blue"})
    known = settled(service(selector={"app": "web", "color": "green"}), green, blue)

    member = only(subject(known, Ref("Pod", "", "blue")))

    assert (member.fix, member.notes) == (None, ("kubesvc explain web tells more.",))


def test_a_near_miss_in_a_large_namespace_costs_as_few_requests_as_explaining_the_service() -> None:
    """It is explained, so that both sides get the same answer: other pods are read as metadata."""
    others = [pod(f"x-{n}", labels={"app": f"x{n}"}, ips=()) for n in range(300)]
    services = [service(f"s{n}", selector={"app": f"y{n}"}) for n in range(100)]
    source = FakeSource(settled(service(selector={"app": "Web"}), pod(), *others, *services))

    (told,) = ask(Query("shop", others=(WEB,)), source).subjects

    assert told.services[0].fix is not None
    assert source.requests <= 14, source.rounds


def test_it_may_be_asked_beside_a_service() -> None:
    """In the same rounds; Services come first."""
    source = FakeSource(settled(service(), *pods(1)))

    told = ask(Query("shop", ("web",), others=(WEB,)), source)

    assert [one.ref.kind for one in told.subjects] == ["Service", "Pod"]
    assert Read("Pod", "shop", "web-1") in source.rounds[0]
    assert Read("EndpointSlice", "shop") in source.rounds[0]


@pytest.mark.parametrize("which", [WEB, DEPLOYMENT, Ref("StatefulSet", "", "web")])
def test_what_does_not_exist_is_missing_with_near_names(which: Ref) -> None:
    """And where else the name exists."""
    near: list[Obj] = [pod("web-11"), deployment("webb"), stateful_set("web-db")]
    away = [with_(obj, metadata__namespace="away") for obj in (pod(), deployment(), stateful_set())]

    absent = missing(cluster(*near, *away, namespace()), which)

    assert absent.ref == which._replace(namespace="shop")
    assert len(absent.near) == 1
    assert absent.elsewhere == ("away",)
    assert absent.namespace_exists is True


def test_what_may_not_be_read_is_refused() -> None:
    """As any object that is named."""
    absent = missing(settled(service(), pod()), denied=(Read("Pod"),))

    assert absent.refused is not None
    assert absent.refused.reason is GapReason.FORBIDDEN


@pytest.mark.parametrize(
    ("which", "denied", "said"),
    [
        (WEB, Read("Service"), "services in shop could not be read (forbidden)"),
        (DEPLOYMENT, Read("Pod"), "pods app=web in shop could not be read (forbidden)"),
        (DEPLOYMENT, Read("ReplicaSet"), "replicasets app=web in shop could not be read (forbidden)"),
    ],
)
def test_without_what_decides_nothing_is_known(which: Ref, denied: Read, said: str) -> None:
    """It is not said that no Service selects it."""
    told = subject(deployed(service(), *pods(1)), which, denied=(denied,))

    assert (told.verdict, told.summary, told.services) == (Verdict.UNKNOWN, said, ())
    assert told.line.children == ()


def test_without_slices_it_is_known_who_selects_it() -> None:
    """Not whether it gets traffic; what hinders is still told."""
    told = subject(settled(service(), unready()), denied=(Read("EndpointSlice"),))

    assert (told.verdict, told.summary) == (
        Verdict.UNKNOWN,
        "what the slices of Service web say could not be read",
    )
    assert [reason.kind for reason in only(told).reasons] == ["probed"]
    workload = subject(deployed(service(), *pods(1)), DEPLOYMENT, denied=(Read("EndpointSlice"),))
    assert workload.summary == "what the slices of Service web say could not be read"


def test_a_service_that_could_not_be_decoded_may_be_the_one() -> None:
    """So that nothing is ruled out."""
    gap = Gap(Read("Service", "shop", "odd"), GapReason.UNREADABLE, "x")
    alone = settled(service(selector={"app": "api"}), pod()).with_answers((), (), [gap])
    beside = settled(service(), pod()).with_answers((), (), [gap])

    def told(snapshot: Snapshot) -> Subject:
        source = FakeSource(snapshot)
        begin = source.begin
        source.begin = lambda: begin().with_answers((), (), [gap])  # type: ignore[method-assign]
        return ask(Query("shop", others=(WEB,)), source).subjects[0]

    assert told(alone).verdict is Verdict.UNKNOWN
    assert (
        told(alone).summary == "Service/odd in shop could not be read (unreadable), and no other selects it"
    )
    assert told(beside).verdict is Verdict.UNKNOWN


def test_a_node_that_could_not_be_read_is_no_reason() -> None:
    """The slices show that it was no hindrance."""
    told = subject(settled(service(), pod()), denied=(Read("Node"),))

    assert told.verdict is Verdict.HEALTHY
    unready_told = subject(settled(service(), unready()), denied=(Read("Node"),))
    assert [reason.kind for reason in only(unready_told).reasons] == ["probed"]


def test_what_has_no_address_or_node_is_told_so() -> None:
    """In the first line and by its reason."""
    told = subject(settled(service(), unscheduled()))

    assert texts(told, LineKind.POD) == ["Pod shop/web-1 no address yet no node yet age 1d"]
    assert only(told).reasons[0].text.startswith("has no node yet")
    bare = with_(Deployment(metadata=deployment().metadata), metadata__creation_timestamp=None)
    assert texts(subject(settled(service(), bare), DEPLOYMENT), LineKind.WORKLOAD, LineKind.POD_LABELS) == [
        "Deployment shop/web 0 of 1 pod",
        "Template none",
    ]


def test_other_namespaces_do_not_matter() -> None:
    """Although all labels match."""
    away = [with_(obj, metadata__namespace="away") for obj in (service(), pod(), *slices(service(), pod()))]

    assert subject(settled(service(), pod(), *away)) == subject(settled(service(), pod()))
    assert LONG_AGO < NOW


@pytest.mark.parametrize(
    ("its", "title"),
    [
        (
            {"app": "web", "tier": "front"},
            "label the pods tier=front in the template of Deployment/web",
        ),
        ({"app": "web"}, "in Service/web: select no tier"),
    ],
)
@pytest.mark.parametrize("number", [0, 2])
def test_a_label_that_only_the_workload_carries_is_to_be_given_to_its_pods(
    its: dict[str, str], title: str, number: int
) -> None:
    """As it is offered first for the Service: the label was written in the wrong place."""
    made = with_(deployment(labels={"app": "web"}, replicas=2), metadata__labels=its)
    sets = with_(replica_set(), metadata__labels={"app": "web"})
    of = service(selector={"app": "web", "tier": "front"})

    member = only(subject(settled(of, made, sets, *owned(*pods(number))), DEPLOYMENT))

    assert member.fix is not None
    assert member.fix.title == title


def bare(**more: object) -> Service:
    """A Service that has lost its selector."""
    return service("web", selector={}, **more)


def test_a_service_without_a_selector_is_near_what_it_is_called_like() -> None:
    """As it is told of the Service; what would come of the selector is simulated."""
    told = subject(deployed(bare(), *pods(2)), DEPLOYMENT)

    assert told.summary == "no Service selects it, Service web nearly does"
    member = only(told)
    assert member.fix is not None
    assert member.fix.title == "in Service/web: select app=web, as Deployment/web does"
    assert member.fix.change == Change(
        Ref("Service", "shop", "web"), (Op(("spec", "selector"), {"app": "web"}, new=True),)
    )
    assert member.fix.outcome is not None
    assert member.reasons[0].text == (
        "it has no selector, and nobody writes endpoints for it; it is called like Deployment/web"
    )
    assert texts(told, LineKind.NEARLY_BY) == ["Service web nearly selects it, without a selector"]


def test_a_service_without_a_selector_is_not_near_what_it_is_not_called_like() -> None:
    """Nor is one for which somebody writes endpoints, nor an alias."""
    made = deployed(with_(bare(), metadata__name="other"), *pods(2))
    written = settled(bare(), hand_made(endpoint("10.9.9.9")), deployment("web", replicas=2))
    alias = deployed(bare(type="ExternalName", external_name="a.example"), *pods(2))

    assert [subject(each, DEPLOYMENT).services for each in (made, written, alias)] == [(), (), ()]


@pytest.mark.parametrize(("label", "near"), [("web", True), ("other", False)])
def test_a_selector_that_was_applied_decides_before_the_name(label: str, near: bool) -> None:  # noqa: FBT001
    """Also for a pod."""
    applied = {derived.PREFIX + "applied-selector": f'{{"app":"{label}"}}'}
    of = with_(bare(), metadata__annotations=applied)

    for which in (DEPLOYMENT, WEB):
        told = subject(deployed(of, *pods(2)), which)
        assert [one.fix is not None for one in told.services] == ([True] if near else [])
