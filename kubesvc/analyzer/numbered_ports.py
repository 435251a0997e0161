"""Numbers to which ports lead, beside what the pods declare, their arguments say and their probes ask."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from kubesvc.analyzer import listening, named_ports
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.listening import Asked, Said
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import OwnerReference, Pod, ServicePort
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared


class NumberedPort(Struct, frozen=True):
    """A Service port that leads to one number, and pods that should serve it, one at least, by name.

    They are all of its pods, `everyone`, or those of them that declare the number; or `apart`, where others
    do, those of one maker that do not. `routed` are the numbers to which ports of the Service lead. `others`
    are the declared ports that are not aside and that are not among them, the same in every pod.
    """

    position: int
    facts: PortFacts
    port: ServicePort
    number: int
    pods: tuple[Pod, ...]
    everyone: tuple[Pod, ...]
    apart: bool
    routed: frozenset[int]
    others: tuple[Declared, ...]

    @property
    def with_it(self) -> tuple[Pod, ...]:
        """Those of all pods that declare the number, whatever the protocol."""
        return tuple(pod for pod in self.everyone if _declares(pod, self.number))

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
    """Yield the judged ports that lead to one number in all pods, with the pods that should serve them.

    Where only some of the pods declare it, those that do not are apart.
    """
    for facts in view.ports:
        if facts.port is None:
            continue
        everyone, port = named_ports.live(facts), facts.port
        numbers = {ports.find_port(pod, port, view.minor) for pod in everyone}
        number = numbers.pop() if len(numbers) == 1 else None
        if number is None:
            continue
        position = view.service.spec.ports.index(port)
        found = {ports.find_port(p, other, view.minor) for p in everyone for other in view.service.spec.ports}
        routed = frozenset(other for other in found if other is not None)
        for pods, apart in _groups(everyone, number):
            others = _others(port, pods, routed)
            yield NumberedPort(position, facts, port, number, pods, everyone, apart, routed, others)


def _groups(everyone: tuple[Pod, ...], number: int) -> Iterator[tuple[tuple[Pod, ...], bool]]:
    """Yield pods that are looked at together, and whether they lack what others declare."""
    there = tuple(pod for pod in everyone if _declares(pod, number))
    yield there or everyone, False
    if there:
        for pods in _made(pod for pod in everyone if not _declares(pod, number)):
            yield pods, True


def _made(pods: Iterable[Pod]) -> Iterable[tuple[Pod, ...]]:
    """Group pods by who made them, who makes all alike; nothing is read for it."""
    found: dict[OwnerReference | None, tuple[Pod, ...]] = {}
    for pod in pods:
        found[pod.owner] = (*found.get(pod.owner, ()), pod)
    return found.values()


def _declares(pod: Pod, number: int) -> bool:
    return any(entry.port.container_port == number for entry in ports.declared(pod.spec))


def _others(port: ServicePort, pods: tuple[Pod, ...], routed: frozenset[int]) -> tuple[Declared, ...]:
    return tuple(
        entry
        for entry in named_ports.declared_by(pods)
        if entry.port.protocol == port.protocol
        and entry.port.container_port not in routed
        and not listening.aside(entry)
        and all(entry in listening.serving(pod) for pod in pods)
    )
