"""Records every scenario of a real cluster as a case for the fast tests, and the demo cases: `make record`.

Snapshots, expectations and whole reports are written; what is compared with them later is never typed by
hand. On kind (`make record-kind`) these are the scenarios in which a kubelet decides, with what clients saw.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from e2e.cluster import Cluster, ClusterError, open_cluster
from e2e.conftest import NODES
from e2e.kind.claims import Seen, contradictions
from e2e.kind.cluster import KindCluster
from e2e.kind.seen import Clients, clients
from e2e.kubectl import KubectlError
from e2e.product import ROOT, Product, install
from e2e.scenario import KIND_SCENARIOS, SCENARIOS, Scenario, scenarios
from e2e.situation import situation
from e2e.verdict import fits

CASES = ROOT / "tests" / "cases"
DEMO = ROOT / "kubesvc" / "demo"
CONTEXT = "kubesvc-e2e"
"""The context's name in recorded cases; a cluster of ours has another at each start."""


def main(names: list[str]) -> int:
    """Record the named scenarios, or all; returns the exit status."""
    failed: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(open_cluster())
        known = recordable(kind=isinstance(cluster, KindCluster))
        wanted = [scenario for scenario in known if not names or scenario.name in names]
        unknown = set(names) - {scenario.name for scenario in wanted}
        if unknown:
            print(f"record: not recorded of this cluster: {', '.join(sorted(unknown))}", file=sys.stderr)
            return 2
        product = install(folder)
        dialing: Clients | None = None
        if isinstance(cluster, KindCluster):
            dialing = stack.enter_context(clients(cluster))
        else:
            for name, zone in NODES.items():
                cluster.create_node(name, zone=zone)
        kubeconfig = _renamed(cluster, folder)
        for scenario in wanted:
            try:
                wrong = _record(cluster, product, scenario, kubeconfig, dialing)
            except (ClusterError, KubectlError) as error:  # the others are to be recorded all the same
                wrong = [str(error)]
            print(f"record: {scenario.name}: {'; '.join(wrong) or 'recorded'}", file=sys.stderr)
            failed += [scenario.name] if wrong else []
    return 1 if failed else 0


def recordable(*, kind: bool) -> list[Scenario]:
    """The scenarios that are recorded of a cluster of kind, or of a local one: never what kwok wrote.

    What comes about only where an annotation tells kwok so has a namesake in KIND_SCENARIOS.
    """
    if not kind:
        return [scenario for scenario in scenarios() if scenario.source == "observed"]
    elsewhere = [scenario for scenario in scenarios() if scenario.source == "simulated"]
    return [*scenarios(KIND_SCENARIOS), *(s for s in elsewhere if "simulation" not in s.needs)]


def _renamed(cluster: Cluster, folder: Path) -> Path:
    """Copy the kubeconfig with a context name that is the same each time."""
    document: dict[str, Any] = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    document["contexts"] = [{**context, "name": CONTEXT} for context in document["contexts"][:1]]
    document["current-context"] = CONTEXT
    target = folder / "kubeconfig"
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


def _record(
    cluster: Cluster, product: Product, scenario: Scenario, kubeconfig: Path, dialing: Clients | None
) -> list[str]:
    """Record one scenario; returns what differs from its expectation, in which case nothing is written."""
    with situation(cluster, scenario), tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "snapshot.json"
        where = ("-n", scenario.namespace)
        captured = product.run(
            "capture",
            scenario.service,
            *scenario.beside,
            *where,
            "--to",
            str(snapshot),
            kubeconfig=kubeconfig,
        )
        if captured.status:
            return [captured.stderr.strip()]
        _rename_nodes(snapshot, cluster)
        again = ("explain", *scenario.asked, "--snapshot", str(snapshot))
        live = product.run("explain", *scenario.asked, "-o", "json", kubeconfig=kubeconfig)
        report = product.run(*again, "-o", "json")
        wrong = fits(live, scenario) or fits(report, scenario)
        seen: Seen = {}
        if dialing and not wrong:
            seen = dialing.see(scenario, live.report)
            wrong = contradictions(live.report, scenario, seen, dialing.nodes)
        if not wrong:
            _write(scenario, snapshot, product.run(*again).stdout, report.stdout, seen)
        return wrong


def _rename_nodes(snapshot: Path, cluster: Cluster) -> None:
    """Have the same names each time: nodes of kind are called after their cluster, whose name is random."""
    if isinstance(cluster, KindCluster):
        text = snapshot.read_text(encoding="utf-8")
        snapshot.write_text(text.replace(cluster.name, "kind"), encoding="utf-8")


def _write(scenario: Scenario, snapshot: Path, text: str, report: str, seen: Seen) -> None:
    folder = CASES / scenario.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(snapshot, folder / "snapshot.json")
    (folder / "report.txt").write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(report, encoding="utf-8")
    keys = ["service", "namespace", "verdict", "exit", "codes", "culprits", "outcomes"]
    keys += [key for key in ("port", "explained", "beside") if getattr(scenario, key)]
    expected: dict[str, Any] = {"source": "observed", **{key: getattr(scenario, key) for key in keys}}
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in expected.items()}
    (folder / "expected.yaml").write_text(yaml.safe_dump(listed, sort_keys=False), encoding="utf-8")
    if seen:
        (folder / "seen.yaml").write_text(yaml.safe_dump(seen), encoding="utf-8")
    if shown(scenario):
        shutil.copyfile(snapshot, DEMO / f"{scenario.name}.json")


def shown(scenario: Scenario) -> bool:
    """Whether its case is a demo, too: those of kind alone are for tests, and a demo asks about no port."""
    return (SCENARIOS / scenario.name).exists() and not scenario.port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
