"""What was found: verdicts, findings, the lines of the tree. No colors, no widths."""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum, StrEnum

from msgspec import Struct

from kubesvc.model.cell import StepKind
from kubesvc.model.change import Change
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, Read


class Verdict(IntEnum):
    """How a Service or port fares, best to worst; UNKNOWN stands apart: what decides could not be read."""

    HEALTHY = 0
    IDLE = 1
    PROGRESSING = 2
    DEGRADED = 3
    BROKEN = 4
    UNKNOWN = -1

    @property
    def word(self) -> str:
        """Lower case, as printed."""
        return self.name.lower()


class Confidence(StrEnum):
    """PROOF follows from API objects; with LIKELY an alternative exists and is named."""

    PROOF = "proof"
    LIKELY = "likely"


class Effect(StrEnum):
    """What a finding does to traffic; ADVICE does nothing."""

    ADVICE = "advice"
    IDLE = "idle"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    BROKEN = "broken"


class Row(Struct, frozen=True):
    """One fact of a finding; `source` is the object or field it was read from."""

    label: str
    value: str
    source: str = ""


class Command(Struct, frozen=True):
    """A command to paste: argv without connection flags, and what its answers prove."""

    argv: tuple[str, ...]
    purpose: str = ""


class PortVerdict(Struct, frozen=True):
    """A Service port: how many endpoints of how many that should serve are used by traffic."""

    key: str
    verdict: Verdict
    usable: int
    expected: int


class Outcome(Struct, frozen=True):
    """What a change would lead to; `remaining` are the codes of causes that it leaves."""

    verdict: Verdict
    ports: tuple[PortVerdict, ...]
    remaining: tuple[str, ...] = ()


class Fix(Struct, frozen=True):
    """What to do. `outcome` is None where it cannot be simulated; `notes` say why, or what else to know.

    `then` are the commands to run after the first, in order. `target` is what the command writes to, where
    `change` does not say it.
    """

    title: str
    certainty: Confidence
    change: Change | None = None
    command: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    outcome: Outcome | None = None
    then: tuple[tuple[str, ...], ...] = ()
    target: Ref | None = None


class Finding(Struct, frozen=True):
    """One cause with one culprit. `consequences` are findings folded under it."""

    code: str
    headline: str
    places: tuple[Place, ...]
    culprit: Ref
    confidence: Confidence
    effect: Effect
    rows: tuple[Row, ...] = ()
    confirm: tuple[Command, ...] = ()
    fixes: tuple[Fix, ...] = ()
    consequences: tuple["Finding", ...] = ()

    @property
    def id(self) -> tuple[str, Ref, tuple[Place, ...]]:
        """Identity over time; code and culprit alone group a scan."""
        return (self.code, self.culprit, self.places)


class NotChecked(Struct, frozen=True):
    """A rule that could not be evaluated, and the read it lacked."""

    code: str
    place: Place
    read: Read


class LineKind(StrEnum):
    """Every kind of line of the tree; each has one explanation (renderer/annotations.py)."""

    SERVICE = "service"
    LABELS = "labels"
    ANNOTATIONS = "annotations"
    ADDRESSES = "addresses"
    INSIDE = "inside"
    NODES = "nodes"
    OUTSIDE = "outside"
    EXTERNAL_NAME = "external name"
    EXTERNAL_IPS = "external IPs"
    LOAD_BALANCER = "load balancer"
    FAMILIES = "families"
    PORT = "port"
    APP_PROTOCOL = "app protocol"
    ENDPOINT = "endpoint"
    SELECTOR = "selector"
    SLICES = "slices"
    SLICE = "slice"
    AFFINITY = "session affinity"
    TRAFFIC = "traffic policies"
    PUBLISH = "publish not ready"
    CONDITIONS = "conditions"
    DELETION = "deletion"
    EVENTS = "events"
    EVENT = "event"
    WHAT_IF = "what if"
    SETTING = "setting"
    BEFORE = "before"
    AFTER = "after"
    GONE = "gone"
    REMAINING = "remaining"
    NEW = "new"
    NOTE = "note"
    POD = "pod"
    WORKLOAD = "workload"
    POD_LABELS = "pod labels"
    SELECTED_BY = "selected by"
    LISTED_BY = "listed by"
    NEARLY_BY = "nearly selected by"
    REASON = "reason"


class Mark(StrEnum):
    """What a line's own facts amount to."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    NONE = "none"


class Line(Struct, frozen=True):
    """A line of the tree: `value` is the fact, `state` the judgment at its end, `codes` its findings.

    `details` are further facts, each of the same sort as that of its siblings, so that they can stand in
    columns.
    """

    kind: LineKind
    place: Place
    label: str
    value: str
    mark: Mark = Mark.NONE
    state: str = ""
    codes: tuple[str, ...] = ()
    children: tuple["Line", ...] = ()
    details: tuple[str, ...] = ()


class Check(Struct, frozen=True):
    """A next active check for a client that still fails: what answers, refuses, hangs would prove."""

    command: Command
    title: str
    answers: str
    refuses: str
    hangs: str


class Stage(StrEnum):
    """What a condition decides about a pod, in the order of Kubernetes."""

    SELECTED = "selected"
    LISTED = "listed"
    PORT = "port"
    READY = "ready"


class WhyStep(Struct, frozen=True):
    """A condition of a pod, with all ports × families at which it comes out the same.

    `passed` is None where what decides could not be read. `text` says what was found, `field` where. At those
    of its places that are in `decides` it is the first that is not met. `rule` is what Kubernetes asks here,
    `upstream` where in its code.
    """

    kind: StepKind
    stage: Stage
    passed: bool | None
    text: str
    field: str
    value: str
    container: str
    rule: str
    upstream: str
    places: tuple[Place, ...]
    decides: tuple[Place, ...] = ()


class WhyResult(Struct, frozen=True):
    """What the conditions lead to and what the slices say, for ports × families of equal fate.

    `predicted` and `actual` are states of an endpoint; empty where that is not known. `agrees` is None where
    they cannot be compared.
    """

    text: str
    places: tuple[Place, ...]
    predicted: str
    actual: str
    agrees: bool | None
    addresses: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()


class Why(Struct, frozen=True):
    """Why a pod is an endpoint of a Service, or is not: every condition in the order of Kubernetes."""

    pod: Ref
    headline: str
    steps: tuple[WhyStep, ...]
    results: tuple[WhyResult, ...]


class Seen(Struct, frozen=True):
    """An endpoint at one moment: `state` in words, whether traffic `used` it, `address` with its port.

    The address is empty for a selected pod that no slice lists.
    """

    address: str
    used: bool
    state: str


class EndpointComparison(Struct, frozen=True):
    """An endpoint before and after; None where it is neither selected nor listed. Equal: it stays."""

    place: Place
    before: Seen | None
    after: Seen | None


class PortComparison(Struct, frozen=True):
    """A port before and after, None where there is no port of this key, with all its endpoints."""

    key: str
    before: PortVerdict | None
    after: PortVerdict | None
    endpoints: tuple[EndpointComparison, ...] = ()


class Standing(Struct, frozen=True):
    """How a Service fares; `summary` says what that rests on."""

    verdict: Verdict
    summary: str


class Cause(Struct, frozen=True):
    """A finding by its name."""

    code: str
    culprit: Ref
    headline: str
    effect: Effect


class Comparison(Struct, frozen=True):
    """A Service before and after a change that was only imagined; `command` would make it.

    Where what decides about endpoints could not be read, `after` is unknown and nothing is compared.
    `remaining` and `new` are causes as they are after. `notes` are what else the change brings about, and who
    would take it back.
    """

    change: Change
    command: tuple[str, ...]
    before: Standing
    after: Standing
    line: Line
    ports: tuple[PortComparison, ...] = ()
    gone: tuple[Cause, ...] = ()
    remaining: tuple[Cause, ...] = ()
    new: tuple[Cause, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    notes: tuple[str, ...] = ()


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
