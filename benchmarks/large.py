"""A namespace of 2,000 pods and 100 workloads, of which a Service's selector matches none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml

from e2e.cluster import Cluster, await_condition
from e2e.kubectl import Kubectl

NAME: Final = "large"
SERVICE: Final = "web"
_WORKLOADS: Final = 100
_PODS_EACH: Final = 20
_PODS: Final = _WORKLOADS * _PODS_EACH
_PODS_A_NODE: Final = 100
_SECONDS: Final = 900.0


@contextmanager
def namespace(cluster: Cluster) -> Iterator[None]:
    """Have the namespace for as long as it lasts: nodes enough, Deployments with ready pods, and the Service.

    Raises AwaitError where the pods do not become ready.
    """
    for number in range(_PODS // _PODS_A_NODE):
        cluster.create_node(f"{NAME}-{number}", zone=f"zone-{number % 3}")
    kubectl = Kubectl(cluster.kubeconfig, NAME)
    kubectl.run("create", "namespace", NAME)
    await_condition("the service account", lambda: _has_account(kubectl))
    try:
        kubectl.run("apply", "-f", "-", stdin=yaml.safe_dump_all(_objects()))
        await_condition(f"{_PODS} ready pods", lambda: _ready(kubectl) == _PODS, seconds=_SECONDS, every=2)
        yield
    finally:
        kubectl.run("delete", "namespace", NAME, "--wait=false")


def _has_account(kubectl: Kubectl) -> bool:
    return "serviceaccount/default" in kubectl.run("get", "serviceaccounts", "-o", "name").split()


def _ready(kubectl: Kubectl) -> int:
    shown = kubectl.run("get", "deployments", "-o", "jsonpath={.items[*].status.readyReplicas}")
    return sum(map(int, shown.split()))


def _objects() -> Iterator[dict[str, Any]]:
    """The Service lacks the prefix of the release that one of the workloads bears."""
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE},
        "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }
    for number in range(_WORKLOADS):
        yield _deployment("shop-web" if number == 0 else f"shop-part-{number}")


def _deployment(name: str) -> dict[str, Any]:
    labels = {"app": name, "app.kubernetes.io/managed-by": "benchmark", "app.kubernetes.io/part-of": "shop"}
    container = {
        "name": "app",
        "image": "registry.example/app:1",
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
        "env": [{"name": f"SETTING_{number}", "value": "x" * 20} for number in range(10)],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": _PODS_EACH,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
