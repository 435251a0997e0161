"""kubeconfig files: read, checked, and merged into one as client-go does (`clientcmd/loader.go`, `Load`).

A null reads as an absent field and an unknown field is ignored; a field of the wrong type is an error that
names file and field, never the value.
"""

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct, field

from kubesvc.errors import KubeconfigError
from kubesvc.model import yaml_text
from kubesvc.model.text import one_line

_SIZE_LIMIT: Final = 16 * 1024 * 1024
_VERBATIM: Final = "extension"  # opaque to clients: handed to plug-ins as it is


class Extension(Struct, frozen=True):
    """Something another program keeps in the file."""

    name: str = ""
    extension: Any = None


class Cluster(Struct, frozen=True, rename="kebab"):
    """How to reach a cluster."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: bytes = b""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: tuple[Extension, ...] = ()


class EnvVar(Struct, frozen=True):
    """A variable for a plug-in."""

    name: str = ""
    value: str = ""


class ExecConfig(Struct, frozen=True, rename="camel"):
    """A credential plug-in."""

    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


class ProviderConfig(Struct, frozen=True):
    """A plug-in of the older kind."""

    name: str = ""
    config: dict[str, str] = {}


class User(Struct, frozen=True, rename="kebab"):
    """How to log in."""

    client_certificate: str = ""
    client_certificate_data: bytes = b""
    client_key: str = ""
    client_key_data: bytes = b""
    token: str = ""
    token_file: str = field(default="", name="tokenFile")
    impersonate: str = field(default="", name="as")
    impersonate_uid: str = field(default="", name="as-uid")
    impersonate_groups: tuple[str, ...] = field(default=(), name="as-groups")
    impersonate_extra: dict[str, tuple[str, ...]] = field(default={}, name="as-user-extra")
    username: str = ""
    password: str = ""
    auth_provider: ProviderConfig | None = None
    exec: ExecConfig | None = None


class Context(Struct, frozen=True):
    """A cluster, a user and a namespace by name."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(Struct, frozen=True):
    name: str = ""
    cluster: Cluster = Cluster()


class _NamedUser(Struct, frozen=True):
    name: str = ""
    user: User = User()


class _NamedContext(Struct, frozen=True):
    name: str = ""
    context: Context = Context()


class _File(Struct, frozen=True, rename="kebab"):
    kind: str = ""
    api_version: str = field(default="", name="apiVersion")
    clusters: tuple[_NamedCluster, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = ""


class Config(Struct, frozen=True):
    """One kubeconfig, possibly merged from several, with absolute paths. `missing` lists files not found."""

    clusters: Mapping[str, Cluster] = {}
    users: Mapping[str, User] = {}
    contexts: Mapping[str, Context] = {}
    current_context: str = ""
    missing: tuple[str, ...] = ()


def load(paths: Sequence[str], *, explicit: bool) -> Config:
    """Read and merge files: the first that has an entry, or a current-context, decides.

    A missing file is skipped unless `explicit`, as in client-go's `ClientConfigLoadingRules.Load`.

    Raises:
        KubeconfigError: A file cannot be read, is malformed, or is explicit and missing.
    """
    configs: list[Config] = []
    missing: list[str] = []
    for path in dict.fromkeys(path for path in paths if path):
        try:
            raw = _read(path)
        except FileNotFoundError:
            if explicit:
                raise KubeconfigError(
                    f"kubeconfig {one_line(path)}: no such file", "Check --kubeconfig."
                ) from None
            missing.append(path)
            continue
        configs.append(parse(raw, path))
    configs.reverse()  # so that the first file is merged last and wins
    return Config(
        clusters={name: item for config in configs for name, item in config.clusters.items()},
        users={name: item for config in configs for name, item in config.users.items()},
        contexts={name: item for config in configs for name, item in config.contexts.items()},
        current_context=next((c.current_context for c in reversed(configs) if c.current_context), ""),
        missing=tuple(missing),
    )


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as stream:  # may be a pipe: --kubeconfig <(…)
            raw = stream.read(_SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        hint = "KUBECONFIG and --kubeconfig name files." if error.errno == errno.EISDIR else ""
        raise KubeconfigError(f"kubeconfig {one_line(path)}: {reason}", hint) from None
    if len(raw) > _SIZE_LIMIT:
        raise KubeconfigError(f"kubeconfig {one_line(path)}: larger than 16 MiB")
    return raw


def parse(raw: bytes, path: str) -> Config:
    """Check the text of one file and make its paths absolute.

    Raises:
        KubeconfigError: Names the file and what is wrong with it, in one line.
    """
    try:
        document = _without_nulls(_yaml(raw), {})
        file = msgspec.convert({} if document is None else document, _File)
    except msgspec.ValidationError as error:
        raise _malformed(path, one_line(str(error)).replace("$.", "")) from None
    except RecursionError:
        raise _malformed(path, "nested too deeply") from None
    except ValueError as error:
        raise _malformed(path, str(error)) from None
    if file.kind not in {"", "Config"} or file.api_version not in {"", "v1"}:
        raise _malformed(path, f"it is {one_line(file.api_version)} {one_line(file.kind)}, not v1 Config")
    folder = Path(path).absolute().parent
    return Config(
        clusters=_by_name(
            "clusters", [(c.name, _absolute_cluster(c.cluster, folder)) for c in file.clusters], path
        ),
        users=_by_name("users", [(u.name, _absolute_user(u.user, folder)) for u in file.users], path),
        contexts=_by_name("contexts", [(c.name, c.context) for c in file.contexts], path),
        current_context=file.current_context,
    )


def _malformed(path: str, what: str) -> KubeconfigError:
    return KubeconfigError(
        f"kubeconfig {one_line(path)}: {what}", "kubectl config view shows what kubectl reads."
    )


def _yaml(raw: bytes) -> object:
    """Return the first document, with the scalars kubectl's YAML reader knows: dates and 1:30 are strings."""
    import yaml  # here: it costs as much as the transport, and not every command reads a kubeconfig

    loader = yaml_text.loader()(raw)
    try:
        return loader.get_data() if loader.check_data() else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise ValueError(f"not YAML: {one_line(error.problem or 'malformed')}{line}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ValueError("not YAML: it contains bytes that are no text") from None
    finally:
        loader.dispose()


_T = TypeVar("_T")


def _without_nulls(value: object, seen: dict[int, object]) -> object:
    """Drop nulls, which Go decodes as an absent field; each shared (aliased) part is visited once."""
    if id(value) in seen:
        return seen[id(value)]
    result: object
    if isinstance(value, dict):
        members = cast("dict[object, object]", value).items()
        result = {str(key): _member(key, item, seen) for key, item in members if item is not None}
    elif isinstance(value, list):
        result = [_without_nulls(item, seen) for item in cast("list[object]", value) if item is not None]
    else:
        return value
    seen[id(cast("object", value))] = result
    return result


def _member(key: object, value: object, seen: dict[int, object]) -> object:
    if key == _VERBATIM:
        return value
    if isinstance(value, str) and str(key).endswith("-data"):
        return "".join(value.splitlines())  # Go's base64 ignores line breaks
    return _without_nulls(value, seen)


def _by_name(kind: str, items: Sequence[tuple[str, _T]], path: str) -> dict[str, _T]:
    # client-go refuses a name listed twice in one file (api/v1/conversion.go).
    found = dict(items)
    if len(found) < len(items):
        names = [name for name, _ in items]
        twice = next(name for name in names if names.count(name) > 1)
        raise _malformed(path, f'{kind} lists "{one_line(twice)}" twice')
    return found


def _absolute_cluster(cluster: Cluster, folder: Path) -> Cluster:
    return msgspec.structs.replace(
        cluster, certificate_authority=_absolute(cluster.certificate_authority, folder)
    )


def _absolute_user(user: User, folder: Path) -> User:
    """Resolve the paths of a user; a bare plug-in name is looked up in PATH (GetAuthInfoFileReferences)."""
    plugin = user.exec
    if plugin is not None and "/" in plugin.command:
        plugin = msgspec.structs.replace(plugin, command=_absolute(plugin.command, folder))
    return msgspec.structs.replace(
        user,
        client_certificate=_absolute(user.client_certificate, folder),
        client_key=_absolute(user.client_key, folder),
        token_file=_absolute(user.token_file, folder),
        exec=plugin,
    )


def _absolute(path: str, folder: Path) -> str:
    # Go's filepath.Join also takes out "..", without a look at the disk.
    return path if not path or path.startswith("/") else os.path.normpath(folder / path)
