"""The lines of the tree: what they are about and what they say. No colors, no widths."""

from enum import StrEnum

from msgspec import Struct

from kubesvc.model.place import Place


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
