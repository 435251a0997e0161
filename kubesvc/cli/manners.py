"""What kubectl's flag parser forgives and typer's does not, settled before typer sees the arguments."""

from collections.abc import Collection, Sequence
from typing import Final

_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})  # strconv.ParseBool
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def settle(arguments: Sequence[str], valued: Collection[str]) -> list[str]:
    """Return the arguments with `-n=x` as `-n x`, and switches without `=true`.

    `valued` are the options that take a value. What follows `--` is left alone.
    """
    settled: list[str] = []
    rest = list(arguments)
    while rest and rest[0] != "--":
        word = rest.pop(0)
        settled += _settled(word, valued)
        if word in valued and rest:
            settled.append(rest.pop(0))
    return [*settled, *rest]


def lead(settled: Sequence[str], valued: Collection[str]) -> list[str]:
    """Return settled arguments with the command first, and after it the options that stood before it."""
    at = 0
    while at < len(settled) and settled[at].startswith("-") and settled[at] != "--":
        at += 2 if settled[at] in valued else 1
    return [*settled[at : at + 1], *settled[:at], *settled[at + 1 :]]


def _settled(word: str, valued: Collection[str]) -> list[str]:
    name, equals, value = word.partition("=")
    if not equals or not name.startswith("-"):
        return [word]
    if name in valued:
        return [name, value]
    if value in _TRUE:
        return [name]
    return [] if value in _FALSE else [word]


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether `-o json` is among the arguments, however much is wrong with the others."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(
        word in {"-ojson", "-o=json", "--output=json"} or (word in {"-o", "--output"} and value == "json")
        for word, value in pairs
    )
