"""What is said of pod web-1 and Service web, taken out of the report."""

from typing import Final

from kubesvc.model.cell import StepKind
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Report, Why, WhyStep
from kubesvc.model.snapshot import Snapshot
from tests.support.sources import FakeSource, ask

ASKED: Final = Query("shop", ("web",), why=("web-1",))


def asked(snapshot: Snapshot, *denied: Read) -> Report:
    """Explain web, and ask about web-1."""
    return ask(ASKED, FakeSource(snapshot, denied=denied))


def why(snapshot: Snapshot, *denied: Read) -> Why:
    """What is said of web-1."""
    (subject,) = asked(snapshot, *denied).subjects
    (told,) = subject.why
    return told


def reason(told: Why) -> WhyStep:
    """The only step that decides."""
    (step,) = (step for step in told.steps if step.decides)
    return step


def step(told: Why, kind: StepKind) -> WhyStep:
    """The only step of a kind."""
    (found,) = (step for step in told.steps if step.kind is kind)
    return found


def corners(places: tuple[object, ...]) -> list[str]:
    """Places as `http/IPv4`."""
    return [f"{place.port}/{place.family}" for place in places]  # type: ignore[attr-defined]
