"""kubectl commands as argv, without namespace and connection flags: the renderer adds and quotes them."""

from collections.abc import Iterable, Mapping

import msgspec

from kubesvc.model.change import Change

_RESOURCES = {
    "Service": "service",
    "Deployment": "deployment",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
    "ReplicaSet": "replicaset",
    "EndpointSlice": "endpointslice",
    "Endpoints": "endpoints",
}


def patch(change: Change) -> tuple[str, ...]:
    """Return the `kubectl patch` that makes a change: a merge patch, a JSON patch where it enters a list."""
    resource = _RESOURCES[change.target.kind]
    kind, body = ("json", change.json_patch) if change.touches_list else ("merge", change.merge_patch)
    return ("kubectl", "patch", resource, change.target.name, "--type", kind, "-p", _json(body))


def _json(body: object) -> str:
    return msgspec.json.encode(body).decode()


def scale(kind: str, name: str, replicas: int) -> tuple[str, ...]:
    """Return the `kubectl scale`."""
    return ("kubectl", "scale", f"{_RESOURCES[kind]}/{name}", f"--replicas={replicas}")


def raw(path: str) -> tuple[str, ...]:
    """Return a GET of a path of the API server, with the caller's rights."""
    return ("kubectl", "get", "--raw", path)


def describe_pod(name: str) -> tuple[str, ...]:
    """Return the description of a pod with its events."""
    return ("kubectl", "describe", "pod", name)


def label_pod(name: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that gives a pod labels; it changes none that the pod has."""
    return ("kubectl", "label", "pod", name, *(f"{key}={value}" for key, value in sorted(labels.items())))


def delete_pods(names: Iterable[str]) -> tuple[str, ...]:
    """Return the deletion of pods, so that their workload makes new ones."""
    return ("kubectl", "delete", "pod", *names)


def logs(pod: str, container: str, *, previous: bool = False) -> tuple[str, ...]:
    """Return the last lines a container wrote, before its last restart with `previous`."""
    return ("kubectl", "logs", pod, "-c", container, "--tail=20", *(("--previous",) if previous else ()))
