"""What a report says that clients see, as something to be dialed, and where they see something else.

Clients and the words for what they see are those of `e2e.kind.seen`. Nothing but the report is read: a claim
is there where it says so, of those clients that it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from e2e.scenario import Scenario

Seen = dict[str, dict[str, str]]
"""The word for each target, by client."""

PODS = {"a": "a", "b": "b"}
"""The zone of each client in a pod."""
CLIENTS = {**PODS, "node a": "a", "node b": "b"}
"""The zone of each client."""

_ANSWERED = "answered.*"
_SILENT = "(?!answered).*"
_DOMAIN = "svc.cluster.local."
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NODES = re.compile(
    r"ports? (?P<ports>[^;]+?) on (?:every node|nodes with a ready endpoint: (?P<names>[^;]*))"
)

# Before the nodes whose only endpoints are on their way out: they answer, too.
_LEAVING = ", with one that is terminating, still serving: "
# Wherever the client is: under a Local policy that depends on its node, which the checks tell.
_REACHES = r"reaches \d+ endpoints?\b(?!, (?:each )?from its own node)"


class Asked(NamedTuple):
    """What a client asks: a Service or a node (`{a}`), there a port or `dns`, by which protocol."""

    host: str
    port: str
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """That a client sees what fits a pattern when it asks so."""

    client: str
    asked: Asked
    pattern: str

    def target(self, namespace: str) -> str:
        """What to dial, in the words of `testserver dial`."""
        host, port, protocol = self.asked
        if port == "dns":
            return f"dns://{host}.{namespace}.{_DOMAIN}"
        named = host if host.startswith("{") else f"{host}.{namespace}"
        return f"{protocol.lower()}://{named}:{port}"

    def holds(self, word: str) -> bool:
        """Whether that is what was seen."""
        return re.fullmatch(self.pattern, word) is not None


def claims(report: Mapping[str, Any], nodes: Mapping[str, str], *, doubted: bool = False) -> list[Claim]:
    """What clients see; `nodes` are their names by zone.

    That a usable endpoint answers is none where the report is `doubted`, or where it says that clients are
    sent to pods that are gone, too: what a row says goes before what follows from a count.
    """
    subject = report["subjects"][0]
    doubted = doubted or any(map(_gone, subject["line"]["children"]))
    found = [
        *_of_rows(report, subject["ref"]["name"]),
        *_of_ports(subject, nodes),
        *_of_nodes(subject, nodes),
    ]
    known = [claim for claim in found if not (doubted and claim.pattern == _ANSWERED)]
    return list({(claim.client, claim.asked): claim for claim in reversed(known)}.values())


def asked(target: str, scenario: Scenario) -> Asked | None:
    """What a target asks of the scenario's Service or of a node; nothing where it is another's."""
    url = urlsplit(target)
    host = (url.hostname or "").removesuffix(f".{_DOMAIN}")
    if host not in (scenario.service, f"{scenario.service}.{scenario.namespace}", "{a}", "{b}"):
        return None
    if url.scheme == "dns":
        return Asked(scenario.service, "dns")
    name = host if host.startswith("{") else scenario.service
    port = str(url.port or _DEFAULT_PORTS[url.scheme])
    return Asked(name, port, "UDP" if url.scheme == "udp" else "TCP")


def contradictions(
    report: Mapping[str, Any], scenario: Scenario, seen: Seen, nodes: Mapping[str, str]
) -> list[str]:
    """Where clients have seen something else than the report says; nothing where they agree.

    That a usable endpoint answers is not held against kubesvc where it says so itself, by its first check, or
    where it is known to look at too little yet.
    """
    words = {
        (client, asked(target, scenario)): (word, target)
        for client, by_target in seen.items()
        for target, word in by_target.items()
    }
    return [
        f"{claim.client} sees {word} at {target}, but the report says {claim.pattern}"
        for claim in claims(report, nodes, doubted=scenario.doubted)
        for word, target in [words.get((claim.client, claim.asked), (None, ""))]
        if word is not None and not claim.holds(word)
    ]


def _of_rows(report: Mapping[str, Any], service: str) -> Iterator[Claim]:
    """Yield what the rows on clients say."""
    name = re.escape(service)
    port = rf"{name}:(\d+)(?:/(\w+))?"
    words = (("refuses|rejects", "refused"), (_REACHES, _ANSWERED), ("leads nowhere", _SILENT))
    for finding in report["findings"]:
        for row in finding["rows"]:
            if row["label"] != "clients":
                continue
            for verbs, pattern in words:
                for number, protocol in re.findall(rf"{port} (?:{verbs})", row["value"]):
                    yield from _everywhere(Asked(service, number, protocol or "TCP"), pattern)
            if re.search(rf"{name} resolves to no address", row["value"]):
                yield from _everywhere(Asked(service, "dns"), "nxdomain")
            for count in re.findall(rf"{name} resolves to (\d+) address", row["value"]):
                yield from _everywhere(Asked(service, "dns"), f"{count} addresses")


def _everywhere(what: Asked, pattern: str) -> Iterator[Claim]:
    for client in PODS:
        yield Claim(client, what, pattern)


def _of_ports(subject: Mapping[str, Any], nodes: Mapping[str, str]) -> Iterator[Claim]:
    """Yield what follows from the usable endpoints of ports with a virtual address, where it is looked at."""
    service, local = subject["ref"]["name"], _local(subject)
    usable = {port["key"]: port["usable"] for port in subject["ports"]}
    headless = any(
        "the addresses of the ready pods" in child["value"]
        for line in subject["line"]["children"]
        for child in line.get("children", ())
    )
    for line in subject["line"]["children"]:
        found = re.match(r"(\d+)/(\w+)", line["value"])
        if headless or line["kind"] != "port" or not found or line["place"]["port"] not in usable:
            continue
        for client, zone in PODS.items():
            reached = usable[line["place"]["port"]] and (local is None or nodes[zone] in local)
            if not reached or _of_pods(line):
                yield Claim(client, Asked(service, found[1], found[2]), _ANSWERED if reached else _SILENT)
    if headless:
        ports = [line for line in subject["line"]["children"] if line["kind"] == "port"]
        left = {line["place"]["port"]: _gone(line).count("still listed as ready") for line in ports}
        count = max((number + left.get(key, 0) for key, number in usable.items()), default=0)
        yield from _everywhere(Asked(service, "dns"), f"{count} addresses" if count else "nxdomain")


def _gone(line: Mapping[str, Any]) -> list[str]:
    """What is said of the endpoints of a port that are still listed although their pods are gone."""
    return [
        child["state"] for child in line.get("children", ()) if re.fullmatch("pod .*, gone", child["value"])
    ]


def _of_pods(line: Mapping[str, Any]) -> bool:
    """Whether whatever gets traffic at a port is pods that the Service selects: who knows of others."""
    return not any(
        child["mark"] == "good" and re.search("no pod is named|not selected", child["value"])
        for child in line.get("children", ())
    )


def _local(subject: Mapping[str, Any]) -> list[str] | None:
    """The nodes from which alone a Service is reached, as its checks say; None where all are alike."""
    for check in subject.get("checks", ()):
        found = re.search(r"internalTrafficPolicy Local: only (.*?) ha(?:s|ve) one", check.get("hangs") or "")
        if found:
            return found[1].split(", ")
    return None


def _of_nodes(subject: Mapping[str, Any], nodes: Mapping[str, str]) -> Iterator[Claim]:
    """Yield which nodes answer at a node port.

    What asks its own node comes from inside: it is left out where the policy for what comes from outside
    decides.
    """
    usable = {port["key"]: port["usable"] for port in subject["ports"]}
    if not any(usable.values()):
        return
    for line in subject["line"]["children"]:
        for child in line.get("children", ()):
            for said in _NODES.finditer(child["value"]) if child["kind"] == "nodes" else ():
                listed = (said["names"] or "").split("   ")[0].replace(_LEAVING, ", ")
                names = listed.split(", ") if listed else None
                yield from _of_node_ports(said["ports"], names, nodes)


def _of_node_ports(ports: str, names: list[str] | None, nodes: Mapping[str, str]) -> Iterator[Claim]:
    for number, protocol in re.findall(r"(\d+)/(\w+)", ports):
        for zone, node in nodes.items():
            answers = names is None or node in names
            for client, its in CLIENTS.items():
                if answers or its != zone:
                    what = Asked(f"{{{zone}}}", number, protocol)
                    yield Claim(client, what, _ANSWERED if answers else _SILENT)
