"""Spans: text that is safe to print, with a style, measured in terminal cells.

Every span is made by a Pen: it cleans text, keeps it on one line, and spells it in the terminal's characters.
So what is measured is what is printed, and no text of a cluster reaches the terminal another way. Commands
are the exception and guard themselves (commands.py).
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from kubesvc.model.report import Mark, Verdict
from kubesvc.model.text import clean
from kubesvc.renderer.console import Terminal


class Style(Enum):
    """What a span means to a reader; the value is its SGR code."""

    PLAIN = ""
    STRONG = "1"
    FAINT = "2"
    GOOD = "32"
    WARN = "33"
    BAD = "1;31"
    CODE = "1;36"


class Span(NamedTuple):
    """A piece of one line."""

    text: str
    style: Style = Style.PLAIN


Spans = tuple[Span, ...]

MARKS: Final = {Mark.GOOD: "✓", Mark.BAD: "✗", Mark.WARN: "!", Mark.NONE: ""}
MARK_STYLES: Final = {
    Mark.GOOD: Style.GOOD,
    Mark.BAD: Style.BAD,
    Mark.WARN: Style.WARN,
    Mark.NONE: Style.PLAIN,
}
VERDICT_STYLES: Final = {
    Verdict.HEALTHY: Style.GOOD,
    Verdict.IDLE: Style.STRONG,
    Verdict.PROGRESSING: Style.WARN,
    Verdict.DEGRADED: Style.WARN,
    Verdict.BROKEN: Style.BAD,
    Verdict.UNKNOWN: Style.WARN,
}

_FLAT: Final = {ord("\n"): " ", ord("\t"): " "}
_ASCII: Final = str.maketrans(
    {
        "├": "|",
        "└": "`",
        "│": "|",
        "─": "-",
        "✓": "+",
        "✗": "x",
        "→": "->",
        "⊃": ">",
        "·": "-",
        "…": "...",
        "×": "x",
        "–": "-",
        "−": "-",
    }
)
# Below U+0300 nothing combines and nothing is wide; the rest is what kubesvc itself draws and writes.
_NARROW: Final = re.compile("[ -\u02ff├└│─✓✗→⊃…–−]*")


class Pen:
    """Makes spans for one terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._unicode = terminal.unicode

    def __call__(self, text: str, style: Style = Style.PLAIN) -> Span:
        """Return the text as one printable line in the terminal's characters."""
        text = clean(text).translate(_FLAT)
        if not self._unicode and not text.isascii():
            text = text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        return Span(text, style)


def width(text: str) -> int:
    """Count terminal cells."""
    if _NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - its tables are needed for few texts and cost start-up time

    return cell_len(text)


def breadth(spans: Iterable[Span]) -> int:
    """Count the cells of several spans."""
    return sum(width(span.text) for span in spans)


def blanks(count: int) -> Span:
    """Return so many spaces; none for a negative count."""
    return Span(" " * count)


def paint(spans: Iterable[Span], *, color: bool) -> str:
    """Join spans to a line without blanks at its end."""
    kept = list(spans)
    while kept and not kept[-1].text.strip(" "):
        kept.pop()
    if kept:
        kept[-1] = Span(kept[-1].text.rstrip(" "), kept[-1].style)
    return "".join(_paint(span) if color else span.text for span in kept)


def _paint(span: Span) -> str:
    code = span.style.value
    return f"\x1b[{code}m{span.text}\x1b[0m" if code and span.text else span.text
