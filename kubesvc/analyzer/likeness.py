"""Whether one name was meant by another, as a person would see it: the same letters, more words, a slip."""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Final

_SEPARATORS: Final = re.compile(r"[-_./]+")
_NUMBER: Final = re.compile(r"\d+")
_LETTERS_A_SLIP: Final = 4
"""A slip is believed once in so many letters: `db` is no misspelled `dc`, nor `api` a misspelled `app`."""
_SHORTEST_BEGINNING: Final = 3
_PARTS: Final = tuple(
    frozenset(words.split())
    for words in (
        """db database databases sql postgres postgresql pg mysql mariadb mongo mongodb cassandra couchdb
        clickhouse etcd elasticsearch opensearch redis valkey""",
        "cache redis valkey memcached memcache varnish",
        "queue broker mq amqp rabbitmq activemq kafka nats",
        """worker workers consumer consumers celery sidekiq cron cronjob cronjobs scheduler job jobs migrate
        migrator migration migrations backup backups""",
        "metrics metric exporter prometheus monitoring monitor telemetry statsd",
    )
)
"""Words that name what an application has beside what it serves, those of one kind of part together."""


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
    PART = 7
    """What one goes on with names another kind of part: `web-db` is the database of `web`."""
    UNLIKE = 8


@lru_cache(maxsize=4096)
def likeness(one: str, other: str) -> Likeness:
    """Compare two names, in either order with the same result."""
    if one == other:
        return Likeness.SAME
    few, many = _sorted(one, other)
    if not few:
        return Likeness.UNLIKE
    if "".join(few) == "".join(many):
        return Likeness.LETTERS
    how = _by_words(few, many) or _by_letters(few, many)
    return Likeness.PART if how is not Likeness.UNLIKE and part(few[-1], _after(few, many)) else how


def nearest_first(name: str, others: Iterable[str]) -> list[str]:
    """Sort names by how they stand for one that was named, equally near ones by letter."""
    return sorted(others, key=lambda other: (likeness(name, other), other))


def part(word: str, after: Iterable[str]) -> str:
    """Return the word of those that stand `after` a word that names another kind of part, empty if none does.

    The last word of a name tells what it is, and those before it of what: `db-worker` is a worker.
    """
    return next((other for other in after if _kinds(other) and _kinds(word).isdisjoint(_kinds(other))), "")


def other_part(one: str, other: str) -> str:
    """Return the word by which one of two names is that of another kind of part, empty where none is."""
    if likeness(one, other) is not Likeness.PART:
        return ""
    few, many = _sorted(one, other)
    return part(few[-1], _after(few, many))


def other_kind(name: str, others: Iterable[str]) -> str:
    """Return the last word of a name if it names a kind of part, and no word of the others the same kind."""
    *_, last = "", *_words(name)
    known = frozenset(kind for other in others for word in _words(other) for kind in _kinds(word))
    return last if _kinds(last) and known.isdisjoint(_kinds(last)) else ""


def is_within(one: str, other: str) -> bool:
    """Tell whether one of two names has all the words of the other, whatever it goes on with."""
    few, many = _sorted(one, other)
    return bool(few) and (set(few) <= set(many) or "".join(few) == "".join(many))


def _kinds(word: str) -> frozenset[int]:
    return frozenset(kind for kind, words in enumerate(_PARTS) if _NUMBER.sub("", word) in words)


def _after(few: list[str], many: list[str]) -> list[str]:
    """Return what of the longer name stands after all that is there of the shorter one."""
    for at, word in reversed(list(enumerate(many))):
        for one in few:
            if _is_word(one, word):
                return many[at + 1 :]
            if len(one) >= _SHORTEST_BEGINNING and word.startswith(one):
                return [word.removeprefix(one), *many[at + 1 :]]
    return []


def _by_words(few: list[str], many: list[str]) -> Likeness | None:
    if not set(few) <= set(many):
        return None
    return Likeness.PREFIXED if few[-1] == many[-1] else Likeness.EXTENDED


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


def _sorted(one: str, other: str) -> tuple[list[str], list[str]]:
    few, many = sorted((_words(one), _words(other)), key=lambda words: (len(words), words))
    return few, many


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
