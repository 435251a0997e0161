"""Which Services select a pod or workload, on a real cluster: what is told is what the slices list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.cluster import Cluster, await_condition
from e2e.kubectl import Kubectl
from e2e.paste import paste
from e2e.product import Answer, Product
from e2e.scenario import SCENARIOS, Scenario, load
from e2e.situation import situation

MOST_REQUESTS = {"selects": 10, "lists": 10, "nearly selects": 16}
"""By how the nearest Service is related to it: one that misses it is explained, as if it were asked about."""
_AGENT = "kubesvc/"

SELECTED = {
    "healthy": {"healthy": 3},
    "named-port-some": {"healthy": 2, "broken": 1},
    "readiness-probe": {"healthy": 2, "broken": 1},
    "dual-stack": {"healthy": 2},
    "headless": {"healthy": 2},
    "unschedulable": {"broken": 2},
    "my-service": {"idle": 3},
}
"""How many pods of a scenario fare how."""


@pytest.mark.parametrize("name", SELECTED)
def test_each_pod_is_told_what_the_slices_list(name: str, cluster: Cluster, product: Product) -> None:
    """Used where they list it as ready with a number for the port; each in a few requests."""
    scenario = load(SCENARIOS / name)
    if scenario.needs - cluster.supports:
        pytest.skip(f"this cluster does not support {', '.join(scenario.needs - cluster.supports)}")
    found: dict[str, int] = {}
    with situation(cluster, scenario) as kubectl:
        pods = kubectl.run("get", "pods", "-o", "name").split()
        listed = _listed(kubectl, scenario)
        for pod in pods:
            before = len(cluster.audit(_AGENT)) if "audit" in cluster.supports else 0
            (subject,) = _ask(product, cluster, scenario, pod, "-o", "json").report["subjects"]
            if "audit" in cluster.supports:
                requests = cluster.audit(_AGENT)[before:]
                most = MOST_REQUESTS[subject["services"][0]["relation"]]
                assert 0 < len(requests) <= most, [request.uri for request in requests]
            found[subject["verdict"]] = found.get(subject["verdict"], 0) + 1
            assert _used(subject) == {spot for spot in listed if spot[0] == pod.removeprefix("pod/")}
    assert found == SELECTED[name]


def test_the_change_that_is_offered_makes_a_service_select_the_workload(
    cluster: Cluster, product: Product
) -> None:
    """As many endpoints as it promised; and then the workload is healthy."""
    scenario = load(SCENARIOS / "my-service")
    with situation(cluster, scenario):
        before = _ask(product, cluster, scenario, "deploy/web", "-o", "json")
        strict = _ask(product, cluster, scenario, "deploy/web", "--fail-on", "idle")
        (member,) = before.report["subjects"][0]["services"]
        assert (before.status, strict.status, member["relation"]) == (0, 1, "nearly selects")
        assert member["fix"]["command"]["shell"] in strict.stdout.splitlines()

        paste(member["fix"]["command"]["shell"], cluster.kubeconfig)

        def healthy() -> dict[str, Any] | None:
            (subject,) = _ask(product, cluster, scenario, "deploy/web", "-o", "json").report["subjects"]
            return subject if subject["verdict"] == "healthy" else None

        after = await_condition("the workload selected, and ready", healthy, seconds=30, every=0.5)
    (selecting,) = after["services"]
    assert (selecting["relation"], selecting["ports"]) == ("selects", member["fix"]["outcome"]["ports"])
    assert len(selecting["pods"]) == 3


def test_a_workload_without_pods_is_told_by_its_template(cluster: Cluster, product: Product) -> None:
    """Scaled to zero, it is idle."""
    scenario = load(SCENARIOS / "scaled-to-zero")
    with situation(cluster, scenario) as kubectl:
        (name,) = kubectl.run("get", "deployments", "-o", "name").split()
        answer = _ask(product, cluster, scenario, name)

    assert answer.status == 0
    assert "is idle: it has no pods; Service" in answer.stdout


def test_what_does_not_exist_is_told_in_kubectls_words(cluster: Cluster, product: Product) -> None:
    """With what is near."""
    scenario = load(SCENARIOS / "my-service")
    with situation(cluster, scenario):
        answer = _ask(product, cluster, scenario, "deploy/wbe")

    assert answer.status == 2
    assert answer.stderr.startswith(
        'error: deployments.apps "wbe" not found in namespace shop\nhint: Near: web.'
    )


def _ask(product: Product, cluster: Cluster, scenario: Scenario, *words: str) -> Answer:
    return product.run("explain", *words, "-n", scenario.namespace, kubeconfig=cluster.kubeconfig)


def _used(subject: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Pod, port and address of each endpoint line that is marked as used."""
    found: set[tuple[str, str, str]] = set()
    lines = [subject["line"]]
    while lines:
        line = lines.pop()
        lines += line["children"]
        endpoint = line["place"]["endpoint"]
        if line["kind"] == "endpoint" and endpoint and line["mark"] == "good":
            found.add((endpoint["name"], line["place"]["port"], line["label"]))
    return found


def _listed(kubectl: Kubectl, scenario: Scenario) -> set[tuple[str, str, str]]:
    """Pod, port and address that the slices list as ready."""
    label = f"kubernetes.io/service-name={scenario.service}"
    slices = json.loads(kubectl.run("get", "endpointslices", "-l", label, "-o", "json"))["items"]
    return {
        (endpoint["targetRef"]["name"], port["name"], _address(endpoint["addresses"][0], port["port"]))
        for entry in slices
        for endpoint in entry["endpoints"] or ()
        for port in entry["ports"] or ()
        if endpoint["conditions"]["ready"]
    }


def _address(host: str, number: int) -> str:
    return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
