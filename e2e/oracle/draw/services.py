"""Services of every type, how they change, and how they end and begin again."""

from __future__ import annotations

import copy
from typing import Final

from e2e.oracle.draw.draft import (
    FAMILIES,
    HOLD,
    NUMBERS,
    PORT_NAMES,
    PROTOCOLS,
    SERVICES,
    AloneError,
    Draft,
    DraftService,
    Place,
)
from e2e.oracle.draw.endpoints import write_endpoints
from e2e.oracle.plan import Json, Op, Verb

_TYPES: Final = {"ClusterIP": 0.48, "None": 0.25, "NodePort": 0.1, "LoadBalancer": 0.1, "ExternalName": 0.07}
_RESERVED: Final = {
    "kubernetes.io/service-name": "other",
    "endpointslice.kubernetes.io/managed-by": "me",
    "service.kubernetes.io/headless": "x",
}
_AWARE_HINTS: Final = "service.kubernetes.io/topology-aware-hints"
_MODE: Final = "service.kubernetes.io/topology-mode"
_FAMILY_FIELDS: Final = ("ipFamilies", "ipFamilyPolicy")
_CHANGES: Final = {
    "labels": 1,
    "selector": 2,
    "ports": 2,
    "type": 3,
    "publish": 1,
    "families": 2,
    "traffic": 1,
    "annotations": 1,
}


def new_service(draft: Draft, place: Place, name: str) -> list[Op]:
    """Create a Service; mostly with Endpoints where it has no selector."""
    manifest = _manifest(draft, name)
    place.services[name] = made = DraftService(manifest)
    ops = [Op(Verb.CREATE, "Service", place.name, name, manifest)]
    if not made.managed and "selector" not in manifest["spec"] and draft.chance(0.7):
        ops += write_endpoints(draft, place, name)
    place.copied.setdefault(name, FAMILIES[:1])
    return ops


def change_service(draft: Draft, place: Place) -> list[Op]:
    """Change a Service, make one or end one; raises AloneError where the controller then looks away."""
    rng = draft.rng
    absent = [name for name in SERVICES if name not in place.services]
    if not place.services or (absent and draft.chance(0.1)):
        return new_service(draft, place, rng.choice(absent))
    name = rng.choice(sorted(place.services))
    found = place.services[name]
    if (found.deleting and draft.chance(0.4)) or draft.chance(0.14):
        return _end(draft, place, name)
    was_managed = found.managed
    found.manifest = _edited(draft, found)
    ops = [Op(Verb.REPLACE, "Service", place.name, name, found.manifest)]
    if was_managed and not found.managed:
        raise AloneError(ops)
    return ops


def _end(draft: Draft, place: Place, name: str) -> list[Op]:
    """Delete a Service; with a finalizer it stays for now, else it may be created again at once.

    What then stands of its slices depends on what stood before.
    """
    found = place.services[name]
    if found.deleting:
        del place.services[name]
        release = {"metadata": {"finalizers": None}}
        raise AloneError([Op(Verb.PATCH, "Service", place.name, name, release)])
    ops = [Op(Verb.DELETE, "Service", place.name, name)]
    if found.held:
        found.deleting = True
        return ops
    del place.services[name]
    if draft.chance(0.6):
        ops += new_service(draft, place, name)
    raise AloneError(ops)


def _edited(draft: Draft, found: DraftService) -> Json:
    manifest = copy.deepcopy(found.manifest)
    spec, metadata = manifest["spec"], manifest["metadata"]
    virtual = found.kind != "ExternalName"
    change = draft.rng.choices(list(_CHANGES), list(_CHANGES.values()))[0]
    match change if virtual or draft.chance(0.5) else "type":
        case "labels":
            metadata["labels"] = _labels(draft)
        case "annotations":
            metadata["annotations"] = _annotations(draft)
        case "selector":
            spec.pop("selector", None)
            spec |= _selector(draft)
        case "ports":
            spec["ports"] = _ports(draft, headless=found.kind == "None")
        case "publish":
            spec["publishNotReadyAddresses"] = not spec.get("publishNotReadyAddresses")
        case "families" if virtual:
            primary = spec.get("ipFamilies", ["IPv4"])[0]
            return {**manifest, "spec": _without(spec, *_FAMILY_FIELDS) | _families(draft, primary)}
        case "traffic" if virtual:
            return {**manifest, "spec": _without(spec, "trafficDistribution") | _traffic(draft)}
        case _:
            return _retyped(draft, found, manifest)
    return manifest


def _retyped(draft: Draft, found: DraftService, manifest: Json) -> Json:
    """Change the type. What was an ExternalName mostly gets its families again, which slices left have."""
    kind = draft.rng.choice(_next_types(found.kind))
    if kind == "ExternalName":
        found.families = {key: manifest["spec"][key] for key in _FAMILY_FIELDS if key in manifest["spec"]}
    elif found.kind == "ExternalName" and draft.chance(0.8):
        manifest = {**manifest, "spec": manifest["spec"] | found.families}
    return _typed(draft, manifest, kind)


def _next_types(kind: str) -> tuple[str, ...]:
    """The types that follow; the API lets a virtual address come and go only by way of ExternalName."""
    match kind:
        case "ExternalName":
            return ("ClusterIP", "None", "None", "NodePort", "LoadBalancer")
        case "None":
            return ("ExternalName",)
        case _:
            return ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "ExternalName")


# --- manifests


def _manifest(draft: Draft, name: str) -> Json:
    spec: Json = _selector(draft) | _traffic(draft)
    if draft.chance(0.2):
        spec["publishNotReadyAddresses"] = True
    metadata: Json = {"name": name, "labels": _labels(draft), "annotations": _annotations(draft)}
    if draft.chance(0.12):
        metadata["finalizers"] = [HOLD]
    kind = draft.rng.choices(list(_TYPES), list(_TYPES.values()))[0]
    return _typed(draft, {"metadata": metadata, "spec": spec}, kind)


def _typed(draft: Draft, made: Json, kind: str) -> Json:
    """A Service with its type changed, `None` for a headless one, and with what that type needs."""
    headless = kind == "None"
    spec: Json = _without(made["spec"], "type", "clusterIP", "externalName")
    if "ports" not in spec or not (spec["ports"] or headless):
        spec["ports"] = _ports(draft, headless=headless)
    if kind == "ExternalName":
        unfit = (*_FAMILY_FIELDS, "trafficDistribution")
        return {**made, "spec": _without(spec, *unfit) | {"type": kind, "externalName": "example.com"}}
    if "ipFamilies" not in spec:
        spec |= _families(draft)
    spec |= {"type": "ClusterIP", "clusterIP": "None"} if headless else {"type": kind}
    return {**made, "spec": spec}


def _without(spec: Json, *fields: str) -> Json:
    return {key: value for key, value in spec.items() if key not in fields}


def _selector(draft: Draft) -> Json:
    """A selector of the pool; seldom an empty one or none."""
    pool: tuple[Json | None, ...] = (
        {"app": "web"},
        {"app": "web", "tier": "front"},
        {"app": "api"},
        {"tier": "back"},
        {},
        None,
    )
    drawn = draft.rng.choices(pool, (0.45, 0.15, 0.13, 0.1, 0.04, 0.13))[0]
    return {} if drawn is None else {"selector": drawn}


def _labels(draft: Draft) -> dict[str, str]:
    """Labels of its own, and those that are reserved for slices."""
    labels = {"team": draft.rng.choice("ab")} if draft.chance(0.5) else {}
    return labels | {key: value for key, value in _RESERVED.items() if draft.chance(0.1)}


def _annotations(draft: Draft) -> dict[str, str]:
    """Topology annotations. Those that make hints go by the CPU of all Nodes are for exclusive clusters."""
    if draft.exclusive and draft.chance(0.8):
        values = ({_MODE: "Auto"}, {_MODE: "auto"}, {_AWARE_HINTS: "Auto"})
        return draft.rng.choice((*values, {_AWARE_HINTS: "auto", _MODE: "auto"}))
    if draft.chance(0.12):
        return draft.rng.choice(({_MODE: "Disabled"}, {_MODE: "AUTO"}, {_AWARE_HINTS: "disabled"}))
    return {}


def _traffic(draft: Draft) -> Json:
    values = ("PreferClose", "PreferSameZone", "PreferSameNode")
    return {"trafficDistribution": draft.rng.choice(values)} if draft.chance(0.35) else {}


def _families(draft: Draft, primary: str | None = None) -> Json:
    """A family policy and the families; what has a primary family keeps it, and says which."""
    first = primary or draft.rng.choice(("IPv4", "IPv4", "IPv6"))
    if primary is None and draft.chance(0.1):
        return {}
    policy = draft.rng.choices(("SingleStack", "PreferDualStack", "RequireDualStack"), (4, 3, 3))[0]
    both = [first, FAMILIES[1 - FAMILIES.index(first)]]
    return {"ipFamilyPolicy": policy, "ipFamilies": [first] if policy == "SingleStack" else both}


def _ports(draft: Draft, *, headless: bool) -> list[Json]:
    """Ports: numeric, named or omitted targets; names only where there are several; none if headless."""
    rng = draft.rng
    if headless and draft.chance(0.3):
        return []
    kind = rng.choices(("one", "two protocols", "many"), (0.45, 0.2, 0.35))[0]
    if kind == "two protocols":
        target = _target(draft)
        return [
            {"name": "dns", "port": 53, "protocol": "UDP", **target},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", **target},
        ]
    if kind == "one":
        named = {"name": "http"} if draft.chance(0.4) else {}
        return [named | _port(draft, 80)]
    names = rng.sample(("http", "web", "admin"), rng.choice((2, 3)))
    return [{"name": name} | _port(draft, 80 + number) for number, name in enumerate(names)]


def _port(draft: Draft, number: int) -> Json:
    made: Json = {"port": number, "protocol": draft.rng.choice(PROTOCOLS), **_target(draft)}
    if draft.chance(0.15):
        made["appProtocol"] = draft.rng.choice(("http", "kubernetes.io/h2c"))
    return made


def _target(draft: Draft) -> Json:
    if draft.chance(0.2):
        return {}
    return {"targetPort": draft.rng.choice(PORT_NAMES if draft.chance(0.7) else NUMBERS)}
