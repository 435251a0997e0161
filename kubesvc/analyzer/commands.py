"""kubectl commands as argv, without namespace and connection flags: the renderer adds and quotes them."""

from collections.abc import Iterable, Mapping

import msgspec

from kubesvc.model.change import Change
from kubesvc.model.objects import Ref

_RESOURCES = {
    "Service": "service",
    "Deployment": "deployment",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
    "ReplicaSet": "replicaset",
    "EndpointSlice": "endpointslice",
    "Endpoints": "endpoints",
    "Job": "job",
    "CronJob": "cronjob",
    "HorizontalPodAutoscaler": "horizontalpodautoscaler",
    "ResourceQuota": "resourcequota",
}


def patch(change: Change) -> tuple[str, ...]:
    """Return the `kubectl patch` that makes a change: a merge patch, a JSON patch where it enters a list."""
    if not change.touches_list:
        return merge(change.target, change.merge_patch)
    return (*_patch(change.target), "--type", "json", "-p", _json(change.json_patch))


def merge(target: Ref, body: Mapping[str, object]) -> tuple[str, ...]:
    """Return the `kubectl patch` with a JSON merge patch."""
    return (*_patch(target), "--type", "merge", "-p", _json(body))


def strategic(target: Ref, body: Mapping[str, object]) -> tuple[str, ...]:
    """Return the `kubectl patch` with a strategic merge patch: it finds elements of a list by their name."""
    return (*_patch(target), "-p", _json(body))


def _patch(target: Ref) -> tuple[str, ...]:
    return ("kubectl", "patch", _RESOURCES[target.kind], target.name)


def _json(body: object) -> str:
    return msgspec.json.encode(body).decode()


def scale(kind: str, name: str, replicas: int) -> tuple[str, ...]:
    """Return the `kubectl scale`."""
    return ("kubectl", "scale", f"{_RESOURCES[kind]}/{name}", f"--replicas={replicas}")


def run_now(cron_job: str) -> tuple[str, ...]:
    """Return the `kubectl create job` of a run outside the schedule of a CronJob."""
    return ("kubectl", "create", "job", f"{cron_job}-now", f"--from=cronjob/{cron_job}")


def resume(ref: Ref) -> tuple[str, ...]:
    """Return the `kubectl rollout resume` of a paused Deployment."""
    return ("kubectl", "rollout", "resume", f"{_RESOURCES[ref.kind]}/{ref.name}")


def describe(ref: Ref) -> tuple[str, ...]:
    """Return the description of an object with its events."""
    return ("kubectl", "describe", _RESOURCES[ref.kind], ref.name)


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
