"""What a change would lead to: of the fixes that the rules offer, and of one that was asked about."""

from functools import partial
from typing import Final

from msgspec.structs import replace

from kubesvc.analyzer import comparison, fixes, ownership, ruling, verdicts, what_if
from kubesvc.analyzer.comparison import Look
from kubesvc.analyzer.rules.run.crashed import crashed
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.wants import Wants
from kubesvc.errors import NotSimulated
from kubesvc.model.change import Change
from kubesvc.model.objects import CronJob, Job, Service, Workload
from kubesvc.model.query import Query
from kubesvc.model.read import LackingError, Unavailable
from kubesvc.model.report import (
    Comparison,
    Confidence,
    Effect,
    Finding,
    Fix,
    NotChecked,
    Outcome,
    Row,
    Verdict,
)
from kubesvc.model.text import one_line
from kubesvc.semantics.admission import RefusedError, UndecidedError
from kubesvc.semantics.simulate import changed, makes_no_pod, simulate

_SIMULATED: Final = ("Service", "EndpointSlice", "Endpoints", "Pod")


def foresee(view: ServiceView, finding: Finding, found: tuple[Finding, ...]) -> Finding:
    """Add the outcome to each fix that can be simulated; drop those that leave the cause in place.

    Where nothing is left to offer, say where to change the culprit all the same.
    """
    if not finding.fixes:
        return _with_owner(view, finding)
    wants = Wants()
    tried = [wants.attempt(partial(_tried, view, fix, found, finding)) for fix in finding.fixes]
    # What is only tried out has to be cheap beside what is there.
    wants.join_nodes(view.snapshot.gaps, most=1)
    wants.settle()
    fixes = tuple(fix for fix in tried if fix is not None)
    return replace(finding, fixes=fixes) if fixes else _with_owner(view, replace(finding, fixes=()))


def _with_owner(view: ServiceView, finding: Finding) -> Finding:
    """Add who would take a change of the culprit back, as far as it was read; a pod is not changed itself."""
    obj = view.snapshot.objects.get(finding.culprit)
    if finding.effect is Effect.ADVICE or not isinstance(obj, Service | Workload | Job | CronJob):
        return finding
    if obj.metadata.deletion_timestamp or not (said := ownership.note(obj, "a change")):
        return finding
    return replace(finding, rows=(*finding.rows, Row("owner", said, "metadata")))


def _tried(
    view: ServiceView, fix: Fix, told: tuple[Finding, ...] = (), cause: Finding | None = None
) -> Fix | None:
    """Foresee a fix, and say who would take it back; `told` is what is found as it is, `cause` one of it."""
    foreseen = _foreseen(view, fix, told, cause)
    return foreseen and _owned(view, foreseen)


def _owned(view: ServiceView, fix: Fix) -> Fix:
    """Add who would take a fix back."""
    target = fix.change.target if fix.change else fix.target
    obj = view.snapshot.objects.get(target) if target else None
    # What a controller of Kubernetes wrote for another object is not owned in this sense.
    if obj is None or obj.kind in ("EndpointSlice", "Endpoints"):
        return fix
    said = ownership.note(obj)
    return replace(fix, notes=(*fix.notes, said)) if said else fix


def _foreseen(view: ServiceView, fix: Fix, told: tuple[Finding, ...], cause: Finding | None) -> Fix | None:
    """Simulate a fix, and complete it; None if it leaves the cause, makes a port worse, or is refused."""
    if fix.change is None or not (fix.foreseeable and _can_be_simulated(view, fix.change)):
        known = fix.outcome.remaining if fix.outcome else ()
        stay = (other.code for other in told if cause and _stays(view, other, fix, cause))
        left = tuple(dict.fromkeys((*known, *stay)))
        return replace(fix, outcome=Outcome(Verdict.UNKNOWN, (), left)) if left else fix
    try:
        if fix.change.target == view.ref:
            changed(view.service, fix.change)
    except RefusedError:
        return None
    except UndecidedError as undecided:
        return replace(fix, notes=(*fix.notes, f"Not simulated: {undecided}."))
    foreseen = _simulated(view, fix.change)
    if foreseen is None:
        return replace(
            fix, notes=(*fix.notes, "Not simulated: something that would decide could not be read.")
        )
    outcome, remaining = foreseen
    if (cause and any(_same(cause, other) for other in remaining)) or _worse(view, outcome):
        return None
    hidden = tuple(other for other in remaining if not any(_same(other, one) for one in told))
    return _completed(view, replace(fix, outcome=outcome), hidden)


def _can_be_simulated(view: ServiceView, change: Change) -> bool:
    """Tell whether what a change leads to follows from the API: not where a workload would make pods."""
    of = view.snapshot.objects.get(change.target)
    return change.target.kind in _SIMULATED or (isinstance(of, Workload) and makes_no_pod(of, change))


def _completed(view: ServiceView, fix: Fix, hidden: tuple[Finding, ...]) -> Fix:
    """Add to a fix what mends the causes that come to light with it, and name those that nothing mends.

    Nobody is told of them otherwise, and half of the fix would not help.
    """
    left = hidden
    for cause in hidden:
        for more in cause.fixes:
            both = fixes.together(fix, cause, more)
            foreseen = _simulated(view, both.change) if both and both.change else None
            if both and foreseen and not any(_same(cause, other) for other in foreseen[1]):
                fix, left = replace(both, outcome=foreseen[0]), foreseen[1]
                break
    stay = [cause for cause in hidden if any(_same(cause, other) for other in left)]
    said = (f"{cause.code} remains: {cause.headline}." for cause in stay)
    return replace(fix, notes=(*fix.notes, *said))


def _stays(view: ServiceView, other: Finding, fix: Fix, cause: Finding) -> bool:
    """Tell whether a proven fault of the Service itself outlasts a fix that writes to something else.

    What a fix does not name it writes to is what is at fault.
    """
    target = fix.change.target if fix.change else fix.target or cause.culprit
    elsewhere = target != view.ref and not _same(cause, other)
    certain = other.confidence is Confidence.PROOF and other.effect is not Effect.ADVICE
    return elsewhere and certain and other.culprit == view.ref


def _worse(view: ServiceView, outcome: Outcome) -> bool:
    """Compare ports by key: one that the change makes, or calls otherwise, has no verdict before."""
    if all(port.verdict is Verdict.HEALTHY for port in outcome.ports):
        return False  # How they fared need not be read.
    before = {facts.key or "": view.verdicts[facts.key] for facts in view.ports}
    known = [(port.verdict, before.get(port.key, Verdict.UNKNOWN)) for port in outcome.ports]
    return any(after > verdict for after, verdict in known if verdict is not Verdict.UNKNOWN)


def _same(finding: Finding, other: Finding) -> bool:
    """Tell whether two findings are about one cause: the same code may stay at another port, or of others."""
    same = (finding.code, finding.culprit) == (other.code, other.culprit)
    return same and bool({*finding.places} & {*other.places})


def _simulated(view: ServiceView, change: Change) -> tuple[Outcome, tuple[Finding, ...]] | None:
    """Simulate a change of the Service and explain the result.

    None where what decides cannot be read, or the API server would not take it, or alone knows the result.

    Raises:
        Unread: the changed object wants more reads.
    """
    try:
        after = _after(view, change)
    except (Unavailable, RefusedError, UndecidedError):
        return None
    if after is None:
        return None
    wants = Wants()
    found, _ = ruling.apply(after, wants)
    wants.settle()
    if any(finding.code == crashed.code for finding in found):
        return None
    remaining = tuple(finding for finding in found if finding.effect is not Effect.ADVICE)
    codes = tuple(dict.fromkeys(finding.code for finding in remaining))
    return Outcome(after.verdict, verdicts.of_ports(after), codes), remaining


def _after(view: ServiceView, change: Change) -> ServiceView | None:
    """Return the view of the Service with a change made; None where it is not there any more."""
    snapshot = simulate(view.snapshot, change)
    service = snapshot.objects.get(view.ref)
    if not isinstance(service, Service):
        return None
    return ServiceView(snapshot, service, view.viewpoint, simulated=True, asked=view.asked)


def compared(query: Query, view: ServiceView, findings: tuple[Finding, ...]) -> Comparison:
    """Compare the Service with itself after the changes that were asked about.

    Raises:
        Unread: the changed object wants more reads.
        NotSimulated: the API server would refuse them, or it alone knows what it makes of them.
        UsageError: they name what is not there.
    """
    change = what_if.change(view.service, query.changes)
    before = _look(view, findings)
    try:
        after = _after(view, change)
    except Unavailable as unavailable:
        return comparison.unknown(change, before, unavailable.gap)
    except RefusedError as refused:
        raise NotSimulated(f"the API server would refuse this change: {one_line(str(refused))}") from None
    except UndecidedError as undecided:
        raise NotSimulated(f"this change cannot be simulated: {undecided}") from None
    if after is None:  # pragma: no cover - no value that is set deletes a Service
        raise LackingError
    wants = Wants()
    found, skipped = ruling.apply(after, wants)
    wants.attempt(lambda: after.verdict)
    wants.settle()
    return comparison.compare(change, before, _look(after, ruling.fold(found, after.asked), skipped))


def _look(view: ServiceView, findings: tuple[Finding, ...], skipped: tuple[NotChecked, ...] = ()) -> Look:
    return Look(view, verdicts.of_service(view, findings), verdicts.of_ports(view), findings, skipped)
