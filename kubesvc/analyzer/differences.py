"""In what labels differ from what a Service selects, and what speaks for each change of a requirement."""

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kubesvc.analyzer.likeness import Likeness, likeness, other_kind, other_part
from kubesvc.analyzer.listening import ASIDE, is_aside
from kubesvc.analyzer.workloads import NUMBERS
from kubesvc.model.objects import Service

ALIASES: Final = ("app", "app.kubernetes.io/name", "k8s-app", "run", "name")
"""Label keys that name an application, one for another."""
ROLES: Final = ("app.kubernetes.io/component", "component", "role", "tier", "app.kubernetes.io/name")
"""Label keys that tell the parts of an application apart, and applications."""
RELEASES: Final = ("app.kubernetes.io/instance", "release", "instance")
"""Label keys that name the release which an object belongs to, one for another: as charts do since there are
recommended labels, and did before."""
HASHES: Final = NUMBERS | {"pod-template-hash", "controller-revision-hash", "rollouts-pod-template-hash"}
"""Labels that tell pods of one workload apart: selecting by another value of them breaks soon again."""
VERSIONS: Final = frozenset({"app.kubernetes.io/version", "helm.sh/chart", "chart"})
"""Labels that say from what release of the software pods are: another value of them breaks with the next."""


class Grounds(IntEnum):
    """What speaks for one change, whatever the others are."""

    SURE = 0
    """It is the same word, or one that could not stay."""
    ALIKE = 1
    """It is a word alike."""
    NOTHING = 2


class Difference(Struct, frozen=True):
    """One requirement that labels do not meet, and the label that would stand for it, empty if it has to go.

    `how` completes "differs in …". Among equal `grounds` a smaller `distance` is the nearer. `part`: a word
    by which the label, or what is asked for, is about another kind of part, as a database is. `kind`: a word
    that is not alike, under a key that names nothing but parts, and is another kind of part, or beside the
    application: a worker is no UI, nor is what administers it.
    """

    key: str
    value: str
    new_key: str
    new_value: str
    how: str
    grounds: Grounds
    distance: int = 0
    part: str = ""
    kind: str = ""
    alike: Likeness = Likeness.SAME

    @property
    def is_slip(self) -> bool:
        """Whether no more than a slip, a prefix or a number tells what is asked for from what is there."""
        return self.alike <= Likeness.PREFIXED or self.alike in (Likeness.NUMBERED, Likeness.SLIP)


def differences(
    service: Service, labels: Mapping[str, str], own: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Return what a Service's selector and the `labels` of pods differ in; `own` are their workload's own."""
    required = service.spec.selector
    # A label that meets one requirement does not stand for another.
    free = {key: found for key, found in labels.items() if required.get(key) != found}
    return tuple(
        _difference(service, key, value, free, own)
        for key, value in sorted(required.items())
        if labels.get(key) != value
    )


def concerns(service: Service, key: str, found: str) -> bool:
    """Tell whether a label has anything to do with what a Service selects."""
    required = service.spec.selector
    if key in HASHES | VERSIONS:
        return required.get(key) == found
    return found in required.values() or any(_akin(key, other) is not _Akin.OTHER for other in required)


def is_name(service: Service, key: str, value: str) -> bool:
    """Tell whether a label says which application it is.

    By its key; or, where a Service selects by none of these keys, by bearing the Service's name: a release
    may bear it, too, and its database is another application.
    """
    if key in ALIASES or service.spec.selector.keys() & {*ALIASES}:
        return key in ALIASES
    return value == service.metadata.name


def _difference(
    service: Service, key: str, value: str, free: Mapping[str, str], own: Mapping[str, str]
) -> Difference:
    if key in HASHES:
        what = "label of one pod alone" if key in NUMBERS else "label that changes with each rollout"
        return Difference(key, value, "", "", f"a {what}", Grounds.SURE)
    if key in VERSIONS:
        return Difference(key, value, "", "", "a label that changes with each release", Grounds.SURE)
    options = [
        option
        for other, found in sorted(free.items())
        for option in _options(service, (key, value), (other, found))
    ]
    best = min(options, key=lambda option: (option.grounds, option.distance), default=None)
    if best and best.grounds < Grounds.NOTHING:
        return best
    if own.get(key) == value and key not in free:
        return Difference(key, value, "", "", "a label that only their workload carries", Grounds.SURE)
    return best or Difference(key, value, "", "", "a key that they lack", Grounds.NOTHING)


def is_one_of(key: str, keys: Iterable[str]) -> bool:
    """Tell whether a label key is one of some, however it is spelled, and whatever its prefix."""
    return any(_akin(key, other) <= _Akin.SPELLED for other in keys)


class _Akin(IntEnum):
    """How one label key stands for another."""

    SAME = 0
    SPELLED = 1
    ALIAS = 2
    OTHER = 3


@lru_cache(maxsize=4096)
def _akin(key: str, other: str) -> _Akin:
    if key == other:
        return _Akin.SAME
    if _name(key).casefold() == _name(other).casefold():
        return _Akin.SPELLED
    return _Akin.ALIAS if any({key, other} <= {*group} for group in (ALIASES, RELEASES)) else _Akin.OTHER


def _name(key: str) -> str:
    """Return a label key without its prefix."""
    return key.rpartition("/")[2]


def _options(service: Service, required: tuple[str, str], label: tuple[str, str]) -> Iterator[Difference]:
    (key, value), (other, found) = required, label
    akin, alike = _akin(key, other), likeness(value, found)
    if akin is _Akin.OTHER:
        # The value alone has to tell that it is the same label, so it has to be somebody's name.
        named = is_name(service, key, value) or is_name(service, other, found)
        if alike is Likeness.SAME and named:
            yield Difference(key, value, other, found, "key", Grounds.ALIKE, akin)
        return
    grounds = _grounds(service, value, found, alike)
    how = " and ".join(filter(None, (_of_key(key, other), _of_value(value, found, alike))))
    unlike = grounds is Grounds.NOTHING
    part = _part(value, found) or _part(service.metadata.name, found) if unlike else ""
    kind = _kind(service, value, found) if unlike and other in ROLES and other not in ALIASES else ""
    yield Difference(key, value, other, found, how, grounds, len(_Akin) * alike + akin, part, kind, alike)


def _part(wanted: str, found: str) -> str:
    """Return the word by which a label is about another kind of part than is asked for, empty if it is not.

    Where metrics or the like are asked for, the application itself may have a port for them.
    """
    word = other_part(wanted, found)
    return "" if word in ASIDE and is_aside(wanted) else word


def _kind(service: Service, value: str, found: str) -> str:
    """Return the word by which a value names another kind of part, or what is beside the application."""
    asked = (value, service.metadata.name)
    beside = is_aside(found) and not any(map(is_aside, asked))
    return found if beside else other_kind(found, asked)


def _grounds(service: Service, value: str, found: str, alike: Likeness) -> Grounds:
    if alike <= Likeness.LETTERS:
        return Grounds.SURE
    near = alike < Likeness.UNLIKE and not _part(value, found)
    return Grounds.ALIKE if near or _called(service, value, found) else Grounds.NOTHING


def _called(service: Service, value: str, found: str) -> bool:
    """Tell whether a value is the Service's name, or was and is a variant of it: web-green, web-blue."""
    name = service.metadata.name
    now, before = likeness(name, found), likeness(name, value)
    return now <= Likeness.PREFIXED or max(now, before) <= Likeness.EXTENDED


def _of_key(key: str, other: str) -> str:
    if key == other:
        return ""
    if key.casefold() == other.casefold():
        return "letter case of the key"
    return "key"


def _of_value(value: str, found: str, alike: Likeness) -> str:
    match alike:
        case Likeness.SAME:
            return ""
        case Likeness.LETTERS:
            return "letter case" if value.casefold() == found.casefold() else "separators"
        case _:
            return f"value{_affix(value, found)}"


def _affix(value: str, found: str) -> str:
    """Name what stands before or after the same words."""
    for word, whole, how in ((value, found, " by the"), (found, value, " without the")):
        if whole.endswith(f"-{word}"):
            return f"{how} prefix {whole.removesuffix(word)}"
        if whole.startswith(f"{word}-"):
            return f"{how} suffix {whole.removeprefix(word)}"
    return ""
