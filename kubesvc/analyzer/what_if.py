"""What --set asks of a Service → the change as a patch makes it: positions for keys, guards for positions."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from kubesvc.errors import UsageError
from kubesvc.model.change import ABSENT, Change, Op, Path, apply, show
from kubesvc.model.objects import Service, ServicePort
from kubesvc.model.text import one_line

_SELECTOR: Final = ("spec", "selector")
_PORTS: Final = ("spec", "ports")
_LISTS: Final = (_PORTS, ("spec", "ipFamilies"))


def change(service: Service, asked: Iterable[Op]) -> Change:
    """Return the change that makes what is asked, in order, of a Service.

    Raises:
        UsageError: A port, a position or a value that is to be removed is not there.
    """
    asked = tuple(asked)
    by_position = any(_enters_list(op.path) for op in asked)
    document: Any = msgspec.to_builtins(service)
    ops: list[Op] = []
    for op in asked:
        if _enters_list(op.path):
            made = [_entry(document, op)]
        else:
            made = list(_value(document, op, by_position=by_position))
        document = apply(tuple(made), document)
        ops += made
    return Change(service.ref, tuple(ops))


def _enters_list(path: Path) -> bool:
    return any(path[: len(listed)] == listed and len(path) > len(listed) for listed in _LISTS)


def _value(document: Any, op: Op, *, by_position: bool) -> Iterator[Op]:  # noqa: ANN401 - JSON
    """Write an operation outside of lists; a JSON patch needs the map that a key is put into."""
    there, above = _at(document, op.path), op.path[:-1]
    if op.value is ABSENT and there is None:
        known = ", ".join(sorted(_at(document, above) or ()))
        hint = f"{show(above)} has {known}." if known else f"{show(above)} is not set either."
        raise UsageError(f"{_shown(op.path)} is not set, so it cannot be removed", hint)
    if op.value is ABSENT and op.path == _SELECTOR:
        # Each key for itself: a patch that also sets one could not take the whole away.
        yield from (Op((*op.path, key), ABSENT) for key in there)
    elif by_position and above == _SELECTOR and _at(document, above) is None:
        yield Op(above, {op.path[-1]: op.value}, new=True)
    else:
        yield Op(op.path, op.value, new=there is None)


def _entry(document: Any, op: Op) -> Op:  # noqa: ANN401 - JSON
    """Write an operation on an entry of a list, guarded by what the entry is; one past the last is added."""
    listed, key, rest = op.path[:2], op.path[2], op.path[3:]
    entries: Sequence[Any] = _at(document, listed) or ()
    position = key if isinstance(key, int) else _position(entries, key)
    new = position == len(entries) and op.value is not ABSENT
    if position is None or not (new or position < len(entries)):
        raise UsageError(f"{_shown(op.path[:3])} does not exist", _known(listed, entries))
    path = (*listed, position)
    if new:
        value: Any = {rest[0]: op.value} if rest else op.value
        return Op(path, value, new=True) if entries else Op(listed, [value], new=True)
    entry = entries[position]
    absent = bool(rest) and rest[0] not in entry
    if absent and op.value is ABSENT:
        hint = f"{show(path)} has {', '.join(sorted(entry))}."
        raise UsageError(f"{_shown(op.path)} is not set, or has its default: it cannot be removed", hint)
    return Op((*path, *rest), op.value, _guard(path, entry), new=absent)


def _guard(path: Path, entry: Any) -> tuple[Path, Any] | None:  # noqa: ANN401 - JSON
    """Name an entry by what it is; one that was only just added may have no number yet."""
    if path[:2] != _PORTS:
        return path, entry
    return ((*path, "port"), entry["port"]) if "port" in entry else None


def _at(document: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    """Return what is at a path outside of lists, None where nothing is."""
    for key in path:
        document = document.get(key) if document else None
    return document


def _position(entries: Sequence[Any], key: str) -> int | None:
    return next((at for at, entry in enumerate(entries) if _key(entry) == key), None)


def _key(port: Any) -> str:  # noqa: ANN401 - JSON
    return msgspec.convert(port, ServicePort).key


def _known(listed: Path, entries: Sequence[Any]) -> str:
    if not entries:
        return f"{show(listed)} is empty; [0] would add an entry."
    shown = (_key(entry) if listed == _PORTS else entry for entry in entries)
    there = ", ".join(f"[{at}] {name}" for at, name in enumerate(shown))
    return one_line(f"{show(listed)} has {there}; [{len(entries)}] would add an entry.")


def _shown(path: Path) -> str:
    return one_line(show(path))
