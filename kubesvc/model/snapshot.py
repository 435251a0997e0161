"""What is known of a cluster at one moment, and what is not."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Obj, Partial, Ref, Version
from kubesvc.model.read import Gap, GapReason, Portion, Read, Unavailable, Unread

T = TypeVar("T", bound=Obj)

VERSION = Read("Version", name="server")


class Snapshot(Struct, frozen=True, dict=True):
    """Objects, the reads whose answers they are, and the reads that failed.

    "None" is not "not read": `find` answers only what a covered read contains, or an object that is here by
    whatever read. `earlier` is the state before
    the last fresh look, for suspected races; of the same moment where a second look was not possible.
    """

    context: str
    taken_at: datetime
    objects: Mapping[Ref, Obj] = {}
    covered: frozenset[Read] = frozenset()
    gaps: tuple[Gap, ...] = ()
    origin: str = "cluster"
    earlier: "Snapshot | None" = None

    def find(self, read: Read, struct: type[T]) -> tuple[T, ...]:
        """Return the objects of one read, ordered by namespace and name.

        Raises:
            Unread: the read was never made.
            Unavailable: it was, and failed.
        """
        gap = self._miss(read)
        if gap is not None:
            raise Unavailable(gap)
        return self._select(read, struct)

    def want(self, reads: Iterable[Read]) -> None:
        """Ask for several reads at once; failed ones count as answered.

        Raises:
            Unread: all of `reads` that were never made.
        """
        missing: set[Read] = set()
        for read in reads:
            try:
                self._miss(read)
            except Unread as unread:
                missing |= unread.reads
        if missing:
            raise Unread(frozenset(missing))

    def get(self, read: Read, struct: type[T]) -> T | None:
        """Return the one object that `read` names, None if it does not exist; raises as `find`."""
        return next(iter(self.find(read, struct)), None)

    def _miss(self, read: Read) -> Gap | None:
        for gap in self.gaps:
            # The object was answered and could not be decoded: that is not "does not exist".
            named = gap.reason is GapReason.UNREADABLE and gap.read.name
            if named and gap.read == replace(read, part=gap.read.part):
                return gap
        if any(made.contains(read) for made in self.covered) or self._holds(read):
            return None
        for gap in self.gaps:
            if gap.read == read or (gap.reason is GapReason.NOT_SERVED and gap.read.kind == read.kind):
                return gap
        raise Unread(frozenset({read}))

    def _holds(self, read: Read) -> bool:
        """Tell whether the one object that is meant is here: being there needs no further proof."""
        found = self.objects.get(read.ref) if read.ref else None
        return found is not None and read.matches(found)

    def _select(self, read: Read, struct: type[T]) -> tuple[T, ...]:
        if read.ref:
            found = self.objects.get(read.ref)
            candidates: Iterable[Obj] = () if found is None else (found,)
        else:
            candidates = self._by_kind.get((read.kind, read.namespace), ())
        return tuple(obj for obj in candidates if isinstance(obj, struct) and read.matches(obj))

    @cached_property
    def _by_kind(self) -> Mapping[tuple[str, str], list[Obj]]:
        index: dict[tuple[str, str], list[Obj]] = {}
        for ref in sorted(self.objects):
            index.setdefault((ref.kind, ref.namespace), []).append(self.objects[ref])
            if ref.namespace:
                index.setdefault((ref.kind, ""), []).append(self.objects[ref])
        return index

    def unreadable(self, kind: str, namespace: str) -> tuple[Gap, ...]:
        """Return the objects of a kind that were answered but could not be decoded, each named."""
        return tuple(
            gap
            for gap in self.gaps
            if gap.reason is GapReason.UNREADABLE
            and gap.read.kind == kind
            and gap.read.namespace == namespace
            and gap.read.name
        )

    def with_answers(
        self, objects: Iterable[Obj], covered: Iterable[Read], gaps: Iterable[Gap] = ()
    ) -> "Snapshot":
        """Return this snapshot with more read; a whole object is never replaced by its metadata."""
        merged = dict(self.objects)
        for obj in objects:
            if not (isinstance(obj, Partial) and obj.ref in merged):
                merged[obj.ref] = obj
        return replace(
            self, objects=merged, covered=self.covered | frozenset(covered), gaps=(*self.gaps, *gaps)
        )

    def without(self, reads: Iterable[Read]) -> "Snapshot":
        """Return this snapshot with the answers of `reads` forgotten, to be read afresh; this is `earlier`.

        A wider read that holds such an answer is forgotten too: it would answer "none" for the missing part.
        """
        again = tuple(reads)
        kept = {
            ref: obj
            for ref, obj in self.objects.items()
            if not any(read.kind == ref.kind and read.matches(obj) for read in again)
        }
        covered = frozenset(
            made
            for made in self.covered
            if not any(read.contains(made) or made.contains(read) for read in again)
        )
        return replace(self, objects=kept, covered=covered, earlier=replace(self, earlier=None))

    @property
    def server(self) -> Version | None:
        """The API server's version, if it was read."""
        found = self.objects.get(Ref("Version", "", "server"))
        return found if isinstance(found, Version) else None

    @property
    def minor(self) -> int:
        """The API server's minor version; 0 where it is not known."""
        return self.server.minor_number if self.server else 0


def complete(context: str, taken_at: datetime, objects: Iterable[Obj]) -> Snapshot:
    """Build a snapshot in which what is absent does not exist: for simulations, whole files and tests."""
    covered = (Read(kind, part=Portion.WHOLE) for kind in KINDS)
    return Snapshot(context, taken_at).with_answers(objects, covered)
