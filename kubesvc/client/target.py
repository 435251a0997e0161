"""Where to connect and as whom: the flags that say so, and what they resolve to. Secrets have no repr."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """kubectl's connection flags as typed; an empty string or tuple means "not given".

    `as_user_extra` holds `key=value` texts. `request_timeout` is seconds or a Go duration; "0" is no limit.
    """

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = ""
    server: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    certificate_authority: str = ""
    client_certificate: str = ""
    client_key: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = field(default="", repr=False)
    disable_compression: bool = False
    as_user: str = ""
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: tuple[str, ...] = ()
    request_timeout: str = "0"


@dataclass(frozen=True, slots=True)
class Tls:
    """How the server proves itself. `ca_data` (PEM) wins over `ca_file`; with neither the system decides."""

    ca_file: str = ""
    ca_data: bytes = field(default=b"", repr=False)
    insecure: bool = False
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token written in the kubeconfig or given as a flag."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token in a file, read again for each request; `fallback` is sent while the file cannot be read."""

    path: str
    fallback: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Basic:
    """User name and password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exec:
    """A credential plug-in to run. `cluster` is what it may know of the cluster, as JSON, or empty."""

    command: str
    api_version: str
    interactive_mode: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    cluster: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """The older kind of plug-in, compiled into clients: `oidc`, `gcp`."""

    name: str
    config: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Certificate and key, each as PEM, or as a file where the PEM is empty."""

    cert_file: str = ""
    cert_data: bytes = field(default=b"", repr=False)
    key_file: str = ""
    key_data: bytes = field(default=b"", repr=False)


Authorization = Bearer | TokenFile | Basic | Exec | AuthProvider


@dataclass(frozen=True, slots=True)
class Credential:
    """Who we are to the server: the Authorization header and a certificate; with neither, anonymous."""

    authorization: Authorization | None = None
    certificate: ClientCertificate | None = None

    def describe(self) -> str:
        """Name the kind of credential, never its content."""
        parts: list[str] = []
        match self.authorization:
            case Bearer():
                parts.append("a token")
            case TokenFile(path=path):
                parts.append(f"the token file {path}")
            case Basic():
                parts.append("a user name and password")
            case Exec(command=command):
                parts.append(f"the credential plug-in {command}")
            case AuthProvider(name=name):
                parts.append(f"the auth-provider {name}")
            case None:
                pass
        if self.certificate is not None:
            parts.append("a client certificate")
        return " and ".join(parts) or "no credentials"


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom to act as; an empty `user` means nobody."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A resolved kubeconfig. Names are as written in the file: pass them through `clean` before showing them.

    `server` is a URL: scheme, host and, where the API is served below one, a path without a last slash.
    `request_timeout` is seconds, None for no limit. `note` explains an unusual origin when a request fails.
    """

    server: str
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = "default"
    namespace_given: bool = False
    tls: Tls = Tls()
    credential: Credential = Credential()
    impersonation: Impersonation = Impersonation()
    proxy_url: str = field(default="", repr=False)
    compression: bool = True
    request_timeout: float | None = None
    note: str = ""
