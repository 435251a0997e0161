"""Port numbers in arguments and environment, with the flag or variable that names them, and nothing else."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"-{0,2}[A-Za-z][A-Za-z0-9._-]{0,63}")
_NUMBER: Final = re.compile(
    r"(?:[a-z]+://)?(?:(?:\[[0-9A-Fa-f:.]*\]|\$[({]\w+[)}]|[A-Za-z0-9.-]*|\*):)?(?P<number>[0-9]{1,5})(?:/|/tcp|/udp)?"
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_NAMING: Final = frozenset({"port", "ports", "listen", "listener", "bind", "addr", "address"})
"""Last words of flags and variables that name a port, or an address with one: not of `--bind-password`."""
_SHORT: Final = frozenset({"-p", "-b"})
"""Short flags that many programs read so: of a port, and of an address to bind."""
_ENDS: Final = ("/", "/tcp", "/udp")
_QUOTES: Final = str.maketrans("", "", "\"';")
_LAST: Final = 65535


class ArgumentPort(NamedTuple):
    """A port, and the flag or variable that names it, as written there."""

    flag: str
    number: int


def named(words: Iterable[str], variables: Iterable[tuple[str, str]]) -> tuple[ArgumentPort, ...]:
    """Return the ports in the words of a command, and in variables that are set for it, each once.

    `--port=80`, `--port 80`, `-p 80`, `-Dserver.port=80`, `--listen-address=:80`, `PORT=80`; also within the
    words of a shell's `-c`. A value that is a list is left out.
    """
    tokens = [token.translate(_QUOTES) for word in words for token in word.split()]
    found = (*_flags(tokens), *variables)
    ports = [ArgumentPort(name, number) for name, value in found if (number := _number(value))]
    return tuple(dict.fromkeys(port for port in ports if _names_port(port.flag)))


def _flags(tokens: list[str]) -> Iterator[tuple[str, str]]:
    """Yield `NAME=VALUE`, and a flag with the word after it."""
    for token, following in pairwise([*tokens, ""]):
        name, given, value = token.partition("=")
        if given:
            yield name, value
        elif token.startswith("-"):
            yield name, following


def _names_port(name: str) -> bool:
    return name in _SHORT or (_NAME.fullmatch(name) is not None and parts(name)[-1] in _NAMING)


def parts(name: str) -> list[str]:
    """Return the words of a flag or variable in lower case: `--httpListenAddr` → http, listen, addr.

    Java's `-D` before a property is none of them.
    """
    bare = name.removeprefix("-D") if name[2:3].islower() else name
    return [word.lower() for word in _WORD.findall(bare)]


def _number(value: str) -> int | None:
    if not value[-1:].isdigit() and not value.endswith(_ENDS):  # most are told by their end, at no cost
        return None
    match = _NUMBER.fullmatch(value)
    number = int(match["number"]) if match else 0
    return number if 0 < number <= _LAST else None
