"""A change of one object: the text of a fix, the input of a simulation."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from kubesvc.model.objects import Ref


class _Absent:
    """Marks a value that a change removes."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()

Path = tuple[str | int, ...]


class Op(Struct, frozen=True):
    """Set the value at a path, API names and list positions, one past the last adds; ABSENT removes it.

    The empty path is the object itself. `was` guards a list position; `new`: nothing is there yet, so that a
    position just behind the end of a list appends.
    """

    path: Path
    value: Any
    was: tuple[Path, Any] | None = None
    new: bool = False


class Change(Struct, frozen=True):
    """Operations on one object, applied in order."""

    target: Ref
    ops: tuple[Op, ...]

    @property
    def deletes(self) -> bool:
        """Whether the object itself goes: its path is empty, and its value ABSENT."""
        return any(not op.path and op.value is ABSENT for op in self.ops)

    @property
    def merge_patch(self) -> Mapping[str, Any]:
        """Return the change as a JSON merge patch (RFC 7386); for changes that touch no list."""
        patch: dict[str, Any] = {}
        for op in self.ops:
            inner = patch
            for key in op.path[:-1]:
                inner = inner.setdefault(str(key), {})
            inner[str(op.path[-1])] = None if op.value is ABSENT else op.value
        return patch

    @property
    def json_patch(self) -> list[dict[str, Any]]:
        """Return the change as a JSON patch (RFC 6902); a guarded operation is preceded by its `test`."""
        patch: list[dict[str, Any]] = []
        for op in self.ops:
            if op.was is not None:
                patch.append({"op": "test", "path": pointer(op.was[0]), "value": op.was[1]})
            if op.value is ABSENT:
                patch.append({"op": "remove", "path": pointer(op.path)})
            else:
                patch.append(
                    {"op": "add" if op.new else "replace", "path": pointer(op.path), "value": op.value}
                )
        return patch

    @property
    def touches_list(self) -> bool:
        """Whether some path goes through a list position."""
        return any(isinstance(key, int) for op in self.ops for key in op.path)


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def show(path: Path) -> str:
    """Write a path as --set takes it: `spec.ports[0].port`, `spec.selector['app.kubernetes.io/name']`."""
    parts = [f"[{key}]" if isinstance(key, int) else _key(key) for key in path]
    return "".join(parts).removeprefix(".")


_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]*[A-Za-z0-9_]")


def _key(key: str) -> str:
    return f".{key}" if _PLAIN.fullmatch(key) else f"['{key}']"


def apply(ops: tuple[Op, ...], document: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON document with the operations applied; the document itself is not touched."""
    for op in ops:
        document = _set(document, op.path, op.value)
    return document


def _set(node: Any, path: Path, value: Any) -> Any:  # noqa: ANN401 - JSON
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        items = list(node)
        if rest:
            items[head] = _set(items[head], rest, value)
        elif value is ABSENT:
            del items[head]
        elif head == len(items):
            items.append(value)
        else:
            items[head] = value
        return items
    mapping = dict(node or {})
    if rest:
        mapping[head] = _set(mapping.get(head), rest, value)
    elif value is ABSENT:
        mapping.pop(head, None)
    else:
        mapping[head] = value
    return mapping
