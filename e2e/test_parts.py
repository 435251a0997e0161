"""The parts say which Kubernetes they are: a minor is asked for by its number, never by a folder."""

from __future__ import annotations

import pytest

from e2e.cluster import BuildError
from e2e.cluster.parts import DEFAULT_KUBERNETES, control_plane_parts, kubernetes_part


@pytest.mark.parametrize(("minor", "name"), [("1.36", DEFAULT_KUBERNETES), ("1.34", "kubernetes-1.34")])
def test_a_minor_names_its_part(minor: str, name: str) -> None:
    """The number that a user gives leads to the part whose go.mod requires that minor."""
    assert kubernetes_part(minor) == name
    part = control_plane_parts(name)[0]
    assert part.version.startswith(f"v{minor}.")
    assert f"gitVersion={part.version}" in part.link_flags


@pytest.mark.parametrize("minor", ["1.3", "1.34.4", "v1.34", "1", ""])
def test_an_unknown_minor_is_told_with_those_known(minor: str) -> None:
    """Neither a part of a number nor a whole version is taken for a minor."""
    with pytest.raises(BuildError, match=rf"no Kubernetes '{minor}' is built here; known: 1\.34, 1\.36$"):
        kubernetes_part(minor)


def test_the_minors_share_everything_but_kubernetes() -> None:
    """A cluster of another minor differs in its Kubernetes alone, and in a cache folder of its own."""
    newest, older = control_plane_parts(), control_plane_parts(kubernetes_part("1.34"))
    assert newest[1:] == older[1:]
    assert newest[0].key != older[0].key
    assert newest[0].binaries == older[0].binaries
