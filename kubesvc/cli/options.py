"""The options that commands share, named and described as kubectl does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from typer import Option

_KUBECTL_SHOWS_REQUESTS: Final = 6
_NOT_REPEATED: Final = frozenset(
    {"token", "username", "password", "proxy_url", "request_timeout", "disable_compression"}
)  # secrets, and what another command does not need


class Color(StrEnum):
    """The values of --color."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Output(StrEnum):
    """The formats of a report."""

    TEXT = "text"
    JSON = "json"


class FailOn(StrEnum):
    """The mildest verdict that makes the exit status 1."""

    IDLE = "idle"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    BROKEN = "broken"


def section(title: str) -> Callable[..., Any]:
    """Return what declares the options under one heading of the help page: its text, metavar and names."""

    def option(text: str, metavar: str = "", *names: str, hidden: bool = False) -> Any:
        return Option(*names, metavar=metavar or None, help=text, rich_help_panel=title, hidden=hidden)

    return option


_scope = section("Which Services")
printed = section("Output")
_origin = section("Where from")
_cluster = section("Connection, as for kubectl")

Annotate = Annotated[bool, printed("Explain every line.", "", "--annotate")]

_PORT: Final = "Judge only this port, as a client dials it: 80, 53/UDP, or its name."
Port = Annotated[str, _scope(_PORT, "PORT", "--port")]

_WHY: Final = (
    "Also why this pod of their namespace is an endpoint or not, condition by condition; may be repeated."
)
_SET: Final = "Also what would come of this change of the Service; PATH- removes a field; may be repeated."


@dataclass(frozen=True)
class Scope:
    """Which Services are meant, beside their names, and what is asked about them: pods, changes."""

    namespace: Annotated[str, _scope("Namespace of the Services.", "NAME", "--namespace", "-n")] = ""
    all_namespaces: Annotated[bool, _scope("Services of all namespaces.", "", "--all-namespaces", "-A")] = (
        False
    )
    selector: Annotated[
        str, _scope("Services with these labels: app=web,tier=x", "LABELS", "--selector", "-l")
    ] = ""
    why: Annotated[list[str], _scope(_WHY, "POD")] = field(default_factory=list[str])
    changes: Annotated[list[str], _scope(_SET, "PATH=VALUE", "--set")] = field(default_factory=list[str])


@dataclass(frozen=True)
class Look:
    """How a result is printed."""

    output: Annotated[Output, printed("text, the default, or json.", "FORMAT", "--output", "-o")] = (
        Output.TEXT
    )
    color: Annotated[Color, printed("auto, always or never; auto colors a terminal.", "WHEN")] = Color.AUTO
    ascii_only: Annotated[bool, printed("Draw with ASCII characters only.", "", "--ascii")] = False


@dataclass(frozen=True)
class Debug:
    """What is told about the run itself."""

    debug: Annotated[bool, printed("Print each request, and where a bug happened.", "", "--debug")] = False
    verbosity: Annotated[int, printed("kubectl's verbosity; from 6 on as --debug.", "N", "--v", "-v")] = 0

    @property
    def requests(self) -> bool:
        """Whether each request is printed."""
        return self.debug or self.verbosity >= _KUBECTL_SHOWS_REQUESTS


_TIMEOUT: Final = (
    "For the whole command: what was read by then is reported. 30s, the default, or 1m30s; 0 is none."
)
_SNAPSHOT: Final = (
    "Read this file, or - for stdin, instead of a cluster: a capture, or YAML or JSON as kubectl prints it."
)


@dataclass(frozen=True)
class Origin:
    """Where answers come from, and for how long."""

    timeout: Annotated[str, _origin(_TIMEOUT, "TIME")] = "30s"
    snapshot: Annotated[str, _origin(_SNAPSHOT, "FILE")] = ""
    complete: Annotated[bool, _origin("What is not in that file does not exist.", "", "--complete")] = False
    at: Annotated[str, _origin("Judge as of this moment: 2026-01-31T14:02:31Z", "TIME")] = ""


@dataclass(frozen=True)
class Cluster:
    """Where to connect and as whom; resolved as kubectl does."""

    kubeconfig: Annotated[str, _cluster("The kubeconfig to use.", "FILE")] = ""
    context: Annotated[str, _cluster("Context of the kubeconfig.", "NAME")] = ""
    cluster: Annotated[str, _cluster("Cluster of the kubeconfig.", "NAME")] = ""
    user: Annotated[str, _cluster("User of the kubeconfig.", "NAME")] = ""
    as_user: Annotated[str, _cluster("User to act as.", "USER", "--as")] = ""
    as_group: Annotated[list[str], _cluster("Group to act as; may be repeated.", "GROUP")] = field(
        default_factory=list[str]
    )
    as_uid: Annotated[str, _cluster("UID to act as.", "UID")] = ""
    as_user_extra: Annotated[
        list[str], _cluster("Extra field of that user; may be repeated.", "KEY=VALUE")
    ] = field(default_factory=list[str])
    request_timeout: Annotated[str, _cluster("For each request, as 5s; 0 is none.", "TIME")] = "0"
    server: Annotated[str, _cluster("The API server.", "URL", "--server", "-s")] = ""
    token: Annotated[str, _cluster("Bearer token.", "TOKEN")] = ""
    certificate_authority: Annotated[str, _cluster("Certificates that vouch for the server.", "FILE")] = ""
    client_certificate: Annotated[str, _cluster("Certificate to log in with.", "FILE")] = ""
    client_key: Annotated[str, _cluster("Key of that certificate.", "FILE")] = ""
    username: Annotated[str, _cluster("Name for basic authentication.", "NAME", hidden=True)] = ""
    password: Annotated[str, _cluster("Password for it.", "PASSWORD", hidden=True)] = ""
    proxy_url: Annotated[str, _cluster("Proxy that leads to the server.", "URL")] = ""
    tls_server_name: Annotated[str, _cluster("Name in the server's certificate.", "NAME")] = ""
    insecure_skip_tls_verify: Annotated[
        bool, _cluster("Do not check the server's certificate.", "", "--insecure-skip-tls-verify")
    ] = False
    disable_compression: Annotated[
        bool, _cluster("Do not ask for compressed answers.", "", "--disable-compression", hidden=True)
    ] = False

    def typed(self) -> tuple[str, ...]:
        """Return what was given as words for other commands, without secrets."""
        words: list[str] = []
        for name, value in vars(self).items():
            if name in _NOT_REPEATED or not value:
                continue
            flag = "--as" if name == "as_user" else f"--{name.replace('_', '-')}"
            if value is True:
                words.append(flag)
            elif isinstance(value, str):
                words += (flag, value)
            else:
                words += [word for one in value for word in (flag, one)]
        return tuple(words)
