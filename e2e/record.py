"""Records every scenario of a real cluster as a case for the fast tests, and the demo cases: `make record`.

Snapshots, expectations and whole reports are written; what is compared with them later is never typed by
hand.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from e2e.cluster import Cluster, open_cluster
from e2e.conftest import NODES
from e2e.product import ROOT, Product, install
from e2e.scenario import Scenario, scenarios
from e2e.situation import situation
from e2e.verdict import fits

CASES = ROOT / "tests" / "cases"
DEMO = ROOT / "kubesvc" / "demo"
CONTEXT = "kubesvc-e2e"
"""The context's name in recorded cases; a cluster of ours has another at each start."""


def main(names: list[str]) -> int:
    """Record the named scenarios, or all; returns the exit status."""
    wanted = [scenario for scenario in scenarios() if not names or scenario.name in names]
    unknown = set(names) - {scenario.name for scenario in wanted}
    if unknown:
        print(f"record: unknown scenario {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder, open_cluster() as cluster:
        product = install(Path(folder))
        for name, zone in NODES.items():
            cluster.create_node(name, zone=zone)
        kubeconfig = _renamed(cluster, Path(folder))
        for scenario in wanted:
            wrong = _record(cluster, product, scenario, kubeconfig)
            print(f"record: {scenario.name}: {'; '.join(wrong) or 'recorded'}", file=sys.stderr)
            failed += [scenario.name] if wrong else []
    return 1 if failed else 0


def _renamed(cluster: Cluster, folder: Path) -> Path:
    """Copy the kubeconfig with a context name that is the same each time."""
    document: dict[str, Any] = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    document["contexts"] = [{**context, "name": CONTEXT} for context in document["contexts"][:1]]
    document["current-context"] = CONTEXT
    target = folder / "kubeconfig"
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


def _record(cluster: Cluster, product: Product, scenario: Scenario, kubeconfig: Path) -> list[str]:
    """Record one scenario; returns what differs from its expectation, in which case nothing is written."""
    with situation(cluster, scenario), tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "snapshot.json"
        where = ("-n", scenario.namespace)
        captured = product.run(
            "capture", scenario.service, *where, "--to", str(snapshot), kubeconfig=kubeconfig
        )
        if captured.status:
            return [captured.stderr.strip()]
        again = ("explain", scenario.service, *where, "--snapshot", str(snapshot))
        live = product.run("explain", scenario.service, *where, "-o", "json", kubeconfig=kubeconfig)
        report = product.run(*again, "-o", "json")
        wrong = fits(live, scenario) or fits(report, scenario)
        if not wrong:
            _write(scenario, snapshot, product.run(*again).stdout, report.stdout)
        return wrong


def _write(scenario: Scenario, snapshot: Path, text: str, report: str) -> None:
    folder = CASES / scenario.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(snapshot, folder / "snapshot.json")
    (folder / "report.txt").write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(report, encoding="utf-8")
    keys = ("source", "service", "namespace", "verdict", "exit", "codes", "culprits", "outcomes")
    expected = {key: getattr(scenario, key) for key in keys}
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in expected.items()}
    (folder / "expected.yaml").write_text(yaml.safe_dump(listed, sort_keys=False), encoding="utf-8")
    shutil.copyfile(snapshot, DEMO / f"{scenario.name}.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
