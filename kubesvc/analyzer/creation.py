"""Why a workload's pods are not created, in the API server's own words."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from kubesvc.model import selector
from kubesvc.model.objects import Condition, Deployment, Event, Job, ReplicaSet, Workload
from kubesvc.model.read import Gap, Read, Unavailable
from kubesvc.model.snapshot import Snapshot

FAILED: Final = "FailedCreate"
"""The reason of events and conditions alike (pkg/controller/controller_utils.go, FailedCreatePodReason)."""

_TOLD_BY: Final = re.compile(
    r"^(?:\(combined from similar events\): )?"
    r"(?:Error creating: |(?i:create) (?:Pod|Claim) .+? in StatefulSet \S+ failed error: )?"
)


class Refused(Struct, frozen=True):
    """That creating pods fails: the server's answer, where it was read, and when it was last seen there."""

    text: str
    source: str
    seen: datetime | None


def refused(snapshot: Snapshot, workload: Workload | Job, *, events: bool = True) -> Refused | Gap | None:
    """Return why a workload's pods cannot be created; None where nothing tells it, which proves nothing.

    A Deployment has the condition of its ReplicaSets (deployment/progress.go, getReplicaFailures). That keeps
    its first text for as long as creating fails (replicaset/replica_set_utils.go, calculateStatus); what it
    failed for last, only the ReplicaSet's events tell. The other kinds have nothing but events. The gap where
    these could not be read. Without `events` they are not asked for.
    """
    namespace, name = workload.metadata.namespace, workload.metadata.name
    if isinstance(workload, (Deployment, ReplicaSet)):
        condition = _failure(workload)
        if condition is None:
            return None
        fields = {"involvedObject.kind": "ReplicaSet", "reason": FAILED}
        found = _events(snapshot, namespace, fields) if events and condition.reason == FAILED else ()
        own = () if isinstance(found, Gap) else [entry for entry in found if _is_about(entry, workload)]
        return _last(own) or Refused(
            condition.message, f"status.conditions[{condition.type}]", condition.last_transition_time
        )
    fields = {"involvedObject.kind": workload.kind, "involvedObject.name": name}
    found = _events(snapshot, namespace, fields) if events else ()
    if isinstance(found, Gap):
        return found
    uid = workload.metadata.uid
    return _last(e for e in found if e.reason == FAILED and e.involved_object.uid in ("", uid))


def _failure(workload: Workload) -> Condition | None:
    for entry in workload.status.conditions:
        if entry.type == "ReplicaFailure" and entry.status == "True":
            return entry
        if entry.type == "Progressing" and entry.reason == "ReplicaSetCreateError":
            return entry
    return None


def _is_about(event: Event, workload: Workload) -> bool:
    """Tell whether an event is about a ReplicaSet, or about one that a Deployment made: `web-5d8f7`."""
    of = event.involved_object.name
    if isinstance(workload, ReplicaSet):
        return of == workload.metadata.name
    return of.rpartition("-")[0] == workload.metadata.name


def _events(snapshot: Snapshot, namespace: str, fields: dict[str, str]) -> tuple[Event, ...] | Gap:
    try:
        return snapshot.find(Read("Event", namespace, fields=selector.selector(fields)), Event)
    except Unavailable as unavailable:
        return unavailable.gap


def _last(events: Iterable[Event]) -> Refused | None:
    last = max(events, key=lambda event: (str(event.last_seen or ""), event.metadata.name), default=None)
    return Refused(_TOLD_BY.sub("", last.message), "Event", last.last_seen) if last else None
