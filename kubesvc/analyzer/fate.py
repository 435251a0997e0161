"""What should become of a pod at each port × family, what the slices made of it, and whether these agree."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer.reasons import Case
from kubesvc.model.cell import Cell, Chain, Conditions, State, StepKind
from kubesvc.model.objects import EndpointSlice, Ref, ServicePort
from kubesvc.model.place import EndpointId, Place, narrowed
from kubesvc.model.report import WhyResult
from kubesvc.semantics import cells, endpoints
from kubesvc.semantics.ports import find_port


class Fate(Struct, frozen=True):
    """A pod at one port and family: `cell` is what the slices say; the rest is what follows from the chain.

    `managed`: the controller acts on the Service. `member` is None where that is not known, `listing` the
    slices that list the pod, None where they could not be read; `own`: one of them is the controller's.
    """

    cell: Cell
    chain: Chain
    managed: bool
    member: bool | None
    conditions: Conditions
    address: str
    number: int | None
    listing: tuple[EndpointSlice, ...] | None
    own: bool

    @property
    def place(self) -> Place:
        """The pod at the port and family."""
        return self.cell.place

    @property
    def predicted(self) -> State | None:
        """The state that the controller should bring about."""
        if self.member is None:
            return None
        if not self.member:
            return State.ABSENT
        return Cell(self.place, self.address, self.number, self.conditions, self.chain).state

    @property
    def actual(self) -> State | None:
        """The state that the slices say."""
        return None if self.listing is None else self.cell.state

    @property
    def agrees(self) -> bool | None:
        """Whether the controller's slices hold what they should; of other Services it keeps none."""
        if self.member is None or self.listing is None:
            return None
        if not self.managed:
            return True
        if not self.member:
            return self.actual is State.ABSENT
        said = (self.cell.conditions, self.cell.address, self.cell.number)
        return self.own and said == (self.conditions, self.address, self.number)


def fates(case: Case, slices: tuple[EndpointSlice, ...] | None) -> Iterator[Fate]:
    """Yield what becomes of a pod, selected or not, by port and family.

    An endpoint that names no pod is the pod's own by its address.
    """
    service, pod, meta = case.service, case.pod, case.pod.metadata
    listed = {cell.place: cell for cell in cells.cells(service, slices or (), None)}
    identity = EndpointId(meta.namespace, meta.name, meta.uid)
    managed = endpoints.managed(service)
    ports: tuple[ServicePort | None, ...] = service.spec.ports or (None,)
    for port in ports:
        for family in _families(case):
            address = endpoints.address(pod, family) or ""
            place = Place(service.ref, port.key if port else None, family, identity)
            unnamed = place._replace(endpoint=EndpointId("", address))
            found = listed.get(place) or listed.get(unnamed) or Cell(place, None, None, None, None)
            chain = endpoints.chain(service, pod, port, family, nodes=case.nodes, minor=case.minor)
            listing = tuple(entry for entry in slices or () if entry.metadata.name in found.slices)
            yield Fate(
                cell=replace(found, place=place),
                chain=chain,
                managed=managed,
                member=endpoints.is_member(chain),
                conditions=endpoints.conditions(service, pod),
                address=address,
                number=find_port(pod, port, case.minor) if port else 0,
                listing=None if slices is None else listing,
                own=any(endpoints.is_managed(e) and endpoints.is_owned(e, service) for e in listing),
            )


def _families(case: Case) -> tuple[str, ...]:
    """Return the families to look at; an ExternalName has none: those of the pod's addresses stand in."""
    families = endpoints.families(case.service)
    if case.service.spec.type != "ExternalName":
        return families
    return tuple(family for family in families if endpoints.address(case.pod, family)) or families[:1]


_NOUNS: Final = {
    State.READY: ("a ready endpoint", ""),
    State.PUBLISHED: ("an endpoint", "although it is not Ready"),
    State.SERVING: ("a terminating endpoint", "that still serves"),
    State.NOT_READY: ("an unready endpoint", ""),
    State.TERMINATING: ("a terminating endpoint", ""),
    State.ABSENT: ("no endpoint", ""),
}


def headline(service: Ref, pod: Ref, found: Iterable[Fate]) -> str:
    """Say what the slices make of the pod; without them only the question can be put."""
    of = f"of {service.namespace}/{service.name}"
    states: dict[State | None, list[Place]] = {}
    for fate in found:
        states.setdefault(fate.actual, []).append(fate.place)
    everywhere = [place for places in states.values() for place in places]
    said = [
        _is(state, places, everywhere, "" if at else of)
        for at, (state, places) in enumerate(states.items())
        if state is not None
    ]
    if not said:
        return f"Whether pod {pod.name} is an endpoint {of}"
    return f"Why pod {pod.name} is {' and '.join(said)}"


def _is(state: State, places: list[Place], everywhere: list[Place], of: str) -> str:
    noun, more = _NOUNS.get(state, ("an endpoint", str(state)))
    if state is State.NO_PORT:
        more = _without(places)
        places, everywhere = ([place._replace(port=None) for place in some] for some in (places, everywhere))
    return " ".join(filter(None, [noun, of, more, narrowed(places, everywhere)]))


def results(found: Iterable[Fate]) -> tuple[WhyResult, ...]:
    """Compare what should be with what is; ports × families of equal fate are one result."""
    groups: dict[object, list[Fate]] = {}
    for fate in found:
        key = (fate.predicted, fate.agrees, fate.cell.state, fate.cell.conditions, fate.cell.slices)
        groups.setdefault(key, []).append(fate)
    return tuple(map(_result, groups.values()))


def _result(group: list[Fate]) -> WhyResult:
    one = group[0]
    return WhyResult(
        text=", ".join((_should(group), *_do(group))),
        places=tuple(fate.place for fate in group),
        predicted=str(one.predicted or ""),
        actual=str(one.actual or ""),
        agrees=one.agrees,
        addresses=_listed(group),
        slices=one.cell.slices,
    )


def _should(group: list[Fate]) -> str:
    one = group[0]
    if not one.managed:
        return "the controller writes no endpoints for this Service"
    if one.member is None:
        return "whether the controller should list it is not known"
    if not one.member:
        return "the controller should not list it"
    wanted = " and ".join(_addresses((fate.address, fate.number) for fate in group))
    return f"the controller should list it at {wanted} {_as(one.conditions, one.number, group)}"


def _do(group: list[Fate]) -> Iterator[str]:
    """Say what the slices do: as they should, or what else."""
    one, cell = group[0], group[0].cell
    several = len(cell.slices) > 1
    named = f"slice{'s' if several else ''} {', '.join(cell.slices)}" if cell.slices else "no slice"
    if one.listing is None:
        yield "and what the slices say could not be read"
    elif one.agrees and one.managed:
        yield f"and {named} {'do' if several else 'does'}"
    else:
        verb = f"{'and' if one.agrees else 'but'} {named} {'list' if several else 'lists'} it"
        if cell.conditions:
            shown = _as(cell.conditions, cell.number, group)
            verb = f"{verb} at {' and '.join(_listed(group))} {shown}"
        yield verb
        yield from _remarks(one)


def _remarks(one: Fate) -> Iterator[str]:
    """Say what is known of why the slices hold something else than the controller writes."""
    foreign = [entry for entry in one.listing or () if not endpoints.is_managed(entry)]
    if foreign:
        managers = {entry.metadata.labels.get(endpoints.MANAGED_BY) or "nobody named" for entry in foreign}
        yield f"managed by {' and '.join(sorted(managers))}"
    elif one.listing and not one.managed:
        yield "which the controller has left behind"
    first = one.chain.why
    if first is not None and first.kind is StepKind.NODE and first.passed is False:
        yield "since a Node that goes does not make the controller look again"


def _as(conditions: Conditions, number: int | None, group: list[Fate]) -> str:
    words = ["ready" if conditions.ready else "not ready"]
    if conditions.terminating:
        words.append("terminating")
    if conditions.serving != conditions.ready:
        words.append("serving" if conditions.serving else "not serving")
    if number is None:
        words.append(_without(fate.place for fate in group))
    return f"as {', '.join(words)}"


def _without(places: Iterable[Place]) -> str:
    keys = dict.fromkeys(place.port for place in places if place.port)
    return f"without port{'s' if len(keys) > 1 else ''} {' and '.join(keys)}"


def _listed(group: Iterable[Fate]) -> tuple[str, ...]:
    return _addresses((fate.cell.address or "", fate.cell.number) for fate in group)


def _addresses(pairs: Iterable[tuple[str, int | None]]) -> tuple[str, ...]:
    """Write addresses with their ports, each once."""
    return tuple(dict.fromkeys(_address(host, number) for host, number in pairs if host))


def _address(host: str, number: int | None) -> str:
    bare = f"[{host}]" if ":" in host and number else host
    return f"{bare}:{number}" if number else bare
