"""KSV202: a named target port that only some of the selected pods declare."""

from collections.abc import Iterator, Sequence

from kubesvc.analyzer import (
    clients,
    commands,
    listening,
    named_ports,
    rollouts,
    uncounted,
    wording,
    workloads,
)
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Container, ContainerPort, Pod, Ref
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics.ports import counts, declared, find_port, target


@rule("KSV202", "target-port-declared-by-some-pods", since="0.1")
def declared_by_some(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a named target port that only some selected pods declare.

    What it means
        A target port given by name is looked up in each pod by itself. The pods that do not declare it are
        listed in the slices without this port and get no traffic for it; the others do. Typical: a rollout
        that renamed the port, or two workloads behind one selector. A pod may also declare the name where it
        does not count: for another protocol, in an init container, or, on a server before 1.33, in a native
        sidecar. Where the workloads behind the Service have no pods, their templates are looked at instead.

    How to confirm
        `kubectl get endpointslices -l kubernetes.io/service-name=NAME -o yaml` shows two slices with
        different ports.

    How to fix
        Use the number where it is the same in all pods, as after a rollout that renamed the port; or declare
        the port name in the template of the workload that lacks it.

    When this is fine
        While a rollout that adds the name is under way.
    """
    for wanted in named_ports.named_ports(view):
        if not wanted.with_it or not wanted.without:
            continue
        owners = workloads.by_owner(view.snapshot, wanted.without)
        for owner, lacking in owners.items():
            names = {pod.metadata.name for pod in lacking}
            places = [
                cell.place
                for facts in view.ports
                if facts.key == wanted.port.key
                for cell in facts.cells
                if cell.pod and cell.pod.metadata.name in names
            ]
            yield this.finding(
                view,
                _headline(wanted),
                places or [view.place._replace(port=wanted.port.key)],
                owner,
                _rows(view, wanted, owner, lacking),
                fixes=_fixes(view, wanted, owner),
            )


def _headline(wanted: NamedPort) -> str:
    total = len(wanted.with_it) + len(wanted.without)
    share = f"{len(wanted.with_it)} of {wording.count(total, 'template' if wanted.planned else 'pod')}"
    return f'target port "{wanted.target}" of port {wanted.port.key} is declared by {share}'


def _rows(view: ServiceView, wanted: NamedPort, owner: Ref, lacking: Sequence[Pod]) -> Iterator[Row]:
    yield wanted.declaring("without", owner, lacking)
    notes = tuple(uncounted.notes(wanted, lacking, view.minor))
    yield from notes
    for other, pods in workloads.by_owner(view.snapshot, wanted.with_it).items():
        yield wanted.having("with", other, pods)
    # The template of pods that declare it where it does not count mostly does so, too.
    if not notes and _template_has_it(view, wanted, owner):
        value = f"the template of {owner} declares it: pods that are made from it have the port"
        yield Row("rollout", value, "spec.template.spec.containers[].ports")
    never = "" if view.service.headless or wanted.planned else ", never the pods without it"
    yield Row("clients", f"{clients.seen(view.service, [wanted.facts])}{never}", "EndpointSlice")


def _template_has_it(view: ServiceView, wanted: NamedPort, owner: Ref) -> bool:
    workload = view.optional(lambda: view.workloads.get(owner))
    return workload is not None and any(
        entry.port.name == wanted.target
        and entry.port.protocol == wanted.port.protocol
        and counts(entry, view.minor)
        for entry in declared(workload.spec.template.spec)
    )


def _fixes(view: ServiceView, wanted: NamedPort, owner: Ref) -> Iterator[Fix]:
    """Offer the number where all agree on it, and to rename the port in the workload that lacks it."""
    found = uncounted.alike(wanted, wanted.without, view.minor)
    numbers = {find_port(pod, wanted.port, view.minor) for pod in wanted.with_it}
    if found and numbers == {found.entry.port.container_port}:
        fix = uncounted.by_number(view, wanted, found)
        if fix is not None:
            yield fix
            return
    number = numbers.pop()
    if number is not None and not numbers and _all_serve(view, wanted, number):
        there = f"{number}/{wanted.port.protocol}"
        note = f"{wanted.everybody.capitalize()} declares {there}, whatever it is called."
        yield uncounted.lead_to(view, wanted, number, note)
    yield from _rename(view, wanted, owner)


def _all_serve(view: ServiceView, wanted: NamedPort, number: int) -> bool:
    """Tell whether the pods without the name have the number under another one, and for the same.

    A rollout that renames a port leaves it so. What is called after metrics, or led to by another port of
    the Service, is something else.
    """
    each = [(pod, uncounted.numbered(pod, wanted, number, view.minor)) for pod in wanted.without]
    return all(entries for _, entries in each) and not any(
        wanted.is_taken(view, pod, entry) or (listening.beside(pod, entry) and not wanted.aside)
        for pod, entries in each
        for entry in entries
    )


def _rename(view: ServiceView, wanted: NamedPort, owner: Ref) -> Iterator[Fix]:
    """Offer to rename the one port that the workload's template declares with the right protocol.

    Not where something else needs the old name, or the new one is taken: names are unique within a pod; nor
    where the old one tells of something else.
    """
    workload = view.optional(lambda: view.workloads.get(owner))
    if workload is None:
        return
    containers = workload.spec.template.spec.containers
    ports = [
        (c, p, container, port)
        for c, container in enumerate(containers)
        for p, port in enumerate(container.ports)
        if port.protocol == wanted.port.protocol
    ]
    if len(ports) != 1:
        return
    c, p, container, port = ports[0]
    taken = {entry.port.name for entry in declared(workload.spec.template.spec)}
    if wanted.target in taken or (port.name and port.name in _needed(view, container)):
        return
    if not _may_be_renamed(view, wanted, port):
        return
    path = ("spec", "template", "spec", "containers", c, "ports", p)
    guard = ((*path, "containerPort"), port.container_port)
    change = Change(owner, (Op((*path, "name"), wanted.target, guard, new=not port.name),))
    yield Fix(
        title=f'name port {port.container_port} of container {container.name} "{wanted.target}" in {owner}',
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"{rollouts.reach(workload)} Other Services may use the old name.",),
    )


def _may_be_renamed(view: ServiceView, wanted: NamedPort, port: ContainerPort) -> bool:
    """Tell whether a port has no name, or one like what is wanted, or the number that the others have."""
    if listening.is_aside(port.name) and not wanted.aside:
        return False
    near = min(likeness(text, port.name) for text in (wanted.target, wanted.port.name))
    same = {find_port(pod, wanted.port, view.minor) for pod in wanted.with_it} == {port.container_port}
    return not port.name or near < Likeness.UNLIKE or same


def _needed(view: ServiceView, container: Container) -> set[int | str]:
    """Return the port names that this Service's other ports or the container's probes look up."""
    asked = {probe.asks for probe in container.probes if probe.asks is not None}
    return {target(port) for port in view.service.spec.ports} | asked
