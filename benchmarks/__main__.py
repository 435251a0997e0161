"""`make bench`: `kubesvc explain` beside the four kubectl commands that it replaces, on a real API server.

The case `large`, a broken Service among 2,000 pods, stands beside `kubectl get pods -o json` alone.

Whole processes, in turn within each round, so that a machine that slows down slows both. Prints medians and,
per round, the ratio of kubesvc to the sum of the four; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import large
from e2e.cluster import Cluster, open_cluster
from e2e.cluster import kubectl as binary
from e2e.conftest import NODES
from e2e.kubectl import Kubectl
from e2e.product import Product, install
from e2e.scenario import SCENARIOS as FOLDER
from e2e.scenario import Scenario, load
from e2e.situation import situation

_HEAD = """\
                                    wall s                        CPU s        peak MiB   requests
case               kubesvc kubectl  ratio (min-max)      ours  theirs    ours  theirs       ours"""
_AGENT = "kubesvc/"
CASES = ("healthy", "my-service", "named-port", "readiness-probe", large.NAME)


@dataclass(frozen=True, slots=True)
class Cost:
    """What processes cost: seconds of wall time and of CPU, and the largest one's peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What kubesvc and kubectl cost in each counted round, and how many requests one run of kubesvc sends."""

    pairs: list[tuple[Cost, Cost]]
    requests: float


# A process's peak begins with that of the process it was forked from: this one is small.
_LAUNCHER = """
import json, os, resource, subprocess, sys, time
commands = json.loads(sys.argv[1])
start = time.perf_counter()
for command in commands:
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def spend(*commands: list[str], environment: dict[str, str]) -> Cost:
    """Run commands one after the other and add up what they cost; their output is thrown away."""
    launcher = (sys.executable, "-I", "-S", "-c", _LAUNCHER, json.dumps(commands))
    done = subprocess.run(launcher, env=environment, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout))


def four(scenario: Scenario, selector: str) -> list[list[str]]:
    """The kubectl commands with which a person would look instead."""
    kubectl = [str(binary()), "-n", scenario.namespace]
    chosen = ["-l", selector] if selector else []
    return [
        [*kubectl, "describe", "service", scenario.service],
        [
            *kubectl,
            "get",
            "endpointslices",
            "-l",
            f"kubernetes.io/service-name={scenario.service}",
            "-o",
            "yaml",
        ],
        [*kubectl, "get", "pods", "--show-labels"],
        [*kubectl, "describe", "pods", *chosen],
    ]


def compare(cluster: Cluster, product: Product, scenario: Scenario, rounds: int) -> Measured:
    """Measure both in turn, after one round that is not counted."""
    with situation(cluster, scenario):
        ours = [str(product.command), "explain", scenario.service, "-n", scenario.namespace]
        return _in_turn(cluster, ours, four(scenario, _selector(cluster, scenario)), rounds)


def compare_large(cluster: Cluster, product: Product, rounds: int) -> Measured:
    """Measure in the large namespace, beside the one command that reads all its pods."""
    with large.namespace(cluster):
        ours = [str(product.command), "explain", large.SERVICE, "-n", large.NAME]
        theirs = [str(binary()), "get", "pods", "-n", large.NAME, "-o", "json"]
        return _in_turn(cluster, ours, [theirs], rounds)


def _in_turn(cluster: Cluster, ours: list[str], theirs: list[list[str]], rounds: int) -> Measured:
    before = len(cluster.audit(_AGENT))
    environment = {"KUBECONFIG": str(cluster.kubeconfig), "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    pairs = [
        (spend(ours, environment=environment), spend(*theirs, environment=environment))
        for _ in range(rounds + 1)
    ]
    return Measured(pairs[1:], (len(cluster.audit(_AGENT)) - before) / len(pairs))


def _selector(cluster: Cluster, scenario: Scenario) -> str:
    """The labels with which a person would find the pods, where the selector finds none: none."""
    kubectl = Kubectl(cluster.kubeconfig, scenario.namespace)
    shown = kubectl.run(
        "get",
        "service",
        scenario.service,
        "-o",
        "go-template={{range $k, $v := .spec.selector}}{{$k}}={{$v}},{{end}}",
    )
    selector = shown.rstrip(",")
    return selector if selector and kubectl.run("get", "pods", "-l", selector, "-o", "name").strip() else ""


def show(name: str, measured: Measured) -> None:
    """Print the medians of one case and the ratios round by round."""
    pairs = measured.pairs

    def median(side: int, figure: str) -> float:
        figures: list[float] = [getattr(pair[side], figure) for pair in pairs]
        return statistics.median(figures)

    ratios = sorted(ours.wall / theirs.wall for ours, theirs in pairs)
    print(
        f"{name:18} {median(0, 'wall'):7.3f} {median(1, 'wall'):7.3f} {statistics.median(ratios):6.2f}"
        f" ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        f" {median(0, 'cpu'):7.3f} {median(1, 'cpu'):7.3f} {median(0, 'peak'):7.1f} {median(1, 'peak'):7.1f}"
        f" {measured.requests:10.1f}"
    )


def main() -> int:
    """Measure the cases and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("-n", "--rounds", type=int, default=15, help="counted rounds per case (default 15)")
    parser.add_argument("cases", nargs="*", default=CASES, help="scenarios (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_cluster() as cluster:
        product = install(Path(folder))
        for name, zone in NODES.items():
            cluster.create_node(name, zone=zone)
        print(_HEAD)
        for case in options.cases:
            if case == large.NAME:
                show(case, compare_large(cluster, product, options.rounds))
            else:
                show(case, compare(cluster, product, load(FOLDER / case), options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
