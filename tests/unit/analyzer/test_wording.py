"""Facts as words."""

from datetime import timedelta

import pytest

from kubesvc.analyzer import wording
from kubesvc.model.cell import StepKind, unmet
from tests.support.builders import NOW


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (0.4, "0 s"), (-5, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1h"), (172800, "2d")],
)
def test_a_span_has_its_largest_unit(seconds: float, shown: str) -> None:
    """Never a negative one: clocks differ."""
    assert wording.span(timedelta(seconds=seconds)) == shown
    assert wording.ago(NOW - timedelta(seconds=seconds), NOW) == f"{shown} ago"


def test_an_unknown_time_is_told() -> None:
    """Events may have none."""
    assert wording.ago(None, NOW) == "at an unknown time"


def test_a_long_list_is_cut() -> None:
    """With the number left out."""
    assert wording.names("abc") == "a, b, c"
    assert wording.names("abcde") == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("kind", "value", "reason", "shown"),
    [
        (StepKind.PROBED, "false", "", "readiness probe of app"),
        (StepKind.STARTED, "false", "", "startup probe of app"),
        (StepKind.LABELS, "no tier", "", "labels differ: no tier"),
        (StepKind.PHASE, "Failed (Evicted)", "", "failed (evicted)"),
        (StepKind.SCHEDULED, "", "", "not scheduled yet"),
        (StepKind.SCHEDULED, "0/3", "Unschedulable", "Unschedulable"),
        (StepKind.ADDRESS, "<none>", "", "no address yet"),
        (StepKind.READY, "Unknown", "", "condition Ready is Unknown"),
        (StepKind.CREATED, "no such tag", "ErrImagePull", "ErrImagePull of app"),
        (StepKind.CREATED, "no status", "", "container app has not started yet"),
        (StepKind.CREATED, "PodInitializing", "PodInitializing", "container app has not started yet"),
        (StepKind.CREATED, "ContainerCreating", "ContainerCreating", "ContainerCreating of app"),
        (StepKind.INITIALIZED, "running", "", "init container app still runs"),
        (
            StepKind.INITIALIZED,
            "PodInitializing",
            "PodInitializing",
            "init container app has not started yet",
        ),
        (StepKind.INITIALIZED, "no such tag", "ErrImagePull", "ErrImagePull of app"),
    ],
)
def test_an_unmet_condition_is_a_clause(kind: StepKind, value: str, reason: str, shown: str) -> None:
    """It stands behind a state."""
    assert wording.step(unmet(kind, "f", value, "app", reason)) == shown


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (StepKind.PROBED, "the readiness probe of app"),
        (StepKind.STARTED, "the startup probe of app"),
        (StepKind.SCHEDULED, "a node"),
        (StepKind.ADDRESS, "an address"),
        (StepKind.CREATED, "container app"),
        (StepKind.INITIALIZED, "init container app"),
    ],
)
def test_what_is_given_time_is_a_noun(kind: StepKind, shown: str) -> None:
    """It stands behind `left for`."""
    assert wording.awaited(unmet(kind, "f", "waiting", "app")) == shown


@pytest.mark.parametrize(("value", "shown"), [("<none>", "not set"), ("False", "False")])
def test_a_readiness_gate_has_the_name_of_its_condition(value: str, shown: str) -> None:
    """Not of the field that shows it."""
    missed = unmet(StepKind.GATES, "status.conditions[example.com/up]", value)

    assert wording.step(missed) == f"readiness gate example.com/up is {shown}"


@pytest.mark.parametrize(
    ("field", "shown"),
    [("state.terminated", "app ended: Error, exit code 3"), ("state.waiting", "CrashLoopBackOff of app")],
)
@pytest.mark.parametrize("kind", [StepKind.RUNNING, StepKind.INITIALIZED])
def test_a_container_has_ended_or_waits(kind: StepKind, field: str, shown: str) -> None:
    """A kubelet shows one or the other while it backs off."""
    how = {"state.terminated": ("Error, exit code 3", "Error")}
    value, reason = how.get(field, ("back-off 10s", "CrashLoopBackOff"))

    assert wording.step(unmet(kind, f"status.containerStatuses[app].{field}", value, "app", reason)) == shown
