"""`make cluster`: keeps a control plane up, with every scenario in it, to look at with kubectl and kubesvc.

Prints one line for `eval` on standard output; all else goes to standard error.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from e2e.cluster import ClusterError, background
from e2e.cluster.given import GivenCluster
from e2e.conftest import NODES
from e2e.kubectl import Kubectl
from e2e.scenario import scenarios
from e2e.situation import bring_about, change, observe


def main() -> int:
    """Start it, or find it running, and bring the scenarios about; returns the exit status."""
    try:
        state = background.up()
        kubeconfig = Path(state.kubeconfig)
        with GivenCluster(kubeconfig) as cluster:
            there = Kubectl(kubeconfig).run("get", "nodes", "-o", "name").split()
            for name in NODES.keys() - {node.removeprefix("node/") for node in there}:
                cluster.create_node(name, zone=NODES[name])
    except ClusterError as error:
        print(f"e2e: {error}", file=sys.stderr)
        return 1
    for scenario in scenarios():
        if not scenario.paused:  # a component that stands still would stand still for all of them
            kubectl = Kubectl(kubeconfig, scenario.namespace)
            bring_about(kubectl, scenario)
            for observation in scenario.before:
                observe(kubectl, observation)
            change(kubectl, scenario)
            print(f"e2e: kubesvc explain {shlex.join(scenario.asked)}", file=sys.stderr)
    print(f"export KUBECONFIG={shlex.quote(state.kubeconfig)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
