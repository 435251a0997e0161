"""Which endpoints a headless name answers (coredns plugin/kubernetes: ready ones; nil counts as ready)."""

from collections.abc import Iterable

from kubesvc.model.cell import Cell


def answered(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells whose address a headless name answers: ready ones, with or without a resolved port."""
    return tuple(cell for cell in cells if cell.conditions is not None and cell.conditions.ready)
