"""A captured Service explains itself from its file as it did live."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import Cluster
from e2e.product import Answer, Product
from e2e.scenario import SCENARIOS, load
from e2e.situation import situation

_MOMENT = "2036-01-01T00:00:00Z"
"""Both answers are of one moment: every age in them is the same."""


@pytest.mark.parametrize(
    "name", ["healthy", "my-service", "named-port-some", "selector-and-port", "headless"]
)
def test_a_captured_service_explains_itself_identically(
    name: str, cluster: Cluster, product: Product, tmp_path: Path
) -> None:
    """Every verdict, finding, outcome and line is the same; the file is for its owner alone."""
    scenario = load(SCENARIOS / name)
    where = (scenario.service, "-n", scenario.namespace)
    file = tmp_path / "snapshot.json"
    with situation(cluster, scenario):
        live = product.run("explain", *where, "--at", _MOMENT, "-o", "json", kubeconfig=cluster.kubeconfig)
        captured = product.run("capture", *where, "--to", str(file), kubeconfig=cluster.kubeconfig)
        again = product.run("capture", *where, "--to", str(file), kubeconfig=cluster.kubeconfig)
    assert captured.status == 0, captured.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert again.status == 2, "a file is never overwritten unasked"
    replayed = product.run("explain", *where, "--at", _MOMENT, "-o", "json", "--snapshot", str(file))
    assert _content(replayed) == _content(live)


def _content(answer: Answer) -> dict[str, Any]:
    report = answer.report
    return {key: report[key] for key in ("subjects", "findings", "notChecked", "gaps", "missing", "server")}
