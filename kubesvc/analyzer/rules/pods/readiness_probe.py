"""KSV301: a readiness probe fails."""

from collections.abc import Iterator

from kubesvc.analyzer import commands, probes, rollouts, troubles, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.troubles import Trouble
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import StepKind
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Container, ContainerStatus, Event, Pod, Probe, Workload
from kubesvc.model.read import Gap
from kubesvc.model.report import Command, Confidence, Finding, Fix, Row
from kubesvc.semantics import readiness


@rule("KSV301", "readiness-probe-failing", since="0.1")
def readiness_probe(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report pods that get no traffic because a readiness probe fails.

    What it means
        The container runs, but its readiness probe has not succeeded, or failed `failureThreshold` times in a
        row. The pod is not Ready, so the Service sends it nothing. The container is not restarted for that:
        this is what a liveness probe does. A container that was restarted is given no new time to come up.

    How to confirm
        The pod's events quote the probe's last answer. A request through the API server's pod proxy dials the
        pod's address, as the probe does; `kubectl port-forward` dials localhost inside the pod and proves
        less. The command of an exec probe is not read, since it may hold a secret: `kubectl describe pod
        NAME` shows it.

    How to fix
        Make the application answer, or correct the port, path, scheme or timeout of the probe in the pod
        template. A StatefulSet replaces a pod that is not ready only after it is deleted, and with
        updateStrategy OnDelete every pod has to be.

    When this is fine
        While the application is loading, or when it takes itself out of service on purpose.
    """
    for trouble in troubles.troubles(view, lambda _, step: step.kind is StepKind.PROBED):
        pod, name = trouble.pod, trouble.why.container
        container = readiness.find_container(pod, name)
        if trouble.waiting or container is None or container.readiness_probe is None:
            continue
        told = _told(view, pod, name)
        yield this.finding(
            view,
            f"readiness probe fails on {troubles.share(view, trouble)}",
            trouble.places,
            trouble.owner,
            _rows(view, trouble, container, container.readiness_probe, told),
            confidence=troubles.confidence(trouble),
            confirm=_confirm(pod, container, container.readiness_probe),
            fixes=_fixes(view, trouble, container, container.readiness_probe, told),
        )


def _told(view: ServiceView, pod: Pod, container: str) -> Event | Gap | None:
    events = view.pod_events(pod)
    if isinstance(events, Gap):
        return events
    return probes.last_answer(events, pod, container, probes.Kind.READINESS)


def _rows(
    view: ServiceView, trouble: Trouble, container: Container, probe: Probe, told: Event | Gap | None
) -> Iterator[Row]:
    status = readiness.container_status(trouble.pod, container.name)
    yield troubles.pod_row(trouble, _since(view, trouble.pod, status))
    if status and status.restart_count:
        yield Row(
            "container", _restarts(view, status), f"{trouble.why.field.removesuffix('.ready')}.lastState"
        )
    field = f"spec.containers[{container.name}].readinessProbe"
    yield Row("probe", f"container {container.name}: {wording.probe(probe)}", field)
    yield Row("answer", _answer(view, told), "Event")
    asked, declared = probe.asks, [port.container_port for port in container.ports]
    if isinstance(asked, int) and declared and asked not in declared:
        ports = ", ".join(map(str, declared))
        yield Row(
            "note", f"the container declares {ports}; the probe asks {asked}", "spec.containers[].ports"
        )
    if _undeclared(container, probe):
        value = f"no port of container {container.name} is called {asked}"
        yield Row("note", value, "spec.containers[].ports")
    yield from troubles.doubts(trouble)


def _since(view: ServiceView, pod: Pod, status: ContainerStatus | None) -> str:
    ready = readiness.condition(pod.status.conditions, "Ready")
    runs = status.state.running.started_at if status and status.state.running else None
    running = f", running {wording.span(view.now - runs)}" if runs else ""
    started = pod.status.start_time or pod.metadata.creation_timestamp
    changed = ready.last_transition_time if ready else None
    if not (changed and started):
        return running
    # The kubelet writes Ready=False when it first sees the pod: no later transition means it never was True.
    never = (changed - started).total_seconds() <= 1
    return f"{running}, {'never ready' if never else f'not ready for {wording.span(view.now - changed)}'}"


def _restarts(view: ServiceView, status: ContainerStatus) -> str:
    text = f"{status.name} restarted {wording.count(status.restart_count, 'time')}"
    last = status.last_state.terminated
    if last is None:
        return text
    reason = f" ({last.reason})" if last.reason else ""
    ended = wording.ago(last.finished_at, view.now)
    return f"{text}, last ended with exit code {last.exit_code}{reason} {ended}"


def _answer(view: ServiceView, told: Event | Gap | None) -> str:
    return probes.answer(told, view.now) if isinstance(told, Event) else probes.untold(told)


def _undeclared(container: Container, probe: Probe) -> bool:
    """Tell whether a probe asks a port by a name that its container does not declare."""
    asked = probe.asks
    return isinstance(asked, str) and all(port.name != asked for port in container.ports)


def _confirm(pod: Pod, container: Container, probe: Probe) -> Iterator[Command]:
    http = probe.http_get
    if http is None or http.host or _undeclared(container, probe):
        what = "the probe" if probe.asks else "the probe's command"
        yield Command(
            commands.describe_pod(pod.metadata.name), f"shows {what} and its last answers in the events"
        )
        return
    number = next((p.container_port for p in container.ports if p.name == http.port), http.port)
    scheme = "https:" if http.scheme == "HTTPS" else ""
    where = f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{scheme}{pod.metadata.name}:{number}/proxy"
    yield Command(
        commands.raw(where + wording.probe_path(http)),
        "dials the pod's address, as the probe does; needs the right pods/proxy",
    )


def _fixes(
    view: ServiceView, trouble: Trouble, container: Container, probe: Probe, told: Event | Gap | None
) -> Iterator[Fix]:
    """Offer the declared port where the asked one is refused and nobody declares it."""
    declared = [port.container_port for port in container.ports if port.protocol == "TCP"]
    asked = probe.asks
    refused = isinstance(told, Event) and probes.refused(told)
    if not (refused and isinstance(asked, int) and len(declared) == 1 and asked not in declared):
        return
    workload = view.optional(lambda: view.workloads.get(trouble.owner))
    if workload is None:
        return
    replaced, then = _replacement(workload, trouble)
    for position, template in enumerate(workload.spec.template.spec.containers):
        if template.name != container.name or template.readiness_probe != probe:
            continue
        action = "httpGet" if probe.http_get else "tcpSocket" if probe.tcp_socket else "grpc"
        path = ("spec", "template", "spec", "containers", position)
        guard = ((*path, "name"), container.name)
        change = Change(trouble.owner, (Op((*path, "readinessProbe", action, "port"), declared[0], guard),))
        yield Fix(
            title=f"probe port {declared[0]} in {trouble.owner}",
            certainty=Confidence.LIKELY,
            change=change,
            command=commands.patch(change),
            notes=(f"{replaced} Not simulated: whether the new pods become ready is not known before.",),
            then=then,
        )


def _replacement(workload: Workload, trouble: Trouble) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Tell how a changed template reaches the pods, and the commands that it takes.

    A StatefulSet waits for each pod to be ready before it goes on (stateful_set_control.go,
    processReplica); what it waits for is the pod that the change would heal.
    """
    deletion = commands.delete_pods(pod.metadata.name for pod in trouble.pods)
    held = rollouts.held_back(workload)
    if workload.spec.update_strategy.type == "OnDelete":
        return held, (deletion,)
    if workload.kind == "StatefulSet" and not held:
        ordered = "A StatefulSet replaces a pod that is not ready only after it is deleted"
        return f"{ordered} (unless its podManagementPolicy is Parallel).", (deletion,)
    return rollouts.reach(workload), ()
