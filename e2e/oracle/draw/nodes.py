"""Nodes: with zones or without, ready or not, and gone."""

from __future__ import annotations

from typing import Final

from e2e.oracle.draw.draft import Draft, Place
from e2e.oracle.plan import NODE_MARK, Json, Op, Verb

ABSENT: Final = "gone"
"""The Node of pods whose Node is missing; it may come."""

_ZONE: Final = "topology.kubernetes.io/zone"
_ZONES: Final = ("z1", "z2", "z3")


def new_node(draft: Draft, name: str) -> Op:
    """Create a Node; where hints go by CPU, mostly one that has all that they need."""
    rng = draft.rng
    whole = draft.chance(0.95 if draft.exclusive else 0.7)
    labels = {"kubernetes.io/hostname": NODE_MARK + name}
    if whole or draft.chance(0.5):
        labels[_ZONE] = rng.choice(_ZONES if draft.exclusive else _ZONES[:2])
    if draft.chance(0.05):
        labels["node-role.kubernetes.io/control-plane"] = ""
    cpu = rng.choice(("1", "2", "3500m", "4")) if whole or draft.chance(0.5) else "0"
    draft.nodes[name] = body = {
        "metadata": {"name": NODE_MARK + name, "labels": labels},
        "status": {
            "conditions": [_ready("True" if whole or draft.chance(0.7) else "False")],
            "allocatable": {"cpu": cpu},
            "capacity": {"cpu": cpu},
        },
    }
    return Op(Verb.CREATE, "Node", name=NODE_MARK + name, body=body)


def change_node(draft: Draft, _place: Place) -> list[Op]:
    """Create a Node or delete one, change its zone or its readiness: no Service is synced for any of it."""
    rng = draft.rng
    kind = rng.choice(("create", "delete", "zone", "zone", "ready"))
    absent = [name for name in (ABSENT, "n0", "n1", "n2", "n3") if name not in draft.nodes]
    if not draft.nodes or (kind == "create" and absent):
        made = new_node(draft, rng.choice(absent))
        return [_silent(made.verb, made.name, made.body)]
    name = rng.choice(sorted(draft.nodes))
    match kind:
        case "delete":
            del draft.nodes[name]
            return [_silent(Verb.DELETE, NODE_MARK + name, {})]
        case "ready":
            status = {"conditions": [_ready(rng.choice(("True", "False", "Unknown")))]}
            return [_silent(Verb.STATUS, NODE_MARK + name, {"status": status})]
        case _:
            zone = rng.choice((*_ZONES[:2], "z9", None))
            return [_silent(Verb.PATCH, NODE_MARK + name, {"metadata": {"labels": {_ZONE: zone}}})]


def _silent(verb: Verb, name: str, body: Json) -> Op:
    return Op(verb, "Node", name=name, body=body, silent=True)


def _ready(status: str) -> Json:
    return {"type": "Ready", "status": status, "reason": "Oracle", "message": ""}
