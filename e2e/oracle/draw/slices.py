"""Slices that somebody writes by hand: foreign ones, impostors, and damage to what the controllers wrote."""

from __future__ import annotations

from typing import Final

from e2e.oracle.draw.draft import FAMILIES, Draft, Place
from e2e.oracle.plan import Json, Op, Verb
from e2e.oracle.subject import CONTROLLER, MANAGED_BY, MIRRORING, SERVICE_NAME

_OTHERS: Final = (None, "me", "endpointslicemirroring-controller")
"""What foreign slices say of their manager, nothing or something that is no controller."""

_CHANGES: Final = {"foreign": 2, "edit": 1, "delete": 1, "impostor": 2, "damage": 2}


def change_slices(draft: Draft, place: Place) -> list[Op]:
    """Write, change or delete a slice of a Service."""
    rng = draft.rng
    if not place.services:
        return []
    name = rng.choice(sorted(place.services))
    kind = rng.choices(list(_CHANGES), list(_CHANGES.values()))[0]
    if kind == "damage":
        return _damage(draft, place, name)
    if kind == "impostor":
        made = _impostor(draft, f"s{draft.number()}", name)
        return [Op(Verb.CREATE, "EndpointSlice", place.name, made["metadata"]["name"], made)]
    if kind == "foreign" or not place.slices:
        fresh = f"s{draft.number()}"
        place.slices[fresh] = made = _slice(draft, fresh, name, rng.choice(_OTHERS))
        return [Op(Verb.CREATE, "EndpointSlice", place.name, fresh, made)]
    chosen = rng.choice(sorted(place.slices))
    if kind == "delete":
        del place.slices[chosen]
        return [Op(Verb.DELETE, "EndpointSlice", place.name, chosen)]
    before = place.slices[chosen]
    made = _slice(draft, chosen, name, rng.choice(_OTHERS))
    place.slices[chosen] = made | {key: before[key] for key in ("addressType", "endpoints")}
    return [Op(Verb.REPLACE, "EndpointSlice", place.name, chosen, place.slices[chosen])]


def _damage(draft: Draft, place: Place, name: str) -> list[Op]:
    """Delete or empty what a controller wrote for a Service that it still acts on."""
    found = place.services[name]
    if found.managed and found.deleting:
        return []
    manager = CONTROLLER if found.managed else MIRRORING
    verb = draft.rng.choice((Verb.DELETE_WRITTEN, Verb.EDIT_WRITTEN))
    return [Op(verb, "EndpointSlice", place.name, name, {"manager": manager})]


def _slice(draft: Draft, name: str, service: str, manager: str | None) -> Json:
    rng = draft.rng
    labels = {SERVICE_NAME: service} | ({} if manager is None else {MANAGED_BY: manager})
    family = rng.choice(FAMILIES)
    address = "192.0.2.7" if family == "IPv4" else "2001:db8::7"
    conditions = rng.choice(({}, {"ready": True}, {"serving": False}))
    return {
        "metadata": {"name": name, "labels": labels},
        "addressType": family,
        "endpoints": [{"addresses": [address], "conditions": conditions}] if draft.chance(0.8) else [],
        "ports": [{"name": rng.choice(("", "http")), "port": 8080, "protocol": "TCP"}],
    }


def _impostor(draft: Draft, name: str, service: str) -> Json:
    """A slice that bears a controller's label, of no owner or of an earlier incarnation."""
    made = _slice(draft, name, service, CONTROLLER if draft.chance(0.75) else MIRRORING)
    if draft.chance(0.5):
        owner = {"apiVersion": "v1", "kind": "Service", "name": service, "controller": True}
        made["metadata"]["ownerReferences"] = [{**owner, "uid": "00000000-0000-0000-0000-000000000001"}]
    return made
