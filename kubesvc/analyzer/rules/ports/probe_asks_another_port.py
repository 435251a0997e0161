"""KSV206: the readiness probe asks another port than the one to which traffic is led."""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import commands, listening, named_ports, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.listening import Asked
from kubesvc.analyzer.port_changes import port_change
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import ports


@rule("KSV206", "probe-asks-another-port", since="0.1")
def probe_asks_another_port(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report pods that are Ready by the port of the Service port's name, while traffic is led elsewhere.

    What it means
        Ready is decided by the readiness probe alone. It asks the container port that is called like the
        Service port, but the Service leads to another port of that pod, which no probe asks: Ready says
        nothing about it, and an application that fails there stays an endpoint. A probe of a port for health,
        metrics or administration is no reason to report, nor is one of any port that the Service has.

    How to confirm
        A request through the API server's pod proxy to either port shows who answers.

    How to fix
        Lead the Service port to the port of its name, or let the probe ask the port that traffic is led to.

    When this is fine
        Both ports are served by one process, or traffic is led elsewhere on purpose, to a proxy for instance.
    """
    for facts in view.ports:
        found = _elsewhere(view, facts)
        if found is not None:
            key, number, asked = found.port.key, found.number, found.asked
            yield this.finding(
                view,
                f"the readiness probe asks {asked.number} ({asked.name}), port {key} leads to {number}",
                [view.place._replace(port=key)],
                view.ref,
                _rows(found),
                fixes=[_fix(view, found)],
                effect=Effect.ADVICE,
            )


class _Elsewhere(Struct, frozen=True):
    """A port that leads to `number` in all `pods`, whose readiness probes ask the port of the same name."""

    port: ServicePort
    number: int
    asked: Asked
    pods: tuple[Pod, ...]


def _elsewhere(view: ServiceView, facts: PortFacts) -> _Elsewhere | None:
    port, pods = facts.port, named_ports.live(facts)
    if port is None or not port.name or not pods or listening.is_aside(port.name):
        return None
    numbers = {ports.find_port(pod, port, view.minor) for pod in pods}
    routed = {ports.find_port(pod, other, view.minor) for pod in pods for other in view.service.spec.ports}
    asked = {entry for pod in pods for entry in listening.readiness_asks(pod) if entry.name == port.name}
    if len(numbers) != 1 or len(asked) != 1 or any(listening.probed(pod) & routed for pod in pods):
        return None
    (number,), (only,) = numbers, asked
    everywhere = all(only in listening.readiness_asks(pod) for pod in pods)
    plain = all(_declares(pod, number) for pod in pods)
    return _Elsewhere(port, number, only, pods) if number and everywhere and plain else None


def _declares(pod: Pod, number: int | None) -> bool:
    """Tell whether a pod declares a port, and not one beside the application: KSV203 tells of others."""
    found = [entry for entry in listening.serving(pod) if entry.port.container_port == number]
    return bool(found) and not any(map(listening.aside, found))


def _rows(found: _Elsewhere) -> Iterator[Row]:
    asked, pods = found.asked, wording.count(len(found.pods), "pod")
    verb = "declares" if len(found.pods) == 1 else "declare"
    shown = named_ports.show(named_ports.declared_by(found.pods))
    yield Row("pods", f"{pods} {verb}: {shown}", "spec.containers[].ports")
    value = f"container {asked.container}: {asked.number}, declared as {asked.name}"
    yield Row("probe", value, "spec.containers[].readinessProbe")
    yield Row("note", f"Ready says nothing about {found.number}: no probe asks it", "status.conditions")


def _fix(view: ServiceView, found: _Elsewhere) -> Fix:
    position = view.service.spec.ports.index(found.port)
    change = port_change(view.service, position, "targetPort", found.asked.number)
    return Fix(
        title=f"target port {found.asked.number}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"If {found.number} is meant, the probe should ask it.",),
    )
