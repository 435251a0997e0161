"""Where to connect and as whom: the flags that say so, and what they resolve to. Secrets have no repr."""

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct


class Veiled(Struct, frozen=True):
    """A value whose `secrets`, names of fields, have no repr."""

    secrets: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        """Write the other fields."""
        shown = (name for name in self.__struct_fields__ if name not in self.secrets)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class Options(Veiled, frozen=True):
    """kubectl's connection flags as typed; an empty string or tuple means "not given".

    `as_user_extra` holds `key=value` texts. `request_timeout` is seconds or a Go duration; "0" is no limit.
    """

    secrets = (
        "token",
        "password",
        "proxy_url",
    )

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = ""
    server: str = ""
    token: str = ""
    username: str = ""
    password: str = ""
    certificate_authority: str = ""
    client_certificate: str = ""
    client_key: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    as_user: str = ""
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: tuple[str, ...] = ()
    request_timeout: str = "0"


class Tls(Veiled, frozen=True):
    """How the server proves itself. `ca_data` (PEM) wins over `ca_file`; with neither the system decides."""

    secrets = ("ca_data",)

    ca_file: str = ""
    ca_data: bytes = b""
    insecure: bool = False
    server_name: str = ""


class Bearer(Veiled, frozen=True):
    """A token written in the kubeconfig or given as a flag."""

    secrets = ("token",)

    token: str


class TokenFile(Veiled, frozen=True):
    """A token in a file, read again for each request; `fallback` is sent while the file cannot be read."""

    secrets = ("fallback",)

    path: str
    fallback: str = ""


class Basic(Veiled, frozen=True):
    """User name and password."""

    secrets = ("password",)

    username: str
    password: str


class Exec(Veiled, frozen=True):
    """A credential plug-in to run. `cluster` is what it may know of the cluster, as JSON, or empty."""

    secrets = (
        "args",
        "env",
        "cluster",
    )

    command: str
    api_version: str
    interactive_mode: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    install_hint: str = ""
    cluster: bytes = b""


class AuthProvider(Veiled, frozen=True):
    """The older kind of plug-in, compiled into clients: `oidc`, `gcp`."""

    secrets = ("config",)

    name: str
    config: Mapping[str, str]


class ClientCertificate(Veiled, frozen=True):
    """Certificate and key, each as PEM, or as a file where the PEM is empty."""

    secrets = (
        "cert_data",
        "key_data",
    )

    cert_file: str = ""
    cert_data: bytes = b""
    key_file: str = ""
    key_data: bytes = b""


Authorization = Bearer | TokenFile | Basic | Exec | AuthProvider


class Credential(Struct, frozen=True):
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


class Impersonation(Struct, frozen=True):
    """Whom to act as; an empty `user` means nobody."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


class Target(Veiled, frozen=True):
    """A resolved kubeconfig. Names are as written in the file: pass them through `clean` before showing them.

    `server` is a URL: scheme, host and, where the API is served below one, a path without a last slash.
    `request_timeout` is seconds, None for no limit. `note` explains an unusual origin when a request fails.
    """

    secrets = ("proxy_url",)

    server: str
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = "default"
    tls: Tls = Tls()
    credential: Credential = Credential()
    impersonation: Impersonation = Impersonation()
    proxy_url: str = ""
    compression: bool = True
    request_timeout: float | None = None
    note: str = ""
