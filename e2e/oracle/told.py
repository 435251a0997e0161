"""What kubesvc tells of the slices of a Service, judged by what the real controllers left."""

from __future__ import annotations

from collections.abc import Iterator

from e2e.oracle.subject import CONTROLLER, MANAGED_BY, MIRRORING, Subject
from kubesvc.model.objects import Endpoints
from kubesvc.semantics.cells import Selected
from kubesvc.semantics.drift import Drift, DriftKind, drift


def told(subject: Subject) -> tuple[Drift, ...]:
    """Return the drift that kubesvc tells of the real slices; nothing where there is no Service."""
    if subject.service is None:
        return ()
    selected = Selected(subject.pods, subject.nodes, subject.minor)
    return drift(subject.service, subject.real, selected, source=subject.endpoints)


def waits_for_sync(subject: Subject) -> bool:
    """Tell whether kubesvc says of all that differs that it is as of the last sync."""
    kinds = {entry.kind for entry in told(subject)} - {DriftKind.FOREIGN}
    return kinds == {DriftKind.LAST_SYNC}


def complaints(subject: Subject) -> Iterator[str]:
    """Yield what kubesvc should tell of a settled Service and does not, or tells and should not."""
    found = {entry.kind for entry in told(subject)}
    expected = set(_expected(subject))
    where = f"{subject.namespace}/{subject.name}"
    for kind in sorted(expected - found):
        yield f"{where}: kubesvc should tell: {kind}"
    tolerated = set() if subject.fenced else {DriftKind.LAST_SYNC}  # of a headless label
    if subject.deleting:
        tolerated.add(DriftKind.BEHIND)  # it has a slice for what it lacks, and no room in it
    for kind in sorted(found - expected - tolerated):
        entries = [entry for entry in told(subject) if entry.kind is kind]
        yield f"{where}: kubesvc should not tell: {kind}: {entries[0]}"


def _expected(subject: Subject) -> Iterator[DriftKind]:
    if subject.service is None:
        return
    managers = {
        entry.metadata.labels.get(MANAGED_BY, "")
        for entry in subject.real
        if entry.endpoints and entry.address_type in ("IPv4", "IPv6")
    }
    if subject.managed and managers - {CONTROLLER, MIRRORING}:
        yield DriftKind.FOREIGN
    left = MIRRORING in managers and subject.endpoints and _written_for_a_selector(subject.endpoints)
    if not subject.managed and (CONTROLLER in managers or left):
        yield DriftKind.LEFT_BEHIND


def _written_for_a_selector(endpoints: Endpoints) -> bool:
    """The Service has none any more, yet what the controller wrote is copied (endpoints_controller.go)."""
    return endpoints.metadata.labels.get("endpoints.kubernetes.io/managed-by") == "endpoint-controller"
