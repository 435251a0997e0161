"""The image of the one server that the scenarios of kind run, see `e2e/cluster/modules/testserver`."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from e2e.cluster.build import build
from e2e.cluster.parts import Part
from e2e.kind import archive
from e2e.kind.archive import Entry, Image

if TYPE_CHECKING:
    from e2e.kind.cluster import KindCluster

IMAGE = "kubesvc-e2e.dev/testserver:built"
PROGRAM = "/testserver"

PART = Part(
    "testserver",
    module="google.golang.org/grpc",
    binaries=MappingProxyType({"testserver": "testserver"}),
    packages=(".",),
)


def write_archive(target: Path) -> None:
    """Write the image as a file for `kind load image-archive`."""
    binary = build([PART])["testserver"]
    layer = archive.write_layer(
        target.with_suffix(".layer"), [Entry(PROGRAM.removeprefix("/"), binary, mode=0o755)]
    )
    with target.open("wb") as file:
        archive.write_archive(file, [Image((IMAGE,), (layer,), (PROGRAM,))])
    layer.unlink()


def provide(cluster: KindCluster) -> None:
    """Have the image on every node."""
    file = cluster.kubeconfig.with_name("testserver.tar")
    write_archive(file)
    cluster.load_archive(file)
    file.unlink()
