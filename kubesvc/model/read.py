"""What was, or should be, read: one GET or LIST, what it contains, and why one failed."""

from enum import StrEnum

from msgspec import Struct

from kubesvc.model import selector
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Event, Obj, Partial, Pod, Ref
from kubesvc.model.selector import EVERYTHING, Selector


class Portion(StrEnum):
    """How much of each object a read brings."""

    METADATA = "metadata"
    WHOLE = "whole"


class Read(Struct, frozen=True):
    """One GET (with `name`) or LIST. No namespace means all of them, or a cluster-scoped kind."""

    kind: str
    namespace: str = ""
    name: str = ""
    labels: Selector = EVERYTHING
    fields: Selector = EVERYTHING
    part: Portion = Portion.WHOLE

    @property
    def ref(self) -> Ref | None:
        """The one object that it can bring; None for a list, and for a name across namespaces."""
        kind = KINDS.get(self.kind)  # the file of a later version may name others
        one = self.name and (self.namespace or (kind and not kind.namespaced))
        return Ref(self.kind, self.namespace, self.name) if one else None

    @property
    def kinds(self) -> str:
        """The kind in the plural, as kubectl takes it: `pods`."""
        kind = KINDS.get(self.kind)
        return kind.plural if kind else self.kind

    def contains(self, other: "Read") -> bool:
        """Tell whether this read's answer holds everything that `other` would bring."""
        return (
            self.kind == other.kind
            and self.namespace in ("", other.namespace)
            and self.name in ("", other.name)
            and self.labels <= other.labels
            and self.fields <= other.fields
            and (self.part is Portion.WHOLE or other.part is Portion.METADATA)
        )

    def matches(self, obj: Obj) -> bool:
        """Tell whether an object of this kind is part of the answer."""
        meta = obj.metadata
        return (
            self.namespace in ("", meta.namespace)
            and self.name in ("", meta.name)
            and selector.matches(self.labels, meta.labels)
            and all(_field(obj, path) == value for path, value in self.fields)
            and (self.part is Portion.METADATA or not isinstance(obj, Partial))
        )

    def __str__(self) -> str:
        """Write what was asked, for people: `pods app=web in shop`, `Pod/web-1 in shop`."""
        where = f" in {self.namespace}" if self.namespace else ""
        requirements = self.labels | self.fields
        what = f" {selector.show(requirements)}" if requirements else ""
        return f"{f'{self.kind}/{self.name}' if self.name else self.kinds}{what}{where}"


def _field(obj: Obj, path: str) -> str | None:
    """Evaluate a field selector as the API server does; None for a field that cannot be selected."""
    match path, obj:
        case "metadata.name", _:
            return obj.metadata.name
        case "involvedObject.kind", Event():
            return obj.involved_object.kind
        case "involvedObject.name", Event():
            return obj.involved_object.name
        case "reason", Event():
            return obj.reason
        case "spec.nodeName", Pod():
            return obj.spec.node_name
        case _:
            return None


class GapReason(StrEnum):
    """Why a read has no answer."""

    FORBIDDEN = "forbidden"
    NOT_SERVED = "not served"
    TIMED_OUT = "timed out"
    CUT = "cut off"
    UNREADABLE = "unreadable"
    NOT_IN_FILE = "not in the file"


class Gap(Struct, frozen=True):
    """A read that failed; `detail` is one clean line from the server or the decoder."""

    read: Read
    reason: GapReason
    detail: str = ""


class LackingError(Exception):
    """The snapshot has no answer."""


class Unread(LackingError):
    """These reads were never made. `again`: they were, but a fresh look is wanted."""

    def __init__(self, reads: frozenset[Read], *, again: bool = False) -> None:
        """Carry all reads wanted at this point."""
        super().__init__(", ".join(sorted(map(str, reads))))
        self.reads = reads
        self.again = again


class Unavailable(LackingError):
    """This read was tried and failed."""

    def __init__(self, gap: Gap) -> None:
        """Carry the gap."""
        super().__init__(f"{gap.read}: {gap.reason}")
        self.gap = gap
