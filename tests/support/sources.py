"""A cluster that answers only what it is asked, and counts; and the loop that asks it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kubesvc.analyzer.engine import analyze
from kubesvc.model.objects import Obj, Partial
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Portion, Read, Unread
from kubesvc.model.report import Report
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


def explain(snapshot: Snapshot, *names: str, namespace: str = "shop") -> Report:
    """Explain Services of a whole cluster; a second look sees what the first one saw."""
    query = Query(namespace, names or ("web",))
    try:
        return analyze(query, snapshot)
    except Unread as unread:
        if not unread.again:
            raise
    return analyze(query, replace(snapshot, earlier=replace(snapshot, earlier=None)))
