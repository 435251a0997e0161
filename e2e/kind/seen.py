"""What clients really see, and what kubesvc says that they do.

Clients are `a` and `b`, a pod on the node of zone-a and of zone-b; `node a` and `node b`, likewise but in the
network of their node, so that what they send to another node comes from outside; and `pod NAME`, a pod of the
scenario itself. They run `testserver dial`, whose words these are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from e2e.cluster import AwaitError, await_condition
from e2e.kind import testserver
from e2e.kubectl import Kubectl
from e2e.situation import node_in

if TYPE_CHECKING:
    from e2e.kind.cluster import KindCluster
    from e2e.scenario import Dial, Scenario

Seen = dict[str, dict[str, str]]
"""The word for each target, by client."""

_NAMESPACE = "kubesvc-e2e-clients"
_ZONES = ("a", "b")
_SECONDS = 20.0
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Clients:
    """The client pods of a cluster; `addresses` are those of the nodes, by zone, for use in targets."""

    kubectl: Kubectl
    addresses: Mapping[str, str]

    def see(self, scenario: Scenario) -> Seen:
        """What the clients of a scenario see; raises AwaitError where it does not come to be what it says."""
        seen: Seen = {}
        for dial in scenario.dials:
            for client in dial.clients:
                seen.setdefault(client, {})[dial.to] = self._awaited(scenario, dial, client)
        return seen

    def _awaited(self, scenario: Scenario, dial: Dial, client: str) -> str:
        said = ""

        def as_expected() -> bool:
            nonlocal said
            said = self._ask(scenario, dial.to, client)
            return said == dial.sees

        try:
            # kube-proxy, DNS and the policies follow the API within a second or two.
            await_condition(
                f"{client} sees {dial.sees} at {dial.to}", as_expected, seconds=_SECONDS, every=0.5
            )
        except AwaitError as error:
            error.add_note(f"it saw last: {said}")
            raise
        return said

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
        yield Clients(there, addresses)
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


def contradictions(report: Mapping[str, Any], scenario: Scenario, seen: Seen) -> list[str]:
    """Where the report says other than clients in pods have seen; nothing where they agree.

    That a usable endpoint answers is not held against kubesvc where it says so itself, by its first check, or
    where it is known to look at too little yet.
    """
    subject = report["subjects"][0]
    claims = dict(_claims(report, scenario.service))
    doubted = bool(scenario.check or scenario.explained)
    usable = {port["key"]: port["usable"] for port in subject["ports"]}
    ports = dict(_ports(subject, usable))
    wrong: list[str] = []
    for client, words in seen.items():
        if client.startswith("node "):
            continue
        for target, word in words.items():
            asked = _asked(target, scenario)
            if asked is None:
                continue
            claim = claims.get(asked)
            if claim is not None and not re.fullmatch(claim, word):
                wrong.append(f"{client} sees {word} at {target}, but the report says {claim}")
            answered, has = word.startswith("answered"), ports.get(asked)
            if has is not None and answered != (has > 0) and not (has and doubted):
                wrong.append(
                    f"{client} sees {word} at {target}, but the report counts {has} usable endpoints"
                )
    return wrong


def _asked(target: str, scenario: Scenario) -> str | None:
    """The Service's port that a target names, as in `web:80`, or `web` alone for its name."""
    url = urlsplit(target)
    host = (url.hostname or "").removesuffix(".svc.cluster.local.")
    if host not in (scenario.service, f"{scenario.service}.{scenario.namespace}"):
        return None
    if url.scheme == "dns":
        return scenario.service
    number = url.port or _DEFAULT_PORTS[url.scheme]
    return f"{scenario.service}:{number}{'/UDP' if url.scheme == 'udp' else ''}"


def _claims(report: Mapping[str, Any], service: str) -> Iterator[tuple[str, str]]:
    """What rows on clients say: which word they should see, by what they ask."""
    name = re.escape(service)
    for finding in report["findings"]:
        for row in finding["rows"]:
            if row["label"] == "clients":
                for asked in re.findall(rf"({name}:\d+(?:/\w+)?) (?:refuses|rejects)", row["value"]):
                    yield asked, "refused"
                if re.search(rf"{name} resolves to no address", row["value"]):
                    yield service, "nxdomain"
                for count in re.findall(rf"{name} resolves to (\d+) address", row["value"]):
                    yield service, f"{count} addresses"


def _ports(subject: Mapping[str, Any], usable: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """How many endpoints are usable, by what clients ask; ports without a virtual address are left out."""
    name = subject["ref"]["name"]
    for line in subject["line"]["children"]:
        found = re.match(r"(\d+)/(\w+)", line["value"])
        if line["kind"] == "port" and found and line["place"]["port"] in usable:
            suffix = "" if found[2] == "TCP" else f"/{found[2]}"
            yield f"{name}:{found[1]}{suffix}", usable[line["place"]["port"]]
