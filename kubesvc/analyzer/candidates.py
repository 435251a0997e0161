"""Near misses: changes of a selector that would select the pods somebody probably meant."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import workloads as behind
from kubesvc.analyzer.differences import Difference, Grounds, concerns, differences, is_name
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.model import selector
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import Obj, Ref, Service, Workload
from kubesvc.model.selector import Selector
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import topology

_MOST: Final = 5
"""So many different changes are looked at closely."""


class Candidate(Struct, frozen=True):
    """Pods of one owner, or a workload that has none, with the selector that would select them.

    `held` is what they have of the selector as it is. `likely`: something speaks for the change, so that it
    can be offered. `too`: of which other owners it would select how many pods along with them.
    """

    owner: Ref
    pods: tuple[Obj, ...]
    differences: tuple[Difference, ...]
    held: Selector
    selector: Selector
    likely: bool
    too: tuple[tuple[Ref, int], ...] = ()

    @property
    def kinds(self) -> str:
        """In what it differs, as words."""
        return " and ".join(dict.fromkeys(difference.how for difference in self.differences))

    @property
    def requirements(self) -> str:
        """Write the changed part of the selector, as it would be."""
        added = sorted(self.selector - self.held)
        gone = [difference.key for difference in self.differences if not difference.new_key]
        return ",".join([*(f"{key}={value}" for key, value in added), *(f"no {key}" for key in gone)])

    def change(self, service: Service) -> Change:
        """Return the change of the Service's selector."""
        before, after = service.spec.selector, dict(self.selector)
        path = ("spec", "selector")
        gone = [Op((*path, key), ABSENT) for key in sorted(before.keys() - after.keys())]
        put = [
            Op((*path, key), value, new=key not in before)
            for key, value in sorted(self.selector - before.items())
        ]
        return Change(service.ref, (*gone, *put))


class _Miss(Struct, frozen=True):
    """Pods that are alike, or the template of a workload without any, and how the selector misses them.

    `maker` is what seems to make them; `held` is what they have of the selector.
    """

    maker: Ref
    pods: tuple[Obj, ...]
    held: Selector
    differences: tuple[Difference, ...]
    selector: Selector

    @property
    def met(self) -> Selector:
        """What they have of the selector, however it is spelled."""
        spelled = {one for one in self.differences if one.new_key and one.grounds is Grounds.SURE}
        return self.held | {(one.key, one.value) for one in spelled}


def near_misses(
    snapshot: Snapshot, service: Service, pods: Iterable[Obj], workloads: Iterable[Workload] = ()
) -> tuple[Candidate, ...]:
    """Return the candidates among `pods`, and among `workloads` that have none of them, nearest first.

    Finished pods' metadata is not told apart here: the outcome of each change is simulated.

    Raises:
        Unread: owners of pods that are near, or that a change would select, were never read.
    """
    everyone = tuple(pods)
    near = _near(service, list(_misses(service, everyone, tuple(workloads))))
    selected = {
        one: [pod for pod in everyone if selector.matches(one, pod.metadata.labels)]
        for one in {candidate.selector for candidate in near}
    }
    owners = _owners(snapshot, (*(candidate.pods for candidate in near), *selected.values()))
    found: dict[tuple[Ref, Selector], Candidate] = {}
    for candidate in near:
        for owner, members in _by_owner(candidate, owners).items():
            key = (owner, candidate.selector)
            one = found.get(key) or replace(candidate, owner=owner, pods=())
            found[key] = replace(one, pods=(*one.pods, *members))
    complete = (replace(one, too=_too(one, selected[one.selector], owners)) for one in found.values())
    return tuple(sorted(complete, key=lambda candidate: rank(service, candidate)))


def _near(service: Service, misses: list[_Miss]) -> list[Candidate]:
    """Return what is near, nearest first, by what seems to make the pods; not all the changes there are."""
    likely = _likely(service, misses)
    near = [
        Candidate(miss.maker, miss.pods, miss.differences, miss.held, miss.selector, miss.selector in likely)
        for miss in misses
        if miss.selector and miss.differences and (miss.met or miss.selector in likely)
    ]
    near.sort(key=lambda candidate: rank(service, candidate))
    nearest = list(dict.fromkeys(candidate.selector for candidate in near))[:_MOST]
    return [candidate for candidate in near if candidate.selector in nearest]


def _owners(snapshot: Snapshot, groups: Iterable[Iterable[Obj]]) -> dict[Ref, Ref]:
    """Return the owner of each pod; all are asked for at once: each change would cost a round of its own."""
    each = {pod.ref: pod for group in groups for pod in group}
    found = behind.by_owner(snapshot, each.values())
    return {pod.ref: owner for owner, pods in found.items() for pod in pods}


def _by_owner(candidate: Candidate, owners: Mapping[Ref, Ref]) -> dict[Ref, list[Obj]]:
    """Group a candidate's pods; a workload without any stands for itself."""
    groups: dict[Ref, list[Obj]] = {} if candidate.pods else {candidate.owner: []}
    for pod in candidate.pods:
        groups.setdefault(owners[pod.ref], []).append(pod)
    return groups


def _too(
    candidate: Candidate, selected: Iterable[Obj], owners: Mapping[Ref, Ref]
) -> tuple[tuple[Ref, int], ...]:
    counts = Counter(owners[pod.ref] for pod in selected)
    return tuple(sorted((ref, number) for ref, number in counts.items() if ref != candidate.owner))


def nearness(service: Service, candidate: Candidate) -> tuple[Any, ...]:
    """Return how near a candidate is, as a person would ask; a smaller tuple is nearer, equal ones are equal.

    Does something speak for it, and is it no Job? How much was written wrongly, and how surely is the same
    meant? Is it called like the Service? What differs least?
    """
    grounds = Counter(difference.grounds for difference in candidate.differences)
    return (
        not candidate.likely,
        candidate.owner.kind == _JOB,
        grounds[Grounds.NOTHING],
        grounds[Grounds.ALIKE],
        likeness(service.metadata.name, candidate.owner.name),
        sorted((difference.distance for difference in candidate.differences), reverse=True),
    )


def rank(service: Service, candidate: Candidate, ready: int = 0) -> tuple[Any, ...]:
    """Return what candidates are sorted by: equally near ones by who has more `ready` pods, or more pods."""
    near, size = nearness(service, candidate), len(candidate.pods)
    return (*near, -ready, -size, candidate.owner, sorted(candidate.selector))


_JOB: Final = "Job"
"""Its pods come to an end: they may bear the application's labels, and are seldom meant."""


def _misses(service: Service, pods: tuple[Obj, ...], workloads: tuple[Workload, ...]) -> Iterator[_Miss]:
    """Yield the pods of each maker by the labels that matter, and the templates of workloads without pods."""
    groups: dict[tuple[Ref, Selector], list[Obj]] = {}
    for pod in pods:
        labels = frozenset(label for label in pod.metadata.labels.items() if concerns(service, *label))
        groups.setdefault((behind.maker(pod), labels), []).append(pod)
    by_ref = {workload.ref: workload for workload in workloads}
    for (maker, labels), members in groups.items():
        yield _miss(service, maker, dict(labels), tuple(members), by_ref.get(maker))
    for workload in _without_pods(workloads, pods, {maker for maker, _ in groups}):
        yield _miss(service, workload.ref, workload.spec.template.metadata.labels, (), workload)


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
) -> _Miss:
    own = workload.metadata.labels if workload else {}
    missed = differences(service, labels, own)
    held = frozenset(service.spec.selector.items()) - {(one.key, one.value) for one in missed}
    after = held | {(one.new_key, one.new_value) for one in missed if one.new_key}
    nameless = any(not one.new_key and is_name(service, one.key, one.value) for one in missed)
    if workload and nameless and not any(is_name(service, *label) for label in after):
        # Without a name, what is left would select anybody; what the workload selects by itself does not.
        after = frozenset(workload.spec.selector.match_labels.items()) or after
    return _Miss(maker, pods, held, missed, after)


def _likely(service: Service, misses: Iterable[_Miss]) -> frozenset[Selector]:
    """Return the selectors that something speaks for.

    Either for each of their differences, or for the pods as a whole: what makes them is called like the
    Service, or they alone bear the name of the application.
    """
    known = tuple(misses)
    bearing = {name: _bearing(name, known) for name in {_name(service, miss) for miss in known} if name}
    return frozenset(
        miss.selector
        for miss in known
        if all(one.grounds < Grounds.NOTHING for one in miss.differences)
        or _is_namesake(service, miss.maker)
        or bearing.get(_name(service, miss)) == {miss.selector}
    )


def _name(service: Service, miss: _Miss) -> Selector:
    """Return what pods have of the selector that says which application they are."""
    return frozenset(label for label in miss.met if is_name(service, *label))


def _bearing(name: Selector, misses: Iterable[_Miss]) -> set[Selector]:
    """Return the selectors for everybody who bears a name, but for Jobs."""
    return {miss.selector for miss in misses if name <= miss.met and miss.maker.kind != _JOB}


def _is_namesake(service: Service, maker: Ref) -> bool:
    return likeness(service.metadata.name, maker.name) <= Likeness.LETTERS


def unlabeled(pods: Iterable[Obj]) -> list[Obj]:
    """Return the pods without a label of their own; Kubernetes gives them those of their Node's place."""
    return [pod for pod in pods if not pod.metadata.labels.keys() - topology.PLACES]


def called(service: Service, pods: Iterable[Obj]) -> list[Obj]:
    """Return those of some pods that nobody makes and that are called like what the Service asks for."""
    names = {value for key, value in service.spec.selector.items() if is_name(service, key, value)}
    names.add(service.metadata.name)
    return [
        pod
        for pod in pods
        if pod.owner is None and any(likeness(name, pod.metadata.name) <= Likeness.EXTENDED for name in names)
    ]
