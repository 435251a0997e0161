"""Arguments → values: names as kubectl takes them, label selectors, moments."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from kubesvc.errors import UsageError
from kubesvc.model.objects import Ref
from kubesvc.model.selector import EVERYTHING, Selector
from kubesvc.model.text import one_line

_POD: Final = frozenset({"po", "pod", "pods"})
_LAST_PORT: Final = 65535
_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_KINDS: Final = {
    **dict.fromkeys(("svc", "service", "services"), "Service"),
    **dict.fromkeys(_POD, "Pod"),
    **dict.fromkeys(("deploy", "deployment", "deployments"), "Deployment"),
    **dict.fromkeys(("sts", "statefulset", "statefulsets"), "StatefulSet"),
    **dict.fromkeys(("ds", "daemonset", "daemonsets"), "DaemonSet"),
}
_APPS: Final = ("Deployment", "StatefulSet", "DaemonSet")
_GROUPS: Final = (".apps", ".v1.apps")
_SPELLED: Final = (
    "A name is web or svc/web, or pod/web-1, deploy/web, sts/web, ds/web; in a namespace, {name} -n {kind}"
)
_CODE: Final = re.compile(r"KSV\d+")
_LABEL: Final = re.compile(r"(?P<key>[A-Za-z0-9][A-Za-z0-9._/-]*)\s*==?\s*(?P<value>[A-Za-z0-9._-]*)")


class Named(NamedTuple):
    """Names of Services, and the other objects, which bear no namespace yet; each once."""

    services: tuple[str, ...]
    others: tuple[Ref, ...]


def named(words: Sequence[str]) -> Named:
    """Return what words name as kubectl takes them: `web`, `svc/web`, `pod/web-1`, `deployment.apps/web`.

    Raises:
        UsageError: A word names none of these.
    """
    refs = tuple(dict.fromkeys(map(_ref, words)))
    services = tuple(ref.name for ref in refs if ref.kind == "Service")
    return Named(services, tuple(ref for ref in refs if ref.kind != "Service"))


def _ref(word: str) -> Ref:
    written, slash, name = word.rpartition("/")
    kind = _kind(written.lower()) if slash else "Service"
    if kind is None:
        shown = _SPELLED.format(name=one_line(name), kind=one_line(written) or "NAME")
        raise UsageError(f'"{one_line(word)}" names no Service, pod or workload', shown)
    return Ref(kind, "", path_segment(name if slash else word, kind if kind != "Pod" else "pod"))


def _kind(written: str) -> str | None:
    """Return the kind behind a resource, which may bear its group."""
    group = next((group for group in reversed(_GROUPS) if written.endswith(group)), "")
    kind = _KINDS.get(written.removesuffix(group))
    return kind if not group or kind in _APPS else None


def pod_names(words: Sequence[str]) -> tuple[str, ...]:
    """Return the names in `web-1`, `po/web-1`, `pod/web-1`, `pods/web-1`, each once.

    Raises:
        UsageError: A word names no pod.
    """
    return tuple(dict.fromkeys(map(_pod, words)))


def _pod(word: str) -> str:
    kind, slash, name = word.rpartition("/")
    if slash and kind.lower() not in _POD:
        raise UsageError(f'"{one_line(word)}" does not name a pod', "A name is web-1 or pod/web-1.")
    return path_segment(name if slash else word, "pod")


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
