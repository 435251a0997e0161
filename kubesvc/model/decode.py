"""Bytes → objects: per item, tolerant of null, absent and unknown fields.

One odd object never loses the list: it comes back as a gap that names its field.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar, cast

import msgspec

from kubesvc.model import derived
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Obj, Partial
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.text import clean_json, one_line

# Annotations whose values may matter to a Service's traffic or its owner; of others only the key is kept.
_KEPT_ANNOTATIONS: Final = (
    ".kubernetes.io/",
    "service.k8s.aws/",
    "networking.gke.io/",
    "cloud.google.com/",
    "meta.helm.sh/",
    "argocd.argoproj.io/",
    "argo-rollouts.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "metallb.io/",
    "metallb.universe.tf/",
    "kube-vip.io/",
    "io.cilium/",
    "deployment.kubernetes.io/",
)
T = TypeVar("T")

_NEVER_KEPT: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


class UndecodableError(Exception):
    """The bytes are not the JSON document they should be; the message is one clean line."""


class Page(NamedTuple):
    """One answer of the API server. `token` continues the list; `gaps` are objects that were not decoded."""

    objects: tuple[Obj, ...]
    gaps: tuple[Gap, ...] = ()
    token: str = ""


class _ListMeta(msgspec.Struct, rename="camel"):
    continue_: str | None = msgspec.field(name="continue", default=None)


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    metadata: _ListMeta | None = None
    kind: str | None = None


class _Head(msgspec.Struct):
    metadata: dict[str, Any] | None = None


def decode_list(raw: bytes, kind: str, part: Portion = Portion.WHOLE) -> Page:
    """Decode one page of a list of `kind`.

    Raises:
        UndecodableError: it is no JSON object, or nested too deeply.
    """
    clean = clean_json(raw)
    envelope: _List = _document(clean, _List)
    objects: list[Obj] = []
    gaps: list[Gap] = []
    for item in envelope.items or ():
        decoded = decode_item(item, kind, part)
        if isinstance(decoded, Gap):
            gaps.append(decoded)
        else:
            objects.append(decoded)
    token = envelope.metadata.continue_ if envelope.metadata else None
    return Page(tuple(objects), tuple(gaps), token or "")


def decode_one(raw: bytes, kind: str, part: Portion = Portion.WHOLE) -> Page:
    """Decode a single object of `kind`; raises as `decode_list`."""
    clean = clean_json(raw)
    _document(clean, _Head)
    decoded = decode_item(msgspec.Raw(clean), kind, part)
    return Page((), (decoded,)) if isinstance(decoded, Gap) else Page((decoded,))


def decode_item(
    raw: msgspec.Raw, kind: str, part: Portion = Portion.WHOLE, *, pruned: bool = False
) -> Obj | Gap:
    """Decode one clean JSON object; a field of the wrong type makes it a gap.

    `pruned`: it comes from a snapshot of ours, so its annotations are kept as they are.
    """
    struct = Partial if part is Portion.METADATA else KINDS[kind].struct
    try:
        obj = _typed(raw, struct)
    except (msgspec.ValidationError, RecursionError) as error:
        return _unreadable(raw, kind, str(error))
    annotations = obj.metadata.annotations
    if not pruned:
        more = derived.annotations(raw, obj) if part is Portion.WHOLE else {}
        annotations = {**_kept(annotations), **more}
    if annotations != obj.metadata.annotations:
        metadata = msgspec.structs.replace(obj.metadata, annotations=annotations)
        obj = msgspec.structs.replace(obj, metadata=metadata)
    return obj if obj.kind == kind else msgspec.structs.replace(obj, kind=kind)


def version(raw: bytes) -> Page:
    """Decode the answer of /version; raises as `decode_list`."""
    document = _document(clean_json(raw), dict[str, Any])
    return decode_one(msgspec.json.encode({**document, "metadata": {"name": "server"}}), "Version")


def _typed(raw: msgspec.Raw, struct: type[Obj]) -> Obj:
    try:
        return _DECODERS[struct].decode(raw)
    except msgspec.ValidationError:
        # The server writes null for empty lists (EndpointSlice endpoints and ports have no omitempty).
        return msgspec.convert(_without_nulls(msgspec.json.decode(raw)), struct)


_STRUCTS: Final[tuple[type[Obj], ...]] = (Partial, *(kind.struct for kind in KINDS.values()))
_DECODERS: Final = {struct: msgspec.json.Decoder(struct) for struct in _STRUCTS}


def _without_nulls(node: object) -> object:
    if isinstance(node, dict):
        mapping = cast("dict[str, object]", node)
        return {key: _without_nulls(value) for key, value in mapping.items() if value is not None}
    if isinstance(node, list):
        return [_without_nulls(value) for value in cast("list[object]", node) if value is not None]
    return node


def _unreadable(raw: msgspec.Raw, kind: str, why: str) -> Gap:
    """Name the object as well as it can be named."""
    try:
        metadata = msgspec.json.decode(raw, type=_Head).metadata or {}
    except (msgspec.MsgspecError, RecursionError):
        metadata = {}
    read = Read(kind, str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))
    return Gap(read, GapReason.UNREADABLE, one_line(why))


def _kept(annotations: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value if any(part in key for part in _KEPT_ANNOTATIONS) else ""
        for key, value in annotations.items()
        if key not in _NEVER_KEPT and not key.startswith(derived.PREFIX)
    }


def _document(clean: bytes, struct: type[T]) -> T:
    try:
        return msgspec.json.decode(clean, type=struct)
    except RecursionError:
        raise UndecodableError("nested too deeply") from None
    except msgspec.MsgspecError as error:
        raise UndecodableError(one_line(str(error))) from None
    except UnicodeDecodeError:
        raise UndecodableError("not UTF-8") from None
