"""Settled clusters as files: what was there, what stood before, and what the real controllers left."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from e2e.oracle.subject import Settled
from kubesvc.model.decode import decode_item
from kubesvc.model.objects import EndpointSlice, Obj
from kubesvc.model.read import Gap

FOLDER: Final = Path(__file__).parents[2] / "tests" / "cases" / "oracle"


class Case(Struct, frozen=True):
    """A settled cluster, the seed and round of the plan it comes from, and the version of the server."""

    seed: int
    round: int
    server: str
    settled: Settled

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.seed}-{self.round}.json"


class _File(Struct):
    seed: int
    round: int
    server: str
    minor: int
    maximum: int
    fenced: bool
    before: list[msgspec.Raw]
    objects: list[msgspec.Raw]


def dump(case: Case) -> bytes:
    """Write a case, one object a line, objects as snapshots of kubesvc keep them."""
    settled = case.settled
    head = {
        "seed": case.seed,
        "round": case.round,
        "server": case.server,
        "minor": settled.minor,
        "maximum": settled.maximum,
        "fenced": settled.fenced,
    }
    lines = [f"{_text(key)}: {_text(value)}" for key, value in head.items()]
    lines += [f'"before": {_list(settled.before)}', f'"objects": {_list(settled.objects)}']
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _list(objects: Iterable[Obj]) -> str:
    written = [_text(_document(obj)) for obj in sorted(objects, key=lambda obj: obj.ref)]
    return "[\n" + ",\n".join(written) + "\n]" if written else "[]"


def _document(obj: Obj) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(obj)
    return {"kind": obj.kind, **document}


def load(raw: bytes) -> Case:
    """Read what `dump` wrote; raises msgspec.MsgspecError or ValueError for what is none."""
    found = msgspec.json.decode(raw, type=_File)
    before = tuple(obj for obj in map(_object, found.before) if isinstance(obj, EndpointSlice))
    objects = tuple(map(_object, found.objects))
    settled = Settled(objects, before, found.minor, found.maximum, found.fenced)
    return Case(found.seed, found.round, found.server, settled)


def _object(raw: msgspec.Raw) -> Obj:
    kind: str = msgspec.json.decode(raw)["kind"]
    obj = decode_item(raw, kind, pruned=True)
    if isinstance(obj, Gap):
        raise ValueError(f"{kind}: {obj.detail}")  # noqa: TRY004 - of a value, not a type
    return obj
