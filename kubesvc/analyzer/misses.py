"""How a selector misses pods and workloads, and whether something speaks for their being meant."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import workloads as behind
from kubesvc.analyzer.differences import (
    ALIASES,
    RELEASES,
    ROLES,
    Difference,
    Grounds,
    concerns,
    differences,
    is_name,
    is_one_of,
)
from kubesvc.analyzer.errands import JOB
from kubesvc.analyzer.likeness import Likeness, is_within, likeness
from kubesvc.model.objects import Obj, Ref, Service, Workload
from kubesvc.model.selector import Selector

PARTS: Final = frozenset({*ROLES, *RELEASES})
"""Label keys that tell the parts of an application apart, or its releases."""
VARIANTS: Final = frozenset({"color", "version", "track", "slot", "revision"})
"""Label keys that tell variants of one deployment apart, of which one takes the place of another."""


class Miss(Struct, frozen=True):
    """Pods that are alike, or the template of a workload without any, and how the selector misses them.

    `maker` is what seems to make them; `held` is what they have of the selector;
    `unwritten` are the keys as of a candidate.
    """

    maker: Ref
    pods: tuple[Obj, ...]
    held: Selector
    differences: tuple[Difference, ...]
    selector: Selector
    unwritten: tuple[str, ...] = ()

    @property
    def met(self) -> Selector:
        """What they have of the selector, however it is spelled."""
        spelled = {one for one in self.differences if one.new_key and one.grounds is Grounds.SURE}
        return self.held | {(one.key, one.value) for one in spelled}

    @property
    def of_part(self) -> bool:
        """Whether nothing but another kind of part, as the database is, keeps them from being meant."""
        return all(one.part or one.grounds is not Grounds.NOTHING for one in self.differences)


def misses(service: Service, pods: tuple[Obj, ...], workloads: tuple[Workload, ...]) -> Iterator[Miss]:
    """Yield the pods of each maker by the labels that matter, and the templates of workloads without pods."""
    groups: dict[tuple[Ref, Selector], list[Obj]] = {}
    for pod in pods:
        labels = frozenset(label for label in pod.metadata.labels.items() if concerns(service, *label))
        groups.setdefault((behind.maker(pod), labels), []).append(pod)
    by_ref = {workload.ref: workload for workload in workloads}
    carried: dict[Ref, set[str]] = {}
    for maker, labels in groups:
        carried.setdefault(maker, set()).update(key for key, _ in labels)
    for (maker, labels), members in groups.items():
        workload = by_ref.get(maker)
        miss = _miss(service, maker, dict(labels), tuple(members), workload)
        yield replace(miss, unwritten=_unwritten(miss, carried[maker], workload)) if workload else miss
    for workload in _without_pods(workloads, pods, {maker for maker, _ in groups}):
        yield _miss(service, workload.ref, workload.spec.template.metadata.labels, (), workload)


def _unwritten(miss: Miss, carried: AbstractSet[str], workload: Workload) -> tuple[str, ...]:
    """Return the keys it differs in that pods of the workload carry, and its template does not.

    Something gives them to running pods, as who elects a primary does: another value need not be a mistake.
    """
    unlike = [one for one in miss.differences if one.grounds is not Grounds.SURE]
    keys = {key for one in unlike for key in (one.key, one.new_key)}
    return tuple(sorted((keys & carried) - workload.spec.template.metadata.labels.keys()))


def _without_pods(
    workloads: Iterable[Workload], pods: tuple[Obj, ...], makers: AbstractSet[Ref]
) -> Iterator[Workload]:
    """Yield the workloads that select none of the pods, although who makes a pod is not always plain."""
    carried = {label for pod in pods for label in pod.metadata.labels.items()}
    for workload in workloads:
        # The usual case costs no look at each pod.
        possible = carried.issuperset(workload.spec.selector.match_labels.items())
        if workload.ref not in makers and not (possible and any(behind.selects(workload, p) for p in pods)):
            yield workload


def _miss(
    service: Service, maker: Ref, labels: Mapping[str, str], pods: tuple[Obj, ...], workload: Workload | None
) -> Miss:
    own = workload.metadata.labels if workload else {}
    missed = differences(service, labels, own)
    held = frozenset(service.spec.selector.items()) - {(one.key, one.value) for one in missed}
    after = held | {(one.new_key, one.new_value) for one in missed if one.new_key}
    nameless = any(not one.new_key and is_name(service, one.key, one.value) for one in missed)
    if workload and nameless and not any(is_name(service, *label) for label in after):
        # Without a name, what is left would select anybody; what the workload selects by itself does not.
        after = frozenset(workload.spec.selector.match_labels.items()) or after
    return Miss(maker, pods, held, missed, after)


def likely(service: Service, misses: Iterable[Miss]) -> frozenset[Selector]:
    """Return the selectors that something speaks for.

    Either for each of their differences, or for the pods as a whole: what makes them is called like the
    Service, or they alone bear the name of the application, and are not plainly another part of it. What
    is told apart on purpose is not meant.
    """
    known = tuple(misses)
    bearing = {name: _bearing(name, known) for name in {_name(service, miss) for miss in known} if name}
    return frozenset(
        miss.selector
        for miss in known
        if all(one.grounds < Grounds.NOTHING for one in miss.differences)
        or (is_namesake(service, miss.maker) and not _is_apart(miss))
        or (
            bearing.get(_name(service, miss)) == {miss.selector}
            and not _is_apart(miss)
            and not _of_others(service, miss)
        )
    )


def _is_apart(miss: Miss) -> bool:
    """Tell whether pods are told apart on purpose, as those of another environment or customer are."""
    return any(is_deliberate(one) for one in miss.differences)


def is_deliberate(difference: Difference) -> bool:
    """Tell whether a label has a wholly unlike value, and its key names no part, application or variant."""
    key = difference.new_key
    unlike = bool(key) and difference.grounds is Grounds.NOTHING
    return unlike and not is_one_of(key, PARTS.union(ALIASES, VARIANTS))


def _name(service: Service, miss: Miss) -> Selector:
    """Return what pods have of the selector that says which application they are."""
    return frozenset(label for label in miss.met if is_name(service, *label))


def _bearing(name: Selector, misses: Iterable[Miss]) -> set[Selector]:
    """Return the selectors for everybody who bears a name, but for Jobs."""
    return {miss.selector for miss in misses if name <= miss.met and miss.maker.kind != JOB}


def _of_others(service: Service, miss: Miss) -> bool:
    """Tell whether pods are another kind of part, or of another part or release than the Service says it is.

    One that is called as the whole application is for whatever there is of it that serves.
    """
    if any(one.part or one.kind for one in miss.differences):
        return True
    if any(likeness(service.metadata.name, value) <= Likeness.LETTERS for _, value in _name(service, miss)):
        return False
    return any(
        one.grounds is Grounds.NOTHING and is_one_of(one.new_key, PARTS) and _says(service, one)
        for one in miss.differences
    )


def _says(service: Service, difference: Difference) -> bool:
    """Tell whether the Service bears what it asks for, as a word of its name or as its own label."""
    named = is_within(service.metadata.name, difference.value)
    return named or service.metadata.labels.get(difference.key) == difference.value


def is_namesake(service: Service, maker: Ref) -> bool:
    """Tell whether what makes pods is called like the Service."""
    return likeness(service.metadata.name, maker.name) <= Likeness.LETTERS
