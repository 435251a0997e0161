"""One pod × port × family of a Service: what the slices say of it, and what should be, step by step."""

from enum import StrEnum
from itertools import takewhile

from msgspec import Struct

from kubesvc.model.objects import EndpointConditions, Pod
from kubesvc.model.place import Place


class StepKind(StrEnum):
    """The conditions an endpoint must meet, in the order in which Kubernetes' components meet them."""

    TYPE = "type"
    SELECTOR = "selector"
    LABELS = "labels"
    PHASE = "phase"
    SCHEDULED = "scheduled"
    ADDRESS = "address"
    NODE = "node"
    FAMILY = "family"
    PORT = "port"
    PUBLISHED = "published"
    INITIALIZED = "initialized"
    CREATED = "created"
    RUNNING = "running"
    STARTED = "started"
    PROBED = "probed"
    GATES = "gates"
    READY = "ready"
    STAYING = "staying"


class Step(Struct, frozen=True):
    """One condition: the API field that decides it, the value seen there, and a container where one is meant.

    `passed` is None where what decides could not be read.
    """

    kind: StepKind
    passed: bool | None
    field: str
    value: str
    container: str = ""
    reason: str = ""


def met(kind: StepKind, field: str, value: str, container: str = "") -> Step:
    """Build a condition that is met."""
    return Step(kind, passed=True, field=field, value=value, container=container)


def unmet(kind: StepKind, field: str, value: str, container: str = "", reason: str = "") -> Step:
    """Build a condition that is not met."""
    return Step(kind, passed=False, field=field, value=value, container=container, reason=reason)


class Chain(Struct, frozen=True):
    """All conditions of one pod × port × family, in order. What comes after a failed step may be missing."""

    steps: tuple[Step, ...] = ()

    @property
    def why(self) -> Step | None:
        """The first condition that is not met; where all that are known are, the first unknown one.

        What is not known never hides what is: without rights on Nodes a failing probe is still seen.
        """
        unmet = [step for step in self.steps if not step.passed]
        return next((step for step in unmet if step.passed is False), next(iter(unmet), None))


class Conditions(Struct, frozen=True):
    """The three conditions of an endpoint with nil resolved as kube-proxy and CoreDNS resolve it."""

    ready: bool
    serving: bool
    terminating: bool


def resolve(written: EndpointConditions) -> Conditions:
    """Read nil as consumers do: ready and serving true, terminating false (discovery/v1 types.go)."""
    return Conditions(
        ready=written.ready is not False,
        serving=written.serving is not False,
        terminating=written.terminating is True,
    )


class State(StrEnum):
    """How a cell is shown, derived from what the slices say."""

    READY = "ready"
    PUBLISHED = "published, not Ready"
    SERVING = "terminating, still serving"
    NOT_READY = "not ready"
    TERMINATING = "terminating"
    NO_PORT = "without this port"
    HIDDEN = "in a slice that kube-proxy does not read"
    ABSENT = "not in the slices"


class Cell(Struct, frozen=True):
    """One pod (or address) at one port and family.

    `address`, `number` and `conditions` come from the real slices: no address means that no slice lists it,
    no number that its slice lacks the port. `chain` is the prediction, None where it could not be made. `pod`
    is None where no selected pod stands behind the endpoint; `slices` names where it is listed. `hidden`: by
    slices alone that the data plane of this Service does not read. `gone`: the slices list a pod that is
    proven not to be there any more. `silent`: they list it as ready, and for want of this condition nothing
    of it can listen.
    """

    place: Place
    address: str | None
    number: int | None
    conditions: Conditions | None
    chain: Chain | None
    pod: Pod | None = None
    node: str = ""
    zone: str = ""
    slices: tuple[str, ...] = ()
    hidden: bool = False
    gone: bool = False
    silent: Step | None = None

    @property
    def state(self) -> State:
        """What the real slices make of it."""
        if self.conditions is None:
            return State.ABSENT
        if self.hidden:
            return State.HIDDEN
        if self.number is None:
            return State.NO_PORT
        if self.conditions.ready:
            return State.READY if self.conditions.serving else State.PUBLISHED
        if self.conditions.terminating:
            return State.SERVING if self.conditions.serving else State.TERMINATING
        return State.NOT_READY

    @property
    def why(self) -> Step | None:
        """The first unmet condition of the prediction; where it meets all, the one to be heard there."""
        return (self.chain.why if self.chain else None) or self.silent

    @property
    def certain(self) -> bool:
        """Whether nothing unknown comes before `why`; what is listed has met what that takes."""
        if self.chain is None or self.conditions is not None:
            return True
        before = takewhile(lambda step: step is not self.why, self.chain.steps)
        return all(step.passed is not None for step in before)
