"""The objects of a cluster as its watches tell them, decoded by kubesvc, in one area per plan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, Literal

import msgspec
from msgspec import Struct

from e2e.oracle.api import Api, ApiError, path
from kubesvc.model.decode import decode_item
from kubesvc.model.objects import EndpointSlice, Obj, Ref
from kubesvc.model.read import Gap
from kubesvc.model.text import clean_json

KINDS: Final = ("Node", "Service", "Pod", "Endpoints", "EndpointSlice")
SEPARATOR: Final = "-"
"""Ends the area's name in the names of its namespaces and Nodes."""


class _Event(Struct):
    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
    object: msgspec.Raw


class _ListMeta(Struct, rename="camel"):
    resource_version: str


class _List(Struct):
    metadata: _ListMeta


class Area:
    """What the watches have told of one plan's objects; all access is under `changed`.

    `versions` are the newest of each object, gone ones included; `told` counts.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.objects: dict[Ref, Obj] = {}
        self.versions: dict[Ref, int] = {}
        self.slices_changed_at = time.monotonic()
        self.told = 0
        self.failure: Exception | None = None

    def tell(self, obj: Obj, *, gone: bool) -> None:
        """Take over what a watch tells."""
        with self.changed:
            self.told += 1
            self.versions[obj.ref] = int(obj.metadata.resource_version)
            if gone:
                self.objects.pop(obj.ref, None)
            else:
                self.objects[obj.ref] = obj
            if isinstance(obj, EndpointSlice):
                self.slices_changed_at = time.monotonic()
            self.changed.notify_all()

    def fail(self, error: Exception) -> None:
        """Let every waiter know that nothing more will be told."""
        with self.changed:
            self.failure = error
            self.changed.notify_all()

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until `holds`, asked whenever something was told; tell whether it came to be."""
        with self.changed:
            reached = self.changed.wait_for(lambda: self.failure is not None or holds(), seconds)
            if self.failure is not None:
                raise self.failure
            return reached

    def rest(self, seconds: float) -> None:
        """Wait until no slice has changed for so long, ten times as long at most."""
        deadline = time.monotonic() + 10 * seconds
        while (quiet := time.monotonic() - self.slices_changed_at) < seconds and time.monotonic() < deadline:
            self.wait(lambda: False, seconds - quiet)

    def snapshot(self) -> dict[Ref, Obj]:
        """Return the objects of this moment."""
        with self.changed:
            return dict(self.objects)


class Mirror:
    """Follows all objects of the kinds an oracle looks at."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._areas: dict[str, Area] = {}
        self._closing = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to watch; what existed before is not told."""
        for kind in KINDS:
            answer = self._api.send("GET", path(kind))
            version = msgspec.json.decode(answer.body, type=_List).metadata.resource_version
            threading.Thread(
                target=self._follow, args=(kind, version), daemon=True, name=f"watch {kind}"
            ).start()

    def close(self) -> None:
        """Take the end of the watches, which is about to come, as meant."""
        self._closing = True

    def area(self, name: str) -> Area:
        """Make the area of a plan; it is told of objects whose namespace or name begins with its own."""
        made = Area()
        with self._lock:
            self._areas[name] = made
        return made

    def leave(self, name: str) -> None:
        """Forget an area."""
        with self._lock:
            del self._areas[name]

    def _follow(self, kind: str, version: str) -> None:
        try:
            for obj, gone in self._events(kind, version):
                name, _, _ = (obj.metadata.namespace or obj.metadata.name).partition(SEPARATOR)
                with self._lock:
                    area = self._areas.get(name)
                if area is not None:
                    area.tell(obj, gone=gone)
            raise ApiError(f"the watch of {kind} ended")  # noqa: TRY301 - as an error of the stream does
        except Exception as error:  # noqa: BLE001 - told to those who wait
            with self._lock:
                areas = list(self._areas.values())
            for area in [] if self._closing else areas:
                area.fail(error)

    def _events(self, kind: str, version: str) -> Iterator[tuple[Obj, bool]]:
        for line in self._api.watch(path(kind), version):
            event = msgspec.json.decode(clean_json(line), type=_Event)
            if event.type == "ERROR":
                raise ApiError(f"watch of {kind}: {bytes(event.object).decode()}")
            obj = decode_item(event.object, kind)
            if isinstance(obj, Gap):
                raise ApiError(f"kubesvc cannot decode a {kind}: {obj.detail}")
            yield obj, event.type == "DELETED"
