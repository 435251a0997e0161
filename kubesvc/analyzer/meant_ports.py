"""Which ports of pods were probably meant by names that no pod resolves: what speaks for each, or none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from kubesvc.analyzer import listening, named_ports, spoken
from kubesvc.analyzer.common_ports import CommonPort, Target, common_ports
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.view import ServiceView

_APART: Final = (frozenset({"http", "https", "ws", "wss"}), frozenset({"grpc"}))
"""Words of names by which what is spoken on one port is told from what is spoken on another.

HTTP/2 carries both.
"""


class Meant(Struct, frozen=True):
    """The target that was probably meant, and what speaks for it."""

    target: Target
    because: str


def meant(view: ServiceView, lost: Iterable[NamedPort]) -> dict[int, Meant]:
    """Return what ports of a Service were probably meant to lead to, by their positions.

    `lost` are all of its ports whose names no pod resolves. One is left out where nothing, or as much, speaks
    for several declared ports. Two names lead to one declared port only where it is as near to both.
    """
    found: dict[int, Meant] = {}
    wants: dict[str, list[_Want]] = {}
    for several in _by_name(lost).values():
        wants.setdefault(several[0].port.protocol, []).append(_want(view, several))
    for rivals in wants.values():
        given = _assigned(rivals)
        for want in rivals:
            if want.target in given:
                there = Meant(given[want.target], _because(want, given[want.target]))
                found |= {port.position: there for port in want.ports}
    return found


class _Signs(NamedTuple):
    """What speaks for a port of the pods, strongest first; larger is stronger."""

    called: bool
    """Whether the Service port, or its target, is called so, but for separators."""
    probed: bool
    numbered: bool
    nearness: int
    """How real the likeness of the names is; 0 for none."""


class _Want(Struct, frozen=True):
    """A name that no pod resolves, and the ports of the Service that lead there: they share what was meant.

    `known` are the ports that all pods have for the protocol; `free` leads to those of them that are of its
    kind and to which no other port leads; `signs` tells what speaks for those of the free that may be meant.
    """

    ports: tuple[NamedPort, ...]
    aside: bool
    known: tuple[CommonPort, ...]
    free: frozenset[Target]
    signs: Mapping[Target, _Signs]

    @property
    def target(self) -> str:
        """The name that no pod resolves."""
        return self.ports[0].target

    def pick(self, taken: Iterable[Target]) -> Target | None:
        """Return the one for which most speaks, if anything does; none of several, nor of `taken`."""
        signs = {target: signs for target, signs in self.signs.items() if target not in taken}
        most = max(signs.values(), default=None)
        if most is None or not any(most):
            return None
        best = [target for target, found in signs.items() if found == most]
        return best[0] if len(best) == 1 else None


def _by_name(lost: Iterable[NamedPort]) -> dict[tuple[str, str], list[NamedPort]]:
    found: dict[tuple[str, str], list[NamedPort]] = {}
    for port in lost:
        found.setdefault((port.target, port.port.protocol), []).append(port)
    return found


def _want(view: ServiceView, several: Sequence[NamedPort]) -> _Want:
    """Find what ports may have meant, beside the application for one that is, of the application for others.

    A Service that is called after metrics or the like need not be for them: `admin` may be an application.
    """
    first = several[0]
    known = common_ports(first.without, first.port, view.minor)
    named, called = any(port.aside for port in several), listening.is_aside(view.service.metadata.name)
    beside = named or (called and any(port.beside for port in known))
    kind = (port for port in known if port.beside is beside)
    free = [
        port for port in kind if not any(first.is_taken(view, pod, entry) for pod, entry in port.declared)
    ]
    # What is asked is the application, or how it fares, which speaks for no other port beside it.
    aside = named or called
    signs = {p.target: _signs(several, p, probe=not aside) for p in free if _may_speak(several, p)}
    return _Want(tuple(several), aside, known, frozenset(port.target for port in free), signs)


def _may_speak(several: Iterable[NamedPort], there: CommonPort) -> bool:
    """Tell whether the names of Service ports and of one of the pods leave room for one protocol."""
    ours = "-".join(f"{port.port.name}-{port.target}-{spoken.word(port.port)}" for port in several)
    both = (ours, "-".join(there.names))
    one, other = ({at for at, words in enumerate(_APART) if words & listening.words(n)} for n in both)
    return not one or not other or not one.isdisjoint(other)


def _signs(several: Sequence[NamedPort], there: CommonPort, *, probe: bool) -> _Signs:
    texts = {text for port in several for text in (port.target, port.port.name) if text}
    near = max(min(likeness(text, name) for text in texts) for name in there.names)
    return _Signs(
        called=near <= Likeness.LETTERS,
        probed=probe and all(named_ports.asked(*found) for found in there.declared),
        numbered=there.number in {port.port.port for port in several},
        nearness=max(0, Likeness.PART - near),
    )


def _assigned(wants: Sequence[_Want]) -> dict[str, Target]:
    """Give names that are wanted for one protocol what each meant, the surest first; not all have any."""
    given: dict[str, Target] = {}
    while True:
        open_ = [want for want in wants if want.target not in given]
        decided = _decided(open_, given.values()) or _left(open_, given.values())
        if not decided:
            return given
        given |= decided


def _decided(wants: Sequence[_Want], taken: Iterable[Target]) -> dict[str, Target]:
    """Give what is picked to the name for which it speaks most."""
    picks = [(want, target) for want in wants if (target := want.pick(taken))]
    return {
        want.target: target
        for want, target in picks
        if all(
            _outdoes(want.signs[target], rival.signs[target])
            for rival, other in picks
            if other == target and rival is not want
        )
    }


def _outdoes(ours: _Signs, theirs: _Signs) -> bool:
    """Tell whether a port is one's own beside another that picks it, too, or both's.

    A probe speaks for it whoever picks it; and no two ports have one number.
    """
    return ours > theirs or (ours == theirs and ours.nearness > 0)


def _left(wants: Sequence[_Want], taken: Iterable[Target]) -> dict[str, Target]:
    """Give the only port of the application that is left to the only name that may have meant it."""
    found: dict[str, Target] = {}
    for want in wants:
        left = want.free.difference(taken)
        fitting = [rival.target for rival in wants if not left.isdisjoint(rival.signs)]
        if not want.aside and len(left) == 1 and fitting == [want.target]:
            found |= dict.fromkeys(fitting, next(iter(left)))
    return found


def _because(want: _Want, target: Target) -> str:
    signs, protocol = want.signs[target], want.ports[0].port.protocol
    there = next(port for port in want.known if port.target == target)
    rest = ", ".join(str(port.target) for port in want.known if port is not there)
    if there.because:
        return there.because
    if not rest:
        return f"the only {protocol} port that {want.ports[0].everybody} declares"
    if signs.probed and not signs.called:
        return f"{target} rather than {rest}: the readiness probe asks it"
    if signs.numbered and not signs.called:
        return f"{target} rather than {rest}: its number is that of the Service port, {there.number}"
    if signs.nearness:
        return f"{target} is the nearest by name; also declared: {rest}"
    return f"{target} rather than {rest}: the only port of the application to which no other leads, or should"
