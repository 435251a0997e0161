"""A scenario: a situation in a cluster, what the cluster then shows, and what kubesvc has to say of it.

One folder each under `scenarios/`: `manifests.yaml`, `expected.yaml`, `why.md`, and `status.yaml` where a
status has to be written that no component here writes. Those of kind are in `kind/scenarios`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SCENARIOS = Path(__file__).with_name("scenarios")
KIND_SCENARIOS = Path(__file__).with_name("kind") / "scenarios"
"""Those that take real kubelets."""
CLIENTS = ("a", "b")
"""The clients of a dial that names none: a pod on the node of either zone, see `e2e.kind.seen`."""

REGISTRY = "localhost:5000/"
"""How the names of images begin that a registry in each node is asked for: it answers, and has none."""

_STAGES = "kubesvc-e2e.dev/"
_MISSING_IMAGES = "kubesvc-e2e.dev/missing-images"
_OWN_IMAGES = "kubesvc-e2e.dev/"


@dataclass(frozen=True, slots=True)
class Observation:
    """What `kubectl get ARGUMENTS -o jsonpath=PATH` prints once the situation is there.

    `any_order`: the printed words may come in any order. `older_than`: it prints a time that many seconds
    ago.
    """

    what: str
    get: str
    path: str
    equals: str | None = None
    contains: str | None = None
    older_than: float | None = None
    any_order: bool = False

    def holds(self, printed: str, now: dt.datetime) -> bool:
        """Tell whether what kubectl printed is what was expected at the moment `now`."""
        if self.older_than is not None:
            then = yaml.safe_load(printed) if printed else None
            return then is not None and (now - then).total_seconds() >= self.older_than
        if self.contains is not None:
            return self.contains in printed
        if self.any_order:
            return _words(printed) == _words(self.equals or "")
        return printed == self.equals


def _words(text: str) -> list[str]:
    return sorted(re.split(r"[\s;|]+", text.strip()))


@dataclass(frozen=True, slots=True)
class Dial:
    """What clients see at a target; both in the words of the module `testserver`, see `e2e.kind.seen`."""

    to: str
    sees: str
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation.

    `source` is `simulated` where, without a kubelet, kwok writes what decides, and else `observed`.

    `outcomes` are one word list a fix: `healthy http 3/3` and the codes of causes that stay, `none` for a fix
    that is not simulated, `unknown` with such codes where some certainly stay. `after` is the verdict once
    the first fix was applied. Once the cluster shows `before`, `changes` (kubectl arguments) are made;
    `paused` names a component that stands still from then on, `paused_node` the zone of a node that does.
    Once that is over, the cluster shows `afterwards`; `undo` are kubectl arguments that take back what is not
    in the scenario's namespaces.

    `beside` names Services that are asked about along with it. `dials` is what clients see. `check`: what
    becomes of the check that is printed first, `answers` or `refuses`. `explained` is `later` where kubesvc
    cannot tell yet why clients see what they see, or names less than the cause. `port` is what is given as
    --port.
    """

    folder: Path
    """Where its files are."""
    name: str
    source: str
    service: str
    namespace: str
    observed: tuple[Observation, ...]
    verdict: str
    exit: int
    codes: tuple[str, ...]
    culprits: tuple[str, ...]
    outcomes: tuple[str, ...]
    fix: str
    after: str = ""
    paused: str = ""
    before: tuple[Observation, ...] = ()
    changes: tuple[str, ...] = ()
    paused_node: str = ""
    afterwards: tuple[Observation, ...] = ()
    undo: tuple[str, ...] = ()
    dials: tuple[Dial, ...] = ()
    check: str = ""
    explained: str = ""
    port: str = ""
    beside: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The arguments of `explain` that put the question, its own Service first."""
        where = (self.service, *self.beside, "-n", self.namespace)
        return (*where, "--port", self.port) if self.port else where

    @property
    def doubted(self) -> bool:
        """Whether a usable endpoint may not answer: kubesvc says so itself, or cannot tell yet why."""
        return bool(self.check or self.explained)

    @property
    def objects(self) -> dict[str, list[dict[str, Any]]]:
        """The objects to apply by namespace, the scenario's own first; Namespaces are keys, not objects."""
        text = (self.folder / "manifests.yaml").read_text(encoding="utf-8")
        objects: dict[str, list[dict[str, Any]]] = {self.namespace: []}
        for document in yaml.safe_load_all(text):
            if document["kind"] == "Namespace":
                objects.setdefault(document["metadata"]["name"], [])
            else:
                objects[document["metadata"].get("namespace", self.namespace)].append(document)
        return objects

    @property
    def needs(self) -> frozenset[str]:
        """What the cluster has to support, in the words of `Cluster.supports`."""
        needs = {"pause"} if self.paused else set[str]()
        if self.paused_node:
            needs.add("pause_node")
        for document in self._documents:
            if document.get("spec", {}).get("ipFamilyPolicy") == "RequireDualStack":
                needs.add("dual-stack")
            # What pods are annotated with is what kwok makes of them; missing images are missing everywhere.
            if any(key.startswith(_STAGES) for key in _annotations(document).keys() - {_MISSING_IMAGES}):
                needs.add("simulation")
        if any(image.startswith(REGISTRY) for image in self._images):
            needs.add("registry")
        return frozenset(needs)

    @property
    def images(self) -> frozenset[str]:
        """The images of its containers, but for those that are missing on purpose and those made here."""
        return frozenset(image for image in self._images if not image.startswith((_OWN_IMAGES, REGISTRY)))

    @property
    def _images(self) -> set[str]:
        images: set[str] = set()
        for document in self._documents:
            missing = _annotations(document).get(_MISSING_IMAGES, "")
            spec = _pod(document).get("spec", {})
            containers = (*spec.get("initContainers", ()), *spec.get("containers", ()))
            images |= {container["image"] for container in containers} - set(missing.split(","))
        return images

    @property
    def _documents(self) -> list[dict[str, Any]]:
        return [document for documents in self.objects.values() for document in documents]

    @property
    def status(self) -> list[dict[str, Any]]:
        """The statuses to patch in: `resource` and `patch`."""
        file = self.folder / "status.yaml"
        return list(yaml.safe_load(file.read_text(encoding="utf-8"))) if file.exists() else []


def _pod(document: dict[str, Any]) -> dict[str, Any]:
    """The pod that an object is, or makes; empty where it makes none."""
    if document["kind"] == "Pod":
        return document
    spec = document.get("spec", {})
    template: dict[str, Any] = spec.get("jobTemplate", {}).get("spec", spec).get("template", {})
    return template


def _annotations(document: dict[str, Any]) -> dict[str, str]:
    """The annotations of an object's pods."""
    annotations: dict[str, str] = _pod(document).get("metadata", {}).get("annotations", {})
    return annotations


def load(folder: Path) -> Scenario:
    """Read one scenario; its namespace is its name unless it names another."""
    document: dict[str, Any] = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    for key in ("observed", "before", "afterwards"):
        document[key] = tuple(Observation(**entry) for entry in document.get(key, ()))
    for key in ("codes", "culprits", "outcomes", "changes", "undo", "beside"):
        document[key] = tuple(document.get(key, ()))
    document["dials"] = tuple(
        Dial(entry["to"], entry["sees"], tuple(entry.get("from", CLIENTS)))
        for entry in document.get("dials", ())
    )
    return Scenario(**{"folder": folder, "name": folder.name, "namespace": folder.name, **document})


def scenarios(root: Path = SCENARIOS) -> tuple[Scenario, ...]:
    """All scenarios of a folder, by name."""
    return tuple(load(folder) for folder in sorted(root.iterdir()) if folder.is_dir())
