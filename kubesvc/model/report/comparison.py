"""A Service before and after a change that was only imagined."""

from msgspec import Struct

from kubesvc.model.change import Change
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.report.finding import NotChecked
from kubesvc.model.report.line import Line
from kubesvc.model.report.verdict import Effect, PortVerdict, Verdict


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
    would take it back. `needless`: all that is set is so already.
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
    needless: bool = False
