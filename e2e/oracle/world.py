"""Carries a plan out: its objects in namespaces, and with Nodes, whose names nobody else uses."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any, Final

import msgspec

from e2e.oracle.api import MERGE_PATCH, Answer, Api, path
from e2e.oracle.mirror import SEPARATOR, Area, Mirror
from e2e.oracle.plan import NODE_MARK, Json, Op, Plan, Verb
from e2e.oracle.subject import MANAGED_BY, SERVICE_NAME, Settled
from kubesvc.model.decode import decode_item
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import EndpointSlice, Obj, Ref, Service
from kubesvc.model.text import clean_json

FENCE: Final = "kubesvc.dev/round"
"""The label of Services by which the controller is made to sync them; it is copied to their slices."""

_SECONDS: Final = 30.0
_REST: Final = 0.5
_numbering = itertools.count(1)


class UnseenError(Exception):
    """The watches did not tell what was written."""


class World:
    """The place of one plan in a control plane; close it."""

    def __init__(self, api: Api, mirror: Mirror, plan: Plan) -> None:
        self._api, self._mirror = api, mirror
        self.name = f"c{next(_numbering)}"
        self.area: Area = mirror.area(self.name)
        self.refused: Counter[str] = Counter()
        self._namespaces = sorted({op.namespace for one in plan.rounds for op in one.ops if op.namespace})
        self._written: dict[Ref, Obj | None] = {}
        self._standing: dict[Ref, EndpointSlice] = {}
        self._fence = 0
        for namespace in self._namespaces:
            api.send("POST", path("Namespace"), {"metadata": {"name": self._real(namespace)}})

    # --- writing

    def apply(self, op: Op) -> None:
        """Make one request of the plan; what the API refuses is counted and changes nothing."""
        namespace, name = self._real(op.namespace), self._named(op.name)
        body = self._placed(op.body, op.kind, namespace)
        ref = Ref(op.kind, namespace, name)
        match op.verb:
            case Verb.CREATE:
                self._note(ref, self._api.send("POST", path(op.kind, namespace), body))
            case Verb.REPLACE:
                self._note(ref, self._api.send("PUT", path(op.kind, namespace, name), body))
            case Verb.PATCH:
                self._patch(ref, body)
            case Verb.STATUS:
                self._patch(ref, body, "/status")
            case Verb.BIND:
                target = {"kind": "Node", "name": body["node"]}
                binding = {"metadata": {"name": name}, "target": target}
                answer = self._api.send("POST", path("Pod", namespace, name, "/binding"), binding)
                self._refusal(ref, answer)
            case Verb.DELETE:
                self._delete(ref)
            case Verb.DELETE_WRITTEN | Verb.EDIT_WRITTEN:
                self._damage(op.verb, namespace, name, body["manager"])

    def fence(self) -> None:
        """Give every Service a new label."""
        self._fence += 1
        for ref, obj in self.area.snapshot().items():
            if isinstance(obj, Service):
                self._patch(ref, {"metadata": {"labels": {FENCE: str(self._fence)}}})

    def close(self) -> None:
        """Remove all objects but the namespaces, which no controller here could end."""
        for ref, obj in self.area.snapshot().items():
            if obj.metadata.finalizers:
                self._patch(ref, {"metadata": {"finalizers": None}})
        for namespace in self._namespaces:
            for kind in ("Service", "Pod", "Endpoints", "EndpointSlice"):
                self._api.send("DELETE", path(kind, self._real(namespace)))
        for ref in self.area.snapshot():
            if ref.kind == "Node":
                self._api.send("DELETE", path("Node", name=ref.name))
        self._mirror.leave(self.name)

    # --- reading

    def await_written(self) -> None:
        """Return once the watches have told all that was written; raises UnseenError."""
        if not self.area.wait(lambda: all(map(self._told, self._written)), _SECONDS):
            missing = ", ".join(str(ref) for ref in self._written if not self._told(ref))
            raise UnseenError(f"{self.name}: {missing}")
        self._written.clear()

    def settled(self, *, minor: int, maximum: int, fenced: bool) -> Settled:
        """Return the cluster of this moment as if it had settled."""
        objects = tuple(obj for _, obj in sorted(self.area.snapshot().items()))
        return Settled(objects, tuple(self._standing.values()), minor, maximum, fenced)

    def stand(self) -> None:
        """Take the slices of this moment for those that the next round finds."""
        self._standing = {
            ref: obj for ref, obj in self.area.snapshot().items() if isinstance(obj, EndpointSlice)
        }

    def _told(self, ref: Ref) -> bool:
        written = self._written[ref]
        if written is None:
            return ref not in self.area.objects
        return self.area.versions.get(ref, 0) >= int(written.metadata.resource_version)

    # --- one request

    def _patch(self, ref: Ref, body: Json, below: str = "") -> None:
        target = path(ref.kind, ref.namespace, ref.name, below)
        self._note(ref, self._api.send("PATCH", target, body, MERGE_PATCH))

    def _delete(self, ref: Ref) -> None:
        answer = self._api.send("DELETE", path(ref.kind, ref.namespace, ref.name))
        if self._refusal(ref, answer):
            return
        held = bool(msgspec.json.decode(answer.body).get("metadata", {}).get("finalizers"))
        if held:
            self._note(ref, answer)
        else:
            self._written[ref] = None
            self._standing.pop(ref, None)

    def _damage(self, verb: Verb, namespace: str, service: str, manager: str) -> None:
        """Delete all slices that a controller wrote for a Service, or empty the first that has endpoints.

        They have to rest first: one that is deleted while the controller still takes note of having written
        it, it awaits for ever (endpointslice util/endpointslice_tracker.go: Update after HandleDeletion).
        """
        self.area.rest(_REST)
        wanted = {SERVICE_NAME: service, MANAGED_BY: manager}
        found = [
            (ref, obj)
            for ref, obj in sorted(self.area.snapshot().items())
            if isinstance(obj, EndpointSlice) and ref.namespace == namespace
            if wanted.items() <= obj.metadata.labels.items()
        ]
        if verb is Verb.DELETE_WRITTEN:
            for ref, _ in found:
                self._delete(ref)
            return
        for ref, obj in found:
            if obj.endpoints:
                self._patch(ref, {"endpoints": []})
                return

    def _note(self, ref: Ref, answer: Answer) -> None:
        """Remember what the API made of a write."""
        if self._refusal(ref, answer):
            return
        obj = decode_item(msgspec.Raw(clean_json(answer.body)), ref.kind)
        if not isinstance(obj, Obj):
            raise UnseenError(f"kubesvc cannot decode {ref}: {obj.detail}")
        gone = obj.metadata.deletion_timestamp is not None and not obj.metadata.finalizers
        self._written[ref] = None if gone else obj
        if isinstance(obj, EndpointSlice):
            self._standing[ref] = obj

    def _refusal(self, ref: Ref, answer: Answer) -> bool:
        if answer.refused:
            text = answer.refused.replace(self.name + SEPARATOR, "").replace(ref.name, "NAME")
            self.refused[text] += 1
        return bool(answer.refused)

    # --- names

    def _real(self, namespace: str) -> str:
        return f"{self.name}{SEPARATOR}{namespace}" if namespace else ""

    def _named(self, name: str) -> str:
        marked = name.startswith(NODE_MARK)
        return f"{self.name}{SEPARATOR}{name.removeprefix(NODE_MARK)}" if marked else name

    def _placed(self, body: Json, kind: str, namespace: str) -> Json:
        placed: Json = self._renamed(body)
        if kind == "Service" and self._fence and "spec" in placed:
            labels = {**placed["metadata"].get("labels", {}), FENCE: str(self._fence)}
            placed["metadata"]["labels"] = labels
        if "metadata" in placed and namespace:
            placed["metadata"].setdefault("namespace", namespace)
        found = KINDS[kind]
        return {"apiVersion": found.group_version, "kind": kind, **placed} if placed else placed

    def _renamed(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {key: self._renamed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._renamed(inner) for inner in value]
        return self._named(value) if isinstance(value, str) else value
