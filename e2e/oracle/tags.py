"""What a settled cluster shows of the rules: short names, by which recorded clusters are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from e2e.oracle.subject import CONTROLLER, MANAGED_BY, MIRRORING, Settled, Subject
from kubesvc.model.cell import StepKind
from kubesvc.model.objects import EndpointSlice, Pod, Service, ServicePort
from kubesvc.semantics import endpoints, mirroring, topology
from kubesvc.semantics.ports import Role, declared, find_port, target
from kubesvc.semantics.reads import pods_of

_STEPS: Final = (*endpoints.MEMBERSHIP, StepKind.PORT, StepKind.READY, StepKind.STAYING)
_HEADLESS: Final = "service.kubernetes.io/headless"
_RESERVED: Final = (_HEADLESS, MANAGED_BY, "kubernetes.io/service-name")

REQUIRED: Final = frozenset(
    {
        *(f"step: {kind} {how}" for kind in _STEPS for how in ("met", "unmet")),
        "step: published met",
        *(f"port: in a {role}" for role in ("container", "sidecar")),
        "port: by number",
        "port: under another protocol",
        "port: in an init container only",
        "port: several in the list",
        "port: one number, two protocols",
        "port: appProtocol",
        *(f"families: {shown}" for shown in ("IPv4", "IPv6", "IPv4+IPv6", "IPv6+IPv4")),
        *(f"type: {kind}" for kind in ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "headless")),
        "type: headless without ports",
        "selector: none",
        *(f"pod: Ready {status}" for status in ("True", "False", "Unknown", "absent")),
        *(f"pod: {phase}" for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown")),
        "pod: terminating, Ready",
        "pod: terminating, not Ready",
        "pod: published, not Ready",
        "pod: on the host's network",
        "pod: matching in another namespace",
        "endpoint: hostname",
        "endpoint: no zone",
        "endpoint: no node",
        *(f"hints: {mode}" for mode in topology.Mode),
        "hints: by the CPU of zones, given",
        "hints: an endpoint for another zone",
        "slices: several port lists",
        "slices: packed",
        "slices: placeholder",
        "slices: foreign",
        "slices: reserved labels on the Service",
        "slices: stale headless label",
        "before: impostor removed",
        "before: family dropped",
        "before: of an earlier incarnation",
        *(f"left behind: {why}" for why in ("ExternalName", "selector removed", "Service gone")),
        "Service: deleting",
        *(
            f"mirror: {what}"
            for what in ("copied", "skipped", "leader", "no address", "not ready", "repacked")
        ),
        "mirror: both families",
        "mirror: hostname",
        "mirror: targetRef",
        "round: fenced",
        "round: not fenced",
    }
)
"""What the recorded clusters have to show."""


def tags(settled: Settled) -> frozenset[str]:
    """Return everything that a settled cluster shows."""
    found = {"round: fenced" if settled.fenced else "round: not fenced"}
    for subject in settled.subjects():
        found |= set(_of_slices(subject))
        if subject.service is not None:
            found |= set(_of_service(subject, subject.service))
            found |= set(_of_pods(subject, subject.service, settled))
        if subject.service is not None and subject.managed:
            found |= set(_of_managed(subject, subject.service))
    return frozenset(found)


def _of_service(subject: Subject, service: Service) -> Iterator[str]:
    spec = service.spec
    yield f"type: {'headless' if service.headless else spec.type}"
    if service.headless and not spec.ports:
        yield "type: headless without ports"
    if not spec.selector:
        yield "selector: none"
        yield from _of_copies(subject)
    if subject.deleting:
        yield "Service: deleting"
    if any(key in service.metadata.labels for key in _RESERVED):
        yield "slices: reserved labels on the Service"


def _of_copies(subject: Subject) -> Iterator[str]:
    source = subject.endpoints
    if source is None:
        return
    copies = [entry for entry in subject.real if mirroring.is_mirror(entry)]
    if source.metadata.labels.get(mirroring.SKIP) == "true":
        yield "mirror: skipped"
    elif mirroring.LEADER in source.metadata.annotations:
        yield "mirror: leader"
    elif not copies:
        yield "mirror: no address"
    if not copies:
        return
    yield "mirror: copied"
    listed = [one for entry in copies for one in entry.endpoints]
    lists = {(entry.address_type, frozenset(entry.ports)) for entry in copies}
    stored = {
        frozenset((port.name, port.port, port.protocol) for port in subset.ports) for subset in source.subsets
    }
    written = {frozenset((port.name, port.port, port.protocol) for port in ports) for _, ports in lists}
    shown = {
        "not ready": any(one.conditions.ready is False for one in listed),
        "both families": len({family for family, _ in lists}) == 2,
        "hostname": any(one.hostname for one in listed),
        "targetRef": any(one.target_ref for one in listed),
        "repacked": bool(written - stored),
    }
    yield from (f"mirror: {what}" for what, is_so in shown.items() if is_so)


def _of_slices(subject: Subject) -> Iterator[str]:
    ours = [entry for entry in subject.real if entry.metadata.labels.get(MANAGED_BY) == CONTROLLER]
    service = subject.service
    if ours and not subject.managed:
        gone, other = service is None, service is not None and service.spec.type == "ExternalName"
        yield f"left behind: {'Service gone' if gone else 'ExternalName' if other else 'selector removed'}"
    managers = {entry.metadata.labels.get(MANAGED_BY, "") for entry in subject.real}
    if managers - {CONTROLLER, MIRRORING}:
        yield "slices: foreign"
    real = {entry.metadata.name for entry in subject.real}
    for entry in subject.before:
        if service is None or not subject.managed or entry.metadata.labels.get(MANAGED_BY) != CONTROLLER:
            continue
        if entry.address_type not in endpoints.families(service):
            yield "before: family dropped"
        elif not endpoints.is_owned(entry, service):
            wrote = entry.metadata.name.startswith(f"{service.metadata.name}-")
            if wrote:
                yield "before: of an earlier incarnation"
            elif entry.metadata.name not in real:
                yield "before: impostor removed"


def _of_managed(subject: Subject, service: Service) -> Iterator[str]:
    families = endpoints.families(service)
    yield f"families: {'+'.join(families)}"
    for pod in subject.pods:
        yield from _of_pod(service, pod)
        for port in service.spec.ports:
            yield from _of_port(pod, port, subject.minor)
    yield from _of_written(subject, service)


def _of_pods(subject: Subject, service: Service, settled: Settled) -> Iterator[str]:
    read = pods_of(service)
    for pod in (obj for obj in settled.objects if isinstance(obj, Pod)):
        if pod.metadata.namespace == service.metadata.namespace:
            yield from _of_chain(subject, service, pod, selected=read.matches(pod))
        elif subject.managed and service.spec.selector.items() <= pod.metadata.labels.items():
            yield "pod: matching in another namespace"


def _of_chain(subject: Subject, service: Service, pod: Pod, *, selected: bool) -> Iterator[str]:
    """The steps up to the first that is not met: what comes after it was not put to the test."""
    for family in endpoints.families(service):
        for port in service.spec.ports or (None,):
            chain = endpoints.chain(service, pod, port, family, nodes=subject.nodes, minor=subject.minor)
            for step in chain.steps:
                relevant = step.kind in _STEPS or step.kind is StepKind.PUBLISHED
                if relevant and step.passed is not None:
                    yield f"step: {step.kind} {'met' if step.passed else 'unmet'}"
                if relevant and not step.passed:
                    break
            if not selected:
                return


def _of_pod(service: Service, pod: Pod) -> Iterator[str]:
    status = next((one.status for one in pod.status.conditions if one.type == "Ready"), "absent")
    yield f"pod: Ready {status}"
    yield f"pod: {pod.status.phase}"
    if pod.metadata.deletion_timestamp is not None and pod.status.pod_ips:
        yield f"pod: terminating, {'' if status == 'True' else 'not '}Ready"
    if service.spec.publish_not_ready_addresses and status != "True" and pod.status.pod_ips:
        yield "pod: published, not Ready"
    if pod.spec.host_network and pod.status.pod_ips:
        yield "pod: on the host's network"


def _of_port(pod: Pod, port: ServicePort, minor: int) -> Iterator[str]:
    wanted = target(port)
    if isinstance(wanted, int):
        yield "port: by number"  # the API has filled in what was omitted
        return
    named = [one for one in declared(pod.spec) if one.port.name == wanted]
    fitting = [one for one in named if one.port.protocol == port.protocol]
    if find_port(pod, port, minor) is not None:
        yield f"port: in a {fitting[0].role}"
    elif fitting and all(one.role is Role.INIT for one in fitting):
        yield "port: in an init container only"
    elif named:
        yield "port: under another protocol"


def _of_written(subject: Subject, service: Service) -> Iterator[str]:
    ours = [entry for entry in subject.real if endpoints.is_managed(entry)]
    groups = {(entry.address_type, frozenset(entry.ports)) for entry in ours if entry.endpoints}
    mode = topology.mode(service, subject.minor)
    for entry in ours:
        if len(entry.ports) > 1:
            yield "port: several in the list"
        if len({port.port for port in entry.ports}) < len({port.protocol for port in entry.ports}):
            yield "port: one number, two protocols"
        if any(port.app_protocol for port in entry.ports):
            yield "port: appProtocol"
        if not entry.endpoints and not entry.ports:
            yield "slices: placeholder"
        if (_HEADLESS in entry.metadata.labels) != service.headless:
            yield "slices: stale headless label"
        yield from _of_endpoints(entry, mode)
    if len({ports for _, ports in groups}) > 1:
        yield "slices: several port lists"
    if len([entry for entry in ours if entry.endpoints]) > len(groups):
        yield "slices: packed"


def _of_endpoints(entry: EndpointSlice, mode: topology.Mode) -> Iterator[str]:
    for one in entry.endpoints:
        shown = {
            "endpoint: hostname": bool(one.hostname),
            "endpoint: no zone": not one.zone,
            "endpoint: no node": not one.node_name,
            f"hints: {mode}": True,
            f"hints: {mode}, given": bool(one.hints.for_zones),
            "hints: an endpoint for another zone": any(hint.name != one.zone for hint in one.hints.for_zones),
        }
        yield from (tag for tag, is_so in shown.items() if is_so)
