"""Ports of slices and Endpoints that somebody writes for a Service without a selector."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell, State
from kubesvc.model.change import Change, Op, Path
from kubesvc.model.objects import Endpoints, EndpointSlice, Ref, ServicePort
from kubesvc.semantics import endpoints, mirroring
from kubesvc.semantics.ports import target


class Written(Struct, frozen=True):
    """A port as it is written, and where in its object; one of a slice that has no name is named ""."""

    name: str
    protocol: str
    number: int | None
    path: Path

    def fits(self, port: ServicePort) -> bool:
        """Tell whether kube-proxy takes it for this port (pkg/proxy/endpointslicecache.go).

        Name and protocol are equal, and it has a number.
        """
        return (self.name, self.protocol) == (port.name, port.protocol) and bool(self.number)


class Misfit(Struct, frozen=True):
    """A Service port that an object has endpoints for, and what stands there in its place, if anything."""

    port: ServicePort
    written: tuple[Written, ...]


class Misfits(Struct, frozen=True):
    """The misfits of one object: of a slice, or of the Endpoints that are copied into `slices`.

    `cells` are the endpoints that get nothing for it.
    """

    culprit: Ref
    slices: tuple[EndpointSlice, ...]
    cells: tuple[Cell, ...]
    misfits: tuple[Misfit, ...]

    @property
    def change(self) -> Change | None:
        """The change that makes the written ports fit; None where nothing is written."""
        ops = [op for misfit in self.misfits for entry in misfit.written for op in _ops(misfit.port, entry)]
        return Change(self.culprit, tuple(ops)) if ops else None


def _ops(port: ServicePort, written: Written) -> Iterator[Op]:
    """Yield what makes a port fit; the first tests what is there.

    They add, which replaces as well: an Endpoints object leaves out what is empty.
    """
    field = "port" if written.number else "protocol"
    guard: tuple[Path, object] | None = ((*written.path, field), written.number or written.protocol)
    wanted = {"name": port.name, "protocol": port.protocol, "port": written.number or number(port)}
    there = {"name": written.name, "protocol": written.protocol, "port": written.number}
    for key in (key for key in wanted if wanted[key] != there[key]):
        yield Op((*written.path, key), wanted[key], guard, new=True)
        guard = None


def number(port: ServicePort) -> int:
    """Return the number of the target port, or of the port itself where that has a name."""
    meant = target(port)
    return meant if isinstance(meant, int) else port.port


def misfits(view: ServiceView) -> Iterator[Misfits]:
    """Yield the objects whose ports are not the Service's, so that kube-proxy drops endpoints."""
    if endpoints.managed(view.service) or view.service.spec.type == "ExternalName":
        return
    for culprit, slices, written in _objects(view):
        names = {entry.metadata.name for entry in slices}
        cells = tuple(c for c in view.cells if c.state is State.NO_PORT and names.issuperset(c.slices))
        lacking = [
            facts.port for facts in view.ports if facts.port and facts.key in {c.place.port for c in cells}
        ]
        found = tuple(_paired(lacking, written, view.service.spec.ports))
        if found:
            yield Misfits(culprit, slices, cells, found)


_Object = tuple[Ref, tuple[EndpointSlice, ...], tuple[Written, ...]]


def _objects(view: ServiceView) -> Iterator[_Object]:
    """Yield who says which ports: a slice for itself, the Endpoints object for all of its copies.

    What the controller, or a selector, has left behind is nobody's any more, and so are copies of old.
    """
    source = view.optional(lambda: view.source)
    copies: list[EndpointSlice] = []
    for entry in view.slices:
        if endpoints.is_managed(entry) or not entry.endpoints:
            continue
        if source and mirroring.is_mirror(entry):
            copies.append(entry)
        else:
            yield entry.ref, (entry,), tuple(_of_slice(entry))
    kept = source is not None and mirroring.mirrored(view.service, source)
    if source and kept and copies and not mirroring.is_leftover(source):
        yield source.ref, tuple(copies), tuple(_of_endpoints(source))


def _of_slice(entry: EndpointSlice) -> Iterator[Written]:
    for at, port in enumerate(entry.ports):
        yield Written(port.name or "", port.protocol, port.port, ("ports", at))


def _of_endpoints(source: Endpoints) -> Iterator[Written]:
    for subset, entry in enumerate(source.subsets):
        for at, port in enumerate(entry.ports):
            yield Written(port.name, port.protocol, port.port, ("subsets", subset, "ports", at))


def _paired(
    lacking: Iterable[ServicePort], written: tuple[Written, ...], ports: tuple[ServicePort, ...]
) -> Iterator[Misfit]:
    """Give each lacking port the written ones that fit none and that it was probably meant by.

    The same ones in each subset: they are told apart by name, protocol and number.
    """
    free = [entry for entry in written if not any(entry.fits(port) for port in ports)]
    lacking = list(lacking)
    for port in lacking:
        best = max(free, key=lambda entry: _likeness(port, entry), default=None)
        alone = len(lacking) == 1 and len({_facts(entry) for entry in free}) == 1
        if best is None or not (alone or _likeness(port, best)):
            yield Misfit(port, ())
            continue
        same = tuple(entry for entry in free if _facts(entry) == _facts(best))
        free = [entry for entry in free if entry not in same]
        yield Misfit(port, same)


def _facts(entry: Written) -> tuple[str, str, int | None]:
    return entry.name, entry.protocol, entry.number


def _likeness(port: ServicePort, entry: Written) -> int:
    """Weigh what agrees: the name most, then the number; the protocol only beside one of them."""
    named = bool(port.name) and entry.name == port.name
    numbered = entry.number in (number(port), port.port)
    return 4 * named + 2 * numbered + (entry.protocol == port.protocol if named or numbered else 0)
