"""Ports that all pods of a Service have in common, by what leads to them in each: a name, or a number."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from kubesvc.analyzer import listening
from kubesvc.model.objects import ContainerPort, Pod, ServicePort
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared, Role

Target = int | str
"""What leads to a port of a pod: its name, or its number."""


class CommonPort(Struct, frozen=True):
    """What leads to a port, and each pod with its declaration.

    `because` tells of one that nobody declares why it is taken for one all the same.
    """

    target: Target
    declared: tuple[tuple[Pod, Declared], ...]
    because: str = ""

    @property
    def number(self) -> int | None:
        """The number that it has in every pod; None where they differ."""
        numbers = {entry.port.container_port for _, entry in self.declared}
        return numbers.pop() if len(numbers) == 1 else None

    @property
    def names(self) -> frozenset[str]:
        """How the pods call it; one that has no name is called ""."""
        return frozenset(entry.port.name for _, entry in self.declared)

    @property
    def beside(self) -> bool:
        """Whether some pod declares it beside its application."""
        return any(listening.beside(*found) for found in self.declared)


def common_ports(pods: Sequence[Pod], port: ServicePort, minor: int) -> tuple[CommonPort, ...]:
    """Return the ports that every pod declares for the protocol of a Service port, in order of appearance.

    By a name that all have for it, if the controller takes that; else by the number, which needs no
    declaration. Where nothing at all is declared, the number that the pods seem to listen on.
    """
    each = [[e for e in listening.serving(pod) if e.port.protocol == port.protocol] for pod in pods]
    by_name = [
        _first((e.port.name, e) for e in found if e.port.name and ports.counts(e, minor)) for found in each
    ]
    named = tuple(_shared(pods, by_name))
    numbers = {found.number for found in named}
    by_number = [
        _first((e.port.container_port, e) for e in found if e.port.container_port not in numbers)
        for found in each
    ]
    return (*named, *_shared(pods, by_number)) or _undeclared(pods, port)


def _first(found: Iterable[tuple[Target, Declared]]) -> dict[Target, Declared]:
    """Return the first declaration of each: the controller takes the first of a name."""
    first: dict[Target, Declared] = {}
    for key, entry in found:
        first.setdefault(key, entry)
    return first


def _shared(pods: Sequence[Pod], each: Sequence[Mapping[Target, Declared]]) -> Iterable[CommonPort]:
    for target in each[0]:
        if all(target in found for found in each):
            declared = tuple((pod, found[target]) for pod, found in zip(pods, each, strict=True))
            yield CommonPort(target, declared)


def _undeclared(pods: Sequence[Pod], port: ServicePort) -> tuple[CommonPort, ...]:
    """Return the one number that arguments of all pods, or all their readiness probes, name for TCP.

    Arguments count where one container runs: of several, one may listen for the others alone.
    """
    if port.protocol != "TCP" or any(map(listening.serving, pods)):
        return ()
    alone = all(len(list(listening.running(pod))) == 1 for pod in pods)
    said = listening.agreed(pods, port.name) if alone else ()
    if not all(frozenset(said) & frozenset(listening.said(pod)) for pod in pods):
        said = ()
    asked = listening.asked_by_all(pods)
    found = [(number, container) for container, _, number in said]
    found += [(number, container) for container, number, _ in asked]
    if len({number for number, _ in found}) != 1:
        return ()
    given = [f"container {entry.container} is given {entry.flag} {entry.number}" for entry in said]
    probed = [f"the readiness probe of container {entry.container} asks {entry.number}" for entry in asked]
    because = f"nothing is declared; {' and '.join((*given, *probed))}"
    number, container = found[0]
    there = Declared(container, Role.CONTAINER, ContainerPort(container_port=number))
    return (CommonPort(number, tuple((pod, there) for pod in pods), because),)
