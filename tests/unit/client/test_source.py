"""A file answers at once, also with what it lacks."""

from datetime import UTC, datetime

from kubesvc.client.source import FileSource
from kubesvc.model.read import Gap, GapReason, Read, Unread
from kubesvc.model.snapshot import Snapshot

SAVED = Snapshot("prod", datetime(2026, 1, 31, tzinfo=UTC), origin="file")
PODS = Read("Pod", "shop")


def test_a_file_begins_with_everything_it_has() -> None:
    """Nothing is read later."""
    assert FileSource(SAVED).begin() is SAVED


def test_what_is_not_in_the_file_is_a_gap() -> None:
    """So that it is never wanted again."""
    snapshot = FileSource(SAVED).answer(SAVED, Unread(frozenset({PODS})))

    assert snapshot.gaps == (Gap(PODS, GapReason.NOT_IN_FILE),)


def test_a_second_look_into_a_file_sees_the_same() -> None:
    """Both looks are the one that was saved."""
    snapshot = FileSource(SAVED).answer(SAVED, Unread(frozenset({PODS}), again=True))

    assert snapshot.earlier == SAVED
    assert snapshot.objects == SAVED.objects
