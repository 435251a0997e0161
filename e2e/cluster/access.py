"""Reaching a cluster as its administrator: kubeconfig files and API clients."""

from __future__ import annotations

import base64
import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kubernetes import config
from kubernetes.client import ApiClient, Configuration

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.cluster.certificates import Certificates

USER_AGENT = "kubesvc-e2e"
"""The user agent of the harness itself, distinct from that of the tool under test."""

_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: {name}
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {name}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
"""


def write_kubeconfig(path: Path, name: str, server: str, certificates: Certificates) -> None:
    """Write the admin's kubeconfig: one file that needs no other, readable by the owner alone."""
    path.touch(mode=0o600)
    text = _KUBECONFIG.format(
        name=name,
        server=server,
        authority=_encoded(certificates.authority),
        certificate=_encoded(certificates.admin),
        key=_encoded(certificates.admin_key),
    )
    path.write_text(text, encoding="utf-8")


def client(kubeconfig: Path, user_agent: str = USER_AGENT) -> ApiClient:
    """An API client for the file's current context, whose requests carry that user agent."""
    made = ApiClient(_configuration(kubeconfig))
    made.user_agent = user_agent
    return made


def port(kubeconfig: Path) -> int:
    """The port of the API server of the file's current context."""
    return urlsplit(_configuration(kubeconfig).host).port or http.client.HTTPS_PORT


def _configuration(kubeconfig: Path) -> Configuration:
    made = Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=made, persist_config=False)  # type: ignore[no-untyped-call]  # the package types its client alone
    return made


def ready(port: int, certificates: Certificates) -> bool:
    """Whether the API server on that loopback port says that it is ready."""
    context = ssl.create_default_context(cafile=certificates.authority)
    context.load_cert_chain(certificates.admin, certificates.admin_key)
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"User-Agent": USER_AGENT})
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
