"""KSV205: a headless Service whose port is not where its pods receive."""

from collections import Counter
from collections.abc import Iterator

from kubesvc.analyzer import asked_port, commands, exposure, named_ports, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.port_changes import port_change
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row


@rule("KSV205", "headless-port-not-target-port", since="0.1")
def headless_port_not_target_port(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a port of a headless Service that differs from the target port.

    What it means
        A headless Service has no virtual address: its name resolves to the addresses of the pods, and nothing
        on the way turns `port` into `targetPort`. Clients have to dial the target port. The number in `port`
        misleads who reads it, and a client that dials it reaches whatever listens there in the pod, mostly
        nothing. SRV records of a named port carry the target port. Of a Service that only gives the pods of a
        StatefulSet their names this is told when --port asks about the port.

    How to confirm
        `kubectl get endpointslices -l kubernetes.io/service-name=NAME -o yaml` shows the port of the
        endpoints; so does the answer to an SRV query for `_PORT._tcp.NAME.NAMESPACE.svc`.

    How to fix
        Have clients dial the target port, and let `port` be the same number. Where the number must differ,
        the Service needs a virtual address, and so has to be made anew: `clusterIP` cannot be changed.

    When this is fine
        Nobody dials the port: clients ask for SRV records, or use the name for something else.
    """
    if not view.service.headless:
        return
    for facts in view.ports:
        listed = {(cell.place.endpoint, cell.number) for cell in facts.cells}
        numbers = Counter(number for _, number in listed if number)
        if facts.port is None or not numbers.keys() - {facts.port.port}:
            continue
        if asked_port.split(view.asked)[0] in numbers:
            continue  # the client that is asked about knows
        if not view.asked and _names_only(view, facts):
            continue
        received = f"endpoints receive at {' or '.join(map(str, sorted(numbers)))}"
        yield this.finding(
            view,
            f"port {facts.port.port} of a headless Service is not translated: {received}",
            [view.place._replace(port=facts.key)],
            view.ref,
            _rows(view, facts, facts.port, numbers),
            fixes=_fixes(view, facts.port, numbers),
            effect=Effect.ADVICE,
        )


def _names_only(view: ServiceView, facts: PortFacts) -> bool:
    """Tell whether the pods have their names by this Service, as those of a StatefulSet have."""
    pods = named_ports.live(facts)
    return bool(pods) and all(pod.spec.subdomain == view.service.metadata.name for pod in pods)


def _rows(view: ServiceView, facts: PortFacts, port: ServicePort, numbers: Counter[int]) -> Iterator[Row]:
    name = view.service.metadata.name
    for number, endpoints in sorted(numbers.items()):
        yield Row("endpoints", f"{wording.count(endpoints, 'endpoint')} at {number}", "EndpointSlice.ports")
    right = " or ".join(f"{name}:{number}" for number in sorted(numbers))
    yield Row("clients", f"{name}:{port.port} dials port {port.port} of a pod; it receives at {right}", "DNS")
    pods = named_ports.live(facts)
    there = [e for e in named_ports.declared_by(pods) if e.port.container_port == port.port]
    if there:
        value = f"{named_ports.show(there)} is declared, too: that is what {name}:{port.port} reaches"
        yield Row("note", value, "spec.containers[].ports")
    if port.name:
        record = f"_{port.name}._{port.protocol.lower()}.{exposure.dns_name(view.service)}"
        answers = " and ".join(map(str, sorted(numbers)))
        value = f"SRV {record} carries {answers}   ({exposure.ZONE} assumed, where CoreDNS answers)"
        yield Row("records", value, "EndpointSlice.ports")


def _fixes(view: ServiceView, port: ServicePort, numbers: Counter[int]) -> Iterator[Fix]:
    first, *more = numbers
    if more or (first, port.protocol) in {(other.port, other.protocol) for other in view.service.spec.ports}:
        return
    change = port_change(view.service, view.service.spec.ports.index(port), "port", first)
    yield Fix(
        title=f"port {first}, so that the Service says what is dialed",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"Clients have to dial {first} in either case.",),
    )
