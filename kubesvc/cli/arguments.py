"""Arguments → values: names as kubectl takes them, label selectors, moments."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from kubesvc.errors import UsageError
from kubesvc.model.selector import EVERYTHING, Selector
from kubesvc.model.text import one_line

_SERVICE: Final = frozenset({"svc", "service", "services"})
_POD: Final = frozenset({"po", "pod", "pods"})
_SPELLED: Final = "A name is web or svc/web; in a namespace, {name} -n {kind}"
_LAST_PORT: Final = 65535
_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_CODE: Final = re.compile(r"KSV\d+")
_LABEL: Final = re.compile(r"(?P<key>[A-Za-z0-9][A-Za-z0-9._/-]*)\s*==?\s*(?P<value>[A-Za-z0-9._-]*)")


def service_names(words: Sequence[str]) -> tuple[str, ...]:
    """Return the names in `web`, `svc/web`, `service/web`, `services/web`, each once.

    Raises:
        UsageError: A word names no Service.
    """
    return tuple(dict.fromkeys(_name(word, _SERVICE, "Service", _SPELLED) for word in words))


def pod_names(words: Sequence[str]) -> tuple[str, ...]:
    """Return the names in `web-1`, `po/web-1`, `pod/web-1`, `pods/web-1`, each once.

    Raises:
        UsageError: A word names no pod.
    """
    return tuple(dict.fromkeys(_name(word, _POD, "pod", "A name is web-1 or pod/web-1.") for word in words))


def _name(word: str, kinds: frozenset[str], what: str, hint: str) -> str:
    kind, slash, name = word.rpartition("/")
    if slash and kind.lower() not in kinds:
        shown = hint.format(name=one_line(name), kind=one_line(kind) or "NAME")
        raise UsageError(f'"{one_line(word)}" does not name a {what}', shown)
    return path_segment(name if slash else word, what)


def path_segment(name: str, what: str) -> str:
    """Return a name that can stand in a path (apimachinery rest/validate.go, IsValidPathSegmentName).

    Raises:
        UsageError: It cannot.
    """
    if not name or name in {".", ".."} or "/" in name or "%" in name or not name.isprintable():
        raise UsageError(f'"{one_line(name)}" is not the name of a {what}')
    return name


def port(text: str) -> str:
    """Return `80`, `53/UDP` or a port's name as it is, its number and protocol spelled as the API does.

    Raises:
        UsageError: It is no number that a port can have, or cannot be a name.
    """
    number, slash, protocol = text.partition("/")
    if not number.isdecimal() or not number.isascii():
        return path_segment(text, "port") if text else ""
    if not 1 <= int(number) <= _LAST_PORT:
        raise UsageError(f'--port "{one_line(text)}" is not a port', f"Ports are 1 to {_LAST_PORT}.")
    if slash and protocol.upper() not in _PROTOCOLS:
        known = ", ".join(f"{number}/{name}" for name in _PROTOCOLS)
        raise UsageError(f'--port "{one_line(text)}" has no protocol of Services', f"Write {known}.")
    return f"{int(number)}{slash}{protocol.upper()}"


def rule_codes(words: Sequence[str]) -> tuple[str, ...]:
    """Return the cause codes among the words; a Service cannot have such a name, which is in upper case."""
    return tuple(word for word in words if _CODE.fullmatch(word))


def labels(text: str) -> Selector:
    """Return the requirements of `app=web,tier==front`.

    Raises:
        UsageError: It is anything else, also where kubectl would take it: `!=`, `in`, a key alone.
    """
    if not text.strip():
        return EVERYTHING
    requirements: set[tuple[str, str]] = set()
    for part in text.split(","):
        match = _LABEL.fullmatch(part.strip())
        if match is None:
            raise UsageError(
                f'"{one_line(part)}" is not a label that a Service can be selected by',
                "Give labels and their values, as app=web,tier=front.",
            )
        requirements.add((match["key"], match["value"]))
    return frozenset(requirements)


def moment(text: str) -> datetime | None:
    """Return a moment, in UTC where it names no zone; None for no text.

    Raises:
        UsageError: It is no ISO 8601 date and time.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # at either end of time UTC may have no such year
        raise UsageError(
            f'--at "{one_line(text)}" is not a date and time', "Write it as 2026-01-31T14:02:31Z."
        ) from None
