"""A cluster that answers only what it is asked, and counts; and the loop that asks it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from kubesvc.analyzer.engine import analyze
from kubesvc.model.objects import Obj, Partial
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Portion, Read, Unread
from kubesvc.model.report import Finding, Report, Verdict
from kubesvc.model.snapshot import Snapshot

_MANY = 20


@dataclass
class FakeSource:
    """Answers reads from a whole cluster; what `denied` contains is forbidden.

    `rounds` holds what was asked when; from the first second look on, `later` is the cluster.
    """

    truth: Snapshot
    denied: tuple[Read, ...] = ()
    later: Snapshot | None = None
    rounds: list[frozenset[Read]] = field(default_factory=list[frozenset[Read]])
    again: list[frozenset[Read]] = field(default_factory=list[frozenset[Read]])

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return sum(len(wanted) for wanted in self.rounds)

    def begin(self) -> Snapshot:
        """Nothing is known yet."""
        return Snapshot(self.truth.context, self.truth.taken_at)

    def answer(self, snapshot: Snapshot, unread: Unread) -> Snapshot:
        """Answer each read with its objects, or with a gap where it is denied."""
        self.rounds.append(unread.reads)
        if unread.again:
            self.again.append(unread.reads)
            snapshot = snapshot.without(unread.reads)
            if self.later:
                self.truth, self.later = self.later, None
                snapshot = replace(snapshot, taken_at=self.truth.taken_at)
        for read in sorted(unread.reads, key=str):
            if any(no.contains(read) for no in self.denied):
                snapshot = snapshot.with_answers((), (), [Gap(read, GapReason.FORBIDDEN, "no right")])
            else:
                found = self.truth.find(read, Obj)
                snapshot = snapshot.with_answers(_portion(read, found), [read])
        return snapshot


def _portion(read: Read, found: Iterable[Obj]) -> Iterable[Obj]:
    if read.part is Portion.WHOLE:
        return found
    return [Partial(kind=obj.kind, metadata=obj.metadata) for obj in found]


def ask(query: Query, source: FakeSource) -> Report:
    """Analyze in rounds, as the command line does."""
    snapshot = source.begin()
    for _ in range(_MANY):
        try:
            return analyze(query, snapshot)
        except Unread as unread:
            snapshot = source.answer(snapshot, unread)
    raise AssertionError(f"still asking after {_MANY} rounds: {source.rounds[-1]}")


def explain(snapshot: Snapshot, *names: str, namespace: str = "shop", port: str = "") -> Report:
    """Explain Services of a whole cluster; a second look sees what the first one saw."""
    query = Query(namespace, names or ("web",), port=port)
    try:
        return analyze(query, snapshot)
    except Unread as unread:
        if not unread.again:
            raise
    return analyze(query, replace(snapshot, earlier=replace(snapshot, earlier=None)))


def find(report: Report, code: str) -> tuple[Finding, ...]:
    """The findings of one code, also where they are folded under another."""
    return tuple(found for found in _everything(report.findings) if found.code == code)


def only(report: Report, code: str) -> Finding:
    """The only finding of a report, which has this code."""
    assert [found.code for found in _everything(report.findings)] == [code]
    return report.findings[0]


def verdict(report: Report) -> Verdict:
    """The verdict of the only Service."""
    (subject,) = report.subjects
    return subject.verdict


def rows(finding: Finding) -> list[str]:
    """The facts of a finding as `label: value`."""
    return [f"{row.label}: {row.value}" for row in finding.rows]


def _everything(findings: Iterable[Finding]) -> list[Finding]:
    return [inner for found in findings for inner in (found, *_everything(found.consequences))]
