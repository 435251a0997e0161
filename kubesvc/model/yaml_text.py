"""YAML as Kubernetes' own reader (sigs.k8s.io/yaml) takes it, within limits checked before it is built."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, cast

from kubesvc.model.decode import UndecodableError
from kubesvc.model.text import one_line

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_EVENTS: Final = 500_000  # parser events: 5 MB as kubectl prints them, five seconds, 230 MB of memory
MAX_DEPTH: Final = 100
_MAX_NODES: Final = 5_000_000  # once aliases are written out

# YAML 1.1 makes a number of 12:30 and a date of 2026-01-31; Go's reader leaves both as text.
_NUMBERS: Final = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|0b[01_]+|0[0-7_]*|[1-9][0-9_]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
    ),
}
_TIMES: Final = "tag:yaml.org,2002:timestamp"


@cache
def loader() -> Any:  # noqa: ANN401 - yaml has no name for the type of its loaders
    """Return the class of a safe loader that knows the scalars that Go's reader knows."""
    import yaml  # noqa: PLC0415 - only YAML files need it

    known: Mapping[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
    resolvers = {
        first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in entries if tag != _TIMES]
        for first, entries in known.items()
    }
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return type("_Loader", (base,), {"yaml_implicit_resolvers": resolvers})


def documents(raw: bytes) -> Iterator[dict[Any, Any]]:
    """Yield the mappings of a YAML stream; empty documents are left out.

    Raises:
        UndecodableError: It is too large, no YAML, nested too deeply, or one of its documents is no mapping.
    """
    import yaml  # noqa: PLC0415 - likewise

    if len(raw) > MAX_BYTES:
        raise UndecodableError(f"YAML larger than {MAX_BYTES // 2**20} MiB; save it as JSON")
    try:
        text = raw.decode("utf-8-sig")
        _count(yaml.parse(text, Loader=loader()))
        for document in yaml.load_all(text, Loader=loader()):
            if document is None:
                continue
            if not isinstance(document, dict):
                raise UndecodableError("it is no Kubernetes object: not a mapping")
            _measure(cast("object", document))
            yield document
    except UnicodeDecodeError:
        raise UndecodableError("neither JSON nor YAML: not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise UndecodableError(f"neither JSON nor YAML: {one_line(str(error))}") from None
    except RecursionError:
        raise UndecodableError("nested too deeply") from None


def _count(events: Iterable[object]) -> None:
    """Refuse a stream of too many parts: a node costs a hundred times the bytes that it is written with."""
    import yaml  # noqa: PLC0415 - likewise

    depth = 0
    for number, event in enumerate(events):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise UndecodableError("nested too deeply")
        if number > MAX_EVENTS:
            raise UndecodableError("YAML with too many values; save it as JSON")


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
        if depth > MAX_DEPTH:
            raise UndecodableError("nested too deeply")
        known = sizes.get(id(node))
        if known is None:
            known = 1 + sum(size(child, depth + 1) for child in children)
            sizes[id(node)] = known
        if known > _MAX_NODES:
            raise UndecodableError("its aliases expand to too much")
        return known

    size(document, 0)


class Scalar(NamedTuple):
    """One value: its text, and what a plain one means to YAML (text, where it is quoted)."""

    text: str
    value: str | int | float | bool | None


def scalar(text: str) -> Scalar:
    """Read one value as it may stand behind a key; nothing at all means None.

    Raises:
        UndecodableError: It is several values, or no YAML.
    """
    import yaml  # noqa: PLC0415 - likewise

    try:
        node = yaml.compose(text, Loader=loader())
        if node is None:
            return Scalar("", None)
        value = loader()("").construct_object(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(node, yaml.ScalarNode) or not isinstance(value, str | int | float | None):
            raise UndecodableError("not one value")
        return Scalar(node.value, value)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise UndecodableError("not one value") from None
