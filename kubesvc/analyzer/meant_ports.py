"""Which declared port was probably meant by a name that no pod resolves: what speaks for it, or none."""

from typing import Final, NamedTuple

from msgspec import Struct

from kubesvc.analyzer import listening, named_ports, spoken
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared

_APART: Final = (frozenset({"http", "https", "http2", "h2c", "ws", "wss"}), frozenset({"grpc"}))
"""Words of names by which what is spoken on one port is told from what is spoken on another."""


class Meant(Struct, frozen=True):
    """The name of a declared port that was probably meant, and what speaks for it."""

    name: str
    because: str


class _Choice(Struct, frozen=True):
    """A name that every pod declares, and each pod with the declaration that counts."""

    name: str
    declared: tuple[tuple[Pod, Declared], ...]


class _Signs(NamedTuple):
    """What speaks for a choice, strongest first; larger is stronger."""

    probed: bool
    numbered: bool
    nearness: int
    """How real the likeness of the names is; 0 for none."""


def meant(view: ServiceView, wanted: NamedPort) -> Meant | None:
    """Return the port that was probably meant; None where nothing, or as much, speaks for several.

    Without a sign it is the only port of the application that is left, if only one is.
    """
    everywhere = _everywhere(wanted, view.minor)
    free = [
        choice
        for choice in _of_a_kind(view, wanted, everywhere)
        if not any(wanted.is_taken(view, pod, entry) for pod, entry in choice.declared)
    ]
    fitting = [c for c in free if _may_speak(wanted, c.name)]
    best = _strongest(view, wanted, fitting)
    if best is None and not _is_beside(view, wanted) and len(free) == 1 and fitting:
        best = fitting[0]
    if best is None:
        return None
    others = [choice.name for choice in everywhere if choice is not best]
    return Meant(best.name, _because(best, _signs(view, wanted, best), wanted.port, others))


def _because(best: _Choice, signs: _Signs, port: ServicePort, others: list[str]) -> str:
    name, rest = best.name, ", ".join(others)
    if not others:
        return "the only named port that every pod declares"
    if signs.probed:
        return f"{name} rather than {rest}: the readiness probe asks it"
    if signs.numbered:
        return f"{name} rather than {rest}: its number is that of the Service port, {port.port}"
    if signs.nearness:
        return f"{name} is the nearest by name; also declared: {rest}"
    return f"{name} rather than {rest}: the only port of the application to which no other port leads"


def _everywhere(wanted: NamedPort, minor: int) -> list[_Choice]:
    """Return the names that every pod declares with the right protocol, in order of appearance."""
    each = [(pod, _named(pod, wanted.port, minor)) for pod in wanted.without]
    names = [name for name in each[0][1] if all(name in found for _, found in each)]
    return [_Choice(name, tuple((pod, found[name]) for pod, found in each)) for name in names]


def _named(pod: Pod, port: ServicePort, minor: int) -> dict[str, Declared]:
    """Return the declarations that count, by name; the controller takes the first of a name."""
    found: dict[str, Declared] = {}
    for entry in ports.declared(pod.spec):
        if entry.port.name and entry.port.protocol == port.protocol and ports.counts(entry, minor):
            found.setdefault(entry.port.name, entry)
    return found


def _of_a_kind(view: ServiceView, wanted: NamedPort, choices: list[_Choice]) -> list[_Choice]:
    """Return ports beside the application for one that is, and ports of the application for others.

    A Service that is called after metrics or the like need not be for them: `admin` may be an application.
    """
    beside = [choice for choice in choices if any(listening.beside(*found) for found in choice.declared)]
    if wanted.aside:
        return beside
    if listening.is_aside(view.service.metadata.name):
        return beside or choices
    return [choice for choice in choices if choice not in beside]


def _is_beside(view: ServiceView, wanted: NamedPort) -> bool:
    return wanted.aside or listening.is_aside(view.service.metadata.name)


def _may_speak(wanted: NamedPort, name: str) -> bool:
    """Tell whether the names of the Service port and of a declared one leave room for one protocol."""
    ours = f"{wanted.port.name}-{wanted.target}-{spoken.word(wanted.port)}"
    one, other = ({at for at, words in enumerate(_APART) if words & listening.words(n)} for n in (ours, name))
    return not one or not other or not one.isdisjoint(other)


def _strongest(view: ServiceView, wanted: NamedPort, choices: list[_Choice]) -> _Choice | None:
    """Return the choice for which most speaks, if anything does, and as much for no other."""
    signs = [_signs(view, wanted, choice) for choice in choices]
    most = max(signs, default=None)
    if most is None or not any(most) or signs.count(most) > 1:
        return None
    return choices[signs.index(most)]


def _signs(view: ServiceView, wanted: NamedPort, choice: _Choice) -> _Signs:
    texts = [text for text in (wanted.target, wanted.port.name) if text]
    near = min(likeness(text, choice.name) for text in texts)
    return _Signs(
        # What is asked is the application, or how it fares, which speaks for no other port beside it.
        probed=not _is_beside(view, wanted) and all(named_ports.asked(*found) for found in choice.declared),
        numbered=all(entry.port.container_port == wanted.port.port for _, entry in choice.declared),
        nearness=max(0, Likeness.PART - near),
    )
