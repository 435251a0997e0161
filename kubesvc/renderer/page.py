"""Lines of a report: wrapped on a terminal, never off one."""

import re
from collections.abc import Sequence
from typing import Final

from kubesvc.renderer.console import Terminal
from kubesvc.renderer.ink import Pen, Span, Spans, blanks, breadth, paint, width

_WORD: Final = re.compile(r"[^ ]+")
_NARROWEST: Final = 10


class Page:
    """Collects the lines of one output."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.pen = Pen(terminal)
        self._lines: list[str] = []

    def blank(self) -> None:
        """Separate by one empty line; does nothing at the top or after another."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def command(self, text: str) -> None:
        """Write a command at column 0, unwrapped, ready to paste."""
        self._lines.append(text)

    def put(  # noqa: PLR0913 - the parts of a line
        self,
        body: Spans,
        *,
        lead: Spans = (),
        rest: Spans | None = None,
        hang: int = 0,
        right: Spans = (),
        column: int | None = None,
    ) -> None:
        """Write a line: `lead` and `body`, continued after `rest` and `hang` blanks.

        `right` is kept whole at the end of the last line, starting at `column` or ending at the width; where
        it finds no room there it stands on a line of its own.
        """
        rest = lead if rest is None else rest
        limit = self.terminal.width
        if limit is None:
            self._write((*lead, *body, *((Span("  "), *right) if right else ())))
            return
        hang = max(0, min(hang, limit - breadth(rest) - _NARROWEST))
        under = (*rest, blanks(hang))
        lines = wrap(body, limit - breadth(lead), limit - breadth(under))
        rows = [(*(under if at else lead), *line) for at, line in enumerate(lines)]
        if right:
            rows[-1:] = self._ended(rows[-1], under, right, column)
        for row in rows:
            self._write(row)

    def _ended(self, row: Spans, under: Spans, right: Spans, column: int | None) -> list[Spans]:
        """Add `right` to a row; one row or more."""
        limit = self.terminal.width or 0
        size = breadth(right)
        start = min(column, limit - size) if column is not None else limit - size
        used = breadth(row) + 2
        if used + size <= limit:
            return [(*row, blanks(max(start, used) - used + 2), *right)]
        at = max(start, breadth(under))
        if at + size <= limit:
            return [row, (*under, blanks(at - breadth(under)), *right)]
        room = limit - breadth(under)
        return [row, *((*under, *line) for line in wrap(right, room, room))]

    def _write(self, spans: Spans) -> None:
        self._lines.append(paint(spans, color=self.terminal.color))

    def text(self) -> str:
        """Return everything, each line ended."""
        return "".join(f"{line}\n" for line in self._lines)


def wrap(spans: Spans, first: int, rest: int) -> list[Spans]:
    """Break spans at blanks into lines of at most `first`, then `rest` cells; at least one line.

    A word that is longer than a line is cut into lines, after a comma if it has one there.
    """
    text = "".join(span.text for span in spans)
    return [_slice(spans, start, end) for start, end in _breaks(text, first, rest)]


def _breaks(text: str, first: int, rest: int) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    start = end = 0
    room = first
    for word in _WORD.finditer(text):
        if end and width(text[start : word.end()]) > room:
            lines.append((start, end))
            start, room = word.start(), rest
        end = word.end()
        while width(text[start:end]) > room:
            cut = _fitting(text, start, room)
            lines.append((start, cut))
            start, room = cut, rest
    return [*lines, (start, end)]


def _fitting(text: str, start: int, room: int) -> int:
    """Return where to cut so that the piece fits, as between labels; at least one character is taken."""
    end = start + 1
    while end < len(text) and width(text[start : end + 1]) <= room:
        end += 1
    return text.rfind(",", start, end) + 1 or end


def _slice(spans: Sequence[Span], start: int, end: int) -> Spans:
    pieces: list[Span] = []
    for span in spans:
        piece = span.text[max(start, 0) : max(end, 0)]
        if piece:
            pieces.append(Span(piece, span.style))
        start -= len(span.text)
        end -= len(span.text)
    return tuple(pieces)
