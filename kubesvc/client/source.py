"""Where answers come from: the seam between the analysis and a cluster or a file; and the file."""

from typing import Protocol

from msgspec.structs import replace

from kubesvc.model.read import Gap, GapReason, Unread
from kubesvc.model.snapshot import Snapshot


class Source(Protocol):
    """Where answers come from."""

    def begin(self) -> Snapshot:
        """Return the snapshot to start with."""
        ...

    def answer(self, snapshot: Snapshot, unread: Unread) -> Snapshot:
        """Return the snapshot with each wanted read answered or a gap, so that it is never wanted again."""
        ...


class FileSource:
    """A snapshot that cannot grow: what it lacks is a gap."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def begin(self) -> Snapshot:
        """Return the snapshot as it was saved."""
        return self._snapshot

    def answer(self, snapshot: Snapshot, unread: Unread) -> Snapshot:
        """Return the snapshot with a gap for each wanted read; a second look sees what the first one saw."""
        if unread.again:
            return seen_twice(snapshot)
        gaps = (Gap(read, GapReason.NOT_IN_FILE) for read in sorted(unread.reads, key=str))
        return snapshot.with_answers((), (), gaps)


def seen_twice(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot as its own second look, where there is no other."""
    return replace(snapshot, earlier=replace(snapshot, earlier=None))
