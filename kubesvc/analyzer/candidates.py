"""Near misses: changes of a selector that would select the pods somebody probably meant."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import workloads
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import Obj, Ref, Service
from kubesvc.model.snapshot import Snapshot

ALIASES: Final = ("app", "app.kubernetes.io/name", "k8s-app", "run", "name")
"""Label keys that name an application, one for another."""
_SIMILAR: Final = 0.6
_UNLIKE: Final = 1.0
_SAME_APPLICATION: Final = 0.8
_NAMED: Final = 0.7


HASHES: Final = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "rollouts-pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels that tell pods of one workload apart: selecting by another value of them breaks soon again."""


class Pair(Struct, frozen=True):
    """How one requirement would have to change; `kind` names the way in which it differs.

    No `new_key`: it would have to go. From a `distance` of 1 on only the rest of the selector speaks for it.
    """

    key: str
    value: str
    new_key: str
    new_value: str
    kind: str
    distance: float


class Candidate(Struct, frozen=True):
    """Pods of one owner with the changed requirements that would select them."""

    owner: Ref
    pods: tuple[Obj, ...]
    pairs: tuple[Pair, ...]

    @property
    def requirements(self) -> str:
        """The changed part of the selector, as it would be."""
        return ",".join(
            f"{pair.new_key}={pair.new_value}" if pair.new_key else f"no {pair.key}" for pair in self.pairs
        )

    @property
    def likely(self) -> bool:
        """Whether something speaks for each change, so that it can be offered as a fix."""
        return all(pair.distance < _UNLIKE for pair in self.pairs)

    def change(self, service: Service) -> Change:
        """Return the change of the Service's selector."""
        ops: list[Op] = []
        for pair in self.pairs:
            if pair.new_key != pair.key:
                ops.append(Op(("spec", "selector", pair.key), ABSENT))
            if pair.new_key:
                ops.append(Op(("spec", "selector", pair.new_key), pair.new_value))
        return Change(service.ref, tuple(ops))


def near_misses(snapshot: Snapshot, service: Service, pods: Iterable[Obj]) -> tuple[Candidate, ...]:
    """Return the candidates among `pods`, nearest first.

    Ranked by how many requirements differ, then how far, then pods of a workload named like the Service, then
    how many pods. Finished pods' metadata is not told apart here: the outcome of each change is simulated.
    """
    near: dict[tuple[Pair, ...], list[Obj]] = {}
    for pod in pods:
        if pairs := _pairs(service, pod.metadata.labels):
            near.setdefault(pairs, []).append(pod)
    nearest = sorted(near, key=lambda pairs: _rank(pairs, len(near[pairs])))[:_MOST]
    # All owners at once: each group by itself would ask in a round, and with requests, of its own.
    owners = workloads.by_owner(snapshot, (pod for pairs in nearest for pod in near[pairs]))
    found: list[Candidate] = []
    for pairs in nearest:
        group = {pod.ref for pod in near[pairs]}
        for ref, members in sorted(owners.items()):
            mine = tuple(pod for pod in members if pod.ref in group)
            found += [Candidate(ref, mine, pairs)] if mine else []
    name = service.metadata.name
    found.sort(key=lambda c: (*_rank(c.pairs, 0), c.owner.name != name, -len(c.pods), c.owner))
    return tuple(found)


_MOST: Final = 5


def _rank(pairs: tuple[Pair, ...], size: int) -> tuple[int, float, int]:
    return (len(pairs), sum(pair.distance for pair in pairs), -size)


def _pairs(service: Service, labels: dict[str, str]) -> tuple[Pair, ...]:
    """Return the changes that make the selector match `labels`; empty where they are not near."""
    pairs: list[Pair] = []
    selector = service.spec.selector
    # Where the name of the application agrees, another value of the rest may be meant, however it is spelled.
    named = any(labels.get(key) == value for key, value in selector.items() if key in ALIASES)
    unlike = _SAME_APPLICATION if named else _UNLIKE
    for key, value in sorted(selector.items()):
        if labels.get(key) == value:
            continue
        pair = _nearest(key, value, labels, _NAMED if labels.get(key) == service.metadata.name else unlike)
        if pair is None:
            return ()
        pairs.append(pair)
    agreeing = len(selector) - len(pairs)
    # A guess must rest on something: a requirement that holds, or values alike.
    alike = all(pair.new_key and pair.distance < _UNLIKE for pair in pairs)
    return tuple(pairs) if pairs and (agreeing or alike) else ()


def _nearest(key: str, value: str, labels: dict[str, str], unlike: float) -> Pair | None:
    if key in HASHES:
        return Pair(key, value, "", "", "a label that changes with each rollout", 0.3)
    options = [
        Pair(key, value, other, labels[other], *_difference(key, value, other, labels[other], unlike))
        for other in labels
        if other == key or _is_alias(key, other)
    ]
    return min(options, key=lambda pair: (pair.distance, pair.new_key != key, pair.new_key), default=None)


def _is_alias(key: str, other: str) -> bool:
    return (key in ALIASES and other in ALIASES) or key.lower() == other.lower()


def _difference(key: str, value: str, other: str, found: str, unlike: float) -> tuple[str, float]:
    same_key = key == other
    if value == found:
        return ("letter case of the key" if key.lower() == other.lower() else "key", 0.1)
    if value.lower() == found.lower():
        return ("letter case" if same_key else "key and letter case", 0.05 if same_key else 0.15)
    ratio = _likeness(value, found)
    distance = 1 - ratio if ratio >= _SIMILAR else unlike
    return ("value" if same_key else "key and value", distance + (0 if same_key else 0.1))


def _likeness(value: str, found: str) -> float:
    """Compare two values from 0 to 1; a release prefix or suffix makes them alike whatever its length."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a near miss needs it

    ratio = SequenceMatcher(None, value, found, autojunk=False).ratio()
    one, other = sorted((value, found), key=len)
    added = other.startswith(f"{one}-") or other.endswith(f"-{one}")
    return max(ratio, _AFFIXED) if added else ratio


_AFFIXED: Final = 0.75
