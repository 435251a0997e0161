"""KSV105: the selector also selects pods that were probably not meant."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kubesvc.analyzer.workloads import TOP
from kubesvc.model.change import Op
from kubesvc.model.objects import (
    Container,
    ContainerPort,
    Obj,
    Pod,
    Probe,
    Service,
    ServicePort,
    TCPSocketAction,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Report, Verdict
from kubesvc.model.selector import selector
from tests.support.builders import (
    NOW,
    autoscaler,
    condition,
    container,
    cron_job,
    daemon_set,
    deployment,
    headless,
    http_probe,
    job,
    owned_by,
    pod,
    port,
    service,
    settled,
    stateful_set,
    terminating,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

WEB_QUERY = Query("shop", ("web",))
NAMED = ServicePort(name="http", port=80, target_port="http")


def app(image: str = "registry.example/shop:1", *ports: ContainerPort, **more: Any) -> Container:
    """A container of an image; without ports it declares none."""
    return with_(container("app", **more), image=image, ports=ports)


SERVING = app("registry.example/shop:1", port(8080, "http"))
NEXT = app("registry.example/shop:2", port(8080, "http"))
SILENT = app("registry.example/shop:1")
METRICS = app("registry.example/exporter:9", port(9113, "metrics"))


def of(
    kind: str,
    name: str,
    *containers: Container,
    ready: bool = True,
    extra: Mapping[str, str] | None = None,
    **labels: str,
) -> Pod:
    """A pod of some owner that carries app=web; that of a Deployment by way of its ReplicaSet."""
    labels |= extra or {}
    digits = sum(map(ord, kind + name)) % 250
    owner = owned_by(kind, name)
    if kind == "Deployment":
        owner, labels = owned_by("ReplicaSet", f"{name}-5d8f7"), {"pod-template-hash": "5d8f7", **labels}
    return pod(
        f"{name}-x",
        *containers,
        labels={"app": "web", **labels},
        ips=(f"10.0.1.{digits}",),
        owner=owner,
        ready=ready,
    )


NAME = "app.kubernetes.io/name"
WEB = of("Deployment", "web", SERVING, component="web")


def of_service(*pods: Obj, service_: Service | None = None) -> Report:
    """What is said of a Service with these pods."""
    return explain(settled(service_ or service(), *pods))


def strangers(*pods: Obj, service_: Service | None = None) -> list[str]:
    """Whose pods are told not to belong."""
    return [str(found.culprit) for found in find(of_service(*pods, service_=service_), "KSV105")]


def hook(key: str, *containers: Container) -> Pod:
    """A pod that nobody makes again: what a chart brings to be tested with."""
    bare = pod("web-test", *containers, labels={"app": "web"}, ips=("10.0.1.9",))
    return with_(bare, metadata__annotations={key: ""})


WORKING = (
    "1 pod of Deployment/web-worker (declared: no port): they carry component=worker, and none declares or "
    "probes 8080/TCP, as those of Deployment/web do"
)


def test_a_worker_beside_the_application_is_told() -> None:
    """It carries the same label, and shows no sign of serving the port."""
    report = of_service(WEB, of("Deployment", "web-worker", SILENT, component="worker"))

    found = only(report, "KSV105")
    assert verdict(report) is Verdict.HEALTHY
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.ADVICE)
    assert found.headline == "its selector also selects 1 pod of Deployment/web-worker"
    assert [place.endpoint.name for place in found.places if place.endpoint] == ["web-worker-x"]
    assert rows(found) == [
        f"not meant: {WORKING}",
        "meant: 1 pod of Deployment/web (declared: http 8080/TCP)",
        "unless: they serve all the same: what a pod listens on is not in the API",
    ]


def test_the_fix_adds_a_label_that_only_those_who_serve_carry() -> None:
    """Its outcome is simulated."""
    report = of_service(WEB, of("Deployment", "web-worker", SILENT, component="worker"))

    (fix,) = only(report, "KSV105").fixes
    assert fix.title == "select component=web, too"
    assert fix.command is not None
    assert json.loads(fix.command[-1]) == {"spec": {"selector": {"component": "web"}}}
    assert fix.outcome is not None
    assert (fix.outcome.verdict, [p.usable for p in fix.outcome.ports]) == (Verdict.HEALTHY, [1])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (of("Job", "migrate", SERVING), "a Job's pods do their work and end"),
        (of("DaemonSet", "exporter", METRICS), "they run registry.example/exporter, and none declares"),
        (of("DaemonSet", "exporter", app("r:5000/exporter@sha256:1")), "they run r:5000/exporter, and"),
        (of("StatefulSet", "db", SILENT, extra={NAME: "db"}), "they carry app.kubernetes.io/name=db"),
    ],
    ids=["a job", "an exporter", "another image", "another name"],
)
def test_pods_of_another_sort_are_told(other: Pod, said: str) -> None:
    """By what the API shows of them."""
    mine = of("Deployment", "web", SERVING, extra={NAME: "web"})

    found = only(of_service(mine, other), "KSV105")

    assert found.culprit.name in other.metadata.name
    assert said in rows(found)[0]


@pytest.mark.parametrize(
    "pods",
    [
        (WEB, of("Deployment", "web-canary", NEXT, component="web", track="canary")),
        (WEB, of("Deployment", "web-canary", app("registry.example/shop:2"), component="web")),
        (of("Deployment", "blue", SERVING, color="blue"), of("Deployment", "green", NEXT, color="green")),
        (of("StatefulSet", "web", SERVING), of("Deployment", "web", NEXT)),
        (of("StatefulSet", "hot", SERVING, role="hot"), of("StatefulSet", "cold", SERVING, role="cold")),
        (of("StatefulSet", "one", SILENT, role="one"), of("Deployment", "two", METRICS, role="two")),
        (WEB, of("Deployment", "proxy", app("registry.example/proxy:1", port(8080)), component="proxy")),
        (WEB, of("Deployment", "gate", app("r/gate:1", readiness_probe=http_probe(8080)), component="gate")),
        (
            WEB,
            of(
                "Deployment",
                "gate",
                app("r/gate:1", liveness_probe=Probe(tcp_socket=TCPSocketAction(port=8080))),
                component="gate",
            ),
        ),
        (WEB, terminating(of("Job", "migrate", SILENT))),
        (WEB, with_(of("Job", "migrate", SILENT), status__phase="Succeeded")),
        (of("Job", "one", SILENT), of("Job", "two", SILENT)),
        (WEB, pod("bare", SILENT, labels={"app": "web", "component": "debug"})),
        (WEB, with_(of("Job", "migrate", SILENT), metadata__labels={"app": "other"})),
        (of("ReplicaSet", "old", SERVING, component="a"), of("ReplicaSet", "new", SERVING, component="b")),
        (
            of("Deployment", "web", SERVING, extra={"rollouts-pod-template-hash": "a"}),
            of("Deployment", "web", SILENT, component="x"),
        ),
    ],
    ids=[
        "canary",
        "canary without ports",
        "colors",
        "a set and a Deployment",
        "pools",
        "nobody declares it",
        "another application at the port",
        "one that probes it",
        "one whose liveness is asked there",
        "a job that ends",
        "a job that is over",
        "jobs alone",
        "a bare pod",
        "a job of others",
        "bare replica sets",
        "revisions",
    ],
)
def test_several_workloads_on_purpose_are_none(pods: tuple[Pod, ...]) -> None:
    """Nothing says that one of them does not serve."""
    assert strangers(*pods) == []


@pytest.mark.parametrize("key", ["helm.sh/hook", "argocd.argoproj.io/hook"])
def test_the_pod_of_a_hook_is_told(key: str) -> None:
    """That it lacks the port is a consequence."""
    (found,) = of_service(WEB, hook(key, SILENT), service_=service("web", NAMED)).findings

    assert found.code == "KSV105"
    assert found.headline == "its selector also selects Pod/web-test"
    assert rows(found)[0].endswith("Pod/web-test (declared: no port): a hook's pod does its work and ends")
    assert [under.code for under in found.consequences] == ["KSV202"]


@pytest.mark.parametrize(
    "pods",
    [
        (WEB, hook("helm.sh/resource-policy", SILENT)),
        (WEB, with_(hook("helm.sh/hook", SILENT), status__phase="Succeeded")),
        (WEB, terminating(hook("helm.sh/hook", SILENT))),
        (pod("bare", SERVING), hook("helm.sh/hook", SILENT)),
        (of("Job", "migrate", SILENT), hook("helm.sh/hook", SILENT)),
    ],
    ids=["no hook", "over", "ending", "beside a bare pod", "beside a job"],
)
def test_what_looks_like_the_pod_of_a_hook_is_not_it(pods: tuple[Pod, ...]) -> None:
    """It takes no traffic, or nobody is there to whom it does not belong."""
    assert strangers(*pods) == []


def test_a_headless_service_names_pods_that_need_not_all_serve() -> None:
    """Peers find each other by it; a Job's pods are none."""
    worker = of("Deployment", "web-worker", SILENT, component="worker")

    assert strangers(WEB, worker, service_=headless()) == []
    assert strangers(WEB, of("Job", "migrate", SILENT), service_=headless()) == ["Job/migrate"]


def test_a_named_port_that_others_lack_is_a_consequence() -> None:
    """One cause; where it is the same application, the port is the cause."""
    of_named = service("web", NAMED)
    worker = of("Deployment", "web-worker", SILENT, component="worker")
    older = of("Deployment", "web-old", app("registry.example/shop:0", port(8080, "web")), component="web")

    (broad,) = of_service(WEB, worker, service_=of_named).findings
    report = of_service(WEB, older, service_=of_named)

    assert (broad.code, broad.effect) == ("KSV105", Effect.DEGRADED)
    assert [under.code for under in broad.consequences] == ["KSV202"]
    assert only(report, "KSV202").culprit.name == "web-old-5d8f7"


def test_ports_of_one_name_at_other_numbers_need_the_services_word() -> None:
    """A new version may move its port; another application that the Service does not name is none."""
    of_named = service("web", NAMED)
    meant = with_(of_named, metadata__labels={"component": "web"})
    exporter = of("DaemonSet", "exporter", app("r/exporter:1", port(9113, "http")), component="metrics")
    moved = of("Deployment", "web-next", app("registry.example/shop:2", port(8081, "http")), component="next")

    found = only(of_service(WEB, exporter, service_=meant), "KSV105")

    assert rows(found)[0].endswith(
        "they carry component=metrics where the Service has web, and its ports lead to other numbers than "
        "those of Deployment/web"
    )
    assert strangers(WEB, exporter, service_=of_named) == []
    assert strangers(WEB, moved, service_=meant) == []


def test_what_a_mesh_injects_makes_nobody_alike() -> None:
    """Its container is in every pod."""
    proxy = with_(container("istio-proxy"), image="istio/proxyv2:1", ports=())
    mine = of("Deployment", "web", SERVING, proxy)

    assert strangers(mine, of("DaemonSet", "exporter", METRICS, proxy)) == ["DaemonSet/exporter"]


INSTANCE = "app.kubernetes.io/instance"


def release(name: str, *containers: Container) -> Pod:
    """A pod of a release of one chart."""
    return of("Deployment", f"{name}-web", *containers, extra={INSTANCE: name})


def of_release(name: str, **labels: str) -> Service:
    """The Service of a release, whose selector forgot it."""
    return with_(service(name), metadata__labels={INSTANCE: name, **labels})


@pytest.mark.parametrize("key", [INSTANCE, "release", "instance"])
def test_pods_of_another_release_that_has_a_service_are_told(key: str) -> None:
    """Two releases of a chart whose selector is the same: each answers for the other."""
    web, other = (of("Deployment", f"{name}-web", SERVING, extra={key: name}) for name in ("web", "other"))
    of_web, of_other = (with_(service(name), metadata__labels={key: name}) for name in ("web", "other"))

    found = only(explain(settled(of_web, web, other, of_other)), "KSV105")

    assert found.culprit.name == "other-web"
    assert rows(found)[0].endswith(
        f"they carry {key}=other, which Service/other has, too; this Service has web"
    )
    assert found.fixes[0].title == f"select {key}=web, too"


@pytest.mark.parametrize(
    ("of_", "others"),
    [
        (of_release("web"), ()),
        (of_release("web"), (with_(of_release("other"), spec__selector={"app": "else"}),)),
        (of_release("web"), (with_(of_release("other"), spec__selector={}),)),
        (service(), (of_release("other"),)),
        (with_(of_release("third"), metadata__name="web"), (of_release("other"),)),
    ],
    ids=["no service", "of other pods", "without a selector", "no release", "of neither"],
)
def test_releases_that_share_a_service_on_purpose_are_none(of_: Service, others: tuple[Obj, ...]) -> None:
    """A canary release brings no Service of its own; a Service of nobody may span several."""
    pods = (release("web", SERVING), release("other", NEXT))

    assert find(explain(settled(of_, *pods, *others)), "KSV105") == ()


def test_only_another_release_costs_a_request() -> None:
    """One small list, and none where nothing is suspicious."""
    services = Read("Service", "shop", labels=selector({INSTANCE: "other"}))

    def asked(of_: Service, *pods: Pod) -> list[Read]:
        source = FakeSource(settled(of_, *pods))
        ask(WEB_QUERY, source)
        return [read for wanted in source.rounds for read in wanted if read.kind in ("Service", "ReplicaSet")]

    one = Read("Service", "shop", "web")
    worker = of("Deployment", "web-worker", SILENT, component="worker")
    assert asked(service(), WEB, worker, of("Job", "migrate", SILENT)) == [one]
    assert asked(of_release("web"), release("web", SERVING), release("web", NEXT)) == [one]
    assert asked(of_release("web"), release("web", SERVING), release("other", NEXT)) == [one, services]


def test_services_that_could_not_be_read_leave_it_open() -> None:
    """Not read is no evidence."""
    denied = Read("Service", "shop", labels=selector({INSTANCE: "other"}))
    truth = settled(of_release("web"), release("web", SERVING), release("other", NEXT))
    source = FakeSource(truth, denied=(denied,))

    assert ask(WEB_QUERY, source).findings == ()


def test_without_a_label_that_lasts_there_is_no_fix() -> None:
    """What a controller puts on pods changes with the next rollout or run."""
    mine = of("Deployment", "web", SERVING)
    job = with_(of("Job", "migrate", SILENT), metadata__labels={"app": "web", "job-name": "migrate"})

    assert only(of_service(mine, job), "KSV105").fixes == ()


def test_the_place_of_a_node_tells_nobody_apart() -> None:
    """The pods carry it, and may be elsewhere tomorrow."""
    zone = "topology.kubernetes.io/zone"
    mine = of("Deployment", "web", SERVING, extra={zone: "a"})

    assert only(of_service(mine, of("Job", "migrate", SILENT, extra={zone: "b"})), "KSV105").fixes == ()


def test_the_most_telling_label_is_taken() -> None:
    """A component before a release, and both before anything else."""
    labels = {"zone": "a", INSTANCE: "shop", "app.kubernetes.io/component": "web"}
    mine = of("Deployment", "web", SERVING, extra=labels)

    (fix,) = only(of_service(mine, of("Job", "migrate", SILENT)), "KSV105").fixes

    assert fix.title == "select app.kubernetes.io/component=web, too"


def test_a_stranger_in_trouble_is_one_finding() -> None:
    """The Service would not wait for it if it did not select it."""
    probed = with_(METRICS, readiness_probe=http_probe(9113))

    report = of_service(WEB, of("DaemonSet", "exporter", probed, ready=False))

    (found,) = report.findings
    assert (found.code, found.effect, verdict(report)) == ("KSV105", Effect.DEGRADED, Verdict.DEGRADED)
    assert [under.code for under in found.consequences] == ["KSV301"]
    assert found.fixes[0].outcome is not None
    assert found.fixes[0].outcome.verdict is Verdict.HEALTHY


def test_several_strangers_are_one_finding() -> None:
    """The cause is one selector, and so is the fix; all of them are named."""
    worker = of("Deployment", "web-worker", SILENT, component="worker")

    report = of_service(WEB, worker, of("Job", "migrate", SILENT))

    found = only(report, "KSV105")
    assert found.culprit == service().ref
    assert found.headline == (
        "its selector also selects 1 pod of Deployment/web-worker, 1 pod of Job/migrate"
    )
    assert [row.label for row in found.rows] == ["not meant", "not meant", "meant", "unless"]
    assert [fix.title for fix in found.fixes] == ["select component=web, too"]
    assert [place.endpoint.name for place in found.places if place.endpoint] == ["migrate-x", "web-worker-x"]


def test_the_summary_counts_the_strangers_that_get_traffic() -> None:
    """One that gets none is not counted among those that do."""
    ready, not_ready = (of("Job", "migrate", SILENT, ready=ready) for ready in (True, False))

    said = [of_service(WEB, job_pod).subjects[0].summary for job_pod in (ready, not_ready)]

    assert said == [
        "2 of 2 pods receive traffic, 1 of them probably not meant",
        "1 of 2 pods receive traffic",
    ]


def test_the_next_check_dials_a_stranger() -> None:
    """It is the one that may not answer; the checks of a Service without one are as ever."""
    checked = of_service(WEB, of("Job", "migrate", SILENT)).subjects[0].checks[0]
    usual = of_service(WEB).subjects[0].checks[0]

    assert "pods/migrate-x:8080/proxy" in " ".join(checked.command.argv)
    assert checked.title.startswith("a pod that is probably not meant, at its own address")
    assert "pods/web-x:8080/proxy" in " ".join(usual.command.argv)
    assert usual.title.startswith("the pod, at its own address")


MIGRATION = of("Job", "web-migrate", SILENT)


def test_a_job_that_stands_alone_before_a_workload_at_zero_is_told() -> None:
    """All get their traffic, and it is about to end: nobody is served by those who are meant."""
    report = of_service(MIGRATION, deployment(replicas=0))

    found = only(report, "KSV105")
    assert verdict(report) is Verdict.DEGRADED
    assert report.subjects[0].summary == "1 of 1 pod receives traffic, and it is probably not meant"
    assert (found.confidence, found.effect) == (Confidence.LIKELY, Effect.DEGRADED)
    assert (str(found.culprit), found.headline) == (
        "Job/web-migrate",
        "its selector selects 1 pod of Job/web-migrate only",
    )
    assert rows(found) == [
        "not meant: 1 pod of Job/web-migrate (declared: no port): a Job's pods do their work and end",
        "meant: Deployment/web makes pods with app=web, and wants 0",
        "unless: they serve all the same: what a pod listens on is not in the API",
    ]
    assert [fix.title for fix in found.fixes] == ["scale Deployment/web up to 1 pod"]


def test_what_tells_the_workload_from_the_job_is_offered() -> None:
    """Then nobody serves, which is what the workload wants: the outcome says so."""
    idle = deployment(labels={"app": "web", "role": "api"}, replicas=0)

    _, fix = only(of_service(MIGRATION, idle), "KSV105").fixes

    assert fix.title == "select role=api, too"
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.IDLE, ("KSV102",))


def test_who_scales_the_workload_is_named() -> None:
    """It has its own minimum."""
    idle = deployment(replicas=0)

    found = only(of_service(MIGRATION, idle, autoscaler(idle, least=2)), "KSV105")

    assert [row.label for row in found.rows] == ["not meant", "meant", "scaled by", "unless"]
    assert found.fixes[0].title == "scale Deployment/web up to 2 pods"


def test_the_pods_of_a_workload_that_cannot_be_made_are_missing_beside_a_job() -> None:
    """Two causes: they are refused, and somebody else answers in their place."""
    text = (
        'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1'
    )
    said = condition("ReplicaFailure", "True", "FailedCreate", text)
    refused = with_(deployment(replicas=2), status__conditions=(said,))

    report = of_service(MIGRATION, refused)

    assert verdict(report) is Verdict.DEGRADED
    assert {found.code for found in report.findings} == {"KSV104", "KSV105"}
    (found,) = find(report, "KSV105")
    assert rows(found)[1] == "meant: Deployment/web makes pods with app=web, and wants 2, and none is there"
    assert found.fixes == ()


def test_beside_a_job_a_workload_is_given_the_time_to_come() -> None:
    """A hook may run while it is installed."""
    new = with_(deployment(), metadata__creation_timestamp=NOW)

    report = of_service(MIGRATION, new)

    assert verdict(report) is Verdict.PROGRESSING
    assert only(report, "KSV105").effect is Effect.PROGRESSING


def test_a_daemon_set_that_fits_no_node_cannot_be_scaled() -> None:
    """Its number is that of the nodes."""
    assert only(of_service(MIGRATION, daemon_set(desired=0)), "KSV105").fixes == ()


def test_what_a_job_alone_lacks_is_a_consequence() -> None:
    """Nobody declares the port, as nobody is there who would."""
    (found,) = of_service(MIGRATION, deployment(replicas=0), service_=service("web", NAMED)).findings

    assert (found.code, found.effect) == ("KSV105", Effect.BROKEN)
    assert [under.code for under in found.consequences] == ["KSV201"]


@pytest.mark.parametrize(
    "objects",
    [
        (MIGRATION,),
        (MIGRATION, job("web-migrate")),
        (MIGRATION, cron_job("web-migrate")),
        (MIGRATION, deployment(labels={"app": "other"}, replicas=0)),
        (MIGRATION, pod("bare", SERVING, ips=("10.0.1.9",)), deployment(replicas=0)),
        (WEB, deployment(replicas=0)),
        (pod("bare", SERVING), deployment(replicas=0)),
    ],
    ids=["alone", "its job", "a cron job's", "before others", "beside a bare pod", "own pods", "bare"],
)
def test_a_job_that_is_reached_on_purpose_is_none(objects: tuple[Obj, ...]) -> None:
    """No other workload makes pods with these labels, or somebody else is there."""
    report = of_service(*objects)

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())


def test_the_pod_of_a_hook_alone_is_told_too() -> None:
    """It does its work and ends."""
    found = only(of_service(hook("helm.sh/hook", SILENT), stateful_set(replicas=0)), "KSV105")

    assert found.headline == "its selector selects Pod/web-test only"
    assert rows(found)[1] == "meant: StatefulSet/web makes pods with app=web, and wants 0"


def test_only_jobs_alone_cost_a_look_at_workloads() -> None:
    """Nobody else's verdict depends on them."""

    def asked(*objects: Obj) -> set[str]:
        source = FakeSource(settled(service(), *objects))
        ask(WEB_QUERY, source)
        return {read.kind for wanted in source.rounds for read in wanted} & {*TOP, "Job", "ReplicaSet"}

    assert asked(WEB, MIGRATION) == asked(WEB) == asked(pod("bare"), MIGRATION) == set()
    assert asked(MIGRATION) == {*TOP}


def test_workloads_that_could_not_be_read_leave_it_unknown() -> None:
    """One of them may be meant."""
    denied = (Read("Deployment", "shop"),)
    alone = FakeSource(settled(service(), MIGRATION), denied=denied)
    beside = FakeSource(settled(service(), MIGRATION, stateful_set(replicas=0)), denied=denied)

    assert verdict(ask(WEB_QUERY, alone)) is Verdict.UNKNOWN
    assert verdict(ask(WEB_QUERY, beside)) is Verdict.DEGRADED


def test_a_change_that_leaves_a_job_alone_says_so() -> None:
    """What is simulated is judged as it would be."""
    worker = of("Job", "web-migrate", SILENT, component="job")
    change = (Op(("spec", "selector", "component"), "job"),)
    idle = deployment(labels={"app": "web", "component": "job"}, replicas=0)
    snapshot = settled(service(selector={"app": "web", "component": "web"}), WEB, worker, idle)

    (subject,) = ask(Query("shop", ("web",), changes=change), FakeSource(snapshot)).subjects

    assert subject.comparison is not None
    assert subject.comparison.after.verdict is Verdict.DEGRADED
    assert [cause.code for cause in subject.comparison.new] == ["KSV105"]
