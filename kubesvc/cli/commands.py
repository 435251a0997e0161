"""The commands, put together: what typer parses."""

from copy import copy
from typing import Annotated, Any, Final, cast

from typer import Exit, Option, Typer
from typer.core import TyperGroup
from typer.main import get_command

from kubesvc import __version__
from kubesvc.cli import capture, demo, explain, rules
from kubesvc.cli.help import Command, Group
from kubesvc.cli.streams import emit


def _version(wanted: bool) -> None:
    if wanted:
        emit(f"kubesvc {__version__}\n")
        raise Exit


def _main(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Why a Kubernetes Service gets traffic or not, and what to change.

    It reads a cluster, never writes to it, and needs the same kubeconfig as kubectl.
    """


_HELP: Final[dict[str, Any]] = {"help_option_names": ["--help", "-h"]}


def build() -> TyperGroup:
    """Return the whole command line; importing a command imports nothing that it needs only when it runs."""
    app = Typer(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_HELP,
    )
    app.callback()(_main)
    for module, command in (
        (explain, explain.explain),
        (capture, capture.capture),
        (demo, demo.demo),
        (rules, rules.rules),
    ):
        name: Any = module.__name__.rpartition(".")[2]
        app.command(name, cls=Command, epilog=module.EXAMPLES, context_settings=_HELP)(command)
    group = cast("TyperGroup", get_command(app))
    for param in group.params:
        version = copy(param)  # also of explain, which is all that the plug-in of kubectl has
        version.expose_value = False
        group.commands["explain"].params.append(version)
    return group
