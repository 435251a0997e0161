"""Facts derived from fields that are not kept, stored on the object as annotations.

Only the decoder of live answers writes them; a live object's own annotations of this prefix are ignored.
"""

from typing import Any, Final, NamedTuple

import msgspec

from kubesvc.model.objects import Obj, Time

PREFIX: Final = "derived.kubesvc.dev/"
_MANAGERS: Final = PREFIX + "managers"
PARTIAL: Final = PREFIX + "metadata-only"
_SPEC_FIELDS: Final = ("selector", "ports", "type")


class Manager(NamedTuple):
    """Who owns a field, and when it last wrote to any field it owns (not necessarily this one)."""

    name: str
    last_wrote: Time


class _Entry(msgspec.Struct, rename="camel"):
    manager: str = ""
    time: Time | None = None
    fields_v1: dict[str, Any] = {}


class _Metadata(msgspec.Struct, rename="camel"):
    managed_fields: list[_Entry] = []


class _Managed(msgspec.Struct):
    metadata: _Metadata


def manager_annotations(raw: bytes | msgspec.Raw) -> dict[str, str]:
    """Derive who manages the decisive fields of a Service from its `managedFields`."""
    try:
        entries = msgspec.json.decode(raw, type=_Managed).metadata.managed_fields
    except (msgspec.MsgspecError, RecursionError):
        return {}
    managers: dict[str, Manager] = {}
    for entry in sorted((entry for entry in entries if entry.time), key=lambda entry: str(entry.time)):
        owned = entry.fields_v1.get("f:spec")
        for field in _SPEC_FIELDS:
            if isinstance(owned, dict) and f"f:{field}" in owned and entry.time:
                managers[f"spec.{field}"] = Manager(entry.manager, entry.time)
    return {_MANAGERS: msgspec.json.encode(managers).decode()} if managers else {}


def managers(obj: Obj) -> dict[str, Manager]:
    """Return the managers of `spec.selector`, `spec.ports` and `spec.type`, as far as known."""
    stored = obj.metadata.annotations.get(_MANAGERS)
    if stored is None:
        return {}
    try:
        return msgspec.json.decode(stored, type=dict[str, Manager])
    except msgspec.MsgspecError:
        return {}
