"""What was found: a cause, with its proof and what would mend it."""

from msgspec import Struct

from kubesvc.model.change import Change
from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.read import Read
from kubesvc.model.report.verdict import Confidence, Effect, PortVerdict, Verdict


class Row(Struct, frozen=True):
    """One fact of a finding; `source` is the object or field it was read from."""

    label: str
    value: str
    source: str = ""


class Command(Struct, frozen=True):
    """A command to paste: argv without connection flags, and what its answers prove."""

    argv: tuple[str, ...]
    purpose: str = ""


class Outcome(Struct, frozen=True):
    """What a change would lead to; `remaining` are the codes of causes that it leaves.

    Of one that cannot be simulated the verdict is unknown, and nothing is said of ports.
    """

    verdict: Verdict
    ports: tuple[PortVerdict, ...]
    remaining: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether more is known than what remains."""
        return bool(self.ports) or self.verdict is not Verdict.UNKNOWN


class Fix(Struct, frozen=True):
    """What to do. `outcome` is None where nothing of it is known; `notes` say why, or what else to know.

    `then` are the commands to run after the first, in order. `target` is what the command writes to, where
    `change` does not say it. Not `foreseeable` is what works by what pods do that do not run yet.
    """

    title: str
    certainty: Confidence
    change: Change | None = None
    command: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    outcome: Outcome | None = None
    then: tuple[tuple[str, ...], ...] = ()
    target: Ref | None = None
    foreseeable: bool = True


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


class Check(Struct, frozen=True):
    """A next active check for a client that still fails: what answers, refuses, hangs would prove."""

    command: Command
    title: str
    answers: str
    refuses: str
    hangs: str
