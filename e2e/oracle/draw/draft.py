"""What a plan has made of its cluster so far, while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from e2e.oracle.plan import NODE_MARK, Json, Op

HOLD: Final = "kubesvc.dev/hold"
"""The finalizer that holds what was deleted."""

SERVICES: Final = ("web", "api", "db")
FAMILIES: Final = ("IPv4", "IPv6")
PORT_NAMES: Final = ("http", "web", "dns")
NUMBERS: Final = (53, 80, 8080, 8081)
PROTOCOLS: Final = ("TCP", "TCP", "TCP", "TCP", "UDP", "UDP", "SCTP")


@dataclass
class DraftPod:
    """A pod as it was last written."""

    manifest: Json
    phase: str
    ready: bool
    deleting: bool = False

    @property
    def held(self) -> bool:
        """Whether it outlives its deletion."""
        return HOLD in self.manifest["metadata"].get("finalizers", ())

    @property
    def node(self) -> str:
        """The name of its Node, which may not exist; empty where it has none."""
        name: str = self.manifest["spec"].get("nodeName", "")
        return name.removeprefix(NODE_MARK)

    @property
    def terminal(self) -> bool:
        """Whether its phase is one that no pod leaves."""
        return self.phase in ("Succeeded", "Failed")


@dataclass
class DraftService:
    """A Service as it was last written; `families` are what it had when it became an ExternalName."""

    manifest: Json
    deleting: bool = False
    families: Json = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether it outlives its deletion."""
        return HOLD in self.manifest["metadata"].get("finalizers", ())

    @property
    def kind(self) -> str:
        """The type, `None` for a headless Service."""
        spec = self.manifest["spec"]
        return "None" if spec.get("clusterIP") == "None" else str(spec["type"])

    @property
    def managed(self) -> bool:
        """Whether the EndpointSlice controller acts on it."""
        return self.kind != "ExternalName" and bool(self.manifest["spec"].get("selector"))


@dataclass
class Place:
    """A namespace; `slices` are written by hand, `copied` are families of Endpoints by name of Service."""

    name: str
    pods: dict[str, DraftPod] = field(default_factory=dict)
    services: dict[str, DraftService] = field(default_factory=dict)
    slices: dict[str, Json] = field(default_factory=dict)
    copied: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Draft:
    """The cluster, and where all that is random comes from."""

    rng: Random
    exclusive: bool = False
    nodes: dict[str, Json] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    _drawn: int = 0

    def chance(self, share: float) -> bool:
        """Be true in that share of cases."""
        return self.rng.random() < share

    def number(self) -> int:
        """Return a number that was not drawn before."""
        self._drawn += 1
        return self._drawn


class AloneError(Exception):
    """These operations must be a round of their own: what the controller wrote before has to stand still."""

    def __init__(self, ops: list[Op]) -> None:
        self.ops = ops
