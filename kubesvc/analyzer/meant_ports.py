"""Which declared ports were probably meant by names that no pod resolves: what speaks for each, or none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from kubesvc.analyzer import listening, named_ports, spoken
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared

_APART: Final = (frozenset({"http", "https", "http2", "h2c", "ws", "wss"}), frozenset({"grpc"}))
"""Words of names by which what is spoken on one port is told from what is spoken on another."""


class Meant(Struct, frozen=True):
    """The name of a declared port that was probably meant, and what speaks for it."""

    name: str
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


class _Choice(Struct, frozen=True):
    """A name that every pod declares, and each pod with the declaration that counts."""

    name: str
    declared: tuple[tuple[Pod, Declared], ...]

    @property
    def number(self) -> int | None:
        """The number that it has in every pod; None where they differ."""
        numbers = {entry.port.container_port for _, entry in self.declared}
        return numbers.pop() if len(numbers) == 1 else None

    @property
    def beside(self) -> bool:
        """Whether some pod declares it beside its application."""
        return any(listening.beside(*found) for found in self.declared)


class _Signs(NamedTuple):
    """What speaks for a choice, strongest first; larger is stronger."""

    called: bool
    """Whether the Service port, or its target, is called so, but for separators."""
    probed: bool
    numbered: bool
    nearness: int
    """How real the likeness of the names is; 0 for none."""


class _Want(Struct, frozen=True):
    """A name that no pod resolves, and the ports of the Service that lead there: they share what was meant.

    `known` are the names that every pod declares for the protocol; `free` those of them that are of its kind
    and to which no other port leads; `signs` what speaks for those of the free that may be meant.
    """

    ports: tuple[NamedPort, ...]
    aside: bool
    known: tuple[_Choice, ...]
    free: frozenset[str]
    signs: Mapping[str, _Signs]

    @property
    def target(self) -> str:
        """The name that no pod resolves."""
        return self.ports[0].target

    def pick(self, taken: Iterable[str]) -> str | None:
        """Return the one for which most speaks, if anything does; none of several, nor of `taken`."""
        signs = {name: signs for name, signs in self.signs.items() if name not in taken}
        most = max(signs.values(), default=None)
        if most is None or not any(most):
            return None
        best = [name for name, found in signs.items() if found == most]
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
    known = _everywhere(first, view.minor)
    named, called = any(port.aside for port in several), listening.is_aside(view.service.metadata.name)
    beside = named or (called and any(choice.beside for choice in known))
    kind = (choice for choice in known if choice.beside is beside)
    free = [c for c in kind if not any(first.is_taken(view, pod, entry) for pod, entry in c.declared)]
    # What is asked is the application, or how it fares, which speaks for no other port beside it.
    aside = named or called
    signs = {c.name: _signs(several, c, probe=not aside) for c in free if _may_speak(several, c.name)}
    return _Want(tuple(several), aside, known, frozenset(choice.name for choice in free), signs)


def _everywhere(wanted: NamedPort, minor: int) -> tuple[_Choice, ...]:
    """Return the names that every pod declares with the right protocol, in order of appearance."""
    each = [(pod, _named(pod, wanted.port.protocol, minor)) for pod in wanted.without]
    names = [name for name in each[0][1] if all(name in found for _, found in each)]
    return tuple(_Choice(name, tuple((pod, found[name]) for pod, found in each)) for name in names)


def _named(pod: Pod, protocol: str, minor: int) -> dict[str, Declared]:
    """Return the declarations that count, by name; the controller takes the first of a name."""
    found: dict[str, Declared] = {}
    for entry in ports.declared(pod.spec):
        if entry.port.name and entry.port.protocol == protocol and ports.counts(entry, minor):
            found.setdefault(entry.port.name, entry)
    return found


def _may_speak(several: Iterable[NamedPort], name: str) -> bool:
    """Tell whether the names of Service ports and of a declared one leave room for one protocol."""
    ours = "-".join(f"{port.port.name}-{port.target}-{spoken.word(port.port)}" for port in several)
    one, other = ({at for at, words in enumerate(_APART) if words & listening.words(n)} for n in (ours, name))
    return not one or not other or not one.isdisjoint(other)


def _signs(several: Sequence[NamedPort], choice: _Choice, *, probe: bool) -> _Signs:
    texts = {text for port in several for text in (port.target, port.port.name) if text}
    near = min(likeness(text, choice.name) for text in texts)
    return _Signs(
        called=near <= Likeness.LETTERS,
        probed=probe and all(named_ports.asked(*found) for found in choice.declared),
        numbered=choice.number in {port.port.port for port in several},
        nearness=Likeness.UNLIKE - near,
    )


def _assigned(wants: Sequence[_Want]) -> dict[str, str]:
    """Give names that are wanted for one protocol what each meant, the surest first; not all have any."""
    given: dict[str, str] = {}
    while True:
        open_ = [want for want in wants if want.target not in given]
        decided = _decided(open_, given.values()) or _left(open_, given.values())
        if not decided:
            return given
        given |= decided


def _decided(wants: Sequence[_Want], taken: Iterable[str]) -> dict[str, str]:
    """Give what is picked to the name for which it speaks most."""
    picks = [(want, name) for want in wants if (name := want.pick(taken))]
    return {
        want.target: name
        for want, name in picks
        if all(
            _outdoes(want.signs[name], rival.signs[name])
            for rival, other in picks
            if other == name and rival is not want
        )
    }


def _outdoes(ours: _Signs, theirs: _Signs) -> bool:
    """Tell whether a choice is one's own beside another that picks it, too, or both's.

    A probe speaks for it whoever picks it; and no two ports have one number.
    """
    return ours > theirs or (ours == theirs and ours.nearness > 0)


def _left(wants: Sequence[_Want], taken: Iterable[str]) -> dict[str, str]:
    """Give the only port of the application that is left to the only name that may have meant it."""
    found: dict[str, str] = {}
    for want in wants:
        left = want.free.difference(taken)
        fitting = [rival.target for rival in wants if not left.isdisjoint(rival.signs)]
        if not want.aside and len(left) == 1 and fitting == [want.target]:
            found |= dict.fromkeys(fitting, next(iter(left)))
    return found


def _because(want: _Want, name: str) -> str:
    signs = want.signs[name]
    rest = ", ".join(choice.name for choice in want.known if choice.name != name)
    if not rest:
        return "the only named port that every pod declares"
    if signs.probed:
        return f"{name} rather than {rest}: the readiness probe asks it"
    if signs.numbered:
        number = next(choice.number for choice in want.known if choice.name == name)
        return f"{name} rather than {rest}: its number is that of the Service port, {number}"
    if signs.nearness:
        return f"{name} is the nearest by name; also declared: {rest}"
    return f"{name} rather than {rest}: the only port of the application to which no other leads, or should"
