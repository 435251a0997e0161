"""Turns the credential of a target into what a request carries: an Authorization header and a certificate.

Nothing here is ever printed, saved or refreshed: a refresh token spent but not saved breaks kubectl's login.
"""

import re
import threading
import time
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from kubesvc.client import plugin
from kubesvc.client.target import (
    AuthProvider,
    Basic,
    Bearer,
    ClientCertificate,
    Exec,
    Target,
    TokenFile,
    Veiled,
)
from kubesvc.errors import CredentialError
from kubesvc.model.text import one_line

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CLOCK_SKEW: Final = 10  # seconds; oidc.go, expiryDelta
_FRESH: Final = 60  # seconds in which a plug-in is not asked again after a 401


class Login(Veiled, frozen=True):
    """What one request carries; an empty `authorization` means no header."""

    secrets = ("authorization",)

    authorization: bytes = b""
    certificate: ClientCertificate | None = None


class Credentials:
    """Gives the login of a target, to several threads; a plug-in runs at first use and after expiry.

    `now` is seconds since 1970: it decides about expiry.
    """

    def __init__(self, target: Target, env: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._target = target
        self._env = env
        self._now = now
        self._lock = threading.Lock()
        self._issued: plugin.Issued | None = None
        self._issued_at = 0.0
        self._running = plugin.Running()

    def login(self, deadline: float) -> Login:
        """Return what to send; `deadline` is a moment of `time.monotonic`.

        Raises:
            CredentialError: The credentials cannot be had; then nothing may be sent.
        """
        certificate = self._target.credential.certificate
        match self._target.credential.authorization:
            case None:
                return Login(certificate=certificate)
            case Bearer(token=token):
                return Login(_bearer(token), certificate)
            case TokenFile() as file:
                return Login(_bearer(_read(file)), certificate)
            case Basic(username=username, password=password):
                pair = b64encode(f"{username}:{password}".encode())
                return Login(b"Basic " + pair, certificate)
            case Exec() as command:
                issued = self._ask(command, deadline)
                return Login(_bearer(issued.token) if issued.token else b"", issued.certificate)
            case AuthProvider() as provider:
                return Login(self._provided(provider), certificate)

    def reject(self) -> None:
        """Learn of a 401: the plug-in runs again before the next request, unless it ran just now."""
        with self._lock:
            if self._now() - self._issued_at > _FRESH:
                self._issued = None

    def close(self) -> None:
        """End a plug-in that still runs: it must not outlive the command."""
        self._running.stop()

    @property
    def late(self) -> CredentialError | None:
        """The error to raise where the deadline has passed and a plug-in still runs; else None."""
        return self._running.late

    def _ask(self, command: Exec, deadline: float) -> plugin.Issued:
        with self._lock:  # a plug-in may talk to the user: one at a time
            issued = self._issued
            if issued is None or (issued.expires is not None and self._now() >= issued.expires):
                issued = self._issued = plugin.run(command, self._env, deadline, self._running)
                self._issued_at = self._now()
            return issued

    def _provided(self, provider: AuthProvider) -> bytes:
        if provider.name == "oidc":
            return _bearer(_unexpired(provider.config.get("id-token", ""), self._now()))
        return _from_package(provider, self._target.server)


def header_value(text: str, what: str) -> bytes:
    """Encode a header value; the error names `what` and never shows the text.

    Raises:
        CredentialError: It contains a control character.
    """
    raw = text.encode("utf-8", "surrogateescape")
    if _CONTROL.search(raw):
        raise CredentialError(f"{what} contains a line break or another control character")
    return raw


def _bearer(token: str) -> bytes:
    return b"Bearer " + header_value(token, "the token")


def _read(file: TokenFile) -> str:
    """Read a token file without the white space around the token (token_source.go, fileTokenSource)."""
    try:
        token = Path(file.path).read_text(encoding="utf-8").strip()
        reason = "" if token else "it is empty"
    except OSError as error:
        token, reason = "", (error.strerror or "cannot be read").lower()
    except UnicodeDecodeError:
        token, reason = "", "it is not text"
    if not token and not file.fallback:
        raise CredentialError(f"failed to read token file {one_line(file.path)}: {reason}")
    return token or file.fallback


class _Claims(msgspec.Struct, frozen=True):
    exp: float = 0.0


def _unexpired(token: str, now: float) -> str:
    """Return an OIDC id-token that is still valid (oidc.go, idTokenExpired)."""
    hint = "Run any kubectl command once: kubectl refreshes the token and saves it, kubesvc never does."
    if not token:
        raise CredentialError("auth-provider oidc: the kubeconfig has no id-token", hint)
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
    except (IndexError, ValueError, msgspec.MsgspecError):
        raise CredentialError("auth-provider oidc: the id-token in the kubeconfig is no JWT", hint) from None
    if claims.exp - _CLOCK_SKEW <= now:
        raise CredentialError("auth-provider oidc: the id-token has expired", hint)
    return token


def _from_package(provider: AuthProvider, server: str) -> bytes:
    """Let the official package find the token of an auth-provider that kubectl itself no longer has."""
    from kubernetes import config

    user = {"auth-provider": {"name": provider.name, "config": dict(provider.config)}}
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
    }
    load: Any = vars(config)["new_client_from_config_dict"]  # untyped
    try:
        keys = load(document, persist_config=False).configuration.api_key  # the name in it has changed once
        value = str(next(iter(keys.values()), ""))
    except Exception:  # noqa: BLE001 (whatever fails in there, there is no token; its text may quote one)
        value = ""
    if not value:
        raise CredentialError(
            f'no Auth Provider found for name "{one_line(provider.name)}"',
            "kubectl has removed it too: let the cloud's command line write an exec plug-in instead.",
        )
    return header_value(value, "the token")
