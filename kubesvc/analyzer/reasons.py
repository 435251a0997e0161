"""A step of a pod's chain as a sentence: what was found, and the field that shows it. No advice."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import named_ports, wording
from kubesvc.model import selector
from kubesvc.model.cell import Step, StepKind
from kubesvc.model.objects import Container, ContainerStatus, Pod, Probe, Service, ServicePort
from kubesvc.model.read import Gap
from kubesvc.semantics import ports, readiness
from kubesvc.semantics.endpoints import Nodes
from kubesvc.semantics.ports import Declared, Role


class Case(Struct, frozen=True):
    """A pod at a port and family of a Service, and what decides; `gap` is why its Node was not read."""

    service: Service
    pod: Pod
    port: ServicePort | None
    family: str
    nodes: Nodes
    minor: int
    gap: Gap | None = None


def tell(step: Step, case: Case) -> str:
    """Say what was found, as a clause; its subject, where it names none, is the pod."""
    return _SENTENCES[step.kind](step, case)


def field(step: Step, case: Case) -> str:
    """Name what was read, as kubectl explain does: `pod.status.phase`; a Node as `node/node-a`."""
    if step.field == "Node":
        return f"node/{case.pod.spec.node_name}"
    if step.kind is StepKind.PORT and case.port and isinstance(ports.target(case.port), str):
        return f"service.{step.field}, pod.spec.containers[].ports"
    kind = "service" if step.kind in _OF_SERVICE or step.field == "spec.publishNotReadyAddresses" else "pod"
    return f"{kind}.{step.field}"


_OF_SERVICE: Final = frozenset({StepKind.TYPE, StepKind.SELECTOR, StepKind.PORT, StepKind.PUBLISHED})


def _type(step: Step, _: Case) -> str:
    if step.passed:
        return f"type {step.value}: endpoints are written for it"
    return f"type {step.value}: an alias in DNS, no endpoints are written for it"


def _selector(step: Step, _: Case) -> str:
    if step.passed:
        return f"the Service selects pods: {step.value}"
    return "the Service has no selector, so no pod is chosen: somebody else writes its endpoints"


def _labels(_: Step, case: Case) -> str:
    return labels(case.service.spec.selector, case.pod.metadata.labels)


def labels(wanted: Mapping[str, str], carried: Mapping[str, str]) -> str:
    """Say how labels fit a selector, and how not."""
    if not wanted:
        return "no label is asked for"
    fitting = {key: value for key, value in wanted.items() if carried.get(key) == value}
    differing = [_label(key, wanted[key], carried.get(key)) for key in sorted(wanted) if key not in fitting]
    if not differing:
        return f"carries {selector.show(wanted)}, as the selector asks"
    also = [f"{selector.show(fitting)} fits"] if fitting else []
    return "; ".join([*differing, *also])


def _label(key: str, wanted: str, carried: str | None) -> str:
    if carried is None:
        return f"has no label {key}, where the selector asks for {key}={wanted}"
    case = ", in other letter case" if carried.lower() == wanted.lower() else ""
    return f"carries {key}={carried}, where the selector asks for {key}={wanted}{case}"


def _phase(step: Step, _: Case) -> str:
    return f"has {'not finished' if step.passed else 'finished for good'}: phase {step.value or '<none>'}"


def _scheduled(step: Step, _: Case) -> str:
    if step.passed:
        return f"has been given a node: {step.value}"
    return f"has no node yet{_because(step.reason, step.value)}"


def _address(step: Step, _: Case) -> str:
    return f"has an address: {step.value.replace(',', ', ')}" if step.passed else "has no address yet"


def _node(step: Step, case: Case) -> str:
    name = case.pod.spec.node_name
    if case.service.spec.publish_not_ready_addresses:
        return "its Node is not asked for, since unready addresses are published"
    if not name:
        return "is on no Node"
    if step.passed is None:
        why = f" ({case.gap.reason})" if case.gap else ""
        return f"whether its Node {name} exists is not known: it was not read{why}"
    if not step.passed:
        return f"its Node {name} does not exist, and a pod without one is left out"
    node = (case.nodes or {}).get(name)
    ready = readiness.condition(node.status.conditions, "Ready") if node else None
    if ready is not None and ready.status != "True":
        return f"its Node {name} exists; that it is not Ready is no reason to leave the pod out"
    return f"its Node {name} exists"


def _family(step: Step, case: Case) -> str:
    if step.passed:
        return f"its {case.family} address is {step.value}"
    status = case.pod.status
    others = ", ".join(entry.ip for entry in status.pod_ips)
    if others:
        return f"has no {case.family} address, only {others}"
    alone = f": podIP {status.pod_ip} alone does not count" if status.pod_ip else ""
    return f"has no {case.family} address in podIPs{alone}"


def _port(step: Step, case: Case) -> str:
    port = case.port
    if port is None:  # pragma: no cover - only a port has this step
        return step.value
    wanted = ports.target(port)
    if isinstance(wanted, int):
        how = "a number" if port.target_port else "the same number, by default,"
        return f"port {port.key} leads to {step.value}: {how} is taken as it is, declared or not"
    found = ports.find_declared(case.pod, port, case.minor)
    if found:
        container = _of_container(found, case.minor)
        return f"port {port.key} leads to {step.value}: {container} declares {wanted}/{port.protocol}"
    near = [entry for entry in ports.declared(case.pod.spec) if entry.port.name == wanted]
    return f"no container declares {wanted}/{port.protocol}, to which port {port.key} leads; " + (
        "; ".join(_passed_over(entry, port, case.minor) for entry in near)
        or f"declared: {named_ports.show(ports.declared(case.pod.spec))}"
    )


def _of_container(found: Declared, minor: int) -> str:
    counts = "" if found.role is Role.CONTAINER or not minor else ", whose ports count since 1.33,"
    return f"{found.role} {found.container}{counts}"


def _passed_over(entry: Declared, port: ServicePort, minor: int) -> str:
    """Say why a declaration of the right name does not count."""
    said = f"{entry.role} {entry.container} declares {entry.port.name}/{entry.port.protocol}"
    if entry.role is Role.INIT:
        return f"{said}, but ports of ordinary init containers do not count"
    if not ports.counts(entry, minor):
        since = f"before Kubernetes 1.{ports.SIDECAR_PORTS_SINCE} ports of sidecars do not count"
        return f"{said}, but {since}, and this is 1.{minor}"
    return f"{said}, but the Service's port is {port.protocol}"


def _published(_: Step, case: Case) -> str:
    missed = next((step for step in readiness.ready_steps(case.pod) if step.passed is False), None)
    but = f", although it is not Ready: {wording.step(missed)}" if missed else ", and is Ready anyway"
    return f"counts as ready, since unready addresses are published{but}"


def _initialized(step: Step, case: Case) -> str:
    name = _container(step, case)
    if step.passed:
        return f"{name} has done its work: {step.value}"
    if step.value == "running":
        return f"{name} still runs, and the containers start after it"
    return f"{name} has not done its work{_because(step.reason, step.value)}"


def _created(step: Step, case: Case) -> str:
    name = _container(step, case)
    if step.passed:
        return f"{name} is created"
    if step.value == "no status":
        return f"the kubelet has not reported {name} yet"
    return f"{name} is not created{_because(step.reason, step.value)}"


def _running(step: Step, case: Case) -> str:
    name = _container(step, case)
    if step.passed:
        return f"{name} runs"
    status = readiness.container_status(case.pod, step.container)
    if status is None or (status.state.terminated is None and step.reason != readiness.BACK_OFF):
        return f"so {name} does not run"
    restarts = f", restarted {wording.count(status.restart_count, 'time')}" if status.restart_count else ""
    if status.state.terminated:
        return f"{name} has ended: {step.value}{restarts}"
    last = status.last_state.terminated
    how = f"; it last ended with {last.reason or 'no reason'}, exit code {last.exit_code}" if last else ""
    return f"{name} crashes again and again{_because(step.reason, wording.pause(step.value))}{restarts}{how}"


def _started(step: Step, case: Case) -> str:
    return _probe(step, case, "startup", lambda container: container.startup_probe)


def _probed(step: Step, case: Case) -> str:
    return _probe(step, case, "readiness", lambda container: container.readiness_probe)


def _probe(step: Step, case: Case, kind: str, of: Callable[[Container], Probe | None]) -> str:
    name = f"the {kind} probe of {_container(step, case)}"
    if step.passed:
        return f"{name} succeeds" if step.kind is StepKind.PROBED else f"{name} has succeeded"
    status = readiness.container_status(case.pod, step.container)
    container = readiness.find_container(case.pod, step.container)
    if status is None or status.state.running is None:
        return f"{name} is not asked, since nothing runs"
    if step.kind is StepKind.PROBED and _still_starts(container, status):
        return f"{name} is not asked before the startup probe has succeeded"
    probe = of(container) if container else None
    return f"{name} does not succeed{f': {wording.probe(probe)}' if probe else ''}"


def _still_starts(container: Container | None, status: ContainerStatus) -> bool:
    return container is not None and container.startup_probe is not None and not status.started


def _gate(step: Step, _: Case) -> str:
    if step.value == "<none>":
        return f"readiness gate {wording.gate(step)}: nobody has set that condition"
    return f"readiness gate {wording.gate(step)} is {step.value}"


def _ready(step: Step, case: Case) -> str:
    if step.passed:
        declared = (*case.pod.spec.containers, *case.pod.spec.init_containers)
        probed = any(container.readiness_probe for container in declared)
        return "the condition Ready is True" + (
            "" if probed else ": no readiness probe is declared, to run is enough"
        )
    if step.value == "<none>":
        return "the kubelet has not written the condition Ready"
    others = [other for other in readiness.ready_steps(case.pod) if other.kind is not StepKind.READY]
    shown = f"the condition Ready is {step.value}{f' ({step.reason})' if step.reason else ''}"
    if all(other.passed for other in others):
        return f"{shown} although its containers are ready, as is written when a node no longer answers"
    return f"so {shown}"


def _staying(step: Step, case: Case) -> str:
    deadline = case.pod.metadata.deletion_timestamp
    if step.passed or deadline is None:
        return "is not being deleted"
    return f"is being deleted (until {deadline:%H:%M:%S} UTC): no longer ready, whatever its probes say"


def _container(step: Step, case: Case) -> str:
    """Name a container by its part: `container app`, `sidecar proxy`, `init container setup`."""
    spec = case.pod.spec
    if any(container.name == step.container for container in spec.containers):
        return f"container {step.container}"
    sidecar = any(c.name == step.container and ports.is_sidecar(c) for c in spec.init_containers)
    return f"{Role.SIDECAR if sidecar else Role.INIT} {step.container}"


def _because(reason: str, message: str) -> str:
    """Write a reason and what more is known of it: `: ErrImagePull: not found`."""
    parts = dict.fromkeys(part for part in (reason, message) if part not in _NOTHING)
    return "".join(f": {part}" for part in parts)


_NOTHING: Final = frozenset({"", "<none>", "waiting"})
"""What a step has as its value where nobody has said anything."""

_SENTENCES: Final[dict[StepKind, Callable[[Step, Case], str]]] = {
    StepKind.TYPE: _type,
    StepKind.SELECTOR: _selector,
    StepKind.LABELS: _labels,
    StepKind.PHASE: _phase,
    StepKind.SCHEDULED: _scheduled,
    StepKind.ADDRESS: _address,
    StepKind.NODE: _node,
    StepKind.FAMILY: _family,
    StepKind.PORT: _port,
    StepKind.PUBLISHED: _published,
    StepKind.INITIALIZED: _initialized,
    StepKind.CREATED: _created,
    StepKind.RUNNING: _running,
    StepKind.STARTED: _started,
    StepKind.PROBED: _probed,
    StepKind.GATES: _gate,
    StepKind.READY: _ready,
    StepKind.STAYING: _staying,
}
