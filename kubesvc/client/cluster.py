"""Turns wanted reads into answers from a live cluster: in parallel, within a budget and a deadline."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from kubesvc.client import reader
from kubesvc.client.connection import Connection, Response
from kubesvc.client.reader import Reading
from kubesvc.client.request import Request
from kubesvc.client.source import seen_twice
from kubesvc.errors import Cut, KubesvcError, TimedOut, Unauthorized
from kubesvc.model.read import GapReason, Read, Unread
from kubesvc.model.snapshot import Snapshot
from kubesvc.model.text import one_line

REQUESTS: Final = 64  # per run: one Service costs about ten …
REQUESTS_EACH: Final = 16  # … and each that is named is read on its own
READER: Final = "kubesvc-reader"  # the name of the threads that make reads
_THREADS: Final = 8  # as many as a Connection keeps open
_TICK: Final = 0.1  # seconds between two signs of life
_SECOND_LOOK: Final = 1.0  # seconds in which the controllers catch up with what was seen


class Observer:
    """Is told what goes on; this one does not care."""

    def waiting(self) -> None:
        """Hear, ten times a second, that answers are awaited."""

    def answered(self, request: Request, status: int, seconds: float) -> None:
        """Hear of an answer; called from several threads."""

    def failed(self, request: Request, error: KubesvcError, seconds: float) -> None:
        """Hear why there is no answer; called from several threads."""


class ClusterSource:
    """A live cluster, read until `deadline`, a moment of `time.monotonic`.

    What the deadline cuts off is a gap, and so is what comes after the requests that one run may send: more
    where many Services are `named`. `at` replaces the present as the moment of analysis.
    """

    def __init__(  # noqa: PLR0913 - half of them only matter to tests
        self,
        connection: Connection,
        *,
        deadline: float,
        named: int = 0,
        at: datetime | None = None,
        observer: Observer | None = None,
        second_look: float = _SECOND_LOOK,
    ) -> None:
        self._connection = connection
        self._deadline = deadline
        self._at = at
        self._observer = observer or Observer()
        self._second_look = second_look
        self._left = self._budget = max(REQUESTS, REQUESTS_EACH * named)
        self._lock = threading.Lock()
        self._contacted = False
        self._looked = 0.0

    def begin(self) -> Snapshot:
        """Return an empty snapshot of this moment; sends nothing."""
        target = self._connection.target
        return Snapshot(one_line(target.context or target.server), self._now())

    def answer(self, snapshot: Snapshot, unread: Unread) -> Snapshot:
        """Return the snapshot with the wanted reads made; those that failed are gaps.

        Reads wanted `again` are made afresh, a second after the first look. If one fails, that look stands.

        Raises:
            Unauthorized: The server does not know who is asking.
            KubesvcError: Nothing was ever answered, so no Kubernetes API can be reached.
        """
        if not unread.again:
            readings = self._make(unread.reads)
            return _with(snapshot, readings)
        self._let_pass(self._looked + self._second_look - time.monotonic())
        readings = self._make(unread.reads)
        if not all(reading.answered for reading in readings):
            return seen_twice(snapshot)
        return _with(replace(snapshot.without(unread.reads), taken_at=self._now()), readings)

    def _now(self) -> datetime:
        return self._at or datetime.now(UTC).replace(microsecond=0)

    def _let_pass(self, seconds: float) -> None:
        end = min(time.monotonic() + seconds, self._deadline)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _TICK))
            self._observer.waiting()

    def _make(self, wanted: Iterable[Read]) -> list[Reading]:
        reads = frozenset(wanted)
        # One that another contains is answered by it; if that one fails, it will be wanted again.
        widest = [
            read for read in reads if not any(other != read and other.contains(read) for other in reads)
        ]
        readings = self._in_parallel(sorted(widest, key=str))
        self._looked = time.monotonic()
        errors = [reading.error for reading in readings if reading.error]
        self._contacted = self._contacted or len(errors) < len(readings)
        if errors and not self._contacted:
            raise errors[0]
        return readings

    def _in_parallel(self, reads: list[Read]) -> list[Reading]:
        """Make reads until the deadline; daemon threads do: nothing slow can hold up the end."""
        left = deque(reads)
        done: queue.SimpleQueue[Reading | Exception] = queue.SimpleQueue()

        def work() -> None:
            while True:
                try:
                    read = left.popleft()
                except IndexError:
                    return
                try:
                    done.put(reader.make(read, self._get, self._connection.target.server))
                except Exception as error:  # noqa: BLE001 - raised again below, in the thread that waits
                    done.put(error)

        for _ in range(min(_THREADS, len(reads))):
            threading.Thread(target=work, name=READER, daemon=True).start()
        made: dict[Read, Reading] = {}
        while len(made) < len(reads) and (result := self._next(done)) is not None:
            if isinstance(result, Exception):
                raise self._explained(result)
            made[result.read] = result
        left.clear()
        return [made.get(read) or self._too_late(read) for read in reads]

    def _next(self, done: "queue.SimpleQueue[Reading | Exception]") -> Reading | Exception | None:
        """Wait for a result; None when the deadline has passed."""
        while True:
            remaining = self._deadline - time.monotonic()
            try:
                return done.get(timeout=max(0.0, min(_TICK, remaining)))
            except queue.Empty:
                if remaining <= 0:
                    return None
                self._observer.waiting()

    def _get(self, request: Request) -> Response:
        with self._lock:
            self._left -= 1
            spent = self._left < 0
        if spent:
            raise Cut(
                f"not asked: this run sends at most {self._budget} requests",
                "Ask about fewer Services at a time.",
            )
        start = time.monotonic()
        try:
            response = self._connection.get(
                request.path, request.query, accept=request.accept, deadline=self._deadline
            )
        except KubesvcError as error:
            self._observer.failed(request, error, time.monotonic() - start)
            raise
        self._observer.answered(request, response.status, time.monotonic() - start)
        return response

    def _too_late(self, read: Read) -> Reading:
        error = self._connection.late
        detail = "no answer in time" if isinstance(error, TimedOut) else error.message
        return reader.failure(read, GapReason.TIMED_OUT, detail, error)

    def _explained(self, error: Exception) -> Exception:
        """Say who was not let in: the server does not."""
        if not isinstance(error, Unauthorized):
            return error
        target = self._connection.target
        who = f'user "{one_line(target.user)}"' if target.user else "no user of a kubeconfig"
        as_whom = f", acting as {one_line(target.impersonation.user)}" if target.impersonation.user else ""
        what = one_line(target.credential.describe())
        return Unauthorized(f"{error.message}: {target.server} refused {what} of {who}{as_whom}")


def _with(snapshot: Snapshot, readings: Iterable[Reading]) -> Snapshot:
    made = tuple(readings)
    return snapshot.with_answers(
        (obj for reading in made for obj in reading.objects),
        (reading.read for reading in made if reading.answered),
        # An object that cannot be decoded may be met by several reads.
        dict.fromkeys(gap for reading in made for gap in reading.gaps if gap not in snapshot.gaps),
    )
