"""Each step as a sentence, with the field that shows it; of them the one that decides."""

from itertools import pairwise

import pytest

from kubesvc.analyzer.upstream import RULES
from kubesvc.model.cell import StepKind
from kubesvc.model.objects import Pod, ReadinessGate, Ref, Service, ServicePort
from kubesvc.model.report import Stage, Why
from tests.support.builders import (
    OTHER,
    cluster,
    condition,
    container,
    ended,
    headless,
    http_probe,
    node,
    pod,
    port,
    running,
    service,
    settled,
    slices,
    terminated,
    terminating,
    unready,
    unscheduled,
    version,
    waiting,
    with_,
)
from tests.support.whys import reason, step, why

DUAL = ("IPv4", "IPv6")
NAMED = ServicePort(name="http", port=80, target_port="web")

GATED = with_(
    pod(ready=False, statuses=(running(),)),
    spec__readiness_gates=(ReadinessGate(condition_type="lb/attached"),),
)
STARTING = pod(
    "web-1",
    container(startup_probe=http_probe(), readiness_probe=http_probe()),
    ready=False,
    statuses=(with_(running(ready=False), started=False),),
)
CRASHING = pod(
    ready=False,
    statuses=(
        waiting(
            "CrashLoopBackOff",
            "back-off 5m0s restarting failed container=app pod=web-1_shop(uid)",
            restart_count=4,
            last_state=terminated(137, "OOMKilled"),
        ),
    ),
)
INIT = container("setup", port(8080, "web"))
SIDECAR = container("proxy", port(8080, "web"), restart_policy="Always")


def beside(init: object) -> Pod:
    """A ready pod with one more container, an init container."""
    return with_(pod(), spec__init_containers=(init,), status__init_container_statuses=(running("proxy"),))


UNMET = {
    "other labels": (
        service(selector={"app": "web", "env": "prod", "tier": "front"}),
        pod(labels={"app": "Web", "env": "prod", "x": "y"}),
        StepKind.LABELS,
        (
            "carries app=Web, where the selector asks for app=web, in other letter case; has no label tier, "
            "where the selector asks for tier=front; env=prod fits"
        ),
        "pod.metadata.labels",
    ),
    "other value": (
        service(),
        pod(labels={"app": "api"}),
        StepKind.LABELS,
        "carries app=api, where the selector asks for app=web",
        "pod.metadata.labels",
    ),
    "finished": (
        service(),
        with_(pod(phase="Failed"), status__reason="Evicted"),
        StepKind.PHASE,
        "has finished for good: phase Failed (Evicted)",
        "pod.status.phase",
    ),
    "not scheduled": (
        service(),
        unscheduled(),
        StepKind.SCHEDULED,
        "has no node yet: Unschedulable: 0/3 nodes fit",
        "pod.status.conditions[PodScheduled]",
    ),
    "no address": (service(), pod(ips=()), StepKind.ADDRESS, "has no address yet", "pod.status.podIPs"),
    "podIP alone": (
        service(),
        with_(pod(), status__pod_ips=()),
        StepKind.FAMILY,
        "has no IPv4 address in podIPs: podIP 10.244.0.5 alone does not count",
        "pod.status.podIPs",
    ),
    "other family": (
        service(),
        pod(ips=("fd00::1", "fd00::2")),
        StepKind.FAMILY,
        "has no IPv4 address, only fd00::1, fd00::2",
        "pod.status.podIPs",
    ),
    "no such port": (
        service("web", NAMED),
        pod(),
        StepKind.PORT,
        "no container declares web/TCP, to which port http leads; declared: unnamed 8080/TCP",
        "service.spec.ports[http].targetPort, pod.spec.containers[].ports",
    ),
    "other protocol": (
        service("web", NAMED),
        pod("web-1", container("app", port(8080, "web", "UDP"))),
        StepKind.PORT,
        (
            "no container declares web/TCP, to which port http leads; container app declares web/UDP, but "
            "the Service's port is TCP"
        ),
        "service.spec.ports[http].targetPort, pod.spec.containers[].ports",
    ),
    "init container": (
        service("web", NAMED),
        with_(pod(), spec__init_containers=(INIT,)),
        StepKind.PORT,
        (
            "no container declares web/TCP, to which port http leads; init container setup declares web/TCP, "
            "but ports of ordinary init containers do not count"
        ),
        "service.spec.ports[http].targetPort, pod.spec.containers[].ports",
    ),
    "no image": (
        service(),
        pod(ready=False, statuses=(waiting("ErrImagePull", "no such tag"),)),
        StepKind.CREATED,
        "container app is not created: ErrImagePull: no such tag",
        "pod.status.containerStatuses[app].state.waiting",
    ),
    "not reported": (
        service(),
        pod(ready=False, statuses=()),
        StepKind.CREATED,
        "the kubelet has not reported container app yet",
        "pod.status.containerStatuses[app].state.waiting",
    ),
    "crashing": (
        service(),
        CRASHING,
        StepKind.RUNNING,
        (
            "container app crashes again and again: CrashLoopBackOff: back-off 5m0s, restarted 4 times; it "
            "last ended with OOMKilled, exit code 137"
        ),
        "pod.status.containerStatuses[app].state.waiting",
    ),
    "ended": (
        service(),
        pod(ready=False, statuses=(ended(2, restart_count=1),)),
        StepKind.RUNNING,
        "container app has ended: Error, exit code 2, restarted 1 time",
        "pod.status.containerStatuses[app].state.terminated",
    ),
    "starting": (
        service(),
        STARTING,
        StepKind.STARTED,
        (
            "the startup probe of container app does not succeed: GET http://:8080/healthz every 10 s, "
            "timeout 1 s, 3 failures"
        ),
        "pod.status.containerStatuses[app].started",
    ),
    "probe fails": (
        service(),
        unready(),
        StepKind.PROBED,
        (
            "the readiness probe of container app does not succeed: GET http://:8080/healthz every 10 s, "
            "timeout 1 s, 3 failures"
        ),
        "pod.status.containerStatuses[app].ready",
    ),
    "gate": (
        service(),
        GATED,
        StepKind.GATES,
        "readiness gate lb/attached: nobody has set that condition",
        "pod.status.conditions[lb/attached]",
    ),
    "gate is false": (
        service(),
        with_(GATED, status__conditions=(condition("lb/attached", "False"), condition("Ready", "False"))),
        StepKind.GATES,
        "readiness gate lb/attached is False",
        "pod.status.conditions[lb/attached]",
    ),
    "node lost": (
        service(),
        pod(ready=False, statuses=(running(),)),
        StepKind.READY,
        (
            "the condition Ready is False although its containers are ready, as is written when a node no "
            "longer answers"
        ),
        "pod.status.conditions[Ready]",
    ),
    "terminating": (
        service(),
        terminating(pod()),
        StepKind.STAYING,
        "is being deleted (until 12:00:20 UTC): no longer ready, whatever its probes say",
        "pod.metadata.deletionTimestamp",
    ),
    "no selector": (
        service(selector={}),
        pod(),
        StepKind.SELECTOR,
        "the Service has no selector, so no pod is chosen: somebody else writes its endpoints",
        "service.spec.selector",
    ),
    "alias": (
        service(type="ExternalName", external_name="db.example", cluster_ip="", ip_families=()),
        pod(),
        StepKind.TYPE,
        "type ExternalName: an alias in DNS, no endpoints are written for it",
        "service.spec.type",
    ),
}


@pytest.mark.parametrize(("of", "member", "kind", "text", "field"), UNMET.values(), ids=UNMET)
def test_the_reason_is_the_first_condition_that_is_not_met(
    of: Service, member: Pod, kind: StepKind, text: str, field: str
) -> None:
    """It alone decides, everywhere; said in words, with the field that shows it."""
    told = why(settled(of, member))

    found = reason(told)
    assert (found.kind, found.text, found.field, found.passed) == (kind, text, field, False)
    assert found.decides == found.places
    before = told.steps[: told.steps.index(found)]
    assert all(step.passed for step in before)


@pytest.mark.parametrize(("of", "member", "kind", "text", "field"), UNMET.values(), ids=UNMET)
def test_the_conditions_after_the_reason_are_there_too(
    of: Service, member: Pod, kind: StepKind, text: str, field: str
) -> None:
    """They would matter next; and they stand in the order of Kubernetes."""
    del kind, text, field
    told = why(settled(of, member))

    kinds = [step.kind for step in told.steps]
    assert {StepKind.TYPE, StepKind.LABELS, StepKind.FAMILY, StepKind.PORT, StepKind.STAYING} <= set(kinds)
    stages = [list(Stage).index(step.stage) for step in told.steps]
    assert all(one <= other for one, other in pairwise(stages))
    assert told.results[0].agrees is True


@pytest.mark.parametrize("kind", StepKind)
def test_every_step_has_one_rule(kind: StepKind) -> None:
    """One sentence about what Kubernetes asks, and where in its code; nothing addressed to the reader."""
    rule = RULES[kind]

    assert rule.asks[0].isupper()
    assert rule.asks.endswith(".")
    assert ". " not in rule.asks
    assert not {"you", "your", "should", "please"} & set(rule.asks.lower().split())
    file, _, function = rule.where.partition(", ")
    assert file.endswith(".go")
    assert function.isidentifier()


def test_no_two_steps_have_the_same_rule_and_stages_are_in_order() -> None:
    """A copied sentence explains one of them wrongly; a step is decided after those before it."""
    assert len({RULES[kind].asks for kind in StepKind}) == len(StepKind)
    stages = [list(Stage).index(RULES[kind].stage) for kind in StepKind]
    assert stages == sorted(stages)


def test_a_ready_pod_meets_every_condition() -> None:
    """Nothing decides; each step says what it was read from and what Kubernetes asks there."""
    told = why(settled(service(), pod()))

    assert told.pod == Ref("Pod", "shop", "web-1")
    assert told.headline == "Why pod web-1 is a ready endpoint of shop/web"
    assert [(step.kind.value, step.text) for step in told.steps] == [
        ("type", "type ClusterIP: endpoints are written for it"),
        ("selector", "the Service selects pods: app=web"),
        ("labels", "carries app=web, as the selector asks"),
        ("phase", "has not finished: phase Running"),
        ("scheduled", "has been given a node: node-a"),
        ("address", "has an address: 10.244.0.5"),
        ("node", "its Node node-a exists"),
        ("family", "its IPv4 address is 10.244.0.5"),
        ("port", "port http leads to 8080: a number is taken as it is, declared or not"),
        ("ready", "the condition Ready is True: no readiness probe is declared, to run is enough"),
        ("staying", "is not being deleted"),
    ]
    assert not any(step.decides for step in told.steps)
    assert all(step.passed and step.field and step.rule and step.upstream for step in told.steps)
    (result,) = told.results
    assert result.text == "the controller should list it at 10.244.0.5:8080 as ready, and slice web-1 does"
    assert (result.predicted, result.actual, result.agrees) == ("ready", "ready", True)
    assert (result.addresses, result.slices) == (("10.244.0.5:8080",), ("web-1",))


@pytest.mark.parametrize(
    ("minor", "passed", "text"),
    [
        (
            36,
            True,
            "port http leads to 8080: sidecar proxy, whose ports count since 1.33, declares web/TCP",
        ),
        (
            32,
            False,
            (
                "no container declares web/TCP, to which port http leads; sidecar proxy declares web/TCP, "
                "but before Kubernetes 1.33 ports of sidecars do not count, and this is 1.32"
            ),
        ),
    ],
)
def test_whether_a_sidecars_port_counts_depends_on_the_server(
    minor: int,
    passed: bool,  # noqa: FBT001
    text: str,
) -> None:
    """Its version is named where that decides."""
    of, member = service("web", NAMED), beside(SIDECAR)
    written = slices(of, member, minor=minor)

    told = why(cluster(of, member, node(), version(minor), *written))

    assert (step(told, StepKind.PORT).passed, step(told, StepKind.PORT).text) == (passed, text)
    assert told.results[0].agrees is True


def test_a_container_that_declares_the_port_is_named() -> None:
    """Its name and protocol were looked up."""
    told = why(settled(service("web", NAMED), pod("web-1", container("app", port(8081, "web")))))

    assert step(told, StepKind.PORT).text == "port http leads to 8081: container app declares web/TCP"


def test_a_port_without_target_leads_to_its_own_number() -> None:
    """The default is named."""
    told = why(settled(service("web", ServicePort(name="http", port=80)), pod()))

    assert step(told, StepKind.PORT).text == (
        "port http leads to 80: the same number, by default, is taken as it is, declared or not"
    )


def test_a_headless_service_may_have_no_port() -> None:
    """Then no step is about one, and addresses are bare."""
    headless_one = with_(headless(), spec__ports=())

    told = why(settled(headless_one, pod()))

    assert StepKind.PORT not in {step.kind for step in told.steps}
    assert (
        told.results[0].text == "the controller should list it at 10.244.0.5 as ready, and slice web-1 does"
    )


def test_a_readiness_probe_that_waits_for_another_is_not_said_to_fail() -> None:
    """It is not asked before the startup probe has succeeded."""
    told = why(settled(service(), STARTING))

    assert step(told, StepKind.PROBED).text == (
        "the readiness probe of container app is not asked before the startup probe has succeeded"
    )


def texts(told: Why, stage: Stage) -> list[str]:
    """What is said at one stage, in order."""
    return [found.text for found in told.steps if found.stage is stage]


def test_each_container_is_told_until_one_misses_something() -> None:
    """What is met too: a pod that is not Ready is not sick in all its parts."""
    both = http_probe(), http_probe(8081, "/ready")
    fine = container("app", startup_probe=both[0], readiness_probe=both[1])
    member = with_(
        pod(
            "web-1",
            fine,
            container("cache", startup_probe=both[0], readiness_probe=both[1]),
            statuses=(running("app"), running("cache", ready=False)),
            conditions=(condition("Ready", "False", "ContainersNotReady"),),
        ),
        spec__init_containers=(container("setup"), container("proxy", restart_policy="Always")),
        status__init_container_statuses=(ended(0, "Completed", "setup"), running("proxy")),
    )

    assert texts(why(settled(service(), member)), Stage.READY) == [
        "init container setup has done its work: Completed, exit code 0",
        "sidecar proxy is created",
        "sidecar proxy runs",
        "container app is created",
        "container app runs",
        "the startup probe of container app has succeeded",
        "the readiness probe of container app succeeds",
        "container cache is created",
        "container cache runs",
        "the startup probe of container cache has succeeded",
        (
            "the readiness probe of container cache does not succeed: GET http://:8081/ready every 10 s, "
            "timeout 1 s, 3 failures"
        ),
        "so the condition Ready is False (ContainersNotReady)",
        "is not being deleted",
    ]


def test_a_pod_that_is_on_no_node_misses_all_that_follows_from_it() -> None:
    """Each is said, and nothing is made up."""
    told = why(settled(service(), unscheduled()))

    assert texts(told, Stage.LISTED) == [
        "has not finished: phase Pending",
        "has no node yet: Unschedulable: 0/3 nodes fit",
        "has no address yet",
        "is on no Node",
        "has no IPv4 address in podIPs",
    ]
    assert step(told, StepKind.READY).text == "the kubelet has not written the condition Ready"


def test_a_scheduler_that_has_said_nothing_is_not_quoted() -> None:
    """The pod is new; the API server has not even set its phase."""
    new = pod(ips=(), node="", statuses=(), conditions=(), phase="")

    told = why(settled(service(), new))

    assert step(told, StepKind.SCHEDULED).text == "has no node yet"
    assert step(told, StepKind.PHASE).text == "has not finished: phase <none>"


def test_a_crash_of_which_little_is_known() -> None:
    """The first, whose end the kubelet has not reported."""
    sick = pod(ready=False, statuses=(waiting("CrashLoopBackOff"),))

    assert reason(why(settled(service(), sick))).text == (
        "container app crashes again and again: CrashLoopBackOff"
    )


def test_an_init_container_that_waits_for_others_says_no_more() -> None:
    """Its turn has not come, and the kubelet has not said so yet."""
    member = with_(unready(), spec__init_containers=(container("setup"),))

    assert step(why(settled(service(), member)), StepKind.INITIALIZED).text == (
        "init container setup has not done its work"
    )


def test_a_probe_without_a_status_is_not_asked() -> None:
    """Nothing runs."""
    starting = pod("web-1", container(readiness_probe=http_probe()), ready=False, statuses=())

    assert step(why(settled(service(), starting)), StepKind.PROBED).text == (
        "the readiness probe of container app is not asked, since nothing runs"
    )


def test_a_readiness_probe_waits_only_for_a_startup_probe_that_is_declared() -> None:
    """An old kubelet does not say whether the container has started."""
    probed = container(readiness_probe=http_probe())
    silent = pod("web-1", probed, ready=False, statuses=(with_(running(ready=False), started=None),))

    assert reason(why(settled(service(), silent))).text.startswith(
        "the readiness probe of container app does not succeed: GET"
    )


def test_a_ready_pod_with_a_probe_is_not_said_to_need_none() -> None:
    """Of a sidecar, too."""
    probed = container("proxy", restart_policy="Always", readiness_probe=http_probe())

    for member in (pod("web-1", container(readiness_probe=http_probe())), beside(probed)):
        assert step(why(settled(service(), member)), StepKind.READY).text == "the condition Ready is True"


def test_a_sidecar_of_a_server_of_unknown_version_is_only_named() -> None:
    """Nothing is said of versions then."""
    of, member = service("web", NAMED), beside(SIDECAR)

    told = why(cluster(of, member, node(), version(0), *slices(of, member)))

    assert step(told, StepKind.PORT).text == "port http leads to 8080: sidecar proxy declares web/TCP"


def test_each_field_is_spelled_as_kubectl_explain_takes_it() -> None:
    """By the object that it is of; a named port is looked up in the pod."""
    both = service("web", NAMED, OTHER)

    told = why(settled(both, pod("web-1", container("app", port(8080, "web")))))

    assert [found.field for found in told.steps] == [
        "service.spec.type",
        "service.spec.selector",
        "pod.metadata.labels",
        "pod.status.phase",
        "pod.spec.nodeName",
        "pod.status.podIPs",
        "node/node-a",
        "pod.status.podIPs",
        "service.spec.ports[http].targetPort, pod.spec.containers[].ports",
        "service.spec.ports[admin].targetPort",
        "pod.status.conditions[Ready]",
        "pod.metadata.deletionTimestamp",
    ]


def test_consequences_are_said_as_such() -> None:
    """A container that is not created does not run, its probe is not asked, and the pod is not Ready."""
    probed = container(readiness_probe=http_probe())
    sick = pod("web-1", probed, ready=False, statuses=(waiting("ErrImagePull"),))

    told = why(settled(service(), sick))

    assert [step.text for step in told.steps if step.stage is Stage.READY] == [
        "container app is not created: ErrImagePull",
        "so container app does not run",
        "the readiness probe of container app is not asked, since nothing runs",
        "so the condition Ready is False",
        "is not being deleted",
    ]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (ended(0, "Completed", "setup"), "init container setup has done its work: Completed, exit code 0"),
        (ended(1, "Error", "setup"), "init container setup has not done its work: Error: Error, exit code 1"),
        (running("setup"), "init container setup still runs, and the containers start after it"),
        (
            waiting("PodInitializing", "", "setup"),
            "init container setup has not done its work: PodInitializing",
        ),
    ],
)
def test_init_containers_are_told_apart(status: object, text: str) -> None:
    """Done, failed, running, waiting."""
    member = with_(
        unready(),
        spec__init_containers=(container("setup"),),
        status__init_container_statuses=(status,),
    )

    assert step(why(settled(service(), member)), StepKind.INITIALIZED).text == text


def test_a_sidecar_is_called_one() -> None:
    """Its readiness counts."""
    member = with_(
        unready(),
        spec__init_containers=(container("proxy", restart_policy="Always"),),
        status__init_container_statuses=(waiting("ErrImagePull", "", "proxy"),),
    )

    assert reason(why(settled(service(), member))).text == "sidecar proxy is not created: ErrImagePull"


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (unready(), ", although it is not Ready: readiness probe of app"),
        (pod(), ", and is Ready anyway"),
    ],
)
def test_with_published_addresses_readiness_is_not_asked(member: Pod, says: str) -> None:
    """Nor is the Node; whether the pod is Ready is told."""
    publishing = service(publish_not_ready_addresses=True)

    told = why(settled(publishing, member))

    published = step(told, StepKind.PUBLISHED)
    assert published.text == f"counts as ready, since unready addresses are published{says}"
    assert published.field == "service.spec.publishNotReadyAddresses"
    assert step(told, StepKind.NODE).field == "service.spec.publishNotReadyAddresses"
    assert step(told, StepKind.NODE).text == (
        "its Node is not asked for, since unready addresses are published"
    )
    assert not any(found.decides for found in told.steps)
    assert told.results[0].agrees is True


def test_a_published_pod_is_an_endpoint_although_it_is_not_ready() -> None:
    """The condition serving tells the truth."""
    told = why(settled(service(publish_not_ready_addresses=True), unready()))

    assert told.headline == "Why pod web-1 is an endpoint of shop/web although it is not Ready"
    assert "as ready, not serving, and" in told.results[0].text


def test_a_terminating_pod_still_serves() -> None:
    """It is listed so."""
    told = why(settled(service(), terminating(pod())))

    assert told.headline == "Why pod web-1 is a terminating endpoint of shop/web that still serves"
    assert "as not ready, terminating, serving, and slice web-1 does" in told.results[0].text
