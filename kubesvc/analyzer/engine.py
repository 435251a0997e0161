"""Snapshot → report: which Services were asked for, what the rules find, what a fix would lead to. Pure.

Whatever is missing is asked for in one go (`Unread`): every part and rule runs in each round, so that their
wants are fetched together.
"""

from functools import partial
from typing import Final

from msgspec.structs import replace

from kubesvc.analyzer import checks, foresight, lines, reverse, ruling, summary, targets, verdicts, why
from kubesvc.analyzer.targets import Asked
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.wants import Wants
from kubesvc.model.objects import Pod, Service
from kubesvc.model.query import Query
from kubesvc.model.read import LackingError
from kubesvc.model.report import Finding, Fix, Missing, NotChecked, Report, Subject, Verdict
from kubesvc.model.snapshot import Snapshot

NOT_EVALUATED: Final = (
    "network policies",
    "a CNI's own policies",
    "a service mesh",
    "firewalls and load balancers outside the cluster",
)
"""What may decide about packets and was not looked at."""


def analyze(query: Query, snapshot: Snapshot) -> Report:
    """Explain what `query` names, as `snapshot` shows it: Services; pods and workloads the other way round.

    Raises:
        Unread: reads that were never made would decide something.
    """
    wants = Wants()
    asked = wants.attempt(partial(targets.resolve, query, snapshot)) or Asked(())
    advice = partial(_advice, query, snapshot)
    others = [wants.attempt(partial(reverse.asked, query, snapshot, which, advice)) for which in query.others]
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
    findings, skipped = _found(view, wants)
    verdict = wants.attempt(lambda: view.verdict)
    subject = wants.attempt(lambda: _subject(view, findings))
    mine = [pod for pod in pods if pod.metadata.namespace == service.metadata.namespace]
    asked = [wants.attempt(partial(why.why, view, pod)) for pod in mine]
    compared = wants.attempt(partial(foresight.compared, query, view, findings)) if query.changes else None
    wants.settle()
    if subject is None or verdict is None:  # pragma: no cover - settle raised
        raise LackingError
    told = replace(subject, why=tuple(told for told in asked if told), comparison=compared)
    return told, findings, skipped


def _found(view: ServiceView, wants: Wants) -> tuple[tuple[Finding, ...], tuple[NotChecked, ...]]:
    """Return what the rules find, the worst first, each with its fixes and what would come of them."""
    found, skipped = ruling.apply(view, wants)
    foreseen = [wants.attempt(partial(foresight.foresee, view, finding, found)) for finding in found]
    return ruling.fold(tuple(finding for finding in foreseen if finding is not None), view.asked), skipped


def _advice(query: Query, snapshot: Snapshot, service: Service) -> tuple[Fix, ...]:
    """Return the fixes that are offered where a Service is explained, those of the worst cause first.

    Raises:
        Unread: something that decides was never read.
    """
    wants = Wants()
    findings, _ = _found(ServiceView(snapshot, service, query.viewpoint), wants)
    wants.settle()
    return tuple(fix for finding in findings for fix in finding.fixes)


def _subject(view: ServiceView, findings: tuple[Finding, ...]) -> Subject:
    verdict = verdicts.of_service(view, findings)
    return Subject(
        ref=view.ref,
        verdict=verdict,
        summary=summary.summarize(view),
        ports=verdicts.of_ports(view),
        line=lines.tree(view, findings),
        checks=checks.next_checks(view) if verdict is Verdict.HEALTHY else (),
    )
