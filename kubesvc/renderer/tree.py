"""The tree of a Service: what a client dials at the top, where it ends below.

Most children are branches. Those of a few kinds (addresses, slices, events) are rows of a table that begins
on the line of their parent. Facts of siblings of one kind stand in columns, and so do states.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from kubesvc.model.report import Line, LineKind, Mark
from kubesvc.renderer.annotations import annotation
from kubesvc.renderer.ink import MARK_STYLES, MARKS, Pen, Span, Spans, Style, blanks, breadth, width
from kubesvc.renderer.page import Page

_TABLES: Final = frozenset({LineKind.ADDRESSES, LineKind.SLICES, LineKind.EVENTS, LineKind.CONDITIONS})
_GAP: Final = 3
_WIDEST_LABEL: Final = 24
_WIDEST_CELL: Final = 40
_WIDEST_STATE: Final = 34


class _Row(Struct, frozen=True):
    """A line before it is placed: `note` is its explanation, `indent` where that begins.

    `column` is where `right` begins, None for the column that the tree shares.
    """

    body: Spans
    lead: Spans = ()
    rest: Spans = ()
    hang: int = 0
    right: Spans = ()
    column: int | None = None
    note: str = ""
    indent: int = 0


class _Spot(Struct, frozen=True):
    """Where a line stands among its siblings: its prefixes, their columns, and its explanation."""

    lead: Spans
    rest: Spans
    labels: int
    columns: Sequence[int]
    note: str


def put_tree(page: Page, root: Line, *, annotate: bool) -> None:
    """Write the tree under a line."""
    rows = _Grower(page.pen, annotate=annotate).grow(root)
    shared = [breadth(row.right) for row in rows if row.right and row.column is None]
    sizes = [size for size in shared if size <= _WIDEST_STATE]
    limit = page.terminal.width
    edge = limit - max(sizes) if limit is not None and sizes else None
    for row in rows:
        column = edge if row.column is None else row.column
        page.put(row.body, lead=row.lead, rest=row.rest, hang=row.hang, right=row.right, column=column)
        if row.note:
            page.put((page.pen(row.note, Style.FAINT),), lead=(*row.rest, blanks(row.indent)))


class _Grower:
    """Turns lines into rows, depth first."""

    def __init__(self, pen: Pen, *, annotate: bool) -> None:
        self._pen = pen
        self._annotate = annotate
        self._rows: list[_Row] = []

    def grow(self, root: Line) -> list[_Row]:
        """Return the rows of a whole tree."""
        cells = [self._pen(text) for text in (root.value, *root.details) if text]
        body = _join([self._pen(root.label, Style.STRONG), *cells])
        rest = (self._pen("│  "),) if root.children else (blanks(_GAP),)
        note = self._note(root.kind, None)
        self._rows.append(_Row(body, (), rest, 0, self._state(root), note=note))
        self._branches(root.children, ())
        return self._rows

    def _branches(self, lines: Sequence[Line], prefix: Spans) -> None:
        labels = self._labels([line for line in lines if line.kind is not LineKind.ENDPOINT], _WIDEST_LABEL)
        columns = self._columns(lines)
        before: LineKind | None = None
        for left, line in zip(range(len(lines) - 1, -1, -1), lines, strict=True):
            at = _Spot(
                lead=(*prefix, self._pen("├─ " if left else "└─ ")),
                rest=(*prefix, self._pen("│  " if left else "   ")),
                labels=labels,
                columns=columns[line.kind],
                note=self._note(line.kind, before),
            )
            if line.kind is LineKind.ENDPOINT:
                self._endpoint(line, at)
            elif line.kind in _TABLES and line.children:
                self._table(line, at)
            else:
                self._branch(line, at)
            before = line.kind

    def _branch(self, line: Line, at: _Spot) -> None:
        body = (*self._label(line.label, at.labels), *_table_row(self._cells(line), at.columns))
        under = (*at.rest, self._pen("│  ")) if line.children else at.rest
        hang = at.labels - _GAP if line.children else at.labels
        self._rows.append(_Row(body, at.lead, under, hang, self._state(line), note=at.note))
        self._branches(line.children, at.rest)

    def _endpoint(self, line: Line, at: _Spot) -> None:
        """Write the mark in front, and the state as one more column."""
        mark = self._pen(MARKS[line.mark], MARK_STYLES[line.mark])
        cells = _table_row(self._cells(line), at.columns)
        end = sum(at.columns) + _GAP * sum(map(bool, at.columns))
        filled = blanks(max(_GAP, end - breadth(cells)) - 2)  # off a terminal two more come before the state
        body = (mark, blanks(2 - width(mark.text)), *cells, filled)
        under = (*at.rest, self._pen("│  ")) if line.children else at.rest
        column = breadth(at.lead) + 2 + end
        indent = 0 if line.children else 2
        state = self._state(line, marked=False)
        self._rows.append(_Row(body, at.lead, under, 2, state, column, at.note, indent))
        self._branches(line.children, at.rest)

    def _table(self, line: Line, at: _Spot) -> None:
        """Write the children beside the label of their parent, one below the other."""
        inner = self._labels(line.children, _WIDEST_CELL)
        columns = self._columns(line.children)
        lead, start = at.lead, self._label(line.label, at.labels)
        if line.value or line.state or line.codes or line.mark is not Mark.NONE or at.note:
            body = (*start, *_table_row(self._cells(line), []))
            self._rows.append(_Row(body, lead, at.rest, at.labels, self._state(line), note=at.note))
            lead, start = at.rest, (blanks(at.labels),)
        before: LineKind | None = None
        for child in line.children:
            cells = _table_row(self._cells(child), columns[child.kind])
            body = (*start, *self._label(child.label, inner), *cells)
            note = self._note(child.kind, before)
            hang = at.labels + inner
            row = _Row(body, lead, at.rest, hang, self._state(child), note=note, indent=at.labels)
            self._rows.append(row)
            self._branches(child.children, (*at.rest, blanks(at.labels)))
            lead, start, before = at.rest, (blanks(at.labels),), child.kind

    def _labels(self, lines: Sequence[Line], widest: int) -> int:
        """Return the width of a column of labels, 0 where no line has one; wider ones reach into the next."""
        sizes = [width(self._pen(line.label).text) for line in lines if line.label]
        return max((size + 2 for size in sizes if size <= widest), default=0)

    def _label(self, label: str, column: int) -> Spans:
        span = self._pen(label, Style.STRONG)
        size = width(span.text)
        return (span, blanks(column - size if size + 2 <= column or not size else 2))

    def _columns(self, lines: Sequence[Line]) -> dict[LineKind, list[int]]:
        """Return, for each kind among siblings, how wide each of its facts is."""
        columns: dict[LineKind, list[int]] = {}
        for line in lines:
            sizes = columns.setdefault(line.kind, [])
            for at, cell in enumerate(self._cells(line)):
                size = width(cell.text)
                sizes.extend([0] * (at + 1 - len(sizes)))
                sizes[at] = max(sizes[at], size if size <= _WIDEST_CELL else 0)
        return columns

    def _cells(self, line: Line) -> list[Span]:
        first = (line.label,) if line.kind is LineKind.ENDPOINT and line.label else ()
        return [self._pen(text) for text in (*first, line.value, *line.details)]

    def _state(self, line: Line, *, marked: bool = True) -> Spans:
        """Return mark, state and codes; a mark never stands without words."""
        style = MARK_STYLES[line.mark]
        words = line.state
        if marked and line.mark is not Mark.NONE:
            words = f"{MARKS[line.mark]} {words or line.mark.value}"
        codes = [self._pen(code, Style.CODE) for code in line.codes]
        parts = [*([self._pen(words, style)] if words else []), *codes]
        return tuple(span for part in parts for span in (Span("  "), part))[1:]

    def _note(self, kind: LineKind, before: LineKind | None) -> str:
        """Explain a line; a run of siblings of one kind is explained once."""
        return annotation(kind) if self._annotate and kind is not before else ""


def _join(cells: Sequence[Span]) -> Spans:
    return tuple(span for cell in cells if cell.text for span in (blanks(_GAP), cell))[1:]


def _table_row(cells: Sequence[Span], columns: Sequence[int]) -> Spans:
    """Put facts into columns; a column that is empty for all is left out, and the last is not filled up."""
    row: list[Span] = []
    for at, cell in enumerate(cells):
        column = columns[at] if at < len(columns) else 0
        if not cell.text and not column:
            continue
        row += [cell, blanks(max(column - width(cell.text), 0) + _GAP)]
    return tuple(row[:-1])
