"""What the parts of one round want to be read: all of it is asked for in one go."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from kubesvc.model.read import Gap, Read, Unread
from kubesvc.semantics.reads import NODES_BY_NAME

T = TypeVar("T")

_NODES: Final = Read("Node")


class Wants:
    """Collects what parts of one round ask for, and asks for all of it at the end."""

    def __init__(self) -> None:
        """Start with nothing wanted."""
        self._reads: set[Read] = set()
        self._again: set[Read] = set()

    def attempt(self, part: Callable[[], T]) -> T | None:
        """Return a part, or None where it wants something first."""
        try:
            return part()
        except Unread as unread:
            (self._again if unread.again else self._reads).update(unread.reads)
            return None

    def join_nodes(self, failed: Iterable[Gap], most: int = NODES_BY_NAME) -> None:
        """Ask for more than `most` Nodes as one list, unless that has `failed`."""
        nodes = {read for read in self._reads if read.kind == _NODES.kind and read.name}
        if len(nodes) > most and not any(gap.read == _NODES for gap in failed):
            self._reads = self._reads - nodes | {_NODES}

    def settle(self) -> None:
        """Ask for everything wanted; second looks only once nothing else is missing.

        Raises:
            Unread: something is wanted.
        """
        if self._reads:
            raise Unread(frozenset(self._reads))
        if self._again:
            raise Unread(frozenset(self._again), again=True)
