"""Every scenario that takes a kubelet: the situation, what kubesvc says of it, what clients really see."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.cluster import Cluster, await_condition
from e2e.conftest import toolchain
from e2e.kind.claims import contradictions
from e2e.kind.seen import Clients
from e2e.paste import check_first, paste
from e2e.product import Answer, Product
from e2e.scenario import KIND_SCENARIOS, Scenario, scenarios
from e2e.situation import situation
from e2e.verdict import fits, of_subject


@pytest.mark.parametrize("scenario", scenarios(KIND_SCENARIOS), ids=lambda scenario: scenario.name)
def test_explains_the_scenario_and_agrees_with_what_clients_see(
    scenario: Scenario, cluster: Cluster, product: Product, dialing: Clients | None
) -> None:
    """Verdict, causes and claims fit what was observed; the first check proves what the API cannot tell."""
    if dialing is None:
        pytest.skip("only kind runs containers: KUBESVC_E2E_PROVIDER=kind")
    with toolchain(), situation(cluster, scenario):
        answer = _explain(product, cluster, scenario)
        assert fits(answer, scenario) == []
        seen = dialing.see(scenario, answer.report)
        assert contradictions(answer.report, scenario, seen, dialing.nodes) == []
        if scenario.check:
            check_first(of_subject(answer), scenario.check, cluster.kubeconfig)
        commands = [fix["command"] for fix in _fixes(answer) if fix["command"]]
        assert bool(commands) == (scenario.fix == "command")
        if commands:
            paste(commands[0]["shell"], cluster.kubeconfig)
            await_condition(
                f"{scenario.service} becomes {scenario.after}",
                lambda: of_subject(_explain(product, cluster, scenario))["verdict"] == scenario.after,
                seconds=60,
                every=0.5,
            )
        else:
            why = " ".join((scenario.folder / "why.md").read_text(encoding="utf-8").split())
            assert "no command" in why or "nothing to fix" in why


def _explain(product: Product, cluster: Cluster, scenario: Scenario) -> Answer:
    where = ("-n", scenario.namespace, "-o", "json")
    return product.run("explain", scenario.service, *where, kubeconfig=cluster.kubeconfig)


def _fixes(answer: Answer) -> list[dict[str, Any]]:
    return [fix for finding in answer.report["findings"] for fix in finding["fixes"]]
