"""Where the program starts and ends: arguments in, exit status out, and nothing thrown at the user.

Imports little, so that an interrupt while the rest is being imported ends as quietly as any other.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from kubesvc.errors import KubesvcError

_PLUGIN: Final = "kubectl-explain_service"
_BUG: Final = 70
_INTERRUPTED: Final = 130


def main() -> NoReturn:
    """Run the program with the arguments of the process, and end it."""
    _open_streams()
    program, *arguments = sys.argv
    sys.exit(run(arguments, plugin=PurePath(program).stem == _PLUGIN))


def _open_streams() -> None:
    """Give a process that was started without standard streams silent ones, at their own descriptors.

    Else the next file or socket would be taken for one of them.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for good


def run(arguments: Sequence[str], *, plugin: bool = False) -> int:
    """Run the program and return its exit status; as `plugin` it is `kubectl explain-service`."""
    try:
        return _run(arguments, plugin=plugin)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, it is told in one line
        return _bug(error, arguments)


def _run(arguments: Sequence[str], *, plugin: bool) -> int:
    from typer.exceptions import TyperException

    from kubesvc.cli.commands import build
    from kubesvc.cli.manners import lead, settle
    from kubesvc.errors import KubesvcError

    group = build()
    valued = {
        name
        for command in group.commands.values()
        for param in command.params
        if not getattr(param, "is_flag", True)
        for name in param.opts
    }
    command = group.commands["explain"] if plugin else group
    name = "kubectl explain-service" if plugin else "kubesvc"
    settled = settle(arguments, valued) if plugin else lead(settle(arguments, valued), valued) or ["--help"]
    try:
        status = command.main(settled, prog_name=name, standalone_mode=False)
    except TyperException as error:
        return _fail(_usage(error, name), arguments)
    except KubesvcError as error:
        return _fail(error, arguments)
    return status if isinstance(status, int) else 0


def _usage(error: Exception, name: str) -> "KubesvcError":
    """Turn what typer says of the arguments into an error like any other."""
    from kubesvc.errors import UsageError

    message = getattr(error, "format_message", error.__str__)()
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", name)
    return UsageError(message.rstrip("."), f"See {command} --help.")


def _fail(error: "KubesvcError", arguments: Sequence[str]) -> int:
    from kubesvc.cli.manners import wants_json
    from kubesvc.cli.streams import complain, emit

    complain(error)
    if wants_json(arguments):
        from kubesvc.renderer.json_v1 import render_json_error

        emit(render_json_error(error.message, error.hint, error.exit_status))
    return error.exit_status


def _bug(error: Exception, arguments: Sequence[str]) -> int:
    from traceback import format_exception

    from kubesvc import __version__
    from kubesvc.cli.manners import wants_json
    from kubesvc.cli.streams import emit, say, tell
    from kubesvc.model.text import one_line

    message = f"internal error in kubesvc {__version__}: {type(error).__name__}: {one_line(str(error))}"
    hint = "This is a bug. Please report it with the output of the same command with --debug."
    tell("error", message)
    if "--debug" in arguments:
        for line in "".join(format_exception(error)).splitlines():
            say(line, indented=True)
    else:
        tell("hint", hint)
    if wants_json(arguments):
        from kubesvc.renderer.json_v1 import render_json_error

        emit(render_json_error(message, hint, _BUG))
    return _BUG
