"""Numeric target ports, beside what the pods declare, their arguments say and their probes ask."""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import listening, named_ports
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.listening import Asked, Said
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared


class NumberedPort(Struct, frozen=True):
    """A Service port with a number as target, and the pods that should serve it, one at least, by name.

    `routed` are the numbers to which ports of the Service lead. `others` are the declared ports that are not
    aside and that are not among them, the same in every pod.
    """

    position: int
    facts: PortFacts
    port: ServicePort
    number: int
    pods: tuple[Pod, ...]
    routed: frozenset[int]
    others: tuple[Declared, ...]

    @property
    def declared(self) -> tuple[Declared, ...]:
        """The declarations of this number, whatever the protocol."""
        return tuple(
            entry for entry in named_ports.declared_by(self.pods) if entry.port.container_port == self.number
        )

    @property
    def said(self) -> tuple[Said, ...]:
        """The only number that arguments say the pods listen on, once for each container and flag.

        None that is routed already. Of several containers one may listen for the others alone, as a proxy to
        a database does: then it must be declared, too.
        """
        found = listening.agreed(self.pods, self.port.name)
        numbers = {entry.number for entry in found}
        alone = all(len(list(listening.running(pod))) == 1 for pod in self.pods)
        known = alone or numbers <= {entry.port.container_port for entry in self.others}
        return found if known and numbers.isdisjoint(self.routed) else ()

    @property
    def said_by_all(self) -> bool:
        """Whether the arguments of every pod say that number, and not those of some."""
        said = frozenset(self.said)
        return bool(said) and all(not said.isdisjoint(listening.said(pod)) for pod in self.pods)

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The only number that the readiness probes of every pod ask, once for each container."""
        return listening.asked_by_all(self.pods)

    @property
    def namesake(self) -> Declared | None:
        """The other port that is called like the Service port; where that has no name, the only other one."""
        if self.port.name:
            return next((entry for entry in self.others if entry.port.name == self.port.name), None)
        return self.others[0] if len(self.others) == 1 else None


def numbered_ports(view: ServiceView) -> Iterator[NumberedPort]:
    """Yield the judged ports whose target is a number, with the pods that should serve them."""
    for facts in view.ports:
        pods = named_ports.live(facts)
        target = ports.target(facts.port) if facts.port else ""
        if facts.port and isinstance(target, int) and pods:
            position = view.service.spec.ports.index(facts.port)
            found = {ports.find_port(p, other, view.minor) for p in pods for other in view.service.spec.ports}
            routed = frozenset(number for number in found if number is not None)
            others = _others(facts.port, pods, routed)
            yield NumberedPort(position, facts, facts.port, target, pods, routed, others)


def _others(port: ServicePort, pods: tuple[Pod, ...], routed: frozenset[int]) -> tuple[Declared, ...]:
    return tuple(
        entry
        for entry in named_ports.declared_by(pods)
        if entry.port.protocol == port.protocol
        and entry.port.container_port not in routed
        and not listening.aside(entry)
        and all(entry in listening.serving(pod) for pod in pods)
    )
