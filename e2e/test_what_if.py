"""What a change would bring about is what it brings about: promised, made, compared endpoint for endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.cluster import Cluster, await_condition
from e2e.kubectl import Kubectl
from e2e.paste import paste
from e2e.product import Answer, Product
from e2e.scenario import SCENARIOS, Scenario, load
from e2e.situation import situation

Spot = tuple[str, str, str, bool]
"""A port's key, a family, an address with its number, and whether traffic uses it."""

ASKED: list[tuple[str, tuple[str, ...]]] = [
    ("my-service", ("spec.selector.app=myapp",)),
    ("named-port", ("spec.ports[http].targetPort=8080",)),
    ("named-port-some", ("spec.ports[http].targetPort=web",)),
    ("selector-and-port", ("spec.selector.app=web-app", "spec.ports[http].targetPort=http")),
    ("readiness-probe", ("spec.publishNotReadyAddresses=true",)),
    ("readiness-probe", ("spec.selector.track=canary",)),
    ("healthy", ("spec.ports[metrics]-",)),
    ("healthy", ("spec.ports[http].port=8000", "spec.ports[2].port=80", "spec.ports[2].name=old")),
    ("healthy", ("spec.ports[http].name=web", "spec.type=ClusterIP")),
    ("healthy", ("spec.selector-",)),
    ("healthy", ("spec.type=ExternalName", "spec.externalName=api.example")),
    ("dual-stack", ("spec.ipFamilyPolicy=SingleStack", "spec.ports[0].targetPort=9090")),
    ("headless", ("spec.ports-",)),
    ("no-selector", ("spec.selector.app=web",)),
    ("foreign-slice", ("spec.ports[0].targetPort=9090",)),
    ("evicted", ("spec.publishNotReadyAddresses=true",)),
]


@pytest.mark.parametrize(
    ("name", "settings"), ASKED, ids=lambda value: value if isinstance(value, str) else None
)
def test_what_was_promised_is_what_comes(
    name: str, settings: tuple[str, ...], cluster: Cluster, product: Product
) -> None:
    """The printed command is pasted; slices are read by kubectl, verdict and causes told by kubesvc."""
    scenario = load(SCENARIOS / name)
    if scenario.needs - cluster.supports:
        pytest.skip(f"this cluster does not support {', '.join(scenario.needs - cluster.supports)}")
    words = [word for setting in settings for word in ("--set", setting)]
    with situation(cluster, scenario) as kubectl:
        asked = _explain(product, cluster, scenario, *words, "-o", "json")
        told = asked.report["subjects"][0]["comparison"]
        assert asked.status == (told["after"]["verdict"] == "broken"), asked.stderr
        assert _spots(told, "before") == set(_real(kubectl, scenario)), "the present is told as it is"
        printed = _explain(product, cluster, scenario, *words).stdout.splitlines()
        assert told["command"]["shell"] in printed

        paste(told["command"]["shell"], cluster.kubeconfig)

        promised = _spots(told, "after")
        seen: list[set[Spot]] = [set()]

        def come() -> bool:
            seen[0] = set(_real(kubectl, scenario))
            return seen[0] == promised

        try:
            await_condition("the endpoints that were promised", come, seconds=30, every=0.5)
        except Exception as error:
            error.add_note(f"promised {sorted(promised)}, there are {sorted(seen[0])}")
            raise
        now = _explain(product, cluster, scenario, "-o", "json")
    (subject,) = now.report["subjects"]
    assert subject["verdict"] == told["after"]["verdict"]
    assert subject["summary"] == told["after"]["summary"]
    causes = [cause["code"] for cause in (*told["remaining"], *told["new"])]
    assert sorted(finding["code"] for finding in now.report["findings"]) == sorted(causes)


def _explain(product: Product, cluster: Cluster, scenario: Scenario, *more: str) -> Answer:
    where = ("explain", scenario.service, "-n", scenario.namespace)
    return product.run(*where, *more, kubeconfig=cluster.kubeconfig)


def _spots(told: dict[str, Any], side: str) -> set[Spot]:
    """The endpoints that are listed at one side."""
    return {
        (port["key"], entry["place"]["family"], entry[side]["address"], entry[side]["used"])
        for port in told["ports"]
        for entry in port["endpoints"]
        if entry[side] and entry[side]["address"]
    }


def _real(kubectl: Kubectl, scenario: Scenario) -> Iterator[Spot]:
    """The endpoints of each port of the Service as its slices list them; ready ones are used."""
    service = json.loads(kubectl.run("get", "service", scenario.service, "-o", "json"))
    label = f"kubernetes.io/service-name={scenario.service}"
    slices = json.loads(kubectl.run("get", "endpointslices", "-l", label, "-o", "json"))["items"]
    headless = service["spec"].get("clusterIP") == "None"
    ports = service["spec"].get("ports") or [None]
    for port in ports:
        key = (port.get("name") or f"{port['port']}/{port['protocol']}") if port else ""
        for entry in slices:
            number = _number(port, entry["ports"] or [])
            for endpoint in entry["endpoints"] or ():
                host = endpoint["addresses"][0]
                bare = f"[{host}]" if ":" in host else host
                address = f"{bare}:{number}" if number else bare
                ready = endpoint["conditions"].get("ready") is not False  # nil counts as ready
                used = ready and (headless or bool(number) or port is None)
                yield key, entry["addressType"], address, used


def _number(port: dict[str, Any] | None, listed: list[dict[str, Any]]) -> int | None:
    if port is None:
        return None
    wanted = (port.get("name", ""), port["protocol"])
    return next((other["port"] for other in listed if (other["name"], other["protocol"]) == wanted), None)
