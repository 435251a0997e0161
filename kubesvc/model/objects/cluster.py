"""Nodes, Namespaces, Events and the server's version."""

from typing import Final

from kubesvc.model.objects.meta import Condition, Obj, Part, Time


class Taint(Part, frozen=True, kw_only=True):
    """A taint."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Part, frozen=True, kw_only=True):
    """NodeSpec."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class Resources(Part, frozen=True, kw_only=True):
    """A ResourceList, as far as it decides anything: `cpu` is a Quantity, such as `3500m`."""

    cpu: str | float = ""


class NodeStatus(Part, frozen=True, kw_only=True):
    """NodeStatus."""

    conditions: tuple[Condition, ...] = ()
    allocatable: Resources = Resources()


class Node(Obj, frozen=True, kw_only=True):
    """A Node."""

    kind: str = "Node"
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(Obj, frozen=True, kw_only=True):
    """A Namespace."""

    kind: str = "Namespace"


class InvolvedObject(Part, frozen=True, kw_only=True):
    """What an event is about; `field_path` may name a container."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class EventSeries(Part, frozen=True, kw_only=True):
    """Repetitions of an event."""

    count: int = 0
    last_observed_time: Time | None = None


class EventSource(Part, frozen=True, kw_only=True):
    """Who wrote an event (old form)."""

    component: str = ""
    host: str = ""


class Event(Obj, frozen=True, kw_only=True):
    """A core/v1 Event. Absence proves nothing: events are rate-limited and gone after an hour."""

    kind: str = "Event"
    involved_object: InvolvedObject = InvolvedObject()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    first_timestamp: Time | None = None
    last_timestamp: Time | None = None
    event_time: Time | None = None
    series: EventSeries | None = None
    source: EventSource = EventSource()
    reporting_component: str = ""

    @property
    def times(self) -> int:
        """How often it happened, as kubectl counts."""
        return (self.series.count if self.series else self.count) or 1

    @property
    def last_seen(self) -> Time | None:
        """When it last happened, as kubectl decides."""
        observed = self.series.last_observed_time if self.series else None
        return observed or self.last_timestamp or self.event_time or self.first_timestamp


_DIGITS: Final = 5
"""No minor version has more."""


class Version(Obj, frozen=True, kw_only=True):
    """What the API server says of itself at /version."""

    kind: str = "Version"
    git_version: str = ""
    major: str = ""
    minor: str = ""

    @property
    def minor_number(self) -> int:
        """The minor as a number: `33+` → 33; 0 when it is not one."""
        digits = self.minor.rstrip("+")
        return int(digits) if digits.isdecimal() and len(digits) <= _DIGITS else 0
