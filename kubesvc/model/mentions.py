"""Which Services a pod's arguments, environment and probes name: derived, so that none has to be kept.

A name is taken only where it is written as a host in the cluster, `NAME.NAMESPACE.svc`, or where the pod
carries the same word elsewhere: as a label's value, its subdomain, or the beginning of its own name. So
nothing is kept that could be a secret.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from kubesvc.model.objects import Pod

PEERS: Final = ("join", "peer", "seed", "member", "discover", "bootstrap", "gossip", "ensemble")
"""Words in the name of an argument or variable that ask for the other pods of the same application."""
GROUPS: Final = ("cluster", "initial", "node", "raft", "quorum", "replica", "route", "wait", "backend")
"""Words that do so where a host follows; of a bare word they may say only what it is called."""
LOOKUPS: Final = frozenset({"nslookup", "dig", "host", "getent"})
"""Programs of scripts that ask DNS alone."""
TOOLS: Final = LOOKUPS | {"nc", "curl", "wget", "ping"}
"""Programs of scripts that look a name up, or dial it."""

_MOST: Final = 20
_SUFFIXES: Final = ("", "-headless", "-hl", "-hs", "-svc", "-service", "-peers", "-discovery", "-internal")
"""What is put behind the name of an application to name its Service."""
_NAME: Final = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
_FLAG: Final = re.compile(r"(--?[A-Za-z][A-Za-z0-9._-]{0,60})(?:=|$)")
_VARIABLE: Final = re.compile(r"([A-Z][A-Z0-9_]{0,60})=")
_USE: Final = re.compile(r"\$(?:\{(\w+)[^}]*\}|\((\w+)\)|(\w+))")
_ITSELF: Final = re.compile(r"(?i:localhost|\b127\.\d|\b0\.0\.0\.0|::1\b|hostname|POD_IP)|(?<![\w$])[Hh]ost:")
"""How a probe asks its own pod; the name of the Service is then what a header says."""
_NEAR: Final = 2
"""How many words a name may stand behind the program that looks it up: `nc -z web 80`."""


class Mention(NamedTuple):
    """A Service that a container names.

    `by` is the argument, variable or program that does, as far as it may be told; `host`: written as one;
    `probe`: by the command of its readiness probe.
    """

    container: str
    by: str
    name: str
    host: bool
    probe: bool = False


class _Variable(msgspec.Struct):
    name: str = ""
    value: str | None = None


class _Command(msgspec.Struct):
    command: list[str] | None = None


class _Probe(msgspec.Struct):
    exec: _Command | None = None


class _Container(msgspec.Struct, rename="camel"):
    name: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[_Variable] | None = None
    readiness_probe: _Probe | None = None


class _Spec(msgspec.Struct, rename="camel"):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None


class _Document(msgspec.Struct):
    spec: _Spec


def mentions(raw: bytes | msgspec.Raw, pod: Pod) -> tuple[Mention, ...]:
    """Return what the containers of a pod name, each mention once."""
    try:
        spec = msgspec.json.decode(raw, type=_Document).spec
    except (msgspec.MsgspecError, RecursionError):
        return ()
    if not pod.metadata.namespace:  # of a manifest that names none
        return ()
    pattern = _pattern(pod)
    found: dict[Mention, None] = {}
    for container in (*(spec.init_containers or ()), *(spec.containers or ())):
        for texts, probe in ((_texts(container), False), (_asked(container), True)):
            for by, text in texts:
                for name, host in _named(pattern, text):
                    found.setdefault(Mention(container.name, by, name, host, probe))
    return tuple(found)[:_MOST]


def _texts(container: _Container) -> Iterator[tuple[str, str]]:
    """Yield each word of the arguments and each variable's value, with what it is given to."""
    for variable in container.env or ():
        yield variable.name, variable.value or ""
    words = _arguments(container)
    yield from _given(words, _values(container, words))


def _asked(container: _Container) -> Iterator[tuple[str, str]]:
    """Yield what the command of a readiness probe is given, unless it asks the pod itself, too."""
    probe = container.readiness_probe
    words = _words(probe.exec.command if probe and probe.exec else None)
    if not any(map(_ITSELF.search, words)):
        yield from _given(words, _values(container, words))


def _words(texts: Iterable[str] | None) -> list[str]:
    return [word for text in texts or () for word in text.split()]


def _arguments(container: _Container) -> list[str]:
    return _words((*(container.command or ()), *(container.args or ())))


def _values(container: _Container, words: Iterable[str]) -> dict[str, str]:
    """Return what is known of the variables that words may use: those of the container, or set by a word."""
    given = {variable.name: variable.value for variable in container.env or () if variable.value}
    found = ((match[1], word[match.end() :]) for word in words if (match := _VARIABLE.match(word)))
    return given | {name: value.strip("\"';") for name, value in found}


def _given(words: list[str], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each word with what it is given to; what a program is given in a variable once more, as it is."""
    for position, word in enumerate(words):
        before = words[max(0, position - _NEAR) : position]
        by = _given_to(word, before)
        yield by, word
        filled = _USE.sub(lambda use: values.get(use[1] or use[2] or use[3], use[0]), word)
        if by in TOOLS and filled != word:
            yield by, filled


def _given_to(word: str, before: list[str]) -> str:
    if flag := _FLAG.match(word):
        return _told(flag[1])
    if variable := _VARIABLE.match(word):
        return variable[1]
    if before and (flag := _FLAG.fullmatch(before[-1])) and (told := _told(flag[1])):
        return told
    return next((tool for tool in reversed(before) if tool in TOOLS), "")


def _told(flag: str) -> str:
    """Return a flag as it may be told: what follows a single dash may be its value, `-pSECRET`."""
    if flag.startswith("--"):
        return flag
    return next((f"-…{word}…" for word in (*PEERS, *GROUPS) if word in flag.lower()), "")


def _pattern(pod: Pod) -> re.Pattern[str]:
    """Return what finds `full` names, and `carried` ones, which are hosts if `dialed` or `host` is there."""
    meta, namespace = pod.metadata, re.escape(pod.metadata.namespace)
    parts = meta.name.split("-")
    words = {*meta.labels.values(), pod.spec.subdomain, *("-".join(parts[:n]) for n in range(1, len(parts)))}
    known = {word + suffix for word in words if re.fullmatch(_NAME, word) for suffix in _SUFFIXES}
    names = "|".join(sorted(map(re.escape, known), key=lambda name: (-len(name), name)))
    full = rf"(?<![\w-])(?P<full>{_NAME})\.{namespace}\.svc(?![\w-])"
    dialed = r"(?P<dialed>://|@|-\d+\.|[)}]\.)?"  # behind a scheme, a password, or the name of a pod
    host = rf"(?P<host>(?=(?:\.{namespace})?(?:\.svc(?![\w-])|:\d{{1,5}}(?!\d))|\.{namespace}(?![\w.-])))?"
    return re.compile(rf"{full}|{dialed}(?<![\w-])(?P<carried>{names or '(?!)'})(?![\w-]){host}")


def _named(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, bool]]:
    for found in pattern.finditer(text):
        if found["full"]:
            yield found["full"], True
        else:
            yield found["carried"], found["dialed"] is not None or found["host"] is not None
