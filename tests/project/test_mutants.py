"""The check of the tests by planted faults: what it reports, and what it refuses to judge."""

import sys
from pathlib import Path

import msgspec
import pytest

from tests.mutants.__main__ import FAULTS, caught, summary
from tests.mutants.faults import Fault, StaleError, faulty, load
from tests.mutants.runner import Judged, Project, Suite, UnsoundError, judge

SEMANTICS = Path(__file__).parents[2] / "kubesvc/semantics"
LAMP = """def bright(power):
    return power > 10


def color(power):
    return "red"
"""
DIM = Fault("lamp.py", "ten is bright", "power > 10", "power >= 10")
NOTHING = Fault("lamp.py", "the same", '"red"', '"red"')
BLUE = Fault("lamp.py", "blue", '"red"', '"blue"')


def suite(name: str, expression: str) -> Suite:
    """A suite that passes where an expression about the lamp is true."""
    return Suite(name, (sys.executable, "-c", f"import sys, lamp; sys.exit(not ({expression}))"))


FIRST = suite("the first", "not lamp.bright(10)")
SECOND = suite("the second", "lamp.color(1) == 'red'")


@pytest.fixture
def lamp(tmp_path: Path) -> Project:
    """A project with one module."""
    (tmp_path / "lamp.py").write_text(LAMP)
    (tmp_path / "shade").mkdir()
    return Project(tmp_path, ("lamp.py", "shade"), ".")


def test_each_fault_is_caught_by_the_first_suite_that_fails(lamp: Project) -> None:
    """What changes nothing survives; the code itself is never touched."""
    heard: list[Judged] = []

    judged = judge(lamp, (BLUE, NOTHING, DIM), (FIRST, SECOND), told=heard.append)

    assert judged == (Judged(BLUE, "the second"), Judged(NOTHING, None), Judged(DIM, "the first"))
    assert sorted(heard, key=str) == sorted(judged, key=str)
    assert (lamp.root / "lamp.py").read_text() == LAMP


def test_a_survivor_is_reported() -> None:
    """With what it believes; and how many each suite has caught."""
    judged = (Judged(BLUE, "the second"), Judged(NOTHING, None), Judged(DIM, "the first"))

    assert round(caught(judged)) == 67
    assert summary(judged) == (
        "3 faults, 66.7 % caught\n    1 by the second\n    1 by the first\nsurvived: lamp.py: the same\n"
    )


@pytest.mark.parametrize(("old", "times"), [("power < 10", 0), ("(power)", 2)])
def test_a_fault_that_does_not_fit_any_more_is_an_error(lamp: Project, old: str, times: int) -> None:
    """It is named, with all others of its kind, before any test runs."""
    stale = Fault("lamp.py", "stale", old, "")
    never = Suite("never", ("no-such-program",))

    with pytest.raises(StaleError, match=rf"(?s)lamp.py: stale: .* {times} times.*lamp.py: stale") as error:
        judge(lamp, (stale, DIM, stale), (never,))

    assert "ten is bright" not in str(error.value)


def test_tests_that_fail_without_a_fault_judge_nothing(lamp: Project) -> None:
    """Their output is shown."""
    broken = Suite("the broken", (sys.executable, "-c", "print('no lamp here'); raise SystemExit(1)"))

    with pytest.raises(UnsoundError, match=r"(?s)the broken do not pass.*no lamp here"):
        judge(lamp, (DIM,), (FIRST, broken))


def test_tests_that_cannot_run_with_a_fault_judge_nothing(lamp: Project) -> None:
    """A mistake that breaks the code is none that somebody would not notice."""
    stops = Suite("the third", (sys.executable, "-c", "import sys, lamp; sys.exit(2 * lamp.bright(10))"))

    with pytest.raises(UnsoundError, match=r"(?s)ten is bright.*the third stopped with status 2"):
        judge(lamp, (DIM,), (stops,))


def test_the_faults_are_different_mistakes() -> None:
    """Each has a claim and a change of its own."""
    faults = load(FAULTS)

    assert len(faults) == len({str(fault) for fault in faults}) == len({(f.old, f.new) for f in faults})
    assert not any(fault.old == fault.new for fault in faults)


def test_each_fault_fits_the_code_as_it_is() -> None:
    """Whoever changes a line finds out at once, and not when all faults are judged."""
    for fault in load(FAULTS):
        faulty(fault, (SEMANTICS / fault.file).read_text(encoding="utf-8"))


def test_a_list_of_faults_says_nothing_else(tmp_path: Path) -> None:
    """A misspelled key is an error, not a fault that is never planted."""
    path = tmp_path / "faults.toml"
    path.write_text('[["a.py"]]\nclaim = "x"\nold = "y"\nnew = "z"\n')
    assert load(path) == (Fault("a.py", "x", "y", "z"),)
    path.write_text('[["a.py"]]\nclaim = "x"\nold = "y"\nnww = "z"\n')

    with pytest.raises(msgspec.ValidationError):
        load(path)
