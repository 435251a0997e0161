"""Near misses: changes of a selector that would select the pods somebody probably meant."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import port_fit, prospects
from kubesvc.analyzer import workloads as behind
from kubesvc.analyzer.differences import Difference, Grounds, is_name, is_one_of
from kubesvc.analyzer.errands import JOB
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.analyzer.misses import PARTS, Miss, is_deliberate, is_namesake, likely, misses
from kubesvc.model import selector
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import Obj, Pod, Ref, Service, Workload
from kubesvc.model.selector import Selector
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import topology

_MOST: Final = 5
"""So many different changes are looked at closely."""
_VARIANTS: Final = 3
"""So many of one application are offered where nothing tells which is meant."""


class Candidate(Struct, frozen=True):
    """Pods of one owner, or a workload that has none, with the selector that would select them.

    `held` is what they have of the selector as it is. `likely`: something speaks for the change, so that it
    can be offered. `too`: of which other owners it would select how many pods along with them. `unwritten`:
    keys it differs in that something sets on running pods, as their template lacks them. `taken`: Services
    that have these pods already. `undecided`: others are as near, and nothing tells which of them is meant.
    `misfit`: they declare ports, and none that the Service leads to. `kept_out`: whom of these others it does
    not select as it asks for `narrowed_by`, too.
    """

    owner: Ref
    pods: tuple[Obj, ...]
    differences: tuple[Difference, ...]
    held: Selector
    selector: Selector
    likely: bool
    too: tuple[tuple[Ref, int], ...] = ()
    unwritten: tuple[str, ...] = ()
    taken: tuple[Ref, ...] = ()
    undecided: bool = False
    misfit: str = ""
    kept_out: tuple[tuple[Ref, int], ...] = ()
    narrowed_by: str = ""

    @property
    def kinds(self) -> str:
        """In what it differs, as words."""
        return " and ".join(dict.fromkeys(difference.how for difference in self.differences))

    @property
    def part(self) -> str:
        """The word that names another kind of part than the Service is for, empty where none does."""
        return next(filter(None, (difference.part or difference.kind for difference in self.differences)), "")

    @property
    def is_part(self) -> bool:
        """Whether it bears the name that is asked for, and a word that makes it another kind of part."""
        return any(difference.part for difference in self.differences)

    @property
    def is_slip(self) -> bool:
        """Whether no difference is more than a slip."""
        return all(difference.is_slip for difference in self.differences)

    @property
    def distinctions(self) -> tuple[str, ...]:
        """The keys by whose values pods are told apart on purpose, as environments and customers are.

        Where no other reason is known, those whose values are wholly unlike: nothing tells what was meant.
        """
        unlike = [one for one in self.differences if one.new_key and one.grounds is Grounds.NOTHING]
        told = self.taken or self.unwritten or self.part or self.misfit
        return tuple(one.key for one in unlike if is_deliberate(one) or not told)

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


def near_misses(
    snapshot: Snapshot, service: Service, pods: Iterable[Obj], workloads: Iterable[Workload] = ()
) -> tuple[Candidate, ...]:
    """Return the candidates among `pods`, and among `workloads` that have none of them, nearest first.

    Finished pods' metadata is not told apart here: the outcome of each change is simulated.

    Raises:
        Unread: owners of pods that are near, or that a change would select, were never read.
    """
    everyone, makers = tuple(pods), tuple(workloads)
    near = _near(service, list(misses(service, everyone, makers)))
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
    by_ref = {workload.ref: workload for workload in makers}
    fitting = (_told_by_ports(service, one, by_ref.get(one.owner), snapshot.minor) for one in complete)
    return tuple(sorted(fitting, key=lambda candidate: rank(service, candidate)))


def _told_by_ports(service: Service, candidate: Candidate, maker: Workload | None, minor: int) -> Candidate:
    """Name pods that are alike by words alone, and declare other ports than the Service leads to."""
    pod = next((pod for pod in candidate.pods if isinstance(pod, Pod)), None)
    if maker:
        pod = prospects.prospect(maker)
    if pod is None or not candidate.likely or candidate.is_slip:
        return candidate
    why = "" if is_namesake(service, candidate.owner) else port_fit.misfit(service, pod, minor)
    return replace(candidate, misfit=why, likely=not why)


def _near(service: Service, missed: list[Miss]) -> list[Candidate]:
    """Return what is near, nearest first, by what seems to make the pods; not all the changes there are."""
    meant = likely(service, missed)
    near = [
        Candidate(
            miss.maker,
            miss.pods,
            miss.differences,
            miss.held,
            miss.selector,
            miss.selector in meant and not miss.unwritten,
            unwritten=miss.unwritten,
        )
        for miss in missed
        if miss.selector and miss.differences and (miss.met or miss.selector in meant or miss.of_part)
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
        candidate.owner.kind == JOB,
        grounds[Grounds.NOTHING],
        grounds[Grounds.ALIKE],
        likeness(service.metadata.name, candidate.owner.name),
        sorted((difference.distance for difference in candidate.differences), reverse=True),
    )


def rank(service: Service, candidate: Candidate, ready: int = 0) -> tuple[Any, ...]:
    """Return what candidates are sorted by: equally near ones by who has more `ready` pods, or more pods."""
    near, size = nearness(service, candidate), len(candidate.pods)
    return (*near, -ready, -size, candidate.owner, sorted(candidate.selector))


def with_variants(service: Service, near: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Return candidates, nearest first, the equally near ones as undecided where nothing speaks for any.

    Only few of them, and only variants of the application that is named, as colors are: another part or
    release of it is not meant.
    """
    if not near or near[0].likely:
        return near
    first = nearness(service, near[0])
    equal = [one for one in near if nearness(service, one) == first]
    several = 1 < len({one.selector for one in equal}) <= _VARIANTS
    if not (several and all(_is_variant(service, one) for one in equal)):
        return near
    return tuple(replace(one, likely=True, undecided=True) if one in equal else one for one in near)


def _is_variant(service: Service, candidate: Candidate) -> bool:
    unlike = [one for one in candidate.differences if one.grounds is Grounds.NOTHING]
    same = candidate.selector - {(one.new_key, one.new_value) for one in unlike}
    named = any(is_name(service, *label) for label in same)
    free = all(one.new_key and not is_one_of(one.new_key, PARTS) and not is_deliberate(one) for one in unlike)
    return named and free and not (candidate.owner.kind == JOB or candidate.taken or candidate.unwritten)


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
