"""The certificates of one local cluster: an authority, the server's, the admin's, a signing key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are; all PEM, readable by the owner alone."""

    authority: Path
    server: Path
    server_key: Path
    admin: Path
    admin_key: Path
    signing_key: Path


def issue(folder: Path) -> Certificates:
    """Write a new set of certificates into `folder`, which must exist.

    The server's is valid for 127.0.0.1 and the in-cluster names; the admin is in `system:masters`, as the
    certificate's organization says. Nothing is shared between clusters, so one cluster's kubeconfig is
    refused by every other. The authority's key is never written.
    """
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost", "kubernetes", "kubernetes.default.svc")
    admin = authority.issue_cert(
        "kubesvc-e2e-admin", common_name="kubesvc-e2e-admin", organization_name="system:masters"
    )
    signing = authority.issue_cert("service-accounts")
    return Certificates(
        authority=_written(folder / "ca.pem", authority.cert_pem),
        server=_written(folder / "server.pem", server.cert_chain_pems[0]),
        server_key=_written(folder / "server.key", server.private_key_pem),
        admin=_written(folder / "admin.pem", admin.cert_chain_pems[0]),
        admin_key=_written(folder / "admin.key", admin.private_key_pem),
        signing_key=_written(folder / "sa.key", signing.private_key_pem),
    )


def _written(path: Path, content: trustme.Blob) -> Path:
    path.touch(mode=0o600)
    content.write_to_path(str(path))
    return path
