"""KSV203: a target port that looks like another one than the pods serve."""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer import commands, doubtful_ports, named_ports, numbered_ports, wording, workloads
from kubesvc.analyzer.common_ports import Target, common_ports
from kubesvc.analyzer.doubtful_ports import PORTS, Clue
from kubesvc.analyzer.numbered_ports import NumberedPort
from kubesvc.analyzer.port_changes import port_change
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.report import Command, Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import ports

_TITLES: Final = {"targetPort": "target port", "protocol": "protocol"}


@rule("KSV203", "undeclared-target-port", since="0.1")
def undeclared_target_port(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a target port that looks like another one than the pods serve.

    What it means
        A number is taken as it is: nothing checks that a container declares it or listens there, and the
        endpoints are ready either way. A target port that is left out is the number of the port itself.
        Declarations inform and open nothing, so that an undeclared target port is no error. It is worth a
        look where the pods declare another port to which nothing of the Service leads; and more so where
        arguments or the readiness probe name that one, where the number is that of an exporter, where other
        pods of the Service declare it, or where it is declared for another protocol alone: a port that names
        none is for TCP. Where nothing is declared, arguments alone tell: those of the only container, if all
        pods are given the same one number and no port of the Service leads there.

    How to confirm
        A request through the API server's pod proxy dials the pod's address at that port; `kubectl
        port-forward` dials localhost inside the pod and proves less.

    How to fix
        Set the target port to the number, or the name, of the port that the application listens on; or
        declare the port in the template, if it does listen there. Pods that listen on different ports are
        reached by a name that all of them declare.

    When this is fine
        The application listens on the port, and the template does not say so.
    """
    for wanted in numbered_ports.numbered_ports(view):
        clue = doubtful_ports.clue(view, wanted)
        if clue is not None:
            owner = workloads.owner(view.snapshot, wanted.pods[0]) if wanted.apart else view.ref
            yield this.finding(
                view,
                _headline(wanted, clue, owner),
                _places(view, wanted),
                owner,
                _rows(view, wanted, clue, owner),
                confirm=_confirm(wanted),
                fixes=_fixes(view, wanted, clue),
                confidence=clue.confidence,
                effect=Effect.ADVICE,
            )


def _headline(wanted: NumberedPort, clue: Clue, owner: Ref) -> str:
    """Say of pods that lack what others declare how many do, and what these do instead."""
    target = ports.target(wanted.port)
    shown = f'"{target}"' if isinstance(target, str) else target
    how = clue.headline
    if wanted.apart:
        total, number = wording.count(len(wanted.everyone), "pod"), len(wanted.pods)
        verb, _, rest = clue.instead.partition(" ")
        does = f"{verb}s" if number == 1 else verb
        how = f"declared by {len(wanted.with_it)} of {total}, and {number} of {owner} {does} {rest}"
    return f"target port {shown} of port {wanted.port.key} is {how}"


def _places(view: ServiceView, wanted: NumberedPort) -> Iterator[Place]:
    if not wanted.apart:
        yield view.place._replace(port=wanted.port.key)
        return
    names = {pod.metadata.name for pod in wanted.pods}
    yield from (cell.place for cell in wanted.facts.cells if cell.pod and cell.pod.metadata.name in names)


def _rows(view: ServiceView, wanted: NumberedPort, clue: Clue, owner: Ref) -> Iterator[Row]:
    shown = named_ports.show(named_ports.declared_by(wanted.pods))
    verb = "declares" if len(wanted.pods) == 1 else "declare"
    if not wanted.apart:
        yield Row("pods", f"{wording.count(len(wanted.pods), 'pod')} {verb}: {shown}", PORTS)
    else:
        yield Row("without", f"{len(wanted.pods)} of {owner} {verb}: {shown}", PORTS)
        for other, pods in workloads.by_owner(view.snapshot, wanted.with_it).items():
            there = named_ports.declared_by(pods)
            shown = named_ports.show(e for e in there if e.port.container_port == wanted.number)
            yield Row("with", f"{len(pods)} of {other}: {shown}", PORTS)
    yield from clue.rows
    if ports.target(wanted.port) == wanted.port.port:
        value = f"{wanted.number} is the number of the port itself, which is the default"
        yield Row("target", value, "spec.ports[].targetPort")
    if not wanted.declared:
        value = f"declarations open nothing: something may listen on {wanted.number} all the same"
        yield Row("note", value, PORTS)


def _confirm(wanted: NumberedPort) -> Iterator[Command]:
    if wanted.port.protocol == "TCP":
        meta = wanted.pods[0].metadata
        yield Command(
            commands.raw(f"/api/v1/namespaces/{meta.namespace}/pods/{meta.name}:{wanted.number}/proxy/"),
            "any HTTP answer: something listens there; needs the right pods/proxy",
        )


def _fixes(view: ServiceView, wanted: NumberedPort, clue: Clue) -> Iterator[Fix]:
    """Offer what was meant; where pods are meant that are not all, what leads the others to where it does."""
    partly = len(wanted.pods) < len(wanted.everyone)
    value = _for_all(view, wanted, clue) if partly else clue.value
    if value is None:
        return
    change = port_change(view.service, wanted.position, clue.field, value)
    yield Fix(
        title=f"{_TITLES[clue.field]} {value}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"Every pod declares {value}, whatever its number.",) if partly else (),
    )


def _for_all(view: ServiceView, wanted: NumberedPort, clue: Clue) -> Target | None:
    """Return the name that all pods have, these for the number that was meant, others for theirs."""
    with_it, these = ({pod.metadata.uid for pod in pods} for pods in (wanted.with_it, wanted.pods))
    for there in common_ports(wanted.everyone, wanted.port, view.minor):
        numbers = {pod.metadata.uid: entry.port.container_port for pod, entry in there.declared}
        theirs, ours = {numbers[uid] for uid in with_it}, {numbers[uid] for uid in these}
        if (theirs, ours) == ({wanted.number}, {clue.value}):
            return there.target
    return None
