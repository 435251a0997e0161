"""What the terminal can show: the only place that asks for a tty.

`facts` looks at a stream, `detect` decides from those facts, the options and the environment alone.
"""

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

MAX_WIDTH: Final = 100
MIN_WIDTH: Final = 40
_USUAL_WIDTH: Final = 80
_NUMBER: Final = re.compile("[1-9][0-9]{0,4}")
_DRAWN: Final = "├─└│✓✗→⊃·…×"


class ColorOption(StrEnum):
    """The values of --color."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Terminal(Struct, frozen=True):
    """What text is written for. `width` is None where nothing may be wrapped or cut: in a pipe or a file."""

    width: int | None = None
    color: bool = False
    unicode: bool = True


class StreamFacts(Struct, frozen=True):
    """What a stream says of itself; `columns` is None where it cannot tell."""

    tty: bool
    encoding: str
    columns: int | None = None


class Stream(Protocol):
    """The part of a text stream that is asked."""

    @property
    def encoding(self) -> str | None:
        """The name of the codec."""

    def isatty(self) -> bool:
        """Whether a terminal reads it."""
        ...

    def fileno(self) -> int:
        """Return the descriptor; raises OSError where there is none."""
        ...


def facts(stream: Stream) -> StreamFacts:
    """Ask a stream; never raises for a stream that is closed or has no descriptor."""
    try:
        tty = stream.isatty()
        columns = os.get_terminal_size(stream.fileno()).columns if tty else None
    except (OSError, ValueError):
        return StreamFacts(tty=False, encoding=stream.encoding or "ascii")
    return StreamFacts(tty, stream.encoding or "ascii", columns or None)


def detect(color: ColorOption, *, ascii_only: bool, env: Mapping[str, str], stream: StreamFacts) -> Terminal:
    """Decide what to write: --color > NO_COLOR > FORCE_COLOR, CLICOLOR_FORCE > is it a terminal."""
    return Terminal(
        width=_width(env, stream) if stream.tty else None,
        color=_color(color, env, stream),
        unicode=not ascii_only and _draws(env, stream.encoding),
    )


def _width(env: Mapping[str, str], stream: StreamFacts) -> int:
    told = env.get("COLUMNS", "")
    columns = int(told) if _NUMBER.fullmatch(told) else stream.columns
    return max(MIN_WIDTH, min(columns or _USUAL_WIDTH, MAX_WIDTH))


def _color(option: ColorOption, env: Mapping[str, str], stream: StreamFacts) -> bool:
    if option is not ColorOption.AUTO:
        return option is ColorOption.ALWAYS
    if env.get("NO_COLOR"):
        return False
    if any(env.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.tty and env.get("TERM") != "dumb"


def _draws(env: Mapping[str, str], encoding: str) -> bool:
    # Python writes UTF-8 in the C locale (PEP 540), but whoever chose that locale asked for ASCII.
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    if locale in ("C", "POSIX"):
        return False
    try:
        _DRAWN.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
