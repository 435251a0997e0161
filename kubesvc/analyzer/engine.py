"""Snapshot → report: which Services were asked for, what the rules find, what a fix would lead to. Pure.

Whatever is missing is asked for in one go (`Unread`): every part and rule runs in each round, so that their
wants are fetched together.
"""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final, TypeVar

from msgspec.structs import replace

from kubesvc.analyzer import (
    checks,
    comparison,
    fixes,
    lines,
    ownership,
    registry,
    reverse,
    summary,
    targets,
    what_if,
    why,
)
from kubesvc.analyzer.comparison import Look
from kubesvc.analyzer.rule import Rule
from kubesvc.analyzer.rules.run.crashed import crashed
from kubesvc.analyzer.targets import Asked
from kubesvc.analyzer.view import ServiceView
from kubesvc.errors import NotSimulated
from kubesvc.model.cell import Cell
from kubesvc.model.change import Change
from kubesvc.model.objects import Pod, Ref, Service
from kubesvc.model.place import Place
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, LackingError, Read, Unavailable, Unread
from kubesvc.model.report import (
    Comparison,
    Effect,
    Finding,
    Fix,
    Missing,
    NotChecked,
    Outcome,
    PortVerdict,
    Report,
    Row,
    Subject,
    Verdict,
)
from kubesvc.model.snapshot import Snapshot
from kubesvc.model.text import one_line
from kubesvc.semantics.admission import RefusedError, UndecidedError
from kubesvc.semantics.reads import NODES_BY_NAME
from kubesvc.semantics.simulate import changed, simulate

T = TypeVar("T")

_NODES: Final = Read("Node")

NOT_EVALUATED: Final = (
    "network policies",
    "a CNI's own policies",
    "a service mesh",
    "firewalls and load balancers outside the cluster",
)
"""What may decide about packets and was not looked at."""


class Wants:
    """Collects what parts of one round ask for, and asks for all of it at the end."""

    def __init__(self) -> None:
        """Start with nothing wanted."""
        self._reads: set[Read] = set()
        self._again: set[Read] = set()

    def attempt(self, part: Callable[[], T]) -> T | None:
        """Return a part, or None where it wants something first."""
        try:
            return part()
        except Unread as unread:
            (self._again if unread.again else self._reads).update(unread.reads)
            return None

    def join_nodes(self, failed: Iterable[Gap]) -> None:
        """Ask for many Nodes as one list, unless that has `failed`."""
        nodes = {read for read in self._reads if read.kind == _NODES.kind and read.name}
        if len(nodes) > NODES_BY_NAME and not any(gap.read == _NODES for gap in failed):
            self._reads = self._reads - nodes | {_NODES}

    def settle(self) -> None:
        """Ask for everything wanted; second looks only once nothing else is missing.

        Raises:
            Unread: something is wanted.
        """
        if self._reads:
            raise Unread(frozenset(self._reads))
        if self._again:
            raise Unread(frozenset(self._again), again=True)


def analyze(query: Query, snapshot: Snapshot) -> Report:
    """Explain what `query` names, as `snapshot` shows it: Services; pods and workloads the other way round.

    Raises:
        Unread: reads that were never made would decide something.
    """
    wants = Wants()
    asked = wants.attempt(partial(targets.resolve, query, snapshot)) or Asked(())
    foresee = partial(_foreseen, query, snapshot)
    others = [
        wants.attempt(partial(reverse.asked, query, snapshot, which, foresee)) for which in query.others
    ]
    explained = [
        wants.attempt(partial(_explain, query, snapshot, service, asked.pods)) for service in asked.services
    ]
    wants.join_nodes(snapshot.gaps)
    wants.settle()
    known = [entry for entry in explained if entry is not None]
    return Report(
        query=query,
        context=snapshot.context,
        taken_at=snapshot.taken_at,
        subjects=(
            *(subject for subject, _, _ in known),
            *(other for other in others if isinstance(other, Subject)),
        ),
        findings=tuple(finding for _, findings, _ in known for finding in findings),
        not_checked=tuple(entry for _, _, skipped in known for entry in skipped),
        gaps=snapshot.gaps,
        missing=(*asked.missing, *(other for other in others if isinstance(other, Missing))),
        server=snapshot.server.git_version if snapshot.server else "",
        origin=snapshot.origin,
        not_evaluated=NOT_EVALUATED,
    )


_Explained = tuple[Subject, tuple[Finding, ...], tuple[NotChecked, ...]]


def _explain(query: Query, snapshot: Snapshot, service: Service, pods: tuple[Pod, ...]) -> _Explained:
    view = ServiceView(snapshot, service, query.viewpoint, asked=query.port)
    wants = Wants()
    wants.attempt(view.want_first)
    found, skipped = _apply(view, wants)
    verdict = wants.attempt(lambda: view.verdict)
    with_outcomes = [wants.attempt(partial(_foresee, view, finding, found)) for finding in found]
    findings = fold(tuple(finding for finding in with_outcomes if finding is not None), view.asked)
    subject = wants.attempt(lambda: _subject(view, findings))
    mine = [pod for pod in pods if pod.metadata.namespace == service.metadata.namespace]
    asked = [wants.attempt(partial(why.why, view, pod)) for pod in mine]
    compared = wants.attempt(partial(_compared, query, view, findings)) if query.changes else None
    wants.settle()
    if subject is None or verdict is None:  # pragma: no cover - settle raised
        raise LackingError
    told = replace(subject, why=tuple(told for told in asked if told), comparison=compared)
    return told, findings, skipped


def _apply(view: ServiceView, wants: Wants) -> tuple[tuple[Finding, ...], tuple[NotChecked, ...]]:
    """Run every rule; one that lacks a read is not checked, one that fails becomes a visible finding."""
    found: list[Finding] = []
    residual: list[Finding] = []
    skipped: list[NotChecked] = []
    for rule in registry.RULES:
        try:
            findings = wants.attempt(partial(_check, rule, view)) or ()
        except Unavailable as unavailable:
            skipped.append(NotChecked(rule.code, view.place, unavailable.gap.read))
            continue
        except Exception as error:  # noqa: BLE001 - a failing rule must be seen, and must not take others along
            findings = (_crash(view, rule, error),)
        (residual if rule.residual else found).extend(findings)
    known = {place for other in found if other.effect is not Effect.ADVICE for place in other.places}
    found += [finding for finding in residual if not _covered(finding, known)]
    return tuple(found), tuple(skipped)


def _check(rule: Rule, view: ServiceView) -> tuple[Finding, ...]:
    return tuple(rule.check(rule, view))


def _crash(view: ServiceView, rule: Rule, error: Exception) -> Finding:
    rows = (Row("rule", f"{rule.code} {rule.name}", ""), Row("error", f"{type(error).__name__}: {error}", ""))
    return Finding(
        code=crashed.code,
        headline=f"rule {rule.code} failed: a bug in kubesvc",
        places=(view.place,),
        culprit=Ref("Rule", "", rule.code),
        confidence=crashed.confidence,
        effect=Effect.ADVICE,
        rows=rows,
    )


def _covered(finding: Finding, known: AbstractSet[Place]) -> bool:
    return all(place in known or any(map(place.within, known)) for place in finding.places)


def fold(findings: tuple[Finding, ...], asked: str = "") -> tuple[Finding, ...]:
    """Put consequences under their cause: its rule lists their code, and their places lie within its.

    The worst come first, among equals those about the port that was `asked` about, as the verdict says.
    """
    explains = {rule.code: rule.explains for rule in registry.RULES}

    def causes(finding: Finding) -> Iterator[Finding]:
        for cause in findings:
            if finding.code in explains.get(cause.code, ()) and all(
                any(place.within(theirs) for theirs in cause.places) for place in finding.places
            ):
                yield cause

    parent = {finding.id: next(causes(finding), None) for finding in findings}

    def grown(finding: Finding) -> Finding:
        under = tuple(grown(other) for other in findings if parent[other.id] is finding)
        return replace(finding, consequences=under) if under else finding

    top = [grown(finding) for finding in findings if parent[finding.id] is None]

    def order(finding: Finding) -> tuple[int, bool]:
        return -list(Effect).index(finding.effect), all(place.port != asked for place in finding.places)

    return tuple(sorted(top, key=order))


def _foresee(view: ServiceView, finding: Finding, found: tuple[Finding, ...]) -> Finding:
    """Add the outcome to each fix that can be simulated; drop those that leave the cause in place."""
    if not finding.fixes:
        return finding
    wants = Wants()
    tried = [wants.attempt(partial(_tried, view, finding, fix, found)) for fix in finding.fixes]
    wants.settle()
    return replace(finding, fixes=tuple(_owned(view, fix) for fix in tried if fix is not None))


def _owned(view: ServiceView, fix: Fix) -> Fix:
    """Add who would take a fix back."""
    target = fix.change.target if fix.change else fix.target
    obj = view.snapshot.objects.get(target) if target else None
    # What a controller of Kubernetes wrote for another object is not owned in this sense.
    if obj is None or obj.kind in ("EndpointSlice", "Endpoints"):
        return fix
    said = ownership.note(obj)
    return replace(fix, notes=(*fix.notes, said)) if said else fix


def _tried(view: ServiceView, finding: Finding, fix: Fix, found: tuple[Finding, ...]) -> Fix | None:
    """Simulate a fix, and complete it; None if it leaves the cause, makes a port worse, or is refused."""
    if fix.change is None or fix.change.target.kind not in _SIMULATED:
        return fix
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
    if any(_same(finding, other) for other in remaining) or _worse(view, outcome):
        return None
    hidden = tuple(other for other in remaining if not any(_same(other, one) for one in found))
    return _completed(view, replace(fix, outcome=outcome), hidden)


_SIMULATED: Final = ("Service", "EndpointSlice", "Endpoints", "Pod")


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


def _worse(view: ServiceView, outcome: Outcome) -> bool:
    """Compare ports by key: one that the change makes, or calls otherwise, has no verdict before."""
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
    found, _ = _apply(after, wants)
    wants.settle()
    if any(finding.code == crashed.code for finding in found):
        return None
    remaining = tuple(finding for finding in found if finding.effect is not Effect.ADVICE)
    codes = tuple(dict.fromkeys(finding.code for finding in remaining))
    return Outcome(after.verdict, _port_verdicts(after), codes), remaining


def _after(view: ServiceView, change: Change) -> ServiceView | None:
    """Return the view of the Service with a change made; None where it is not there any more."""
    snapshot = simulate(view.snapshot, change)
    service = snapshot.objects.get(view.ref)
    if not isinstance(service, Service):
        return None
    return ServiceView(snapshot, service, view.viewpoint, simulated=True, asked=view.asked)


def _compared(query: Query, view: ServiceView, findings: tuple[Finding, ...]) -> Comparison:
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
    found, skipped = _apply(after, wants)
    wants.attempt(lambda: after.verdict)
    wants.settle()
    return comparison.compare(change, before, _look(after, fold(found, after.asked), skipped))


def _foreseen(query: Query, snapshot: Snapshot, service: Service, change: Change) -> Outcome | None:
    """Simulate a change of some Service that was not asked for itself."""
    foreseen = _simulated(ServiceView(snapshot, service, query.viewpoint, asked=query.port), change)
    return foreseen[0] if foreseen else None


def _look(view: ServiceView, findings: tuple[Finding, ...], skipped: tuple[NotChecked, ...] = ()) -> Look:
    return Look(view, _verdict(view, findings), _port_verdicts(view), findings, skipped)


def _verdict(view: ServiceView, findings: tuple[Finding, ...]) -> Verdict:
    """Return the verdict from facts; nothing is known of what a rule that failed would have shown."""
    return Verdict.UNKNOWN if any(f.code == crashed.code for f in findings) else view.verdict


def _port_verdicts(view: ServiceView) -> tuple[PortVerdict, ...]:
    return tuple(
        PortVerdict(
            facts.key or "",
            view.verdicts[facts.key],
            len(_endpoints(facts.usable)),
            len(_endpoints(facts.expected)),
        )
        for facts in view.ports
    )


def _endpoints(cells: Iterable[Cell]) -> set[object]:
    return {cell.place.endpoint for cell in cells}


def _subject(view: ServiceView, findings: tuple[Finding, ...]) -> Subject:
    verdict = _verdict(view, findings)
    return Subject(
        ref=view.ref,
        verdict=verdict,
        summary=summary.summarize(view),
        ports=_port_verdicts(view),
        line=lines.tree(view, findings),
        checks=checks.next_checks(view) if verdict is Verdict.HEALTHY else (),
    )
