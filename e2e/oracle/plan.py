"""A plan: the objects of a small cluster and what happens to them, as a value that is printed and read back.

Names are the plan's own: a world adds its prefix to namespaces and to what begins with `@` (Nodes), so that
many plans fit into one cluster.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

Json = dict[str, Any]

NODE_MARK: Final = "@"
"""Begins the name of a Node wherever a plan names one."""


class Verb(StrEnum):
    """What an operation does."""

    CREATE = "create"
    REPLACE = "replace"
    PATCH = "patch"
    STATUS = "status"
    BIND = "bind"
    DELETE = "delete"
    DELETE_WRITTEN = "delete what the controllers wrote"
    EDIT_WRITTEN = "empty a slice that the controllers wrote"


class Op(Struct, frozen=True, omit_defaults=True):
    """One request. `body` is the object, the merge patch or, to bind a pod, the Node's name under `node`.

    `namespace` is empty for what has none. For the last two verbs `name` is that of the Service. `silent`: no
    sync follows from it.
    """

    verb: Verb
    kind: str
    namespace: str = ""
    name: str = ""
    body: Json = {}
    silent: bool = False

    def __str__(self) -> str:
        """Write one line for people."""
        where = f"{self.namespace}/{self.name}".strip("/")
        body = f" {msgspec.json.encode(self.body).decode()}" if self.body else ""
        return f"{self.verb} {self.kind} {where}{body}"


class Round(Struct, frozen=True, omit_defaults=True):
    """Operations in their order, after which the cluster settles.

    `fence`: at last every Service gets a new label, which makes the controller sync it and write its slices.
    """

    ops: tuple[Op, ...] = ()
    fence: bool = False

    @property
    def late(self) -> bool:
        """Whether the controller learns of something only at a later sync."""
        return any(op.silent for op in self.ops)

    @property
    def undone(self) -> bool:
        """Whether one object is written twice: the end may look as if nothing had happened, before it has."""
        written = [(op.kind, op.namespace, op.name) for op in self.ops if op.verb is not Verb.CREATE]
        return len(set(written)) < len(written)

    @property
    def fenced(self) -> bool:
        """Whether every Service is synced at the end."""
        return self.fence or self.late or self.undone


class Plan(Struct, frozen=True, omit_defaults=True):
    """A cluster's life; the first round makes it. `exclusive`: it depends on all Nodes there are."""

    seed: int
    rounds: tuple[Round, ...]
    exclusive: bool = False

    @property
    def size(self) -> int:
        """How many operations it has."""
        return sum(len(one.ops) for one in self.rounds)

    def __str__(self) -> str:
        """Write it for people, one operation a line."""
        lines = [f"plan {self.seed}{', with all Nodes its own' if self.exclusive else ''}"]
        for number, one in enumerate(self.rounds):
            lines.append(f"round {number}{' (fenced)' if one.fenced else ''}")
            lines += [f"  {op}" for op in one.ops]
        return "\n".join(lines)


def dump(plan: Plan) -> bytes:
    """Write a plan as JSON, byte for byte the same for equal plans."""
    return msgspec.json.format(msgspec.json.encode(plan, order="deterministic"), indent=1) + b"\n"


def load(raw: bytes) -> Plan:
    """Read what `dump` wrote; raises msgspec.MsgspecError for what is none."""
    return msgspec.json.decode(raw, type=Plan)
