"""The verdict of a Service port, from facts alone: who gets traffic, who should, what the rest waits for."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import Service, ServicePort
from kubesvc.model.query import Viewpoint
from kubesvc.model.report import Verdict
from kubesvc.semantics import dns, proxy, readiness


class PortFacts(Struct, frozen=True):
    """One port: all its cells, those that get traffic, those that should, those of them that do not.

    `gone` are those that are sent traffic, too, but whose pod is gone: nobody is there to get it. `silent`
    are those whose pod is there, and nothing of it can listen. `local` are those that get traffic under a
    Local policy, each on its own node alone. `port` is None for a headless Service without ports. `waiting`
    is None unless every cell that should get traffic and does not is still within a deadline.
    """

    port: ServicePort | None
    cells: tuple[Cell, ...]
    usable: tuple[Cell, ...]
    gone: tuple[Cell, ...]
    silent: tuple[Cell, ...]
    local: tuple[Cell, ...]
    expected: tuple[Cell, ...]
    troubled: tuple[Cell, ...]
    waiting: timedelta | None

    @property
    def key(self) -> str | None:
        """The port's key."""
        return self.port.key if self.port else None

    @property
    def sent(self) -> tuple[Cell, ...]:
        """Those that are sent traffic, whether or not anybody gets it."""
        return (*self.usable, *self.gone, *self.silent)

    @property
    def flow(self) -> Verdict | None:
        """What the endpoints decide; None where nobody should serve and nobody does."""
        if not self.expected and not self.usable:
            return None
        if not self.troubled and self.usable and not self._ending:
            return Verdict.HEALTHY
        if self.waiting is not None:
            return Verdict.PROGRESSING
        return Verdict.DEGRADED if self.usable else Verdict.BROKEN

    @property
    def _ending(self) -> bool:
        return all(cell.state is State.SERVING for cell in self.usable)


def port_facts(
    service: Service, port: ServicePort | None, cells: Iterable[Cell], viewpoint: Viewpoint, now: datetime
) -> PortFacts:
    """Gather the facts of one port from the cells of its Service."""
    key = port.key if port else None
    mine = tuple(cell for cell in cells if cell.place.port == key)
    sent: list[Cell] = []
    local: list[Cell] = []
    for family in dict.fromkeys(cell.place.family for cell in mine):
        row = [cell for cell in mine if cell.place.family == family]
        sent += proxy.usable(row, viewpoint) if proxy.has_virtual_address(service) else dns.answered(row)
        local += (cell for cell in proxy.local(row) if _is_served(cell))
    usable = tuple(cell for cell in sent if _is_served(cell))
    gone = tuple(cell for cell in sent if cell.gone)
    silent = tuple(cell for cell in sent if cell.silent and not cell.gone)
    expected = tuple(cell for cell in mine if should_serve(cell))
    used = {cell.place for cell in usable}
    troubled = tuple(cell for cell in expected if cell.place not in used)
    left = [
        readiness.time_left(cell.pod, cell.why, now) if cell.pod and cell.why else None for cell in troubled
    ]
    known = [span for span in left if span is not None]
    waiting = max(known) if known and len(known) == len(left) else None
    return PortFacts(port, mine, usable, gone, silent, tuple(local), expected, troubled, waiting)


def _is_served(cell: Cell) -> bool:
    return not cell.gone and cell.silent is None


def should_serve(cell: Cell) -> bool:
    """Tell whether traffic is meant to reach a cell: a live pod that stays, or an endpoint that is listed.

    Where it is proven that nobody is, pods and workloads tell who should be.
    """
    if cell.pod is None:
        return cell.conditions is not None and not cell.conditions.terminating and not cell.gone
    return not readiness.is_terminal(cell.pod) and cell.pod.metadata.deletion_timestamp is None


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of a whole: broken wins, then unknown, then the worst."""
    known = tuple(verdicts)
    if Verdict.BROKEN in known:
        return Verdict.BROKEN
    if Verdict.UNKNOWN in known:
        return Verdict.UNKNOWN
    return max(known, default=Verdict.HEALTHY)
