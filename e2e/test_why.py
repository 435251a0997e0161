"""Why a pod is an endpoint or not, on a real cluster: what follows for it is what the slices say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from e2e.cluster import Cluster
from e2e.kubectl import Kubectl
from e2e.product import Answer, Product
from e2e.scenario import SCENARIOS, Scenario, load
from e2e.situation import situation

REASONS = {
    "my-service": {"labels": 3},
    "named-port-some": {"": 2, "port": 1},
    "readiness-probe": {"": 2, "probed": 1},
    "unschedulable": {"scheduled": 2},
}
"""How many pods of a scenario have which first unmet condition; none where they are ready endpoints."""


@pytest.mark.parametrize("name", REASONS)
def test_what_follows_for_each_pod_is_what_the_slices_say(
    name: str, cluster: Cluster, product: Product
) -> None:
    """Every pod of the namespace is asked about, selected or not; the slices are read by kubectl as well."""
    scenario = load(SCENARIOS / name)
    with situation(cluster, scenario) as kubectl:
        pods = kubectl.run("get", "pods", "-o", "name").split()
        answer = _ask(product, cluster, scenario, *pods, "-o", "json")
        listed = _listed(kubectl, scenario)

    (subject,) = answer.report["subjects"]
    assert [f"pod/{why['pod']['name']}" for why in subject["why"]] == pods
    assert Counter(map(_reason, subject["why"])) == REASONS[name]
    results = [result for why in subject["why"] for result in why["results"]]
    assert all(result["agrees"] for result in results), [result["text"] for result in results]
    said = [address.rpartition(":")[0] or address for result in results for address in result["addresses"]]
    assert sorted(said) == listed


def test_a_pod_that_does_not_exist_is_named_with_its_neighbors(cluster: Cluster, product: Product) -> None:
    """Status 2; the Service is explained, and so are the pods that exist."""
    scenario = load(SCENARIOS / "healthy")
    with situation(cluster, scenario) as kubectl:
        pod = kubectl.run("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
        answer = _ask(product, cluster, scenario, pod, f"{pod[:-1]}-")

    assert answer.status == 2
    assert f"Why pod {pod} is a ready endpoint of healthy/{scenario.service}\n" in answer.stdout
    assert f'pods "{pod[:-1]}-" not found in namespace healthy' in answer.stderr
    assert f"Near: {pod}" in answer.stderr


def _ask(product: Product, cluster: Cluster, scenario: Scenario, *words: str) -> Answer:
    """Explain a scenario's Service; words before the options are pods that are asked about."""
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    asked = [word for pod in words[:first] for word in ("--why", pod)]
    where = ("explain", scenario.service, "-n", scenario.namespace)
    return product.run(*where, *asked, *words[first:], kubeconfig=cluster.kubeconfig)


def _reason(why: dict[str, Any]) -> str:
    return ",".join(step["kind"] for step in why["steps"] if step["decides"])


def _listed(kubectl: Kubectl, scenario: Scenario) -> list[str]:
    """The addresses in the Service's slices, as kubectl shows them, sorted."""
    label = f"kubernetes.io/service-name={scenario.service}"
    path = "jsonpath={.items[*].endpoints[*].addresses[0]}"
    return sorted(kubectl.run("get", "endpointslices", "-l", label, "-o", path).split())
