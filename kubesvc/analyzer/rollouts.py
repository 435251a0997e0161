"""How a changed pod template reaches the pods of a workload, or why it does not."""

from kubesvc.analyzer import workloads
from kubesvc.model.objects import Job, Workload


def reach(workload: Workload) -> str:
    """Say what a change of the template leads to."""
    if not workloads.wanted(workload):
        return f"{workload.ref} wants 0: no pod is made."
    return held_back(workload) or "It starts a rollout."


def is_stuck(workload: Workload | Job) -> bool:
    """Tell whether a workload without a pod of its present template gets none by itself."""
    if not isinstance(workload, Workload):
        return False
    return workload.spec.paused or bool(workloads.has(workload) and held_back(workload))


def held_back(workload: Workload) -> str:
    """Say what keeps a changed template from all or some pods; empty where nothing does.

    A paused Deployment makes no new ReplicaSet (deployment/sync.go, sync). With OnDelete no controller
    replaces a pod (statefulset/stateful_set_control.go, daemon/update.go); below a partition the pods of a
    StatefulSet keep their revision.
    """
    strategy = workload.spec.update_strategy
    partition = strategy.rolling_update.partition
    if workload.spec.paused:
        return f"{workload.ref} is paused: nothing is rolled out before `kubectl rollout resume`."
    if strategy.type == "OnDelete":
        return "With updateStrategy OnDelete a pod is replaced only after it is deleted."
    if partition:
        name = workload.metadata.name
        return f"With partition {partition} only the pods from {name}-{partition} on are replaced."
    return ""
