"""The loop: analyze, read what is missing, analyze again."""

from collections.abc import Callable
from typing import Final

from kubesvc.client.source import Source
from kubesvc.errors import UsageError
from kubesvc.model.objects import Service
from kubesvc.model.query import Query
from kubesvc.model.read import Read, Unread
from kubesvc.model.report import Report
from kubesvc.model.snapshot import Snapshot

_SHOWN: Final = 10

Analyze = Callable[[Query, Snapshot], Report]


def only_one(analyze: Analyze) -> Analyze:
    """Return the analysis for people who named no Service: there must be no choice."""

    def checked(query: Query, snapshot: Snapshot) -> Report:
        if not query.names and not query.others and not query.labels and not query.all_namespaces:
            services = snapshot.find(Read("Service", query.namespace), Service)
            if len(services) > 1:
                names = [service.metadata.name for service in services[:_SHOWN]]
                more = f" and {len(services) - _SHOWN} more" if len(services) > _SHOWN else ""
                raise UsageError(
                    f"namespace {query.namespace} has {len(services)} Services, so name one",
                    f"It has {', '.join(names)}{more}. Labels choose several: -l app=web.",
                )
        return analyze(query, snapshot)

    return checked


def explain(query: Query, source: Source, analyze: Analyze) -> tuple[Report, Snapshot]:
    """Return the report, and the snapshot it was drawn from.

    It ends when nothing new is wanted; the source's budget and deadline see to that.
    """
    snapshot = source.begin()
    last: tuple[frozenset[object], bool] | None = None
    while True:
        try:
            return analyze(query, snapshot), snapshot
        except Unread as unread:
            if (unread.reads, unread.again) == last:
                raise RuntimeError(f"wanted again although it was answered: {unread}") from unread
            last = (unread.reads, unread.again)
            snapshot = source.answer(snapshot, unread)
