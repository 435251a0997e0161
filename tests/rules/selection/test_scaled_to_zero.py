"""KSV102: every workload behind the Service is scaled to zero."""

import pytest

from kubesvc.model.objects import Obj, OwnerReference, Pod, Service
from kubesvc.model.query import Query
from kubesvc.model.read import Portion, Read
from kubesvc.model.report import Confidence, Effect, Verdict
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    autoscaler,
    cluster,
    condition,
    cron_job,
    daemon_set,
    deployment,
    job,
    node,
    owned_by,
    pod,
    pods,
    replica_set,
    service,
    settled,
    slices,
    stateful_set,
    terminating,
    unready,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict


@pytest.mark.parametrize("make", [deployment, stateful_set])
def test_a_workload_that_wants_no_pod_makes_the_service_idle(make: type[object]) -> None:
    """Idle is not broken; the command scales it up."""
    workload = make(replicas=0)  # type: ignore[call-arg]
    assert isinstance(workload, Obj)

    report = explain(settled(service(), workload))

    found = only(report, "KSV102")
    assert verdict(report) is Verdict.IDLE
    assert report.subjects[0].summary == "every workload behind it is scaled to zero"
    assert found.headline == f"{workload.ref} is scaled to zero"
    assert (found.culprit, found.effect, found.confidence) == (workload.ref, Effect.IDLE, Confidence.PROOF)
    assert rows(found)[0] == f"workload: {workload.ref} makes pods with app=web, and wants 0"
    (fix,) = found.fixes
    assert fix.command == ("kubectl", "scale", f"{workload.kind.lower()}/web", "--replicas=1")
    assert fix.outcome is None


def test_a_daemon_set_without_nodes_wants_no_pod() -> None:
    """It cannot be scaled: its node selector decides."""
    found = only(explain(settled(service(), daemon_set(desired=0))), "KSV102")

    assert found.fixes == ()


def test_each_workload_is_a_culprit() -> None:
    """Two workloads, two findings."""
    report = explain(settled(service(), deployment("web"), deployment("canary", replicas=0)))
    both = explain(settled(service(), deployment("web", replicas=0), deployment("canary", replicas=0)))

    assert find(report, "KSV102") == ()
    assert [found.culprit.name for found in both.findings] == ["canary", "web"]


@pytest.mark.parametrize(
    "objects",
    [
        (deployment(replicas=1),),
        (deployment(replicas=0, labels={"app": "other"}),),
        (deployment(replicas=0), pod()),
        (daemon_set(desired=2),),
        (),
    ],
    ids=["wants one", "of another", "a bare pod serves", "fits nodes", "no workload"],
)
def test_what_looks_like_it_is_not_it(objects: tuple[Obj, ...]) -> None:
    """Somebody wants a pod, or nobody makes one."""
    report = explain(settled(service(), *objects))

    assert find(report, "KSV102") == ()
    assert verdict(report) is not Verdict.IDLE


@pytest.mark.parametrize("own", [{}, {"app": "other"}])
def test_a_job_is_found_by_what_its_pods_would_carry(own: dict[str, str]) -> None:
    """Whatever its own labels are; one whose pods would carry others is none, whatever it bears."""
    suspended = with_(job(suspend=True), metadata__labels=own)
    bearing = with_(job(suspend=True, labels={"app": "db"}), metadata__labels={"app": "web"})

    assert only(explain(settled(service(), suspended)), "KSV102").headline == "Job/web is suspended"
    assert find(explain(settled(service(), bearing)), "KSV102") == ()


def test_a_service_without_a_selector_is_not_about_workloads() -> None:
    """It has another cause."""
    assert find(explain(settled(service(selector={}), deployment(replicas=0))), "KSV102") == ()


@pytest.mark.parametrize(
    "left",
    [pod(phase="Failed"), pod(phase="Succeeded"), terminating(unready())],
    ids=["evicted", "finished", "leaving"],
)
def test_pods_that_do_not_stay_leave_it_idle(left: Pod) -> None:
    """Nobody wants them back."""
    report = explain(settled(service(), deployment(replicas=0), left))

    only(report, "KSV102")
    assert verdict(report) is Verdict.IDLE


def test_a_pod_that_still_drains_is_explained() -> None:
    """It serves its last clients, because nobody wants another."""
    report = explain(settled(service(), deployment(replicas=0), terminating(pod())))

    only(report, "KSV102")
    assert verdict(report) is Verdict.DEGRADED


@pytest.mark.parametrize(
    ("workloads", "headlines", "summary"),
    [
        (
            (daemon_set(desired=0),),
            ["DaemonSet/web fits no node"],
            "no node fits the DaemonSet behind it",
        ),
        (
            (deployment("other", replicas=0), daemon_set(desired=0)),
            ["Deployment/other is scaled to zero", "DaemonSet/web fits no node"],
            "every workload behind it is scaled to zero",
        ),
    ],
    ids=["alone", "beside a Deployment"],
)
def test_a_daemon_set_fits_no_node(workloads: tuple[Obj, ...], headlines: list[str], summary: str) -> None:
    """It is not scaled."""
    report = explain(settled(service(), *workloads))

    assert [found.headline for found in report.findings] == headlines
    assert report.subjects[0].summary == summary


def test_a_kind_that_could_not_be_read_leaves_a_doubt() -> None:
    """Another workload may want pods: the verdict is unknown, and nothing is proven."""
    source = FakeSource(settled(service(), deployment(replicas=0)), denied=(Read("StatefulSet"),))

    report = ask(Query("shop", ("web",)), source)

    assert only(report, "KSV102").confidence is Confidence.LIKELY
    assert verdict(report) is Verdict.UNKNOWN


@pytest.mark.parametrize("lost", ["EndpointSlice", "Pod"])
def test_who_serves_is_not_nobody_where_it_could_not_be_read(lost: str) -> None:
    """A bare pod serves: not read is not idle."""
    source = FakeSource(settled(service(), deployment(replicas=0), pod()), denied=(Read(lost),))

    report = ask(Query("shop", ("web",)), source)

    assert find(report, "KSV102") == ()
    assert "KSV102" in [missed.code for missed in report.not_checked]
    assert verdict(report) is Verdict.UNKNOWN


def test_an_autoscaler_that_does_nothing_at_zero_is_told() -> None:
    """The fix asks for as many pods as it would keep."""
    of = deployment(replicas=0)
    scaler = autoscaler(of, least=2, reason="ScalingDisabled")
    other = autoscaler(deployment("other"), least=9)

    found = only(explain(settled(service(), of, other, scaler)), "KSV102")

    assert rows(found)[1] == (
        "scaled by: HorizontalPodAutoscaler/web-scaler, 2 to 5 pods: it does nothing while 0 are asked for "
        "(ScalingDisabled)"
    )
    (fix,) = found.fixes
    assert fix.title == "scale up to 2 pods"
    assert fix.command == ("kubectl", "scale", "deployment/web", "--replicas=2")
    assert not any("scales it down again" in note for note in fix.notes)


def test_who_made_the_autoscaler_scales_to_zero() -> None:
    """KEDA's ScaledObject; it would take the fix back."""
    of = deployment(replicas=0)
    scaler = autoscaler(of, owner=owned_by("ScaledObject", "queue"), reason="ScalingDisabled")

    found = only(explain(settled(service(), of, scaler)), "KSV102")

    said = "ScaledObject/queue, which made HorizontalPodAutoscaler/web-scaler, 1 to 5 pods"
    assert rows(found)[1] == f"scaled by: {said}"
    assert found.fixes[0].notes[0] == "ScaledObject/queue scales it down again while nothing asks for it."


def test_an_autoscaler_may_scale_to_zero_itself() -> None:
    """Its minimum says so."""
    of = stateful_set(replicas=0)

    found = only(explain(settled(service(), of, autoscaler(of, least=0))), "KSV102")

    assert rows(found)[1] == "scaled by: HorizontalPodAutoscaler/web-scaler, 0 to 5 pods"
    (fix,) = found.fixes
    assert fix.title == "scale up to 1 pod"
    assert fix.notes[0].startswith("HorizontalPodAutoscaler/web-scaler scales it down again")


def test_autoscalers_are_asked_for_where_something_may_be_scaled() -> None:
    """Not for a DaemonSet, and not where nothing is idle; that it is refused changes nothing."""
    scalers = Read("HorizontalPodAutoscaler", "shop")

    def asked(*objects: Obj) -> bool:
        source = FakeSource(settled(service(), *objects))
        ask(Query("shop", ("web",)), source)
        return any(scalers in wanted for wanted in source.rounds)

    refused = FakeSource(settled(service(), deployment(replicas=0)), denied=(scalers,))
    report = ask(Query("shop", ("web",)), refused)

    assert asked(deployment(replicas=0))
    assert not any([asked(daemon_set(desired=0)), asked(deployment(replicas=1)), asked(deployment(), pod())])
    assert (verdict(report), only(report, "KSV102").confidence) == (Verdict.IDLE, Confidence.PROOF)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ((), "none carries it"),
        ((node("node-a"),), "none carries it"),
        (
            (with_(node("node-a"), metadata__labels={"disk": "ssd"}),),
            "1 carry it, and taints or affinity keep it off",
        ),
    ],
    ids=["no node", "another node", "a node with it"],
)
def test_which_nodes_a_daemon_set_asks_for(nodes: tuple[Obj, ...], said: str) -> None:
    """One small request."""
    agent = with_(daemon_set(desired=0), spec__template__spec__node_selector={"disk": "ssd"})
    source = FakeSource(settled(service(), agent, *nodes))

    found = only(ask(Query("shop", ("web",)), source), "KSV102")

    assert rows(found)[1] == f"nodes: it asks for Nodes with disk=ssd: {said}"
    wanted = Read("Node", labels=selector({"disk": "ssd"}), part=Portion.METADATA)
    assert any(wanted in asked for asked in source.rounds)


def test_nodes_that_could_not_be_read_are_not_none() -> None:
    """Forbidden is not empty."""
    agent = with_(daemon_set(desired=0), spec__template__spec__node_selector={"disk": "ssd"})
    source = FakeSource(settled(service(), agent), denied=(Read("Node"),))

    found = only(ask(Query("shop", ("web",)), source), "KSV102")

    assert [row.label for row in found.rows] == ["workload", "clients"]


ALONE = with_(
    replica_set("web-alone"),
    metadata__owner_references=(),
    spec=deployment(replicas=0).spec,
)


@pytest.mark.parametrize(
    ("maker", "headline", "command"),
    [
        (job(suspend=True), "Job/web is suspended", ("kubectl", "patch", "job", "web")),
        (cron_job(suspend=True), "CronJob/web is suspended", ("kubectl", "patch", "cronjob", "web")),
        (
            cron_job(),
            "CronJob/web is between two runs",
            ("kubectl", "create", "job", "web-now", "--from=cronjob/web"),
        ),
        (
            ALONE,
            "ReplicaSet/web-alone is scaled to zero",
            ("kubectl", "scale", "replicaset/web-alone", "--replicas=1"),
        ),
    ],
    ids=["job", "cron job", "between runs", "replica set"],
)
def test_rarer_workloads_want_no_pod_now(maker: Obj, headline: str, command: tuple[str, ...]) -> None:
    """Although pods that look like a near miss are there."""
    report = explain(settled(service(), maker, pod("other", labels={"app": "webb"})))

    found = only(report, "KSV102")
    assert (verdict(report), found.effect, found.confidence) == (Verdict.IDLE, Effect.IDLE, Confidence.PROOF)
    assert (found.headline, found.culprit) == (headline, maker.ref)
    (fix,) = found.fixes
    assert fix.command is not None
    assert fix.command[: len(command)] == command


def test_the_rarer_workloads_have_a_summary_of_their_own() -> None:
    """They are not scaled."""
    assert explain(settled(service(), cron_job())).subjects[0].summary == (
        "no workload behind it wants a pod now"
    )


def test_between_runs_the_pods_of_the_last_one_may_be_left() -> None:
    """A CronJob keeps some; of a Job alone they have finished, and nothing follows."""
    run = with_(job("web-29", labels={"app": "web"}), status__conditions=(condition("Complete", "True"),))
    left = pod(phase="Succeeded", owner=owned_by("Job", "web-29"))

    between = explain(settled(service(), cron_job(), run, left))
    once = explain(settled(service(), run, left))

    assert only(between, "KSV102").culprit == cron_job().ref
    assert verdict(between) is Verdict.IDLE
    assert only(once, "KSV302").culprit == run.ref
    assert verdict(once) is Verdict.BROKEN


@pytest.mark.parametrize(
    "other",
    [
        cron_job(labels={"app": "other"}),
        job(suspend=True, labels={"app": "other"}),
        with_(job(), status__conditions=(condition("Complete", "True"),)),
        with_(ALONE, spec__template__metadata__labels={"app": "other"}, metadata__labels={"app": "web"}),
        with_(ALONE, metadata__owner_references=(owned_by("Deployment", "gone"),)),
        with_(cron_job(), metadata__namespace="other"),
    ],
    ids=["cron job", "job", "job that is over", "template", "old revision", "namespace"],
)
def test_what_makes_no_such_pods_explains_nothing(other: Obj) -> None:
    """The selector matches no pod, and nobody would make one."""
    only(explain(settled(service(), other)), "KSV101")


ROLLOUT = OwnerReference(kind="Rollout", name="web", api_version="argoproj.io/v1alpha1", controller=True)


def test_an_owner_of_an_unknown_kind_is_named_and_nothing_is_claimed() -> None:
    """A Rollout at zero, or one whose pods nobody creates."""
    revisions = [
        with_(replica_set(f"web-{n}"), metadata__owner_references=(ROLLOUT,), metadata__labels={"app": "web"})
        for n in range(2)
    ]

    report = explain(settled(service(), *revisions))

    found = only(report, "KSV102")
    assert verdict(report) is Verdict.UNKNOWN
    assert (found.headline, found.confidence) == ("Rollout/web has no pod now", Confidence.LIKELY)
    assert rows(found)[0] == (
        "workload: Rollout/web owns ReplicaSet/web-0, which carries these labels; "
        "whether it wants pods is not known"
    )
    assert [command.argv for command in found.confirm] == [
        ("kubectl", "get", "rollout.argoproj.io", "web", "-o", "yaml")
    ]
    assert found.fixes == ()


HASH = "rollouts-pod-template-hash"
PINNED = service(selector={"app": "web", HASH: "old"})


def revision(name: str) -> Obj:
    """A ReplicaSet of the Rollout."""
    return with_(
        replica_set(f"web-{name}"),
        metadata__owner_references=(ROLLOUT,),
        metadata__labels={"app": "web", HASH: name},
    )


def of_revision(name: str, by: str = "") -> Pod:
    """A pod of a ReplicaSet, of the same name as its hash unless told otherwise."""
    return pod(labels={"app": "web", HASH: name}, owner=owned_by("ReplicaSet", by or f"web-{name}"))


def test_an_owner_with_pods_of_another_revision_makes_none_of_the_old_one() -> None:
    """The hash is stale, as that of a Deployment is; who switches it would take a change back."""
    switched = with_(PINNED, metadata__annotations={"argo-rollouts.argoproj.io/managed-by-rollouts": "web"})

    found = only(explain(settled(switched, revision("old"), revision("new"), of_revision("new"))), "KSV101")

    (fix,) = found.fixes
    assert fix.title == f"select no {HASH}"
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY
    (note,) = fix.notes
    assert note.startswith(
        "Rollout/web switches Service/web: it takes a change of the hash in the selector back"
    )


@pytest.mark.parametrize(
    ("of", "objects"),
    [
        (PINNED, (revision("old"), revision("new"))),
        (PINNED, (revision("old"), revision("new"), terminating(of_revision("new")))),
        (PINNED, (revision("old"), of_revision("new", by="web-gone"))),
        (PINNED, (revision("old"), with_(of_revision("new"), metadata__owner_references=()))),
        (service(), (revision("old"), with_(of_revision("old"), metadata__labels={"app": "other"}))),
        (PINNED, (revision("old"), with_(of_revision("old"), metadata__labels={HASH: "old"}))),
    ],
    ids=["no pods", "ending", "of nobody known", "bare", "no hash is asked for", "relabeled"],
)
def test_an_owner_without_pods_of_another_revision_may_make_some(
    of: Service, objects: tuple[Obj, ...]
) -> None:
    """A Rollout at zero, whose hash is the present one."""
    report = explain(settled(of, *objects))

    assert only(report, "KSV102").headline == "Rollout/web has no pod now"
    assert verdict(report) is Verdict.UNKNOWN


def test_pods_that_could_not_be_read_leave_open_whether_a_revision_is_old() -> None:
    """There may be some of another one."""
    truth = settled(PINNED, revision("old"), revision("new"), of_revision("new"))
    read = Read("Pod", "shop", part=Portion.METADATA)

    report = ask(Query("shop", ("web",)), FakeSource(truth, denied=(read,)))

    assert find(report, "KSV101") == ()
    assert verdict(report) is Verdict.UNKNOWN


def test_replica_sets_of_nobody_are_one_request() -> None:
    """Their own labels say nothing: they are read whole, one by its name, more as a list."""
    other = with_(ALONE, metadata__name="other", spec__template__metadata__labels={"app": "other"})

    def asked(*objects: Obj) -> set[Read]:
        source = FakeSource(settled(service(), *objects))
        assert only(ask(Query("shop", ("web",)), source), "KSV102").culprit == ALONE.ref
        wanted = frozenset.union(*source.rounds)
        return {read for read in wanted if read.kind == "ReplicaSet" and read.part is Portion.WHOLE}

    assert asked(ALONE, replica_set()) == {Read("ReplicaSet", "shop", "web-alone")}
    assert asked(ALONE, other, replica_set()) == {Read("ReplicaSet", "shop")}


def test_a_known_workload_goes_before_an_unknown_owner() -> None:
    """Of a migration both may be there."""
    old = with_(replica_set(), metadata__owner_references=(ROLLOUT,), metadata__labels={"app": "web"})

    only(explain(settled(service(), old, deployment(replicas=0))), "KSV102")
    only(explain(settled(service(), old, deployment(replicas=3))), "KSV104")
    assert explain(settled(service(), old, pod())).findings == ()


@pytest.mark.parametrize("kind", ["ReplicaSet", "Job", "CronJob"])
def test_a_rarer_kind_that_could_not_be_read_leaves_a_doubt(kind: str) -> None:
    """It may make such pods, and want none now."""
    source = FakeSource(settled(service(), pod("other", labels={"app": "webb"})), denied=(Read(kind),))

    report = ask(Query("shop", ("web",)), source)

    assert only(report, "KSV101").confidence is Confidence.LIKELY
    assert verdict(report) is Verdict.UNKNOWN


def test_rarer_kinds_are_not_asked_for_where_they_decide_nothing() -> None:
    """Not where a workload makes such pods, where pods are there, or where the slices still list some."""
    stale = slices(service(), *pods(2))
    relabeled = [with_(one, metadata__labels={"app": "other"}) for one in pods(2)]

    def asked(truth: Snapshot) -> bool:
        source = FakeSource(truth)
        ask(Query("shop", ("web",)), source)
        return any(read.kind in ("Job", "CronJob") for wanted in source.rounds for read in wanted)

    assert asked(settled(service()))
    assert asked(cluster(service(), *stale)), "pods that are gone serve nobody"
    assert not any(
        asked(settled(service(), one)) for one in (deployment(replicas=0), pod(), pod(phase="Failed"))
    )
    assert not asked(cluster(service(), *stale, *relabeled))
