"""Which workloads stand behind pods, or would if they had any."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeVar, overload

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.model import selector
from kubesvc.model.objects import (
    CronJob,
    DaemonSet,
    Job,
    LabelSelectorRequirement,
    Obj,
    Ref,
    ReplicaSet,
    Workload,
)
from kubesvc.model.read import Gap, Portion, Read, Unavailable
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics.readiness import CREATION_GRACE

P = TypeVar("P", bound=Obj)
T = TypeVar("T", bound=Obj)

TOP: Final = ("Deployment", "StatefulSet", "DaemonSet")
"""Workloads read whole: their templates tell which pods they would make."""
_ABOVE: Final = {"Deployment": "pod-template-hash", "Rollout": "rollouts-pod-template-hash"}
"""Who makes ReplicaSets, and the label that tells the pods of one from those of another."""
POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
"""The label that each pod of a StatefulSet has with its own name (stateful_set_utils.go, updateIdentity)."""
POD_INDEX: Final = "apps.kubernetes.io/pod-index"
"""The label that it has with its number (likewise)."""
NUMBERS: Final = frozenset({POD_NAME, POD_INDEX})
_NUMBER: Final = re.compile("[0-9]{1,63}")
REPLICA_SETS_BY_NAME: Final = 1
"""Up to so many ReplicaSets are read by name; more are read as one list of their metadata."""


class Foreign(Struct, frozen=True):
    """An owner of a kind that kubesvc does not read, known by a ReplicaSet; how many pods it wants is not."""

    ref: Ref
    api_version: str
    through: Ref


Maker = Workload | Job | CronJob | Foreign
"""What makes pods."""


class Workloads(Struct, frozen=True):
    """The workloads of a namespace, and the kinds that could not be read.

    `rarer` are looked for only where none of the others makes the pods that a Service selects.
    """

    found: tuple[Workload, ...]
    gaps: tuple[Gap, ...]
    rarer: tuple[Maker, ...] = ()

    def making(self, requirements: selector.Selector) -> tuple[Maker, ...]:
        """Return those whose pods a selector would select."""
        if not requirements:
            return ()
        by_template = tuple(w for w in self.found if _makes(w, requirements))
        return by_template or self._with_a_number(requirements) or self.rarer

    def _with_a_number(self, requirements: selector.Selector) -> tuple[Workload, ...]:
        """Return the StatefulSet of which one pod is asked for by its number, where it wants none at all.

        Where it wants some, and not this one, the number may be wrong.
        """
        pod = numbered(self.found, dict(requirements))
        return (pod.of,) if pod and pod.possible and not wanted(pod.of) else ()

    def get(self, ref: Ref) -> Workload | None:
        """Return one of them."""
        return next((workload for workload in self.found if workload.ref == ref), None)


def _makes(maker: Workload | Job | CronJob, requirements: selector.Selector) -> bool:
    return selector.matches(requirements, maker.template.metadata.labels)


def of_namespace(snapshot: Snapshot, namespace: str) -> Workloads:
    """Return the workloads of a namespace; raises Unread like `Snapshot.find`."""
    found, gaps = _read(snapshot, [Read(kind, namespace) for kind in TOP], Workload)
    return Workloads(found, gaps)


def with_rarer(
    snapshot: Snapshot,
    namespace: str,
    known: Workloads,
    requirements: selector.Selector,
    pods: Read | None = None,
) -> Workloads:
    """Return the workloads with those of rarer kinds that make pods with some labels.

    Jobs, and ReplicaSets of nobody, are read whole: their own labels may be others than those of their pods.
    Of ReplicaSets the metadata is looked at first: those of a Deployment, nearly all, do not count; those of
    a Rollout carry the labels of its pods. `pods`, those of the namespace, are asked for in the same round:
    where the labels are of one revision, and its owner has pods of another, it would make none with them.
    """
    batch = [Read("Job", namespace), Read("CronJob", namespace)]
    replica_sets = Read("ReplicaSet", namespace, part=Portion.METADATA)
    snapshot.want((*batch, replica_sets, *([pods] if pods else [])))
    listed_jobs, gaps = _read(snapshot, batch[:1], Job)
    # One that has ended is history: it wants no pod any more.
    jobs = [job for job in listed_jobs if not job.finished]
    cron_jobs, others = _read(snapshot, batch[1:], CronJob)
    listed, more = _read(snapshot, [replica_sets], Obj)
    labeled = [entry for entry in listed if selector.matches(requirements, entry.metadata.labels)]
    alone = [Read("ReplicaSet", namespace, entry.metadata.name) for entry in listed if entry.owner is None]
    if len(alone) > REPLICA_SETS_BY_NAME:
        alone = [Read("ReplicaSet", namespace)]
    read, unread = _read(snapshot, alone, ReplicaSet)
    whole = [entry for entry in read if entry.owner is None]
    rarer: tuple[ReplicaSet | Job | CronJob, ...] = (*whole, *jobs, *cron_jobs)
    made = (maker for maker in rarer if _makes(maker, requirements))
    present, _ = _read(snapshot, [pods] if pods else [], Obj)
    gone_on = _of_another_revision(requirements, listed, present)
    return replace(
        known,
        rarer=(*made, *(one for one in _foreign(labeled) if one.ref not in gone_on)),
        gaps=(*known.gaps, *gaps, *others, *more, *unread),
    )


def _read(snapshot: Snapshot, reads: list[Read], kind: type[T]) -> tuple[tuple[T, ...], tuple[Gap, ...]]:
    """Return what the reads bring and the gaps of those that failed; all are asked for at once."""
    snapshot.want(reads)
    found: list[T] = []
    gaps: list[Gap] = []
    for read in reads:
        try:
            found += snapshot.find(read, kind)
        except Unavailable as unavailable:
            gaps.append(unavailable.gap)
    return tuple(found), tuple(gaps)


def _foreign(replica_sets: Iterable[Obj]) -> tuple[Foreign, ...]:
    """Return the owners of some ReplicaSets that are no Deployments, each once."""
    found: dict[Ref, Foreign] = {}
    for entry in replica_sets:
        if (by := entry.owner) and by.kind not in TOP:
            ref = Ref(by.kind, entry.metadata.namespace, by.name)
            found.setdefault(ref, Foreign(ref, by.api_version, entry.ref))
    return tuple(found.values())


def _of_another_revision(
    requirements: selector.Selector, replica_sets: Iterable[Obj], pods: Iterable[Obj]
) -> set[Ref]:
    """Return the owners of ReplicaSets that have pods of another revision than the one that is required."""
    required = {(key, value) for key, value in requirements if key in _ABOVE.values()}
    owners = {entry.ref: entry.owner for entry in replica_sets}
    found: set[Ref] = set()
    for pod in pods:
        space, labels = pod.metadata.namespace, pod.metadata.labels
        above = owners.get(Ref(pod.owner.kind, space, pod.owner.name)) if pod.owner else None
        other = any(labels.get(key, value) != value for key, value in required)
        if above and other and pod.metadata.deletion_timestamp is None:
            found.add(Ref(above.kind, space, above.name))
    return found


@overload
def wanted(maker: Workload) -> int: ...


@overload
def wanted(maker: Maker) -> int | None: ...


def wanted(maker: Maker) -> int | None:
    """Return how many pods a workload wants now; a DaemonSet one for each node it fits; None if not known.

    A CronJob wants none itself: its Jobs do.
    """
    match maker:
        case DaemonSet():
            return maker.status.desired_number_scheduled
        case Workload():
            return maker.spec.replicas
        case Job():
            return 0 if maker.spec.suspend else 1
        case CronJob():
            return 0
        case Foreign():
            return None


def has(maker: Workload | Job) -> int:
    """Return how many pods a workload has, of whatever template and labels, as its controller counted."""
    match maker:
        case DaemonSet():
            return maker.status.current_number_scheduled
        case Workload():
            return maker.status.replicas
        case Job():
            return maker.status.active


class Numbered(Struct, frozen=True):
    """One pod of a StatefulSet by its number; `labels` are those of a selector that ask for it."""

    of: Workload
    number: int
    labels: Mapping[str, str]

    @property
    def replicas(self) -> int:
        """With how many replicas there is such a pod; 0 or less below the first one (getStartOrdinal)."""
        return self.number - self.of.spec.ordinals.start + 1

    @property
    def possible(self) -> bool:
        """Whether a pod of this StatefulSet can have these labels: a number is written in one way only."""
        return self.replicas > 0 and self.of_number(self.number) == self.labels

    def of_number(self, number: int) -> dict[str, str]:
        """Return the labels by which a pod of another number would be asked for in the same way."""
        known = {POD_NAME: f"{self.of.metadata.name}-{number}", POD_INDEX: str(number)}
        return {key: known[key] for key in self.labels}


def numbered(found: Iterable[Workload], requirements: Mapping[str, str]) -> Numbered | None:
    """Return the pod of a StatefulSet that a selector asks for by its number, if it can be of one only."""
    asked, rest = numbers(requirements), {k: v for k, v in requirements.items() if k not in NUMBERS}
    fitting = [
        Numbered(workload, number, asked)
        for workload in found
        if workload.kind == "StatefulSet"
        and selector.matches(selector.selector(rest), workload.template.metadata.labels)
        and (number := number_of(workload.metadata.name, asked)) is not None
    ]
    return fitting[0] if len(fitting) == 1 else None


def numbers(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that tell the number of a pod of a StatefulSet."""
    return {key: value for key, value in labels.items() if key in NUMBERS}


def number_of(name: str, asked: Mapping[str, str]) -> int | None:
    """Return the number that all of such labels tell of a pod of the StatefulSet `name`; None if none."""
    written = [value.removeprefix(f"{name}-") if key == POD_NAME else value for key, value in asked.items()]
    told = {int(number) if _NUMBER.fullmatch(number) else None for number in written}
    return told.pop() if len(told) == 1 else None


def is_young(workload: Obj, now: datetime) -> bool:
    """Tell whether a workload was made so lately that it need not have pods yet."""
    made = workload.metadata.creation_timestamp
    return made is not None and now - made < CREATION_GRACE


def selects(workload: Workload, pod: Obj) -> bool:
    """Tell whether a workload's own selector matches a pod (apimachinery labels/selector.go, Matches)."""
    labels, wanted = pod.metadata.labels, workload.spec.selector
    return all(labels.get(key) == value for key, value in wanted.match_labels.items()) and all(
        _holds(expression, labels) for expression in wanted.match_expressions
    )


def _holds(expression: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    there = expression.key in labels
    match expression.operator:
        case "In":
            return there and labels[expression.key] in expression.values
        case "NotIn":
            return not there or labels[expression.key] not in expression.values
        case "Exists":
            return there
        case _:
            return not there


def maker(pod: Obj) -> Ref:
    """Return what seems to make a pod, by the pod alone: its direct owner, or what is above its ReplicaSet.

    A Deployment's ReplicaSet bears its name and the hash that its pods carry (deployment/sync.go,
    getNewReplicaSet); a Rollout's does the same. `owner` knows.
    """
    direct, labels = pod.owner, pod.metadata.labels
    if direct is None:
        return pod.ref
    for kind, key in _ABOVE.items():
        if direct.kind == "ReplicaSet" and key in labels and direct.name.endswith(f"-{labels[key]}"):
            return Ref(kind, pod.metadata.namespace, direct.name.removesuffix(f"-{labels[key]}"))
    return Ref(direct.kind, pod.metadata.namespace, direct.name)


def owner(snapshot: Snapshot, obj: Obj) -> Ref:
    """Return the topmost workload that manages a pod: a ReplicaSet's Deployment, its direct owner, or itself.

    Where the ReplicaSet cannot be read it stands for its Deployment.
    """
    direct = obj.owner
    if direct is None:
        return obj.ref
    ref = Ref(direct.kind, obj.metadata.namespace, direct.name)
    if direct.kind != "ReplicaSet" or obj.kind == "ReplicaSet":
        return ref
    try:
        read = Read("ReplicaSet", ref.namespace, ref.name, part=Portion.METADATA)
        replica_set = snapshot.get(read, Obj)
    except Unavailable:
        return ref
    return owner(snapshot, replica_set) if replica_set else ref


def by_owner(snapshot: Snapshot, pods: Iterable[P]) -> dict[Ref, list[P]]:
    """Group pods by their topmost owner; asks for all ReplicaSets in between at once."""
    pods = tuple(pods)
    names = sorted(
        {(p.metadata.namespace, p.owner.name) for p in pods if p.owner and p.owner.kind == "ReplicaSet"}
    )
    if len(names) > REPLICA_SETS_BY_NAME:
        spaces = sorted({namespace for namespace, _ in names})
        snapshot.want(Read("ReplicaSet", namespace, part=Portion.METADATA) for namespace in spaces)
    else:
        snapshot.want(Read("ReplicaSet", namespace, name, part=Portion.METADATA) for namespace, name in names)
    groups: dict[Ref, list[P]] = {}
    for pod in pods:
        groups.setdefault(owner(snapshot, pod), []).append(pod)
    return groups
