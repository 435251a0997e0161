"""`--set PATH=VALUE` → operations on a Service: paths that exist and decide endpoints, values that fit."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, get_args, get_origin

from msgspec.structs import fields

from kubesvc.analyzer import near_names
from kubesvc.errors import UsageError
from kubesvc.model import yaml_text
from kubesvc.model.change import ABSENT, Op, Path, show
from kubesvc.model.decode import UndecodableError
from kubesvc.model.objects import Part, Service
from kubesvc.model.text import one_line

_STEP: Final = re.compile(
    r"""(?P<dot>\.?)(?:
        (?P<escaped>[A-Za-z0-9_-]+(?:\\\.[A-Za-z0-9_-]+)+(?:/[A-Za-z0-9_-]+(?:\\\.[A-Za-z0-9_-]+)*)?)
        | (?P<name>[A-Za-z0-9_-]+))
    | \[(?P<position>[0-9]{1,9})\]
    | \['(?P<single>[^']+)'\] | \["(?P<double>[^"]+)"\] | \[(?P<bare>[^]'"]+)\]""",
    re.VERBOSE,
)
_SPELLED: Final = "Write it as spec.ports[0].port=81; spec.selector.tier- removes."

_OF_A_PORT: Final = ("name", "port", "protocol", "targetPort")
_DECISIVE: Final = (
    "selector",
    "ports",
    "type",
    "externalName",
    "publishNotReadyAddresses",
    "clusterIP",
    "ipFamilies",
    "ipFamilyPolicy",
)
"""The fields of a spec that decide which pods are endpoints, whether they are ready, and at which port."""
_DECIDING: Final = f"What does: {', '.join(_DECISIVE)}, all in spec; of ports {', '.join(_OF_A_PORT)}."
_WHO_USES: Final = ("internalTrafficPolicy", "externalTrafficPolicy", "trafficDistribution")


class _Field(NamedTuple):
    """Something in a Service, and the type that the API gives it."""

    path: Path
    type: Any

    @property
    def shown(self) -> str:
        return one_line(show(self.path))


def changes(words: Sequence[str]) -> tuple[Op, ...]:
    """Return what is to be changed, in order; a port is named by its position or its key.

    Raises:
        UsageError: A word is no change, or names no field of a Service, or one that decides nothing about
            endpoints, or a value that the field does not take; or two name the same.
    """
    ops = tuple(map(_change, words))
    seen: set[Path] = set()
    for op in ops:
        if op.path in seen:
            raise UsageError(f"--set names {one_line(show(op.path))} twice", "The last one would win.")
        seen.add(op.path)
    return ops


def _change(word: str) -> Op:
    path, rest = _read(word)
    if not path or not (rest == "-" or rest.startswith("=")):
        raise UsageError(f'--set "{one_line(word)}" is no change of a field', _spelled(word))
    field = _known(path)
    _ensure_decisive(field)
    return Op(field.path, ABSENT if rest == "-" else _value(field, rest[1:]))


def _spelled(word: str) -> str:
    """Show how a key with dots and a slash is written; it looks like a path of its own."""
    key = word.partition("=")[0].removeprefix("spec.selector.").replace("\\", "")
    dotted = "/" in key and word.startswith("spec.selector.")
    return f"Write the key as spec.selector['{one_line(key)}'], quoted for the shell." if dotted else _SPELLED


def _read(word: str) -> tuple[Path, str]:
    r"""Return the path that a word begins with, and what is left: `=VALUE`, or `-` for a removal.

    A key may be written as in kubectl's JSONPath, and in Helm: `app\.kubernetes\.io/name`.
    """
    path: list[str | int] = []
    at = 0
    while match := _STEP.match(word, at):
        if (match["name"] or match["escaped"]) and bool(match["dot"]) is not bool(path):
            break
        at = match.end()
        escaped = (match["escaped"] or "").replace("\\", "")
        keys = (escaped, *(match[kind] for kind in ("name", "single", "double", "bare")))
        path.append(int(match["position"]) if match["position"] else next(filter(None, keys)))
    last = path[-1] if path else 0
    if at == len(word) and isinstance(last, str) and word.endswith("-"):
        return (*path[:-1], last[:-1]), "-"
    return tuple(path), word[at:]


def _known(path: Path) -> _Field:
    """Find a field by the types of the API; a key of a map is text, however it looks."""
    found = _Field((), Service)
    for key in path:
        found = _below(found, key)
    return found


def _below(above: _Field, key: str | int) -> _Field:
    container = get_origin(above.type)
    if container is dict:
        if key == "":
            raise UsageError(f"no key of {above.shown} is named", _SPELLED)
        return _Field((*above.path, str(key)), get_args(above.type)[1])
    if container is tuple:
        entry = get_args(above.type)[0]
        if isinstance(key, str) and not _holds_fields(entry):
            raise UsageError(f"{above.shown} is a list of values", f"Its first one is {above.shown}[0].")
        return _Field((*above.path, key), entry)
    if not _holds_fields(above.type):
        raise UsageError(f"{above.shown} is one value: nothing lies below it", _spelled(above.shown))
    known = {field.encode_name: field.type for field in fields(above.type)}
    if key in known:
        return _Field((*above.path, key), known[key])
    shown = one_line(show((*above.path, key)))
    raise UsageError(f"a Service has no field {shown}", _near(above, str(key)))


def _holds_fields(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part)


def _near(above: _Field, key: str) -> str:
    """Return the fields with such a name, or one like it, here or one step further down."""
    spelled = dict(_names(above))
    found = near_names.nearest(key, spelled)
    if found:
        return f"Near: {', '.join(spelled[name] for name in found)}."
    where = ".".join(("service", *(key for key in above.path if isinstance(key, str))))
    return f"kubectl explain {where} lists the fields."


def _names(above: _Field) -> Iterator[tuple[str, str]]:
    for outer in fields(above.type):
        if not above.path and _holds_fields(outer.type):
            for inner in fields(outer.type):
                yield inner.encode_name, f"{outer.encode_name}.{inner.encode_name}"
        yield outer.encode_name, show((*above.path, outer.encode_name))


def _ensure_decisive(field: _Field) -> None:
    """Refuse what plays no part in the answer: that nothing changes would be read as harmless."""
    match tuple(map(str, field.path)):
        case ("spec",):
            raise UsageError("spec holds many fields", f"Name the one that changes. {_DECIDING}")
        case ("status", *_):
            raise UsageError(f"{field.shown} is written by controllers, not set", _DECIDING)
        case ("spec", "clusterIPs", *_):
            raise UsageError(f"{field.shown} is kept in step with spec.clusterIP", "Name that instead.")
        case ("spec", name, *_) if name in _WHO_USES:
            raise UsageError(
                f"{field.shown} decides which of the endpoints a node uses, not which there are: that is not "
                "simulated",
                _DECIDING,
            )
        case ("spec", "ports", _, name) if name not in _OF_A_PORT:
            decides = False
        case ("spec", name, *_):
            decides = name in _DECISIVE
        case _:
            decides = False
    if not decides:
        raise UsageError(
            f"{field.shown} plays no part in which pods are endpoints: there is nothing to compare", _DECIDING
        )


def _value(field: _Field, text: str) -> str | int | bool:
    """Read a value in the type of its field: where that is text, it is what is written."""
    if get_origin(field.type) in (dict, tuple) or _holds_fields(field.type):
        below = {dict: ".app=web", tuple: "[0]"}.get(get_origin(field.type), ".port=81")
        raise UsageError(f"{field.shown} holds several values", f"Name one of them, as {field.shown}{below}.")
    try:
        scalar = yaml_text.scalar(text)
    except UndecodableError:
        shown = f'"{one_line(text)}" is not one YAML value'
        raise UsageError(f"{field.shown}: {shown}", "A text may have to be quoted: 'a: b'.") from None
    if scalar.value is None and scalar.text:
        raise UsageError(f"{field.shown} cannot be {one_line(scalar.text)}", f"{field.shown}- removes it.")
    value = scalar.value
    if field.type is bool and isinstance(value, bool):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and field.type not in (str, bool):
        return value
    if field.type in (bool, int):
        takes = "true or false" if field.type is bool else "a number"
        found = f'{"the text " if isinstance(value, str) else ""}"{one_line(scalar.text)}"'
        raise UsageError(f"{field.shown} takes {takes}, not {found}", _SPELLED)
    return scalar.text
