"""The answer to a query."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from kubesvc.model.objects import Ref
from kubesvc.model.query import Query
from kubesvc.model.read import Gap
from kubesvc.model.report.finding import Finding, NotChecked
from kubesvc.model.report.subject import Missing, Subject


class Report(Struct, frozen=True):
    """The answer to a query. `missing` names asked Services and pods that are not there.

    `not_evaluated` names what could decide traffic but is outside what was looked at, such as a service mesh.
    """

    query: Query
    context: str
    taken_at: datetime
    subjects: tuple[Subject, ...]
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    gaps: tuple[Gap, ...] = ()
    missing: tuple[Missing, ...] = ()
    server: str = ""
    origin: str = "cluster"
    not_evaluated: tuple[str, ...] = ()

    def findings_of(self, ref: Ref) -> Sequence[Finding]:
        """Return the findings about one Service, causes first as folded."""
        return tuple(
            finding for finding in self.findings if any(place.service == ref for place in finding.places)
        )
