"""What was asked for: a Service, or a pod or workload with the Services that concern it."""

from enum import StrEnum

from msgspec import Struct

from kubesvc.model.cell import StepKind
from kubesvc.model.objects import Ref
from kubesvc.model.read import Gap
from kubesvc.model.report.comparison import Comparison
from kubesvc.model.report.finding import Check, Fix
from kubesvc.model.report.line import Line
from kubesvc.model.report.verdict import PortVerdict, Verdict
from kubesvc.model.report.why import Why


class Relation(StrEnum):
    """What a Service has to do with a pod, or with the pods of a workload."""

    SELECTS = "selects"
    LISTS = "lists"
    NEARLY = "nearly selects"


class Reason(Struct, frozen=True):
    """The first condition that is not met, in words, and the pods of which that is so; none: the template."""

    kind: StepKind
    text: str
    pods: tuple[str, ...] = ()


class Membership(Struct, frozen=True):
    """A Service as far as it concerns a pod or a workload.

    LISTS: slices list pods that it does not select. `pods` are those that it selects or lists, or of which it
    selects the template, and `ports` count them alone. NEARLY has no verdict; `fix` is what would make it
    select them, `notes` why there is none.
    """

    service: Ref
    relation: Relation
    verdict: Verdict | None
    selector: str
    pods: tuple[str, ...]
    ports: tuple[PortVerdict, ...] = ()
    reasons: tuple[Reason, ...] = ()
    fix: Fix | None = None
    notes: tuple[str, ...] = ()


class Subject(Struct, frozen=True):
    """A Service that was explained, or a pod or workload of which the Services were asked for.

    `summary` completes `NAME is VERDICT: …`. Of a Service, `why` are the pods that were asked about, and
    `comparison` is about the change that was. Of the others, `services` are those that select them or nearly
    do.
    """

    ref: Ref
    verdict: Verdict
    summary: str
    ports: tuple[PortVerdict, ...]
    line: Line
    checks: tuple[Check, ...] = ()
    why: tuple[Why, ...] = ()
    comparison: Comparison | None = None
    services: tuple[Membership, ...] = ()

    @property
    def judged(self) -> Verdict:
        """The verdict that was asked for: with a change, the one after it."""
        return self.comparison.after.verdict if self.comparison else self.verdict


class Missing(Struct, frozen=True):
    """What was asked for and is not there (or, with `refused`, not be read): near names, other namespaces.

    `namespace_exists` is None where that could not be read.
    """

    ref: Ref
    near: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    namespace_exists: bool | None = None
    refused: Gap | None = None
