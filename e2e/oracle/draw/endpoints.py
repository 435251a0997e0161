"""Endpoints objects of Services without a selector, which the mirroring controller copies."""

from __future__ import annotations

from typing import Final

from e2e.oracle.draw.draft import FAMILIES, NUMBERS, PROTOCOLS, Draft, Place
from e2e.oracle.draw.pods import change_pod
from e2e.oracle.plan import NODE_MARK, Json, Op, Verb

_SKIP: Final = "endpointslice.kubernetes.io/skip-mirror"
_LEADER: Final = "control-plane.alpha.kubernetes.io/leader"
_TRIGGER: Final = "endpoints.kubernetes.io/last-change-trigger-time"
_SIDES: Final = (("addresses",), ("notReadyAddresses",), ("addresses", "notReadyAddresses"))


def change_endpoints(draft: Draft, place: Place) -> list[Op]:
    """Write or delete the Endpoints of a Service without a selector; where there is none, change a pod."""
    services = sorted(place.services.items())
    loose = [name for name, found in services if not found.manifest["spec"].get("selector")]
    if not loose:
        return change_pod(draft, place)
    name = draft.rng.choice(loose)
    if draft.chance(0.2):
        return [Op(Verb.DELETE, "Endpoints", place.name, name)]
    return write_endpoints(draft, place, name)


def write_endpoints(draft: Draft, place: Place, name: str) -> list[Op]:
    """Write the Endpoints of a Service, whether they exist or not."""
    rng = draft.rng
    metadata: Json = {"name": name, "labels": {"team": "c"} if draft.chance(0.4) else {}, "annotations": {}}
    if draft.chance(0.2):
        metadata["labels"][_SKIP] = rng.choice(("true", "true", "false"))
    for annotation, value, share in (
        (_LEADER, "{}", 0.12),
        (_TRIGGER, "2020-01-01T00:00:00Z", 0.15),
        ("kubesvc.dev/note", "kept", 0.3),
    ):
        if draft.chance(share):
            metadata["annotations"][annotation] = value
    families = _families(draft, place, name)
    body: Json = {"metadata": metadata, "subsets": _subsets(draft, families)}
    return [Op(Verb.REPLACE, "Endpoints", place.name, name, body)]


def _families(draft: Draft, place: Place, name: str) -> tuple[str, ...]:
    """Of both families Endpoints are only when they are first written.

    Where copies of one family are there, and of two are to be made, the controller may drop the wrong one and
    fail for minutes (endpointslicemirroring reconciler_helpers.go, removeSlice: new slices have no name yet).
    """
    if name in place.copied:
        family = draft.rng.choice(place.copied[name])
        place.copied[name] = (family,)
    else:
        place.copied[name] = draft.rng.choices((*((one,) for one in FAMILIES), FAMILIES), (5, 2, 5))[0]
    return place.copied[name]


def _subsets(draft: Draft, families: tuple[str, ...]) -> list[Json]:
    """Subsets whose addresses differ, or of equal addresses and ports in many combinations.

    Of one address each port name stands for one port: a slice of two would be refused, for ever. With an
    appProtocol two equal ports are two, as RepackSubsets compares pointers to it.
    """
    count = draft.rng.choice((0, 1, 1, 1, 2, 3))
    if draft.chance(0.6):
        return [_subset(draft, families, 16 * number, _named_ports(draft)) for number in range(count)]
    ports = {name: {**port, "appProtocol": None} for name, port in _named_ports(draft).items()}
    return [_subset(draft, families, 0, ports) for _ in range(count)]


def _named_ports(draft: Draft) -> dict[str, Json]:
    return {name: _port(draft, name) for name in ("http", "web")}


def _subset(draft: Draft, families: tuple[str, ...], first: int, named: dict[str, Json]) -> Json:
    """A subset with addresses from a number on, and some of the ports, or one without a name, or none."""
    rng = draft.rng
    made: Json = {
        side: [
            _address(draft, families, first + 8 * index + extra) for extra in range(rng.choice((1, 1, 2, 3)))
        ]
        for index, side in enumerate(rng.choices(_SIDES, (5, 2, 4))[0])
    }
    names = rng.sample(sorted(named), rng.choice((0, 1, 1, 2)))
    ports = [named[name] for name in names]
    if not names and draft.chance(0.5):
        ports = [{"port": 80}]
    return made | ({"ports": ports} if ports else {})


def _port(draft: Draft, name: str) -> Json:
    app = {"appProtocol": "http"} if draft.chance(0.15) else {}
    return {"name": name, "port": draft.rng.choice(NUMBERS), "protocol": draft.rng.choice(PROTOCOLS), **app}


def _address(draft: Draft, families: tuple[str, ...], number: int) -> Json:
    four = draft.rng.choice(families) == "IPv4"
    made: Json = {"ip": f"198.51.100.{number + 1}" if four else f"2001:db8::{number + 1:x}"}
    if draft.chance(0.2):
        made["hostname"] = draft.rng.choice(("e0", "e1"))
    if draft.chance(0.2):
        made["nodeName"] = NODE_MARK + "n0"
    if draft.chance(0.25):
        made["targetRef"] = {
            "kind": "Pod",
            "name": f"p{number}",
            "namespace": "elsewhere",
            "uid": f"00000000-0000-0000-0000-00000000000{number % 10}",
        }
    return made
