"""What a user who may read less is told, on a real API server: `--as` with the rights of a Role."""

from __future__ import annotations

import json

import pytest

from e2e.cluster import Cluster
from e2e.kubectl import Kubectl
from e2e.product import Product
from e2e.scenario import SCENARIOS, load
from e2e.situation import situation

_ALL = {
    "": ["services", "pods", "events"],
    "discovery.k8s.io": ["endpointslices"],
    "apps": ["deployments", "replicasets", "statefulsets", "daemonsets"],
    "batch": ["jobs", "cronjobs"],
    "autoscaling": ["horizontalpodautoscalers"],
}


def _allow(kubectl: Kubectl, user: str, without: str = "") -> None:
    """Let a user get and list in the namespace what kubesvc reads there, but for one resource."""
    rules = [
        {"apiGroups": [group], "resources": [r for r in resources if r != without], "verbs": ["get", "list"]}
        for group, resources in _ALL.items()
    ]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": user},
        "rules": rules,
    }
    kubectl.run("apply", "-f", "-", stdin=json.dumps(role))
    kubectl.run("create", "rolebinding", user, f"--role={user}", f"--user={user}")


def _explain(product: Product, cluster: Cluster, user: str, name: str) -> tuple[int, str, str]:
    scenario = load(SCENARIOS / name)
    where = ("explain", scenario.service, "-n", scenario.namespace, "--as", user)
    answer = product.run(*where, kubeconfig=cluster.kubeconfig)
    return answer.status, answer.stdout, answer.stderr


def test_without_rights_on_nodes_a_healthy_service_is_healthy(cluster: Cluster, product: Product) -> None:
    """Nodes cannot matter where every pod is in the slices."""
    with situation(cluster, load(SCENARIOS / "healthy")) as kubectl:
        _allow(kubectl, "namespaced")
        status, out, _ = _explain(product, cluster, "namespaced", "healthy")
    assert status == 0
    assert "is healthy: 3 of 3 pods receive traffic" in out
    assert "forbidden" in out, "what was refused is said"


def test_without_rights_on_pods_the_verdict_is_unknown(cluster: Cluster, product: Product) -> None:
    """The slices alone cannot tell whether a pod is missing."""
    with situation(cluster, load(SCENARIOS / "healthy")) as kubectl:
        _allow(kubectl, "podless", without="pods")
        status, out, _ = _explain(product, cluster, "podless", "healthy")
    assert status == 3
    assert "is unknown" in out
    assert "forbidden" in out


def test_without_rights_on_workloads_a_service_without_pods_is_unknown(
    cluster: Cluster, product: Product
) -> None:
    """Whether nobody serves or nobody should serve is decided by the workloads."""
    with situation(cluster, load(SCENARIOS / "scaled-to-zero")) as kubectl:
        _allow(kubectl, "workless", without="deployments")
        status, out, _ = _explain(product, cluster, "workless", "scaled-to-zero")
    assert status in (1, 3)
    assert "is unknown" in out


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_service_that_may_not_be_read_is_an_error(cluster: Cluster, product: Product, form: str) -> None:
    """A refusal of the named object is exit status 2, with the server's words."""
    scenario = load(SCENARIOS / "healthy")
    with situation(cluster, scenario):
        answer = product.run(
            *("explain", scenario.service, "-n", scenario.namespace, "--as", "nobody", "-o", form),
            kubeconfig=cluster.kubeconfig,
        )
    assert answer.status == 2
    assert "cannot get resource" in answer.stderr
    assert "Traceback" not in answer.stderr
