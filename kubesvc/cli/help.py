"""Help pages: usage, what it does, examples, then the options in groups; 80 columns, no colors."""

from collections.abc import Iterable
from textwrap import dedent, wrap
from typing import Any, Final

from typer.core import TyperCommand, TyperGroup

_WIDTH: Final = 80
_COLUMN: Final = 32  # where the text about an option begins
_GENERAL: Final = "Options"
_HELP: Final = "Show this message and exit."


class Command(TyperCommand):
    """A command whose help has its examples before the many options."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        arguments = [param.metavar for param in self.params if param.param_type_name == "argument"]
        usage = " ".join(filter(None, [ctx.command_path, *(f"[{name}]" for name in arguments), "[OPTIONS]"]))
        blocks = [f"Usage: {usage}", dedent(self.help or "").strip()]
        if self.epilog:
            # As a plug-in of kubectl it has another name.
            examples = dedent(self.epilog).strip().replace(f"kubesvc {self.name}", ctx.command_path)
            blocks.append("Examples:\n" + _indented(examples.splitlines()))
        for title, options in self._groups(ctx).items():
            blocks.append(f"{title}:\n" + "\n".join(_entry(name, text) for name, text in options))
        formatter.write("\n\n".join(blocks) + "\n")

    def _groups(self, ctx: Any) -> dict[str, list[tuple[str, str]]]:
        groups: dict[str, list[tuple[str, str]]] = {_GENERAL: []}
        params: list[Any] = list(self.get_params(ctx))
        for param in params:
            if param.param_type_name == "option" and not param.hidden:
                title = getattr(param, "rich_help_panel", None) or _GENERAL
                groups.setdefault(title, []).append((_spelled(param), param.help or ""))
        return groups


class Group(TyperGroup):
    """The list of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        commands = [
            (name, (command.help or "").strip().splitlines()[0]) for name, command in self.commands.items()
        ]
        blocks = [
            f"Usage: {ctx.command_path} COMMAND [OPTIONS]",
            dedent(self.help or "").strip(),
            "Commands:\n" + "\n".join(_entry(name, text, 12) for name, text in commands),
            "Options:\n"
            + "\n".join([_entry("--version", "Print the version."), _entry("--help, -h", _HELP)]),
            f"Options and examples of a command: {ctx.command_path} COMMAND --help",
        ]
        formatter.write("\n\n".join(blocks) + "\n")


def _spelled(param: Any) -> str:
    names = ", ".join(sorted(param.opts, key=len, reverse=True))
    return names if param.is_flag else f"{names} {param.metavar}"


def _entry(name: str, text: str, column: int = _COLUMN) -> str:
    first, *rest = wrap(text, _WIDTH - column) or [""]
    head = f"  {name}".ljust(column)
    lines = [f"{head}{first}"] if len(head) == column else [head, " " * column + first]
    return "\n".join([*lines, *(" " * column + line for line in rest)])


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}".rstrip() for line in lines)
