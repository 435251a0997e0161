"""KSV301: a readiness probe fails."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from kubesvc.model.objects import (
    ContainerPort,
    ContainerState,
    Event,
    ExecAction,
    GRPCAction,
    Obj,
    Pod,
    Probe,
    Ref,
    StateTerminated,
    TCPSocketAction,
    UpdateStrategy,
    Workload,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support.builders import (
    NOW,
    condition,
    container,
    daemon_set,
    deployment,
    event,
    http_probe,
    owned_by,
    pod,
    pods,
    port,
    replica_set,
    running,
    service,
    settled,
    stateful_set,
    terminating,
    unready,
    waiting,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BY_RS = owned_by("ReplicaSet", "web-abc")
DIALED = 'Get "http://10.0.0.9:8081/healthz": dial tcp 10.0.0.9:8081'
REFUSED = f"Readiness probe failed: {DIALED}: connect: connection refused"


def asking(probe: Probe, *more: Obj, name: str = "web-9") -> tuple[Obj, ...]:
    """A pod whose probe fails, and its owners."""
    app = container(readiness_probe=probe)
    sick = pod(name, app, ips=("10.0.0.9",), node="node-b", ready=False, owner=BY_RS)
    return (sick, replica_set(), deployment("web", app), *more)


def refusing(of: Obj, message: str = REFUSED, times: int = 84) -> Event:
    """The kubelet's words."""
    return event(of, "Unhealthy", message, times=times)


def finding(*objects: Obj) -> Finding:
    """The only finding."""
    return only(explain(settled(service(), *objects)), "KSV301")


def test_the_product_example() -> None:
    """One of three: pod, probe, the kubelet's last answer, and what differs."""
    sick, *owners = asking(http_probe(8081))

    report = explain(settled(service(), *pods(2), sick, *owners, refusing(sick)))

    found = only(report, "KSV301")
    assert verdict(report) is Verdict.DEGRADED
    assert found.headline == "readiness probe fails on 1 of 3 pods"
    assert (found.culprit, found.confidence, found.effect) == (
        Ref("Deployment", "shop", "web"),
        Confidence.PROOF,
        Effect.DEGRADED,
    )
    assert [(p.port, p.family, p.endpoint and p.endpoint.name) for p in found.places] == [
        ("http", "IPv4", "web-9")
    ]
    assert rows(found) == [
        "pod: web-9 of Deployment/web on node-b, running 1d, never ready",
        "probe: container app: GET http://:8081/healthz every 10 s, timeout 1 s, 3 failures",
        'answer: "connect: connection refused", 84 times, last 6 s ago',
        "note: the container declares 8080; the probe asks 8081",
    ]


def test_the_confirmation_dials_what_the_probe_dials() -> None:
    """Through the API server; a named port is resolved."""
    plain = finding(*asking(http_probe(8081)))
    named = container("app", port(8080, "web"), readiness_probe=http_probe("web", "/live"))
    https = with_(http_probe(), http_get__scheme="HTTPS")

    assert plain.confirm[0].argv[-1] == "/api/v1/namespaces/shop/pods/web-9:8081/proxy/healthz"
    assert finding(pod("a", named, ready=False)).confirm[0].argv[-1].endswith("/pods/a:8080/proxy/live")
    assert "/pods/https:web-9:8080/proxy/" in finding(*asking(https)).confirm[0].argv[-1]


@pytest.mark.parametrize(
    ("probe", "shown"),
    [
        (Probe(tcp_socket=TCPSocketAction(port=8080)), "TCP :8080"),
        (Probe(grpc=GRPCAction(port=8080, service="health")), "gRPC :8080 health"),
        (Probe(exec=ExecAction()), "a command in the container"),
        (with_(http_probe(), http_get__host="example.com"), "GET http://example.com:8080/healthz"),
    ],
)
def test_what_the_api_server_cannot_dial_is_described(probe: Probe, shown: str) -> None:
    """Other kinds of probes, and those of another host."""
    found = finding(*asking(probe))

    assert f"container app: {shown} every" in rows(found)[1]
    assert found.confirm[0].argv == ("kubectl", "describe", "pod", "web-9")


def test_a_refused_port_that_nobody_declares_is_a_likely_slip() -> None:
    """The template is patched at a position that is tested first; nothing is promised."""
    sick, *owners = asking(http_probe(8081))

    (fix,) = finding(sick, *owners, refusing(sick)).fixes

    assert (fix.title, fix.certainty, fix.outcome) == (
        "probe port 8080 in Deployment/web",
        Confidence.LIKELY,
        None,
    )
    assert fix.command is not None
    path = "/spec/template/spec/containers/0"
    assert json.loads(fix.command[-1]) == [
        {"op": "test", "path": f"{path}/name", "value": "app"},
        {"op": "replace", "path": f"{path}/readinessProbe/httpGet/port", "value": 8080},
    ]


NO_FIX = {
    "the declared port is asked": asking(http_probe(8080)),
    "a named port is asked": asking(http_probe("web")),
    "it answers": asking(http_probe(8081)),
}


@pytest.mark.parametrize("objects", NO_FIX.values(), ids=NO_FIX)
def test_otherwise_no_fix_is_guessed(objects: tuple[Obj, ...]) -> None:
    """The application may be what is wrong."""
    said = (
        "Readiness probe failed: HTTP probe failed with statuscode: 500"
        if objects is NO_FIX["it answers"]
        else REFUSED
    )

    found = finding(*objects, refusing(objects[0], said))

    assert found.fixes == ()


@pytest.mark.parametrize(
    ("declared", "titles"),
    [
        ((port(8080), port(9090)), []),
        ((port(8080, protocol="UDP"),), []),
        ((port(8080), port(53, protocol="UDP")), ["probe port 8080 in Deployment/web"]),
    ],
    ids=["two ports", "UDP only", "one of TCP"],
)
def test_only_the_one_port_that_a_probe_can_dial_is_offered(
    declared: tuple[ContainerPort, ...], titles: list[str]
) -> None:
    """Of two nobody knows which; a probe dials TCP."""
    app = container("app", *declared, readiness_probe=http_probe(8081))
    sick = pod("web-9", app, ready=False, owner=BY_RS)

    found = finding(sick, replica_set(), deployment("web", app), refusing(sick))

    assert [fix.title for fix in found.fixes] == titles


ORDERED = "A StatefulSet replaces a pod that is not ready only after it is deleted"
ON_DELETE = "With updateStrategy OnDelete a pod is replaced only after it is deleted."


@pytest.mark.parametrize(
    ("workload", "strategy", "note"),
    [
        (stateful_set(), "RollingUpdate", ORDERED),
        (stateful_set(), "OnDelete", ON_DELETE),
        (daemon_set(desired=2), "OnDelete", ON_DELETE),
        (daemon_set(desired=2), "RollingUpdate", "It starts a rollout."),
        (deployment(), "", "It starts a rollout."),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_pods_that_are_replaced_only_when_deleted_are_deleted(
    workload: Workload, strategy: str, note: str
) -> None:
    """After the patch; where a rollout replaces them there is nothing more to do."""
    app = container(readiness_probe=http_probe(8081))
    made = with_(
        workload, spec__template__spec__containers=(app,), spec__update_strategy=UpdateStrategy(type=strategy)
    )
    by = owned_by(workload.kind, "web")
    sick = [pod(f"web-{n}", app, ips=(f"10.0.1.{n}",), ready=False, owner=by) for n in (0, 1)]

    (fix,) = finding(*sick, made, refusing(sick[0])).fixes

    assert fix.notes[0].startswith(note)
    assert fix.notes[0].endswith("Not simulated: whether the new pods become ready is not known before.")
    delete = ("kubectl", "delete", "pod", "web-0", "web-1")
    assert fix.then == (() if note == "It starts a rollout." else (delete,))


def test_a_paused_deployment_rolls_nothing_out() -> None:
    """The patch alone heals nobody."""
    sick, replicas, workload = asking(http_probe(8081))

    (fix,) = finding(sick, replicas, with_(workload, spec__paused=True), refusing(sick)).fixes

    assert fix.notes[0].startswith("Deployment/web is paused: nothing is rolled out before")
    assert fix.then == ()


def test_below_a_partition_pods_stay_as_they_are() -> None:
    """To delete them would bring back what they are."""
    app = container(readiness_probe=http_probe(8081))
    made = with_(
        stateful_set(),
        spec__template__spec__containers=(app,),
        spec__update_strategy__rolling_update__partition=3,
    )
    sick = pod("web-0", app, ips=("10.0.1.1",), ready=False, owner=owned_by("StatefulSet", "web"))

    (fix,) = finding(sick, made, refusing(sick)).fixes

    assert fix.notes[0].startswith("With partition 3 only the pods from web-3 on are replaced.")
    assert fix.then == ()


def test_a_changed_template_is_not_patched() -> None:
    """The pod is of an older one."""
    sick, replicas, _ = asking(http_probe(8081))

    assert finding(sick, replicas, deployment(), refusing(sick)).fixes == ()


def test_the_kubelets_answer_is_quoted_short() -> None:
    """What was dialed is in the row above."""
    sick, *owners = asking(http_probe())

    said = [
        rows(finding(sick, *owners, refusing(sick, f"Readiness probe failed: {text}", 1)))[2]
        for text in ("HTTP probe failed with statuscode: 503", "dial tcp 10.0.0.9:8080: i/o timeout")
    ]

    assert said == [
        'answer: "HTTP probe failed with statuscode: 503", 1 time, last 6 s ago',
        'answer: "i/o timeout", 1 time, last 6 s ago',
    ]


UNKNOWN = "errored and resulted in unknown state"
ERRORED = "errored: rpc error: code = Unknown desc"
EXEC = "exec failed: unable to start container process: exec"
OLDER = "exec failed: container_linux.go:380: starting container process caused: exec"
NO_CURL = '"curl": executable file not found in $PATH'
NO_SUCH = '"/x": stat /x: no such file or directory'
EXITED = "failed to exec in container: container is in CONTAINER_EXITED state"
ANSWERS = {
    "not started by containerd": (
        f'{UNKNOWN}: rpc error: code = Unknown desc = "69": OCI runtime {EXEC}: {NO_SUCH}: unknown',
        f'the command could not be started: "exec: {NO_SUCH}"',
    ),
    "not started, long ago": (
        f'{ERRORED} = failed to start exec "9": OCI runtime {OLDER}: {NO_CURL}: unknown',
        f'the command could not be started: "exec: {NO_CURL}"',
    ),
    "not started by Docker": (
        f"failed: OCI runtime {OLDER}: {NO_CURL}: unknown",
        f'the command could not be started: "exec: {NO_CURL}"',
    ),
    "not started by CRI-O": (
        f'{ERRORED} = command error: msg="{EXEC}: {NO_CURL}"\n, stdout: , stderr: , exit code -1',
        f'the command could not be started: "exec: {NO_CURL}"',
    ),
    "too slow": (
        'failed: command timed out: "sh -c curl -H token" timed out after 1s',
        "the command timed out after 1s",
    ),
    "too slow, long ago": ('failed: command "sh -c curl -H token" timed out', "the command timed out"),
    "silent": ("failed: ", "no word"),
    "failed by itself": ("failed: the cache is cold\n", '"the cache is cold"'),
    "not run": (f"{ERRORED} = {EXITED}", f'"rpc error: code = Unknown desc = {EXITED}"'),
}


@pytest.mark.parametrize(("said", "told"), ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("before", ["", "(combined from similar events): "])
def test_what_came_of_a_command_is_told_short(said: str, told: str, before: str) -> None:
    """Layers of a runtime are left out; so is a command that was too slow: it may hold a secret."""
    sick, *owners = asking(Probe(exec=ExecAction()))

    found = finding(sick, *owners, refusing(sick, f"{before}Readiness probe {said}", 1))

    assert rows(found)[2] == f"answer: {told}, 1 time, last 6 s ago"
    assert found.confirm[0].purpose == "shows the probe's command and its last answers in the events"


@pytest.mark.parametrize(
    "other",
    [
        event(unready(), "Unhealthy", "Liveness probe failed: x"),
        event(unready(), "Unhealthy", "Readiness probe failed: x", uid="before"),
        event(unready(), "Killing", "Readiness probe failed: x"),
    ],
    ids=["another probe", "another incarnation", "another reason"],
)
def test_an_event_about_something_else_is_not_quoted(other: Event) -> None:
    """No event proves nothing."""
    found = finding(unready(), other)

    assert rows(found)[2] == "answer: no event tells it (events are rate-limited and kept for an hour)"


def test_events_that_may_not_be_read_are_said_to_be_unread() -> None:
    """The cause is known without them; nobody knows whether there is one."""
    report = ask(Query("shop", ("web",)), FakeSource(settled(service(), unready()), denied=(Read("Event"),)))

    (found,) = find(report, "KSV301")
    assert rows(found)[2] == "answer: events could not be read (forbidden)"


def two_probed(path: str) -> tuple[Obj, ...]:
    """A pod of two probed containers of which the second fails, its owners, and an event with this path."""
    app = container("app", port(8080), readiness_probe=http_probe(8080))
    proxy = container("proxy", port(9090), readiness_probe=http_probe(9091))
    statuses = (running("app"), running("proxy", ready=False))
    sick = pod("web-9", app, proxy, ready=False, statuses=statuses, owner=BY_RS)
    said = with_(refusing(sick), involved_object__field_path=path)
    return (sick, replica_set(), deployment("web", app, proxy), said)


def test_only_an_event_of_the_container_is_evidence() -> None:
    """Another container's refusal proves nothing of this one, and leads to no fix."""
    mine = finding(*two_probed("spec.containers{proxy}"))
    others = [finding(*two_probed(path)) for path in ("spec.containers{app}", "")]

    assert rows(mine)[2].startswith('answer: "connect: connection refused"')
    assert [fix.title for fix in mine.fixes] == ["probe port 9090 in Deployment/web"]
    assert [(rows(found)[2].split(" (")[0], found.fixes) for found in others] == [
        ("answer: no event tells it", ()),
        ("answer: no event tells it", ()),
    ]


def test_a_sidecar_is_named_as_an_init_container() -> None:
    """It has a field path of its own."""
    sidecar = container("proxy", restart_policy="Always", readiness_probe=http_probe())
    sick = with_(
        pod("web-9", container(readiness_probe=http_probe()), ready=False, statuses=(running(),)),
        spec__init_containers=(sidecar,),
        status__init_container_statuses=(running("proxy", ready=False),),
    )
    said = with_(refusing(sick), involved_object__field_path="spec.initContainers{proxy}")

    assert rows(finding(sick, said))[2].startswith('answer: "connect: connection refused"')


def test_a_cause_is_seen_without_rights_on_nodes() -> None:
    """A Node that is not known hides nothing."""
    report = ask(Query("shop", ("web",)), FakeSource(settled(service(), unready()), denied=(Read("Node"),)))

    only(report, "KSV301")
    assert verdict(report) is Verdict.BROKEN


def test_a_pod_that_was_ready_before_says_since_when() -> None:
    """The condition changed after the start."""
    changed = with_(condition("Ready", "False"), last_transition_time=NOW - timedelta(minutes=5))
    found = finding(with_(unready(), status__conditions=(changed,)))

    assert rows(found)[0] == "pod: web-1 on node-a, running 1d, not ready for 5 min"


def restarted(since: datetime, **ended: Any) -> Pod:
    """A pod whose container was restarted, and made long before."""
    last = ContainerState(terminated=StateTerminated(**ended)) if ended else ContainerState()
    status = running(ready=False, since=since, restart_count=9, last_state=last)
    return pod("web-1", container(readiness_probe=http_probe()), ready=False, statuses=(status,))


def test_a_container_that_restarts_for_ever_is_not_coming_up() -> None:
    """Each run is too short for its probe's deadline; the last end is told, and how long this run lasts."""
    looping = restarted(
        NOW - timedelta(seconds=3),
        exit_code=137,
        reason="OOMKilled",
        finished_at=NOW - timedelta(seconds=10),
    )

    report = explain(settled(service(), looping))

    found = only(report, "KSV301")
    assert verdict(report) is Verdict.BROKEN
    assert rows(found)[:2] == [
        "pod: web-1 on node-a, running 3 s, never ready",
        "container: app restarted 9 times, last ended with exit code 137 (OOMKilled) 10 s ago",
    ]


@pytest.mark.parametrize(
    ("ended", "shown"),
    [
        ({}, "app restarted 9 times"),
        ({"exit_code": 1}, "app restarted 9 times, last ended with exit code 1 at an unknown time"),
    ],
)
def test_what_is_not_known_of_the_last_end_is_left_out(ended: dict[str, Any], shown: str) -> None:
    """A kubelet forgets it with the container."""
    assert rows(finding(restarted(NOW, **ended)))[1] == f"container: {shown}"


def test_a_path_without_a_slash_is_joined_with_one() -> None:
    """As the kubelet does; it would run into the port."""
    found = finding(*asking(http_probe(8081, "healthz")))

    assert rows(found)[1].startswith("probe: container app: GET http://:8081/healthz every")
    assert found.confirm[0].argv[-1].endswith("/pods/web-9:8081/proxy/healthz")


@pytest.mark.parametrize(
    "probe", [http_probe("nope", "healthz"), Probe(tcp_socket=TCPSocketAction(port="nope"))]
)
def test_a_port_name_that_nobody_declares_is_told(probe: Probe) -> None:
    """No request can be made to it."""
    found = finding(*asking(probe))

    assert rows(found)[-1] == "note: no port of container app is called nope"
    assert found.confirm[0].argv == ("kubectl", "describe", "pod", "web-9")


def test_a_port_name_that_is_declared_is_no_note() -> None:
    """It is what it should be."""
    named = container("app", port(8080, "web"), readiness_probe=http_probe("web"))

    assert not [row for row in rows(finding(pod("a", named, ready=False))) if row.startswith("note")]


def test_two_containers_of_one_owner_are_two_findings() -> None:
    """Each asks something else, and has an identity of its own."""
    both = (container("app", readiness_probe=http_probe()), container("proxy", readiness_probe=http_probe()))
    members = [
        pod("a-1", *both, ips=("10.0.1.1",), ready=False, owner=BY_RS),
        pod(
            "a-2",
            *both,
            ips=("10.0.1.2",),
            ready=False,
            statuses=(running(), running("proxy", ready=False)),
            owner=BY_RS,
        ),
    ]

    found = explain(settled(service(), *members, replica_set(), deployment())).findings

    assert [rows(one)[1].split(": ")[1] for one in found] == ["container app", "container proxy"]
    assert len({one.id for one in found}) == len(found)


def test_one_finding_lists_all_pods_of_an_owner() -> None:
    """Never one per pod; another owner is another culprit."""
    mine = [unready(f"a-{n}", ips=(f"10.0.1.{n}",), owner=BY_RS) for n in (1, 2)]
    other = unready("b-1", ips=("10.0.2.1",))

    report = explain(settled(service(), *mine, other, replica_set(), deployment()))

    assert [(f.culprit.name, len(f.places)) for f in report.findings] == [("web", 2), ("b-1", 1)]
    assert report.findings[0].headline == "readiness probe fails on 2 of 3 pods"
    assert rows(report.findings[0])[0].startswith("pod: a-1 of Deployment/web on node-a (and 1 more)")


def young(name: str) -> Pod:
    """A pod whose probe may still fail."""
    since = NOW - timedelta(seconds=10)
    return pod(
        name,
        container(readiness_probe=http_probe()),
        ips=("10.0.3.1",),
        statuses=(running(ready=False, since=since),),
        ready=False,
        owner=BY_RS,
    )


def test_a_young_pod_does_not_silence_the_others() -> None:
    """Whatever its name; it is no trouble of its own yet."""
    for name in ("aaa", "zzz"):
        old = unready(owner=BY_RS)
        found = finding(young(name), old, replica_set(), deployment())
        assert [place.endpoint and place.endpoint.name for place in found.places] == ["web-1"]


def test_a_probe_that_may_still_fail_is_no_cause() -> None:
    """The verdict is progressing, with the time left."""
    report = explain(settled(service(), young("web-1"), replica_set(), deployment()))

    assert (verdict(report), report.findings) == (Verdict.PROGRESSING, ())
    assert report.subjects[0].summary.startswith("0 of 1 pod receives traffic; 20 s left for")


@pytest.mark.parametrize(
    "member",
    [
        pod("web-1", container(readiness_probe=http_probe())),
        terminating(unready()),
        pod(
            "web-1",
            container(readiness_probe=http_probe()),
            ready=False,
            statuses=(waiting("CrashLoopBackOff"),),
        ),
        pod("web-1", container(readiness_probe=http_probe()), ready=False, phase="Failed"),
        pod("web-1", container(readiness_probe=http_probe()), conditions=(condition("Ready", "False"),)),
        pod("web-1", ready=False),
    ],
    ids=["ready", "terminating", "does not run", "failed", "probe passes", "no probe"],
)
def test_what_looks_like_it_is_not_it(member: Pod) -> None:
    """Another condition comes first, or nothing fails."""
    assert find(explain(settled(service(), member)), "KSV301") == ()


def test_published_pods_get_traffic_all_the_same() -> None:
    """publishNotReadyAddresses: a failing probe holds nothing back."""
    report = explain(settled(service(publish_not_ready_addresses=True), unready()))

    assert (verdict(report), report.findings) == (Verdict.HEALTHY, ())
