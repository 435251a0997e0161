"""Which of the names that exist a person meant who wrote one that does not."""

import re
from collections.abc import Iterable
from typing import Final

from kubesvc.analyzer.likeness import Likeness, likeness

_MOST: Final = 3
_SHORTEST_PART: Final = 3
_GENERATED: Final = re.compile(r"(-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""What a controller adds to names of pods (apimachinery rand.go): a hash of the template, random letters."""


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return what is near to a name, surest first, three at most."""
    ranks = _ranks(name, known)
    return tuple(sorted(ranks, key=lambda other: (ranks[other], other)))[:_MOST]


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return what is near to a name and as near as nothing else is, in order of appearance."""
    ranks = _ranks(name, known)
    return tuple(other for other in ranks if ranks[other] == min(ranks.values()))


def _ranks(name: str, known: Iterable[str]) -> dict[str, Likeness]:
    found = {other: _how(name.casefold(), other.casefold()) for other in known}
    return {other: how for other, how in found.items() if how < Likeness.UNLIKE}


def _how(name: str, other: str) -> Likeness:
    """Tell how near a name is: as names are alike, or as only what somebody writes is to what is there."""
    how = likeness(name, other)
    if how is Likeness.UNLIKE and _is_slip(name, other):
        return Likeness.SLIP
    if how is Likeness.UNLIKE and (_begins_word(name, other) or _was_replaced(name, other)):
        return Likeness.BEGINNING
    return how


def _is_slip(name: str, other: str) -> bool:
    """Tell whether one letter is missing or two are swapped, which is a slip also in the shortest names."""
    short, long = sorted((name, other), key=len)
    without = {long[:at] + long[at + 1 :] for at in range(len(long))}
    swapped = {long[:at] + long[at : at + 2][::-1] + long[at + 2 :] for at in range(len(long))}
    return len(short) > 1 and short in without | swapped


def _begins_word(name: str, other: str) -> bool:
    """Tell whether some word of what is there begins so: `front` of `shop-frontend`."""
    return len(name) >= _SHORTEST_PART and f"-{name}" in other


def _was_replaced(name: str, other: str) -> bool:
    """Tell whether both are names of pods of one workload: one that is gone, and one that is there now."""
    return _GENERATED.sub("", name) == _GENERATED.sub("", other)
