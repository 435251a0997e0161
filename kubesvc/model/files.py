"""Snapshot ⇄ file: a Kubernetes `List` of pruned objects with a header of what was read.

Also takes plain objects, as `kubectl get -o yaml` prints them: a List or a multi-document YAML or JSON.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kubesvc.model import derived, yaml_text
from kubesvc.model.decode import UndecodableError, decode_item
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Obj, Partial, Time
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.snapshot import Snapshot
from kubesvc.model.text import clean_json, one_line

FORMAT: Final = 1
_DEFAULT: Final = "default"  # the namespace of what names none
MAX_JSON_BYTES: Final = 100 * 1024 * 1024
MAX_ITEMS: Final = 200_000
MAX_VALUES: Final = 6_000_000  # 100 MiB as kubectl prints them hold four million


class UnusableFileError(Exception):
    """The file is no snapshot and holds no Kubernetes objects; the message is one clean line."""


class _Gap(msgspec.Struct, rename="camel", omit_defaults=True):
    read: Read
    reason: GapReason
    detail: str = ""


class _Header(msgspec.Struct, rename="camel"):
    format: int
    context: str
    taken_at: Time
    reads: tuple[Read, ...] = ()
    gaps: tuple[_Gap, ...] = ()
    earlier_look: Time | None = None


class _File(msgspec.Struct, rename="camel"):
    kind: str = ""
    kubesvc: _Header | None = None
    items: list[msgspec.Raw] | None = None


def dump(snapshot: Snapshot) -> bytes:
    """Write a snapshot, byte for byte the same for equal snapshots; ends with a newline."""
    header = _Header(
        format=FORMAT,
        context=snapshot.context,
        taken_at=snapshot.taken_at,
        reads=tuple(sorted(snapshot.covered, key=_order)),
        gaps=tuple(
            _Gap(gap.read, gap.reason, gap.detail)
            for gap in sorted(snapshot.gaps, key=lambda gap: _order(gap.read))
        ),
        earlier_look=snapshot.earlier.taken_at if snapshot.earlier else None,
    )
    document = {
        "apiVersion": "v1",
        "kind": "List",
        "kubesvc": header,
        "items": [_document(obj) for _, obj in sorted(snapshot.objects.items())],
    }
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=1) + b"\n"


def _order(read: Read) -> str:
    return msgspec.json.encode(read, order="deterministic").decode()


def _document(obj: Obj) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(obj)
    if isinstance(obj, Partial):
        document["metadata"].setdefault("annotations", {})[derived.PARTIAL] = "true"
    return {"apiVersion": KINDS[obj.kind].group_version or "v1", **document, "kind": obj.kind}


def load(raw: bytes, *, now: datetime, complete: bool = False) -> Snapshot:
    """Read a snapshot file or plain objects; `now` is the moment of plain objects, which name none.

    `complete`: kinds that are absent from the file have no objects; otherwise only what the header lists, or
    the single objects of a plain file, count as read.

    Raises:
        UnusableFileError: too large, not JSON or YAML, nested too deeply, or without any Kubernetes object.
    """
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        snapshot = _json(clean_json(raw), now)
    else:
        snapshot = _plain(_yaml_items(raw), now)
    if complete:
        snapshot = snapshot.with_answers((), (Read(kind) for kind in KINDS))
    return snapshot


def _json(clean: bytes, now: datetime) -> Snapshot:
    if clean.count(b",") > MAX_VALUES:  # before each is given an object of its own
        raise UnusableFileError("JSON with too many values; save fewer kinds, or one namespace")
    try:
        document = msgspec.json.decode(clean, type=_File)
    except msgspec.ValidationError as error:
        raise UnusableFileError(f"it is no List, no object and no snapshot: {one_line(str(error))}") from None
    except msgspec.DecodeError as error:
        raise UnusableFileError(f"not JSON, although it begins like it: {one_line(str(error))}") from None
    except RecursionError:
        raise UnusableFileError("nested too deeply") from None
    if document.kubesvc is not None:
        return _ours(document.kubesvc, document.items or [])
    return _plain([msgspec.Raw(clean)] if document.items is None else document.items, now)


def _yaml_items(raw: bytes) -> list[msgspec.Raw]:
    try:
        return [
            msgspec.Raw(clean_json(msgspec.json.encode(document))) for document in yaml_text.documents(raw)
        ]
    except UndecodableError as error:
        raise UnusableFileError(str(error)) from None
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise UnusableFileError(f"its YAML cannot be JSON: {one_line(str(error))}") from None


def _ours(header: _Header, items: list[msgspec.Raw]) -> Snapshot:
    if header.format != FORMAT:
        raise UnusableFileError(
            f"snapshot format {header.format} is not supported (this version reads {FORMAT})"
        )
    objects, unreadable = _decode(items, pruned=True)
    taken_at = _in_utc(header.taken_at)
    gaps = (*(Gap(gap.read, gap.reason, gap.detail) for gap in header.gaps), *unreadable)
    snapshot = Snapshot(header.context, taken_at, origin="file").with_answers(objects, header.reads, gaps)
    if header.earlier_look is None:
        return snapshot
    # The objects of the first look are not kept: what was reported had outlasted it.
    return replace(snapshot, earlier=replace(snapshot, taken_at=_in_utc(header.earlier_look)))


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UnusableFileError("its takenAt is beyond the years that a date can have") from None


def _plain(items: list[msgspec.Raw], now: datetime) -> Snapshot:
    objects, gaps = _decode(items, pruned=False)
    if not objects and not gaps:
        raise UnusableFileError("no Kubernetes object that kubesvc reads is in it")
    covered = [Read(obj.kind, obj.metadata.namespace, obj.metadata.name) for obj in objects]
    return Snapshot("file", now, origin="file").with_answers(objects, covered, gaps)


class _Typed(msgspec.Struct):
    kind: str = ""
    metadata: dict[str, Any] | None = None
    items: list[msgspec.Raw] | None = None


def _decode(items: list[msgspec.Raw], *, pruned: bool) -> tuple[list[Obj], list[Gap]]:
    if len(items) > MAX_ITEMS:
        raise UnusableFileError(f"a List of {len(items)} objects; at most {MAX_ITEMS} are read")
    objects: list[Obj] = []
    gaps: list[Gap] = []
    for item in items:
        try:
            typed = msgspec.json.decode(item, type=_Typed)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise UnusableFileError(f"an item is no Kubernetes object: {one_line(str(error))}") from None
        if typed.items is not None:
            inner, more = _decode(typed.items, pruned=pruned)
            objects += inner
            gaps += more
        elif typed.kind in KINDS:
            annotations = (typed.metadata or {}).get("annotations")
            partial = pruned and isinstance(annotations, dict) and derived.PARTIAL in annotations
            part = Portion.METADATA if partial else Portion.WHOLE
            decoded = decode_item(item, typed.kind, part, pruned=pruned)
            if isinstance(decoded, Gap):
                gaps.append(decoded if pruned else _gap_in_namespace(decoded))
            else:
                objects.append(_without_mark(decoded) if pruned else _in_namespace(decoded))
    return objects, gaps


def _in_namespace(obj: Obj) -> Obj:
    """Put an object of a manifest that names no namespace into `default`, as kubectl does."""
    if obj.metadata.namespace or not KINDS[obj.kind].namespaced:
        return obj
    return replace(obj, metadata=replace(obj.metadata, namespace=_DEFAULT))


def _gap_in_namespace(gap: Gap) -> Gap:
    if gap.read.namespace or not KINDS[gap.read.kind].namespaced:
        return gap
    return replace(gap, read=replace(gap.read, namespace=_DEFAULT))


def _without_mark(obj: Obj) -> Obj:
    if derived.PARTIAL not in obj.metadata.annotations:
        return obj
    annotations = {key: value for key, value in obj.metadata.annotations.items() if key != derived.PARTIAL}
    return replace(obj, metadata=replace(obj.metadata, annotations=annotations))
