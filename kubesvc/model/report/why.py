"""Why a pod is an endpoint or is not, condition by condition."""

from enum import StrEnum

from msgspec import Struct

from kubesvc.model.cell import StepKind
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place


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
