"""What was asked, fully parsed."""

from dataclasses import dataclass
from enum import StrEnum

from kubesvc.model.selector import EVERYTHING, Selector


class Origin(StrEnum):
    """Where a client stands."""

    INSIDE = "inside"
    NODE = "node"
    POD = "pod"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From where traffic is judged; `name` names the node or pod (`namespace/name`)."""

    origin: Origin = Origin.INSIDE
    name: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Which Services, seen from where.

    No `names` and no `labels` means the namespace's only Service. `flags` are the connection flags as typed,
    to be repeated in printed commands.
    """

    namespace: str
    names: tuple[str, ...] = ()
    labels: Selector = EVERYTHING
    all_namespaces: bool = False
    viewpoint: Viewpoint = Viewpoint()
    flags: tuple[str, ...] = ()
