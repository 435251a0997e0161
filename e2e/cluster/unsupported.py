"""What only the nodes of a container engine can do, refused by the clusters that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from e2e.cluster.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable


class WithoutContainers:
    """A cluster whose nodes are nothing that this machine could reach into."""

    def paused_node(self, name: str) -> NoReturn:
        """Raise ProviderError."""
        raise ProviderError(f"node {name} cannot be paused on this cluster")

    def run_on_node(self, name: str, *command: str) -> NoReturn:
        """Raise ProviderError."""
        raise ProviderError(f"{command[0]} cannot be run on node {name} of this cluster")

    def provide_images(self, names: Iterable[str]) -> NoReturn:
        """Raise ProviderError."""
        raise ProviderError(f"{', '.join(names)} cannot be put on the nodes of this cluster")

    def provide_registry(self) -> NoReturn:
        """Raise ProviderError."""
        raise ProviderError("a registry cannot be run in the nodes of this cluster")
