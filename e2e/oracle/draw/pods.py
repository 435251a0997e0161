"""Pods: labels near and far, ports, phases, conditions, addresses, Nodes, and how they change and go."""

from __future__ import annotations

from typing import Any, Final

from e2e.oracle.draw.draft import HOLD, NUMBERS, PORT_NAMES, PROTOCOLS, SERVICES, Draft, DraftPod, Place
from e2e.oracle.draw.nodes import ABSENT
from e2e.oracle.plan import NODE_MARK, Json, Op, Verb

_APPS: Final = ("web", "web", "web", "api", "Web", None)
_TIERS: Final = ("front", "front", "back", None)
_HOST: Final = "10.0.0.9"
"""The address of every pod on its Node's network."""

_CHANGES: Final = {
    "labels": 1,
    "ready": 3,
    "addresses": 2,
    "phase": 1,
    "crash": 1,
    "delete": 2,
    "create": 1,
    "bind": 0.4,
}


def new_pod(draft: Draft, place: Place) -> list[Op]:
    """Create a pod and write its status; now and then it is deleted at once, and held."""
    number = draft.number()
    name = f"p{number}"
    manifest = _manifest(draft, name)
    status = _status(draft, number)
    if manifest["spec"].get("hostNetwork") and status["podIP"]:
        status |= {"podIP": _HOST, "podIPs": [{"ip": _HOST}]}
    place.pods[name] = DraftPod(manifest, status["phase"], _is_ready(status["conditions"]))
    ops = [
        Op(Verb.CREATE, "Pod", place.name, name, manifest),
        Op(Verb.STATUS, "Pod", place.name, name, {"status": status}),
    ]
    if place.pods[name].held and draft.chance(0.3):
        ops += _delete(place, name)
    return ops


def change_pod(draft: Draft, place: Place) -> list[Op]:
    """Change a pod, make one or let one go."""
    kind = draft.rng.choices(list(_CHANGES), list(_CHANGES.values()))[0]
    if kind == "create" or not place.pods:
        return new_pod(draft, place)
    if kind == "bind":
        return _bind(draft, place)
    name = draft.rng.choice(sorted(place.pods))
    found = place.pods[name]
    if found.deleting and draft.chance(0.4):
        del place.pods[name]
        return [Op(Verb.PATCH, "Pod", place.name, name, {"metadata": {"finalizers": None}})]
    if kind == "delete":
        return _delete(place, name)
    if kind == "labels":
        labels = {"app": None, "tier": None} | _labels(draft)
        return [Op(Verb.PATCH, "Pod", place.name, name, {"metadata": {"labels": labels}})]
    return [_write(draft, place, name, kind)]


def _write(draft: Draft, place: Place, name: str, kind: str) -> Op:
    """Write a part of the status. A phase that changes alone makes the controller sync nothing."""
    found, rng = place.pods[name], draft.rng
    fields: dict[str, Any] = {}
    match kind:
        case "addresses":
            fields = _addresses(draft, int(name[1:]) + 1000)
        case "phase" if not found.terminal:
            fields = {"phase": rng.choice(("Running", "Succeeded", "Failed", "Pending"))}
        case "crash" if not found.terminal:
            fields = {"phase": "Failed", "conditions": _conditions(draft, "False")}
        case _:
            fields = {"conditions": _conditions(draft)}
    ready = _is_ready(fields["conditions"]) if "conditions" in fields else found.ready
    silent = "phase" in fields and ready == found.ready
    found.phase, found.ready = fields.get("phase", found.phase), ready
    return Op(Verb.STATUS, "Pod", place.name, name, {"status": fields}, silent=silent)


def _delete(place: Place, name: str) -> list[Op]:
    if place.pods[name].held:
        place.pods[name].deleting = True
    else:
        del place.pods[name]
    return [Op(Verb.DELETE, "Pod", place.name, name)]


def _bind(draft: Draft, place: Place) -> list[Op]:
    """Schedule a pod that already has its status: of that alone the controller learns nothing."""
    loose = [name for name, pod in sorted(place.pods.items()) if not pod.node and not pod.deleting]
    if not loose or not draft.nodes:
        return new_pod(draft, place)
    node = NODE_MARK + draft.rng.choice(sorted(draft.nodes))
    place.pods[loose[0]].manifest["spec"]["nodeName"] = node
    return [Op(Verb.BIND, "Pod", place.name, loose[0], {"node": node}, silent=True)]


# --- manifests


def _manifest(draft: Draft, name: str) -> Json:
    """A pod without its status. Most are on a Node that exists."""
    rng = draft.rng
    spec: Json = {
        "containers": [_container(draft, f"c{number}") for number in range(rng.choice((1, 1, 1, 2, 3)))],
        "terminationGracePeriodSeconds": 0,
    }
    if draft.chance(0.35):
        count = rng.choice((1, 1, 2))
        spec["initContainers"] = [_init_container(draft, f"i{number}") for number in range(count)]
    where = rng.choices(("node", ABSENT, ""), (0.9, 0.05, 0.05))[0]
    if where == "node" and draft.nodes:
        where = rng.choice(sorted(draft.nodes))
    if where:
        spec["nodeName"] = NODE_MARK + where
    if draft.chance(0.3):
        spec["hostname"] = rng.choice(("h0", "h1"))
        spec["subdomain"] = rng.choice((*SERVICES, "web", "elsewhere"))
    if draft.chance(0.1):
        spec["hostNetwork"] = True
        _same_host_ports(spec)
    if draft.chance(0.1):
        spec["readinessGates"] = [{"conditionType": "kubesvc.dev/gate"}]
    metadata: Json = {"name": name, "labels": _labels(draft)}
    if draft.chance(0.2):
        metadata["finalizers"] = [HOLD]
    return {"metadata": metadata, "spec": spec}


def _labels(draft: Draft) -> dict[str, str]:
    """Labels that match the selectors of the pool, or nearly."""
    if draft.exclusive and draft.chance(0.7):
        return {"app": "web", "tier": "front"}
    drawn = {"app": draft.rng.choice(_APPS), "tier": draft.rng.choice(_TIERS)}
    return {key: value for key, value in drawn.items() if value is not None}


def _same_host_ports(spec: Json) -> None:
    """On the host's network the API wants hostPort equal, and so no number and protocol twice."""
    taken: set[tuple[int, str]] = set()
    for container in (*spec["containers"], *spec.get("initContainers", ())):
        kept = []
        for port in container.get("ports", ()):
            key = (port["containerPort"], port["protocol"])
            if key not in taken:
                taken.add(key)
                kept.append({**port, "hostPort": port["containerPort"]})
        container["ports"] = kept


def _container(draft: Draft, name: str) -> Json:
    rng = draft.rng
    names = rng.sample(PORT_NAMES, rng.choice((0, 1, 1, 1, 2)))
    ports = [
        {"name": port, "containerPort": rng.choice(NUMBERS), "protocol": rng.choice(PROTOCOLS)}
        for port in names
    ]
    if draft.chance(0.2):
        ports.append({"containerPort": 9090, "protocol": "TCP"})
    return {"name": name, "image": "oracle", "ports": ports}


def _init_container(draft: Draft, name: str) -> Json:
    sidecar = {"restartPolicy": "Always"} if draft.chance(0.6) else {}
    return {**_container(draft, name), **sidecar}


# --- statuses


def _status(draft: Draft, number: int) -> Json:
    """A status as a kubelet could have written it."""
    phases = {"Running": 0.75, "Pending": 0.1, "Succeeded": 0.05, "Failed": 0.05, "Unknown": 0.05}
    phase = draft.rng.choices(list(phases), list(phases.values()))[0]
    return {"phase": phase, "conditions": _conditions(draft), **_addresses(draft, number)}


def _conditions(draft: Draft, ready: str | None = "") -> list[Json]:
    """Conditions: Ready, by default drawn or absent, and others that look like it."""
    rng = draft.rng
    if ready == "" and draft.exclusive and draft.chance(0.6):
        ready = "True"
    elif ready == "":
        ready = rng.choices(("True", "False", "Unknown", None), (0.6, 0.18, 0.1, 0.12))[0]
    found = [] if ready is None else [{"type": "Ready", "status": ready}]
    if draft.chance(0.3):
        found.append({"type": "ContainersReady", "status": rng.choice(("True", "False"))})
    if draft.chance(0.15):
        found.insert(0, {"type": "kubesvc.dev/gate", "status": rng.choice(("True", "False", "Unknown"))})
    return found


def _is_ready(conditions: list[Json]) -> bool:
    return {"type": "Ready", "status": "True"} in conditions


def _addresses(draft: Draft, number: int) -> Json:
    """Addresses of one family or both, in either order, or none yet; `number` makes them the pod's own.

    Now and then an IPv6 address is not spelled as the controller will write it.
    """
    four = f"10.244.{number // 200}.{number % 200 + 1}"
    six = f"FD00:10:244:0:0:0:0:{number + 1:X}" if draft.chance(0.1) else f"fd00:10:244::{number + 1:x}"
    choices: tuple[list[str], ...] = ([four], [six], [four, six], [six, four], [])
    addresses = draft.rng.choices(choices, (0.3, 0.13, 0.32, 0.13, 0.12))[0]
    if not addresses:
        return {"podIP": None, "podIPs": None}
    return {"podIP": addresses[0], "podIPs": [{"ip": ip} for ip in addresses]}
