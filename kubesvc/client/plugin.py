"""Credential plug-ins: one run of the command a kubeconfig names, as client-go's exec authenticator does it.

A plug-in that fails is an error that says so; nothing is sent without the credentials it should have given.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Final

import msgspec
from msgspec import Struct, field

from kubesvc.client.target import ClientCertificate, Exec
from kubesvc.errors import CredentialError
from kubesvc.model.text import one_line

_GROUP: Final = "client.authentication.k8s.io"
_VERSIONS: Final = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")
_SHOWN: Final = 200


class Issued(Struct, frozen=True):
    """What a plug-in gave: a token, a certificate, or both; `expires` is seconds since 1970, or None."""

    token: str = ""
    certificate: ClientCertificate | None = None
    expires: float | None = None

    def __repr__(self) -> str:
        return "Issued(…)"


class _Status(Struct, frozen=True):
    token: str | None = None
    cert: str | None = field(default=None, name="clientCertificateData")
    key: str | None = field(default=None, name="clientKeyData")
    expires: datetime | None = field(default=None, name="expirationTimestamp")


class _ExecCredential(Struct, frozen=True):
    kind: str = ""
    api_version: str = field(default="", name="apiVersion")
    status: _Status | None = None


class Running:
    """The plug-in that runs at the moment, if one does; `stop` may come from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Popen[bytes] | None = None
        self._plugin: Exec | None = None
        self._stopped = False

    def began(self, plugin: Exec, process: Popen[bytes]) -> None:
        """Learn of a process; after `stop` it ends at once."""
        with self._lock:
            self._plugin, self._process = plugin, process
            if self._stopped:
                _kill(process)

    def ended(self) -> None:
        """Learn that it is over."""
        with self._lock:
            self._process = None

    def stop(self) -> None:
        """End what runs, with all that it has started, and whatever may still begin."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                _kill(self._process)

    @property
    def late(self) -> CredentialError | None:
        """The error to raise where the deadline has passed and a plug-in still runs."""
        with self._lock:
            return _late(self._plugin) if self._process is not None and self._plugin else None


def _kill(process: Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    if os.name == "posix" and os.getpgid(process.pid) == process.pid:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def run(plugin: Exec, env: Mapping[str, str], deadline: float, running: Running) -> Issued:
    """Run a plug-in once, known to `running`; `deadline` is a moment of `time.monotonic`.

    It gets the environment, its own variables and KUBERNETES_EXEC_INFO (exec.go, refreshCredsLocked).

    Raises:
        CredentialError: It is not found, fails, takes too long, or does not answer with credentials.
    """
    if plugin.api_version not in _VERSIONS:
        raise _failed(
            plugin, f'invalid apiVersion "{plugin.api_version}"', f"Known are {' and '.join(_VERSIONS)}."
        )
    interactive = _interactive(plugin)
    info = {"interactive": interactive} | ({"cluster": msgspec.Raw(plugin.cluster)} if plugin.cluster else {})
    request = {"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": info}
    variables = {**env, **dict(plugin.env), "KUBERNETES_EXEC_INFO": msgspec.json.encode(request).decode()}
    command = _found(plugin, env)
    process = _started(plugin, command, variables, interactive=interactive)
    running.began(plugin, process)
    try:
        return _issued(plugin, _output(plugin, process, deadline))
    finally:
        running.ended()


def _interactive(plugin: Exec) -> bool:
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if plugin.interactive_mode == "Always" and not terminal:
        raise _failed(plugin, "it needs a terminal, and standard input is not one", plugin.install_hint)
    return terminal and plugin.interactive_mode != "Never"


def _started(plugin: Exec, command: str, variables: Mapping[str, str], *, interactive: bool) -> Popen[bytes]:
    # A plug-in that may ask something has the terminal, as under kubectl; of others the last words are kept.
    stdin, stderr = (None, None) if interactive else (DEVNULL, PIPE)
    # Only what does not need the terminal can have a group of its own, to be ended with all its children.
    group = 0 if os.name == "posix" and not interactive else None
    try:
        return Popen(  # noqa: S603 - the user's kubeconfig names it
            [command, *plugin.args],
            env=variables,
            stdin=stdin,
            stdout=PIPE,
            stderr=stderr,
            process_group=group,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _failed(plugin, f"cannot be run: {reason}", plugin.install_hint) from None


def _output(plugin: Exec, process: Popen[bytes], deadline: float) -> bytes:
    with process:
        try:
            out, err = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except BaseException as error:  # also Ctrl-C: a plug-in must not outlive the command
            _kill(process)
            if isinstance(error, TimeoutExpired):
                raise _late(plugin) from None
            raise
    if process.returncode:
        lines = (err or b"").decode("utf-8", "replace").strip().splitlines()
        words = f": {lines[-1][:_SHOWN]}" if lines else ""
        raise _failed(plugin, f"failed with exit code {process.returncode}{words}", plugin.install_hint)
    return out


def _found(plugin: Exec, env: Mapping[str, str]) -> str:
    """Look the command up in our PATH, not in the one the plug-in is given (Go's exec.Command)."""
    from shutil import which

    command = which(plugin.command, path=env.get("PATH"))
    if command is None:
        raise _failed(
            plugin, "executable not found", plugin.install_hint or "Install it, or correct the kubeconfig."
        )
    return command


def _issued(plugin: Exec, out: bytes) -> Issued:
    try:
        answer = msgspec.json.decode(out, type=_ExecCredential)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _failed(plugin, f"its answer is no ExecCredential: {error}") from None
    if answer.kind != "ExecCredential" or answer.api_version != plugin.api_version:
        raise _failed(
            plugin, f"is configured for {plugin.api_version}, and answered in {answer.api_version or 'none'}"
        )
    status = answer.status
    if status is None or not (status.token or status.cert or status.key):
        raise _failed(plugin, "didn't return a token or cert/key pair")
    if bool(status.cert) != bool(status.key):
        raise _failed(plugin, "returned only certificate or key, not both")
    return Issued(
        token=status.token or "",
        certificate=ClientCertificate(cert_data=status.cert.encode(), key_data=status.key.encode())
        if status.cert and status.key
        else None,
        expires=status.expires.timestamp() if status.expires else None,
    )


def _late(plugin: Exec) -> CredentialError:
    return _failed(plugin, "no answer before the deadline", "Give it more time with --timeout.")


def _failed(plugin: Exec, what: str, hint: str = "") -> CredentialError:
    return CredentialError(f"credential plug-in {one_line(plugin.command)}: {one_line(what)}", one_line(hint))
