"""What was asked, fully parsed."""

from enum import StrEnum

from msgspec import Struct

from kubesvc.model.change import Op
from kubesvc.model.objects import Ref
from kubesvc.model.selector import EVERYTHING, Selector


class Origin(StrEnum):
    """Where a client stands."""

    INSIDE = "inside"
    NODE = "node"
    POD = "pod"
    OUTSIDE = "outside"


class Viewpoint(Struct, frozen=True):
    """From where traffic is judged; `name` names the node or pod (`namespace/name`)."""

    origin: Origin = Origin.INSIDE
    name: str = ""


class Query(Struct, frozen=True):
    """Which Services, seen from where.

    No `names` and no `labels` means the namespace's only Service, unless `others` are asked about: pods and
    workloads of the namespace, their references without it. `flags` are the connection flags as typed, to be
    repeated in printed commands. `why` names pods of the Services' namespace that are asked about. `changes`
    are what the Service is imagined to be changed by, in order; a port in their paths may be named by its
    key. `port` is what is dialed: a number, with a protocol or not (`53/UDP`), or a port's name; empty for
    all.
    """

    namespace: str
    names: tuple[str, ...] = ()
    labels: Selector = EVERYTHING
    all_namespaces: bool = False
    viewpoint: Viewpoint = Viewpoint()
    flags: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    port: str = ""
    changes: tuple[Op, ...] = ()
    others: tuple[Ref, ...] = ()
