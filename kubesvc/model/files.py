"""Snapshot ⇄ file: a Kubernetes `List` of pruned objects with a header of what was read.

Also takes plain objects, as `kubectl get -o yaml` prints them: a List or a multi-document YAML or JSON.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from kubesvc.model import derived
from kubesvc.model.decode import decode_item
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Obj, Partial, Time
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.snapshot import Snapshot
from kubesvc.model.text import clean_json, one_line

FORMAT: Final = 1
MAX_JSON_BYTES: Final = 100 * 1024 * 1024
MAX_YAML_BYTES: Final = 16 * 1024 * 1024
_MAX_DEPTH: Final = 100
_MAX_NODES: Final = 5_000_000


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
    clean = clean_json(raw) if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else None
    try:
        document = msgspec.json.decode(clean, type=_File) if clean is not None else None
    except msgspec.ValidationError as error:
        raise UnusableFileError(f"it is no List, no object and no snapshot: {one_line(str(error))}") from None
    except (msgspec.DecodeError, RecursionError):
        document = None
    if document is not None and document.kubesvc is not None:
        snapshot = _ours(document.kubesvc, document.items or [])
    elif document is not None and document.items is not None:
        snapshot = _plain(document.items, now)
    elif document is not None and clean is not None:
        snapshot = _plain([msgspec.Raw(clean)], now)
    else:
        snapshot = _plain(list(_yaml_items(raw)), now)
    if complete:
        snapshot = snapshot.with_answers((), (Read(kind) for kind in KINDS))
    return snapshot


def _ours(header: _Header, items: list[msgspec.Raw]) -> Snapshot:
    if header.format != FORMAT:
        raise UnusableFileError(
            f"snapshot format {header.format} is not supported (this version reads {FORMAT})"
        )
    objects, unreadable = _decode(items, pruned=True)
    gaps = (*(Gap(gap.read, gap.reason, gap.detail) for gap in header.gaps), *unreadable)
    snapshot = Snapshot(header.context, header.taken_at, origin="file").with_answers(
        objects, header.reads, gaps
    )
    if header.earlier_look is None:
        return snapshot
    # The objects of the first look are not kept: what was reported had outlasted it.
    return replace(snapshot, earlier=replace(snapshot, taken_at=header.earlier_look))


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
                gaps.append(decoded)
            else:
                objects.append(_without_mark(decoded) if pruned else _in_namespace(decoded))
    return objects, gaps


def _in_namespace(obj: Obj) -> Obj:
    """Put an object of a manifest that names no namespace into `default`, as kubectl does."""
    if obj.metadata.namespace or not KINDS[obj.kind].namespaced:
        return obj
    return msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata, namespace="default"))


def _without_mark(obj: Obj) -> Obj:
    if derived.PARTIAL not in obj.metadata.annotations:
        return obj
    annotations = {key: value for key, value in obj.metadata.annotations.items() if key != derived.PARTIAL}
    return msgspec.structs.replace(
        obj, metadata=msgspec.structs.replace(obj.metadata, annotations=annotations)
    )


def _yaml_items(raw: bytes) -> Iterator[msgspec.Raw]:
    import yaml  # noqa: PLC0415 - only YAML files need it

    if len(raw) > MAX_YAML_BYTES:
        raise UnusableFileError(f"YAML larger than {MAX_YAML_BYTES // 2**20} MiB; save it as JSON")
    try:
        for document in yaml.load_all(raw.decode("utf-8-sig"), Loader=_loader()):
            if document is None:
                continue
            if not isinstance(document, dict):
                raise UnusableFileError("it is no Kubernetes object: not a mapping")
            _measure(cast("object", document))
            yield msgspec.Raw(clean_json(msgspec.json.encode(document)))
    except UnicodeDecodeError:
        raise UnusableFileError("neither JSON nor YAML: not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise UnusableFileError(f"neither JSON nor YAML: {one_line(str(error))}") from None
    except RecursionError:
        raise UnusableFileError("nested too deeply") from None


def _loader() -> Any:  # noqa: ANN401 - yaml has no name for the type of its loaders
    """Return a safe loader that leaves times as text, as Kubernetes' own YAML reader does."""
    import yaml  # noqa: PLC0415

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers = {
        first: [(tag, pattern) for tag, pattern in entries if tag != "tag:yaml.org,2002:timestamp"]
        for first, entries in base.yaml_implicit_resolvers.items()
    }
    return type("_Loader", (base,), {"yaml_implicit_resolvers": resolvers})


def _children(node: object) -> Iterable[object] | None:
    if isinstance(node, dict):
        return cast("dict[object, object]", node).values()
    return cast("list[object]", node) if isinstance(node, list) else None


def _measure(document: object) -> None:
    """Refuse a document that aliases blow up, or that contains itself, before it is written out in full."""
    sizes: dict[int, int] = {}

    def size(node: object, depth: int) -> int:
        children = _children(node)
        if children is None:
            return 1
        if depth > _MAX_DEPTH:
            raise UnusableFileError("nested too deeply")
        known = sizes.get(id(node))
        if known is None:
            known = 1 + sum(size(child, depth + 1) for child in children)
            sizes[id(node)] = known
        if known > _MAX_NODES:
            raise UnusableFileError("its aliases expand to too much")
        return known

    size(document, 0)
