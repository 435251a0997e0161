"""Which ports of a Service are judged: all, or those that somebody means who dials a number or names one."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from kubesvc.model.cell import Cell
from kubesvc.model.objects import Service, ServicePort


class Judged(Struct, frozen=True):
    """The judged ports in the Service's order; None stands for a headless name without ports.

    `lacking`: the Service does not have the port that was asked about.
    """

    ports: tuple[ServicePort | None, ...]
    lacking: bool = False

    @property
    def keys(self) -> frozenset[str | None]:
        """Their keys."""
        return frozenset(port.key if port else None for port in self.ports)


def judged(service: Service, asked: str, cells: Callable[[], Iterable[Cell]]) -> Judged:
    """Return the ports to judge; `cells` are those of all ports.

    No port of an ExternalName is used, so that none is asked about. A headless name leads to the pods, where
    a client may dial any port: what is asked about is first what the Service calls so, then where it leads,
    else the name as a whole.
    """
    every: tuple[ServicePort | None, ...] = service.spec.ports
    if not every and service.spec.type != "ExternalName":
        every = (None,)
    if not asked or service.spec.type == "ExternalName":
        return Judged(every)
    found = dialed(service, asked)
    if not found and service.headless:
        found = _reached(service, asked, cells())
    if found:
        return Judged(found)
    return Judged(every if service.headless else (), lacking=True)


def split(asked: str) -> tuple[int | str, str]:
    """Return a number, or else a name, and the protocol if one is given: `53/UDP`, `80`, `http`."""
    word, _, protocol = asked.partition("/")
    return (int(word) if word.isdecimal() else word), protocol


def dialed(service: Service, asked: str) -> tuple[ServicePort, ...]:
    """Return the ports of a Service that have this number, of any protocol unless one is given, or this name.

    A number comes first: a name may consist of digits, too.
    """
    wanted, protocol = split(asked)
    numbered = tuple(
        port
        for port in service.spec.ports
        if port.port == wanted and (not protocol or port.protocol == protocol)
    )
    return numbered or tuple(port for port in service.spec.ports if port.name == asked)


def _reached(service: Service, asked: str, cells: Iterable[Cell]) -> tuple[ServicePort, ...]:
    wanted, protocol = split(asked)
    keys = {cell.place.port for cell in cells if cell.number == wanted}
    return tuple(
        port
        for port in service.spec.ports
        if port.key in keys and (not protocol or port.protocol == protocol)
    )
