"""The parts that every object has."""

from datetime import datetime
from typing import Annotated, Final, NamedTuple

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its offset, as the API writes all of them; without one it could not be compared."""

_UPPER: Final = {"ip": "IP", "ips": "IPs", "id": "ID"}


def api_name(field: str) -> str:
    """Spell a field as the API does: `target_port` → `targetPort`, `pod_ips` → `podIPs`."""
    first, *rest = field.split("_")
    return first + "".join(_UPPER.get(part, part.capitalize()) for part in rest)


class Ref(NamedTuple):
    """Names one object; `namespace` is empty for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Write `Deployment/web`, as kubectl's events do."""
        return f"{self.kind}/{self.name}"


class Part(msgspec.Struct, frozen=True, kw_only=True, rename=api_name, omit_defaults=True):
    """Base of every struct here."""


class OwnerReference(Part, frozen=True, kw_only=True):
    """Who made this object; the one with `controller` set manages it."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    controller: bool = False


class Metadata(Part, frozen=True, kw_only=True):
    """ObjectMeta. `annotations` holds the allow-listed ones; the keys of others are kept with no value."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    deletion_grace_period_seconds: int | None = None
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()


class Obj(Part, frozen=True, kw_only=True):
    """Any object: what PartialObjectMetadata carries."""

    kind: str = ""
    metadata: Metadata

    @property
    def ref(self) -> Ref:
        """Kind, namespace and name."""
        return Ref(self.kind, self.metadata.namespace, self.metadata.name)

    @property
    def owner(self) -> OwnerReference | None:
        """The managing owner, if any."""
        return next((owner for owner in self.metadata.owner_references if owner.controller), None)


class Partial(Obj, frozen=True, kw_only=True):
    """An object of which only the metadata was read."""


class Condition(Part, frozen=True, kw_only=True):
    """One entry of `status.conditions`."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: Time | None = None
