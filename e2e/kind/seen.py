"""What clients really see.

Clients are `a` and `b`, a pod on the node of zone-a and of zone-b; `node a` and `node b`, likewise but in the
network of their node, so that what they send to another node comes from outside; and `pod NAME`, a pod of the
scenario itself. They run `testserver dial`, whose words these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from e2e.cluster import AwaitError, await_condition
from e2e.kind import testserver
from e2e.kind.claims import Seen, asked, claims
from e2e.kubectl import Kubectl
from e2e.situation import node_in

if TYPE_CHECKING:
    from e2e.kind.cluster import KindCluster
    from e2e.scenario import Dial, Scenario

_NAMESPACE = "kubesvc-e2e-clients"
_ZONES = ("a", "b")
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Clients:
    """The client pods of a cluster; `nodes` and `addresses` are names and addresses of the nodes, by zone."""

    kubectl: Kubectl
    nodes: Mapping[str, str]
    addresses: Mapping[str, str]

    def see(self, scenario: Scenario, report: Mapping[str, Any]) -> Seen:
        """What the clients of a scenario see, and all others of whom the report claims something.

        Raises AwaitError where it does not come to be what the scenario says. What is claimed is waited for
        as well, and else what was seen last: see `claims.contradictions`.
        """
        seen: Seen = {}
        for dial in scenario.dials:
            for client in dial.clients:
                seen.setdefault(client, {})[dial.to] = self._awaited(scenario, dial, client)
        dialed = {(client, asked(target, scenario)) for client, words in seen.items() for target in words}
        for claim in claims(report, self.nodes, doubted=scenario.doubted):
            if (claim.client, claim.asked) not in dialed:
                target = claim.target(scenario.namespace)
                said = [""]
                with suppress(AwaitError):
                    self._await(scenario, target, claim.client, claim.holds, said)
                seen.setdefault(claim.client, {})[target] = said[0]
        return seen

    def _awaited(self, scenario: Scenario, dial: Dial, client: str) -> str:
        said = [""]
        try:
            self._await(scenario, dial.to, client, dial.sees.__eq__, said)
        except AwaitError as error:
            error.add_note(f"it saw last: {said[0]}")
            raise
        return said[0]

    def _await(
        self, scenario: Scenario, target: str, client: str, wanted: Callable[[str], bool], said: list[str]
    ) -> None:
        """Ask until it is what is wanted: kube-proxy, DNS and the policies follow the API within seconds."""

        def as_expected() -> bool:
            said[0] = self._ask(scenario, target, client)
            return wanted(said[0])

        await_condition(
            f"{client} sees what is expected at {target}", as_expected, seconds=_SECONDS, every=0.5
        )

    def _ask(self, scenario: Scenario, target: str, client: str) -> str:
        kubectl, pod = self.kubectl, client.replace(" ", "-")
        if client.startswith("pod "):
            kubectl, pod = replace(kubectl, namespace=scenario.namespace), client.removeprefix("pod ")
        verb, _, prefix = target.partition(" ")
        command = (verb, prefix) if prefix else ("dial", target.format_map(self.addresses))
        return kubectl.run("exec", pod, "--", testserver.PROGRAM, *command).strip()


@contextmanager
def clients(cluster: KindCluster) -> Iterator[Clients]:
    """Have the client pods for the length of a `with` block, and their image on the nodes from then on."""
    testserver.provide(cluster)
    kubectl = Kubectl(cluster.kubeconfig)
    there = replace(kubectl, namespace=_NAMESPACE)
    nodes = {zone: node_in(kubectl, f"zone-{zone}") for zone in _ZONES}
    path = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'
    addresses = {zone: kubectl.run("get", "node", name, "-o", path) for zone, name in nodes.items()}
    pods = [_pod(zone, nodes[zone], of_node=of_node) for zone in _ZONES for of_node in (False, True)]
    there.run("create", "namespace", _NAMESPACE)
    try:
        await_condition(f"service account in {_NAMESPACE}", lambda: "default" in _accounts(there))
        there.run("apply", "-f", "-", stdin=yaml.safe_dump_all(pods))
        there.run("wait", "pod", "--all", "--for=condition=Ready", "--timeout=50s")
        yield Clients(there, nodes, addresses)
    finally:
        there.run("delete", "namespace", _NAMESPACE, "--wait=false")


def _accounts(kubectl: Kubectl) -> str:
    return kubectl.run("get", "serviceaccounts", "-o", "name")


def _pod(zone: str, node: str, *, of_node: bool) -> dict[str, Any]:
    container = {"name": "client", "image": testserver.IMAGE, "imagePullPolicy": "Never"}
    spec: dict[str, Any] = {
        "nodeName": node,
        "containers": [container],
        "terminationGracePeriodSeconds": 1,
        "tolerations": [{"operator": "Exists"}],
    }
    if of_node:
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    name = f"node-{zone}" if of_node else zone
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
