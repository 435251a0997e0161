"""Whether one name was meant by another, as a person would see it: the same letters, more words, a slip."""

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

_SEPARATORS: Final = re.compile(r"[-_./]+")
_NUMBER: Final = re.compile(r"\d+")
_LETTERS_A_SLIP: Final = 4
"""A slip is believed once in so many letters: `db` is no misspelled `dc`, nor `api` a misspelled `app`."""
_SHORTEST_BEGINNING: Final = 3


class Likeness(IntEnum):
    """How one name stands for another, surest first."""

    SAME = 0
    LETTERS = 1
    """Only letter case or separators differ."""
    PREFIXED = 2
    """Words before the last are there in one alone: `shop-web` is the `web` of a release."""
    EXTENDED = 3
    """Other words are there in one alone: `web-admin` is something about `web`."""
    NUMBERED = 4
    """Only numbers differ: `web-v1`, `web-v2`."""
    SLIP = 5
    BEGINNING = 6
    """One begins as the other is: `front`, `frontend`."""
    UNLIKE = 7


@lru_cache(maxsize=4096)
def likeness(one: str, other: str) -> Likeness:
    """Compare two names, in either order with the same result."""
    if one == other:
        return Likeness.SAME
    few, many = sorted((_words(one), _words(other)), key=lambda words: (len(words), words))
    if not few:
        return Likeness.UNLIKE
    if "".join(few) == "".join(many):
        return Likeness.LETTERS
    if set(few) <= set(many):
        return Likeness.PREFIXED if few[-1] == many[-1] else Likeness.EXTENDED
    return _by_letters(few, many)


def _by_letters(few: list[str], many: list[str]) -> Likeness:
    short, long = sorted(("".join(few), "".join(many)), key=lambda text: (len(text), text))
    letters = {_NUMBER.sub("", text) for text in (short, long)}
    if len(letters) == 1 and letters != {""}:
        return Likeness.NUMBERED
    if _is_slip(few, many):
        return Likeness.SLIP
    if len(short) >= _SHORTEST_BEGINNING and long.startswith(short):
        return Likeness.BEGINNING
    return Likeness.UNLIKE


def _is_slip(few: list[str], many: list[str]) -> bool:
    """Tell whether each word is meant by one of the others; that the rest agrees makes no slip smaller."""
    if len(few) == len(many):
        return all(map(_is_word, few, many))
    together = len(few) == 1 and _is_word(few[0], "".join(many))
    return together or all(any(_is_word(word, other) for other in many) for word in few)


def _is_word(one: str, other: str) -> bool:
    return _distance(one, other) <= max(len(one), len(other)) // _LETTERS_A_SLIP


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name.casefold()) if word]


def _distance(one: str, other: str) -> int:
    """Count the letters to add, remove, replace or swap with the next (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, opposite in enumerate(other, start=1):
            best = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != opposite))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == opposite
            line.append(min(best, before[column - 2] + 1) if swapped else best)
        before, above = above, line
    return above[-1]
