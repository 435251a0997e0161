"""kubectl's flags, environment and kubeconfig files, resolved to one `Target` exactly as kubectl does.

Follows client-go `clientcmd` (loader.go, client_config.go, validation.go, merged_client_builder.go); the
differential suite holds it against the real kubectl. Two differences are wanted: without credentials kubectl
asks for a user name, and inside a pod `--as` or `--request-timeout` make it dial localhost:8080.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from kubesvc.client import kubefile
from kubesvc.client.duration import parse_duration
from kubesvc.client.identity import confirm_user, credential_of, impersonation_of, unreadable, user_with
from kubesvc.client.kubefile import Cluster, Config, Context, User
from kubesvc.client.target import Bearer, Credential, Options, Target, Tls, TokenFile
from kubesvc.errors import KubeconfigError
from kubesvc.model.text import one_line

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_DEFAULT_SERVER: Final = "http://localhost:8080"
_PROXY_SCHEMES: Final = ("http", "https", "socks5")
_NAMES_SHOWN: Final = 5


def resolve(
    options: Options, env: Mapping[str, str], home: Path, service_account: Path = SERVICE_ACCOUNT
) -> Target:
    """Return where to connect and as whom.

    Reads the kubeconfig files and, inside a pod, the namespace file; runs nothing and sends nothing.

    Raises:
        KubeconfigError: A file is unreadable or malformed, or a name does not exist in it.
        UsageError: `request_timeout` is no duration.
    """
    config = _load(options, env, home)
    default_server = env.get("KUBERNETES_MASTER") or _DEFAULT_SERVER
    context = _context(config, options)
    user = _user(config, context, options)
    cluster = _cluster(config, context, options, default_server)
    _confirm(config, context, user, cluster, options)

    pod = service_account if _in_pod(env, service_account) else None
    server, secure = _base_url(cluster.server)
    target = Target(
        server=server,
        context=options.context or config.current_context,
        cluster=context.cluster,
        user=context.user,
        namespace=_namespace(context, env, pod),
        impersonation=impersonation_of(user),
        proxy_url=cluster.proxy_url,
        compression=not cluster.disable_compression,
        request_timeout=parse_duration(options.request_timeout, "--request-timeout"),
    )
    if secure:
        # Nothing secret is sent in the clear (client_config.go, ClientConfig: "only if we are secure").
        return replace(target, tls=_tls(cluster), credential=credential_of(user, cluster))
    if cluster.server == default_server and not cluster.proxy_url:
        # merged_client_builder.go, ClientConfig: what equals the defaults gives way to the pod's own account.
        return _pod_target(target, options, env, pod) if pod else _unconfigured(target, config)
    return target


def _load(options: Options, env: Mapping[str, str], home: Path) -> Config:
    if options.kubeconfig:
        return kubefile.load([options.kubeconfig], explicit=True)
    listed = env.get("KUBECONFIG", "")
    paths = listed.split(os.pathsep) if listed else [str(home / ".kube" / "config")]
    return kubefile.load(paths, explicit=False)


def _context(config: Config, options: Options) -> Context:
    if options.context and options.context not in config.contexts:
        raise KubeconfigError(
            f'context "{one_line(options.context)}" does not exist', _choices("Contexts", config.contexts)
        )
    context = config.contexts.get(options.context or config.current_context, Context())
    given = {"cluster": options.cluster, "user": options.user, "namespace": options.namespace}
    return replace(context, **{name: value for name, value in given.items() if value})


def _user(config: Config, context: Context, options: Options) -> User:
    if options.user and options.user not in config.users:
        raise KubeconfigError(
            f'auth info "{one_line(options.user)}" does not exist', _choices("Users", config.users)
        )
    return user_with(config.users.get(context.user, User()), options)


def _cluster(config: Config, context: Context, options: Options, default_server: str) -> Cluster:
    """Lay the flags over the cluster (client_config.go, getCluster)."""
    if options.cluster and options.cluster not in config.clusters:
        raise KubeconfigError(
            f'cluster "{one_line(options.cluster)}" does not exist', _choices("Clusters", config.clusters)
        )
    cluster = config.clusters.get(context.cluster, Cluster())
    changes: dict[str, Any] = {"server": options.server or cluster.server or default_server}
    if options.proxy_url:
        changes["proxy_url"] = options.proxy_url
    if options.disable_compression:
        changes["disable_compression"] = True
    if options.insecure_skip_tls_verify or options.certificate_authority:
        changes |= {
            "insecure_skip_tls_verify": options.insecure_skip_tls_verify,
            "certificate_authority": options.certificate_authority,
            "certificate_authority_data": b"",
        }
    if options.tls_server_name or options.server:
        changes["tls_server_name"] = options.tls_server_name  # --server forgets the name of the file's server
    return replace(cluster, **changes)


def _confirm(config: Config, context: Context, user: User, cluster: Cluster, options: Options) -> None:
    """Refuse what kubectl refuses (client_config.go, ConfirmUsable)."""
    problems: list[str] = []
    hint = ""
    name = options.context or config.current_context
    if name and name not in config.contexts:
        problems.append(f"context was not found for specified context: {name}")
        hint = _choices("Contexts", config.contexts)
    problems += confirm_user(context.user, user)
    problems += _confirm_cluster(context.cluster, cluster)
    if problems:
        text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        raise KubeconfigError(f"invalid configuration: {one_line(text)}", hint)


def _confirm_cluster(name: str, cluster: Cluster) -> list[str]:
    """Return what is wrong with a cluster (validation.go, validateClusterInfo)."""
    problems: list[str] = []
    if cluster.proxy_url and urlsplit(cluster.proxy_url).scheme not in _PROXY_SCHEMES:
        problems.append(f'invalid proxy-url for cluster "{name}": the scheme must be http, https, or socks5')
    if cluster.certificate_authority and cluster.certificate_authority_data:
        problems.append(f"certificate-authority-data and certificate-authority are both specified for {name}")
    if cluster.certificate_authority and (reason := unreadable(cluster.certificate_authority)):
        problems.append(
            f"unable to read certificate-authority {cluster.certificate_authority} for {name}: {reason}"
        )
    return problems


def _tls(cluster: Cluster) -> Tls:
    if cluster.insecure_skip_tls_verify and (
        cluster.certificate_authority or cluster.certificate_authority_data
    ):
        raise KubeconfigError(
            "specifying a root certificates file with the insecure flag is not allowed",
            "Remove insecure-skip-tls-verify or the certificate authority.",
        )
    return Tls(
        ca_file=cluster.certificate_authority,
        ca_data=cluster.certificate_authority_data,
        insecure=cluster.insecure_skip_tls_verify,
        server_name=cluster.tls_server_name,
    )


def _base_url(server: str) -> tuple[str, bool]:
    """Return the server as a URL, and whether it is HTTPS (rest/url_utils.go, DefaultServerURL).

    An address without a scheme is plain HTTP: when kubectl asks, no certificate has been looked at yet.
    """
    try:
        url = urlsplit(server)
        if not url.scheme or not url.netloc:
            url = urlsplit(f"http://{server}")
            if url.path not in {"", "/"}:
                raise ValueError("it must be a URL or a host:port pair")  # noqa: TRY301 - caught below, beside the port
        _ = url.port  # raises if it is no number
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError("it must begin with https:// or http://")  # noqa: TRY301 - caught below, beside the port
        if "@" in url.netloc:
            raise ValueError("credentials belong under users, not into the address")  # noqa: TRY301 - caught below, beside the port
    except ValueError as error:
        shown = one_line(server.rpartition("@")[2])
        raise KubeconfigError(f'server "{shown}" cannot be used: {one_line(str(error))}') from None
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}", url.scheme == "https"


def _namespace(context: Context, env: Mapping[str, str], pod: Path | None) -> str:
    """Return the namespace to look in (merged_client_builder.go and client_config.go, Namespace)."""
    if context.namespace:
        return context.namespace
    if pod is None:
        return "default"
    if env.get("POD_NAMESPACE"):
        return env["POD_NAMESPACE"]
    try:
        return (pod / "namespace").read_text(encoding="utf-8").strip() or "default"
    except (OSError, UnicodeDecodeError):
        return "default"


def _in_pod(env: Mapping[str, str], service_account: Path) -> bool:
    return bool(
        env.get("KUBERNETES_SERVICE_HOST")
        and env.get("KUBERNETES_SERVICE_PORT")
        and (service_account / "token").is_file()
    )


def _pod_target(target: Target, options: Options, env: Mapping[str, str], pod: Path) -> Target:
    """Return the cluster around this pod, as its service account (rest/config.go, InClusterConfig)."""
    host = env["KUBERNETES_SERVICE_HOST"]
    host = f"[{host}]" if ":" in host else host
    ca = options.certificate_authority or str(pod / "ca.crt")
    token = Bearer(options.token) if options.token else TokenFile(str(pod / "token"))
    return replace(
        target,
        server=f"https://{host}:{env['KUBERNETES_SERVICE_PORT']}",
        tls=Tls(ca_file=ca if Path(ca).is_file() else "", insecure=options.insecure_skip_tls_verify),
        credential=Credential(token),
    )


def _unconfigured(target: Target, config: Config) -> Target:
    """Say why kubectl's default address is tried; only a failure shows it."""
    if config.contexts and not target.context:
        note = f"No context is selected; choose one with --context. {_choices('Contexts', config.contexts)}"
    elif config.missing:
        missing = ", ".join(map(one_line, config.missing))
        note = f"No kubeconfig was found ({missing}), so kubectl's default was tried."
    else:
        note = "The kubeconfig names no server, so kubectl's default was tried."
    return replace(target, note=note)


def _choices(kind: str, names: Iterable[str]) -> str:
    known = sorted(map(one_line, names))
    if not known:
        return "The kubeconfig has none."
    more = f", and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return f"{kind}: {', '.join(known[:_NAMES_SHOWN])}{more}."
