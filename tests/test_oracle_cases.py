"""Clusters recorded with the slices that the real controllers left: kubesvc predicts just those."""

import re
from functools import cache

import pytest

from e2e.oracle import cases
from e2e.oracle.cases import Case
from e2e.oracle.compare import disagreements
from e2e.oracle.tags import REQUIRED, tags
from e2e.oracle.told import complaints

FILES = sorted(cases.FOLDER.glob("*.json"))
ENOUGH = 100

each = pytest.mark.parametrize("name", [path.name for path in FILES])


@cache
def recorded(name: str) -> Case:
    """Read one recorded cluster, once."""
    return cases.load((cases.FOLDER / name).read_bytes())


def test_there_are_enough_clusters() -> None:
    """Without any, the tests below would pass in silence."""
    assert len(FILES) >= ENOUGH


@each
def test_the_prediction_is_what_the_controllers_left(name: str) -> None:
    """In every field of every slice of every Service."""
    subjects = list(recorded(name).settled.subjects())

    assert [text for subject in subjects for text in disagreements(subject)] == []


@each
def test_what_is_told_of_the_slices_is_so(name: str) -> None:
    """Nothing of a Service that is in order; what was left behind and what is foreign always."""
    subjects = list(recorded(name).settled.subjects())

    assert [text for subject in subjects for text in complaints(subject)] == []


def test_together_the_clusters_show_every_rule() -> None:
    """Each condition met and unmet, each way to find a port, each mode of hints, and what is left behind."""
    shown = frozenset[str]().union(*(tags(recorded(path.name).settled) for path in FILES))

    assert REQUIRED - shown == frozenset()


@each
def test_a_recorded_cluster_is_written_as_it_was_read(name: str) -> None:
    """So that one that is recorded again changes only where the cluster did."""
    assert cases.dump(recorded(name)) == (cases.FOLDER / name).read_bytes()


@each
def test_a_recorded_cluster_names_the_server_that_left_it(name: str) -> None:
    """And the minor by which kubesvc predicts is that server's."""
    case = recorded(name)

    version = re.fullmatch(r"v1\.(\d+)\.\d+", case.server)

    assert version is not None
    assert int(version[1]) == case.settled.minor
