"""The user of a kubeconfig: flags laid over it, checked, and turned into a credential, as client-go does."""

import os
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kubesvc.client.kubefile import Cluster, ExecConfig, User
from kubesvc.client.target import (
    Authorization,
    AuthProvider,
    Basic,
    Bearer,
    ClientCertificate,
    Credential,
    Exec,
    Impersonation,
    Options,
    TokenFile,
)
from kubesvc.errors import KubeconfigError
from kubesvc.model.text import one_line

_EXEC_EXTENSION: Final = "client.authentication.k8s.io/exec"
_LENIENT_VERSIONS: Final = ("client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1alpha1")
_INTERACTIVE_MODES: Final = ("Never", "IfAvailable", "Always")


def user_with(user: User, options: Options) -> User:
    """Lay the flags over a user (client_config.go, getAuthInfo).

    A flag replaces its own field only; a certificate or key given as a file also drops the data of the file.
    """
    given = {
        "token": options.token,
        "username": options.username,
        "password": options.password,
        "impersonate": options.as_user,
        "impersonate_uid": options.as_uid,
        "impersonate_groups": options.as_groups,
        "impersonate_extra": user.impersonate_extra | _extra(options.as_user_extra)
        if options.as_user_extra
        else {},
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value}
    if options.client_certificate:
        changes |= {"client_certificate": options.client_certificate, "client_certificate_data": b""}
    if options.client_key:
        changes |= {"client_key": options.client_key, "client_key_data": b""}
    return replace(user, **changes)


def _extra(texts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    extra: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise KubeconfigError(f'--as-user-extra "{one_line(text)}" is not KEY=VALUE')
        extra[key] = (*extra.get(key, ()), value)
    return extra


def confirm_user(name: str, user: User) -> list[str]:
    """Return what is wrong with a user (validation.go, validateAuthInfo)."""
    problems: list[str] = []
    if user.client_certificate or user.client_certificate_data:
        problems += _confirm_certificate(name, user)
    if user.exec is not None:
        problems += _confirm_exec(name, user.exec, with_provider=user.auth_provider is not None)
    if user.token and (user.username or user.password):
        problems.append(f"more than one authentication method found for {name}; found [token basicAuth]")
    if user.token_file and not user.token and (user.username or user.password):
        problems.append("username/password or bearer token may be set, but not both")
    if (user.impersonate_uid or user.impersonate_groups or user.impersonate_extra) and not user.impersonate:
        problems.append(f"requesting uid, groups or user-extra for {name} without impersonating a user")
    return problems


def _confirm_certificate(name: str, user: User) -> list[str]:
    problems: list[str] = []
    if user.client_certificate and user.client_certificate_data:
        problems.append(f"client-cert-data and client-cert are both specified for {name}")
    if user.client_key and user.client_key_data:
        problems.append(f"client-key-data and client-key are both specified for {name}")
    if not user.client_key and not user.client_key_data:
        problems.append(
            f"client-key-data or client-key must be specified for {name} to use its client certificate"
        )
    for kind, path in (("client-cert", user.client_certificate), ("client-key", user.client_key)):
        if path and (reason := unreadable(path)):
            problems.append(f"unable to read {kind} {path} for {name}: {reason}")
    return problems


def _confirm_exec(name: str, plugin: ExecConfig, *, with_provider: bool) -> list[str]:
    problems: list[str] = []
    if with_provider:
        problems.append(f"authProvider cannot be provided in combination with an exec plugin for {name}")
    if not plugin.command:
        problems.append(f"command must be specified for {name} to use exec authentication plugin")
    if not plugin.api_version:
        problems.append(f"apiVersion must be specified for {name} to use exec authentication plugin")
    if any(not variable.name for variable in plugin.env):
        problems.append(f"env variable name must be specified for {name} to use exec authentication plugin")
    mode = _interactive_mode(plugin)
    if not mode:
        problems.append(f"interactiveMode must be specified for {name} to use exec authentication plugin")
    elif mode not in _INTERACTIVE_MODES:
        problems.append(f'invalid interactiveMode for {name}: "{mode}"')
    return problems


def _interactive_mode(plugin: ExecConfig) -> str:
    # clientcmd/api/v1 defaults.go, SetDefaults_ExecConfig: only the older versions have a default.
    return plugin.interactive_mode or ("IfAvailable" if plugin.api_version in _LENIENT_VERSIONS else "")


def unreadable(path: str) -> str:
    """Return why a file cannot be opened, or nothing."""
    try:
        with Path(path).open("rb"):
            return ""
    except OSError as error:
        return (error.strerror or "cannot be read").lower()


def impersonation_of(user: User) -> Impersonation:
    """Return whom the user acts as."""
    return Impersonation(
        user=user.impersonate,
        uid=user.impersonate_uid,
        groups=user.impersonate_groups,
        extra=tuple((key, value) for key, values in user.impersonate_extra.items() for value in values),
    )


def credential_of(user: User, cluster: Cluster) -> Credential:
    """Choose among the credentials of a user (client_config.go, getUserIdentificationPartialConfig)."""
    certificate = None
    if user.client_certificate or user.client_certificate_data:
        certificate = ClientCertificate(
            cert_file=user.client_certificate,
            cert_data=user.client_certificate_data,
            key_file=user.client_key,
            key_data=user.client_key_data,
        )
    return Credential(_authorization(user, cluster, has_certificate=certificate is not None), certificate)


def _authorization(user: User, cluster: Cluster, *, has_certificate: bool) -> Authorization | None:
    if user.token_file:
        return TokenFile(user.token_file, user.token)
    if user.token:
        return Bearer(user.token)
    if user.username or user.password:
        return Basic(user.username, user.password)
    if user.exec is not None:
        # A plug-in is not even run beside a certificate (exec.go, UpdateTransportConfig).
        return None if has_certificate else _exec(user.exec, cluster)
    if user.auth_provider is not None:
        return AuthProvider(user.auth_provider.name, user.auth_provider.config)
    return None


def _exec(plugin: ExecConfig, cluster: Cluster) -> Exec:
    return Exec(
        command=os.path.normpath(plugin.command),  # exec.go, newAuthenticator: filepath.Clean
        api_version=plugin.api_version,
        interactive_mode=_interactive_mode(plugin),
        args=plugin.args,
        env=tuple((variable.name, variable.value) for variable in plugin.env),
        install_hint=plugin.install_hint,
        cluster=_cluster_info(cluster) if plugin.provide_cluster_info else b"",
    )


def _cluster_info(cluster: Cluster) -> bytes:
    """Return the cluster as a plug-in gets it (rest/exec.go, ConfigToExecCluster); the CA always as data."""
    ca = cluster.certificate_authority_data
    if not ca and cluster.certificate_authority:
        try:
            ca = Path(cluster.certificate_authority).read_bytes()
        except OSError as error:
            raise KubeconfigError(
                f"failed to load CA bundle for the exec plugin: {one_line(str(error.strerror))}"
            ) from None
    config = next((e.extension for e in cluster.extensions if e.name == _EXEC_EXTENSION), None)
    info = {
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": b64encode(ca).decode(),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
        "config": config,
    }
    return msgspec.json.encode(
        {"server": cluster.server} | {key: value for key, value in info.items() if value}
    )
