"""Facts derived from fields that are not kept, stored on the object as annotations.

Only the decoder of live answers writes them; a live object's own annotations of this prefix are ignored.
"""

import re
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from kubesvc.model.argument_ports import ArgumentPort, named
from kubesvc.model.mentions import Mention, mentions
from kubesvc.model.objects import Obj, Pod, Service, Time
from kubesvc.model.text import clean_json

T = TypeVar("T")

PREFIX: Final = "derived.kubesvc.dev/"
_MANAGERS: Final = PREFIX + "managers"
_ARGUMENT_PORTS: Final = PREFIX + "argument-ports"
_APPLIED_PORTS: Final = PREFIX + "applied-ports"
PARTIAL: Final = PREFIX + "metadata-only"
_MENTIONS: Final = PREFIX + "services-named"
_APPLIED_SELECTOR: Final = PREFIX + "applied-selector"
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
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


def annotations(raw: msgspec.Raw, obj: Obj) -> dict[str, str]:
    """Derive what is kept of a live object's other fields; of a pod that is Ready no names of Services."""
    match obj:
        case Service():
            return {**manager_annotations(raw), **applied_annotations(raw, obj)}
        case Pod():
            ready = any(c.type == "Ready" and c.status == "True" for c in obj.status.conditions)
            return {**argument_annotations(raw), **({} if ready else mention_annotations(raw, obj))}
        case _:
            return {}


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
    return _stored(obj, _MANAGERS, dict[str, Manager]) or {}


class _Variable(msgspec.Struct):
    name: str = ""
    value: str | None = None


class _Commanded(msgspec.Struct, rename="camel"):
    name: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[_Variable] | None = None


class _Containers(msgspec.Struct, rename="camel"):
    containers: list[_Commanded] | None = None
    init_containers: list[_Commanded] | None = None


class _Running(msgspec.Struct):
    spec: _Containers = msgspec.field(default_factory=_Containers)


_PODS: Final = msgspec.json.Decoder(_Running)


def argument_annotations(raw: bytes | msgspec.Raw) -> dict[str, str]:
    """Derive the ports that the arguments and variables of a pod's containers name."""
    try:
        spec = _PODS.decode(raw).spec
    except (msgspec.MsgspecError, RecursionError):
        return {}
    found: dict[str, tuple[ArgumentPort, ...]] = {}
    for container in (*(spec.containers or ()), *(spec.init_containers or ())):
        words = (*(container.command or ()), *(container.args or ()))
        ports = named(words, [(entry.name, entry.value or "") for entry in container.env or ()])
        if ports:
            found[container.name] = ports
    return {_ARGUMENT_PORTS: msgspec.json.encode(found).decode()} if found else {}


def argument_ports(pod: Pod) -> dict[str, tuple[ArgumentPort, ...]]:
    """Return the ports that arguments and variables name, by container."""
    return _stored(pod, _ARGUMENT_PORTS, dict[str, tuple[ArgumentPort, ...]]) or {}


class AppliedPort(NamedTuple):
    """A port of a Service as `kubectl apply` was given it last; no `target` where the manifest names none."""

    name: str
    port: int
    protocol: str
    target: int | str | None


class _Port(msgspec.Struct, rename="camel"):
    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None


class _AppliedSpec(msgspec.Struct):
    ports: list[_Port] = []
    selector: dict[str, str] = {}


class _Manifest(msgspec.Struct):
    spec: _AppliedSpec


class _AppliedMetadata(msgspec.Struct):
    annotations: dict[str, str]


class _Applied(msgspec.Struct):
    metadata: _AppliedMetadata


_NAME: Final = re.compile(r"[A-Za-z0-9-]{0,63}")


def applied_annotations(raw: bytes | msgspec.Raw, service: Service) -> dict[str, str]:
    """Derive what `kubectl apply` wrote last to a Service, where it may differ from what the Service has."""
    try:
        kept = msgspec.json.decode(raw, type=_Applied).metadata.annotations.get(_LAST_APPLIED, "")
        applied = msgspec.json.decode(kept, type=_Manifest).spec
    except (msgspec.MsgspecError, RecursionError):
        return {}
    found = _applied_ports(applied.ports)
    if applied.selector and not service.spec.selector:
        found[_APPLIED_SELECTOR] = msgspec.json.encode(applied.selector).decode()
    return found


def _applied_ports(ports: list[_Port]) -> dict[str, str]:
    """Keep ports where one number stands for several protocols: `kubectl apply` merges them by number."""
    pairs = {(port.port, port.protocol) for port in ports}
    shared = len({number for number, _ in pairs}) < len(pairs)
    # An annotation is free text: nothing of it is kept that no port could have.
    text = {word for port in ports for word in (port.name, port.protocol, port.target_port or "")}
    if not shared or not all(isinstance(word, int) or _NAME.fullmatch(word) for word in text):
        return {}
    kept = [AppliedPort(port.name, port.port, port.protocol, port.target_port) for port in ports]
    return {_APPLIED_PORTS: msgspec.json.encode(kept).decode()}


def applied_ports(service: Service) -> tuple[AppliedPort, ...]:
    """Return the ports that were applied last, where one number stood there for several protocols."""
    return _stored(service, _APPLIED_PORTS, tuple[AppliedPort, ...]) or ()


def applied_selector(obj: Obj) -> dict[str, str]:
    """Return the selector that `kubectl apply` wrote last; kept only of a Service that has none."""
    return _stored(obj, _APPLIED_SELECTOR, dict[str, str]) or {}


def mention_annotations(raw: bytes | msgspec.Raw, pod: Pod) -> dict[str, str]:
    """Derive which Services the containers of a pod name in arguments, environment and readiness probes."""
    found = mentions(raw, pod)
    return {_MENTIONS: msgspec.json.encode(found).decode()} if found else {}


def mentioned(obj: Obj) -> tuple[Mention, ...]:
    """Return which Services a pod's containers name; kept only of a pod that is not Ready."""
    return _stored(obj, _MENTIONS, tuple[Mention, ...]) or ()


def _stored(obj: Obj, key: str, kind: type[T]) -> T | None:
    """Read a derived fact back; a file may hold anything there."""
    stored = obj.metadata.annotations.get(key)
    if stored is None:
        return None
    try:
        return msgspec.json.decode(clean_json(stored.encode()), type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None
