"""Which workloads stand behind pods, or would if they had any."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from msgspec import Struct

from kubesvc.model import selector
from kubesvc.model.objects import DaemonSet, LabelSelectorRequirement, Obj, Ref, Workload
from kubesvc.model.read import Gap, Portion, Read, Unavailable
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics.readiness import CREATION_GRACE

P = TypeVar("P", bound=Obj)

TOP: Final = ("Deployment", "StatefulSet", "DaemonSet")
"""Workloads read whole: their templates tell which pods they would make."""
_ABOVE: Final = {"Deployment": "pod-template-hash", "Rollout": "rollouts-pod-template-hash"}
"""Who makes ReplicaSets, and the label that tells the pods of one from those of another."""
POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
"""The label that each pod of a StatefulSet has with its own name (stateful_set_utils.go, updateIdentity)."""
REPLICA_SETS_BY_NAME: Final = 1
"""Up to so many ReplicaSets are read by name; more are read as one list of their metadata."""


class Workloads(Struct, frozen=True):
    """The workloads of a namespace, and the kinds that could not be read."""

    found: tuple[Workload, ...]
    gaps: tuple[Gap, ...]

    def making(self, requirements: selector.Selector) -> tuple[Workload, ...]:
        """Return those whose pods a selector would select."""
        if not requirements:
            return ()
        return tuple(w for w in self.found if selector.matches(requirements, w.spec.template.metadata.labels))

    def get(self, ref: Ref) -> Workload | None:
        """Return one of them."""
        return next((workload for workload in self.found if workload.ref == ref), None)


def of_namespace(snapshot: Snapshot, namespace: str) -> Workloads:
    """Return the workloads of a namespace; raises Unread like `Snapshot.find`."""
    reads = [Read(kind, namespace) for kind in TOP]
    snapshot.want(reads)
    found: list[Workload] = []
    gaps: list[Gap] = []
    for read in reads:
        try:
            found += snapshot.find(read, Workload)
        except Unavailable as unavailable:
            gaps.append(unavailable.gap)
    return Workloads(tuple(found), tuple(gaps))


def wanted(workload: Workload) -> int:
    """Return how many pods a workload wants now; a DaemonSet one for each node it fits."""
    if isinstance(workload, DaemonSet):
        return workload.status.desired_number_scheduled
    return workload.spec.replicas


def numbered(found: Iterable[Workload], requirements: Mapping[str, str]) -> Workload | None:
    """Return the StatefulSet of which a selector asks for one pod by its number."""
    name, _, number = requirements.get(POD_NAME, "").rpartition("-")
    rest = selector.selector({key: value for key, value in requirements.items() if key != POD_NAME})
    return next(
        (
            workload
            for workload in found
            if (workload.kind, workload.metadata.name) == ("StatefulSet", name)
            and number.isdecimal()
            and selector.matches(rest, workload.spec.template.metadata.labels)
        ),
        None,
    )


def is_young(workload: Workload, now: datetime) -> bool:
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
