"""Container images made without an engine: layers as tar files, and archives as `docker save` writes them.

Everything in them is owned by root and dated 1970, so that the same input makes the same image.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a layer: a file with `content`, or with what is in a file of this machine; else a link.

    `path` is relative to the root. The folders above it need no entry.
    """

    path: str
    content: Path | bytes | None = None
    link: str = ""
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its names, its layers from the bottom up as tar files, what it runs, and as whom."""

    names: tuple[str, ...]
    layers: tuple[Path, ...]
    entrypoint: tuple[str, ...] = ()
    user: str = ""


def write_layer(target: Path, entries: Iterable[Entry]) -> Path:
    """Write a layer; returns its path."""
    known: set[str] = set()
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for entry in sorted(entries, key=lambda entry: entry.path):
            for folder in reversed(PurePosixPath(entry.path).parents[:-1]):
                if str(folder) not in known:
                    known.add(str(folder))
                    tar.addfile(_header(str(folder), tarfile.DIRTYPE, 0o755))
            _add(tar, entry)
    return target


def write_archive(target: IO[bytes], images: Sequence[Image]) -> None:
    """Write images as one archive, as `docker load` and `ctr images import` read it; layers once each."""
    manifest = []
    written: set[str] = set()
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for image in images:
            digests = [_digest(layer) for layer in image.layers]
            for layer, digest in zip(image.layers, digests, strict=True):
                if digest not in written:
                    written.add(digest)
                    _add(tar, Entry(f"{digest}.tar", layer))
            config = json.dumps(_config(image, digests), sort_keys=True).encode()
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            if name not in written:
                written.add(name)
                _add(tar, Entry(name, config))
            layers = [f"{digest}.tar" for digest in digests]
            manifest.append({"Config": name, "RepoTags": list(image.names), "Layers": layers})
        _add(tar, Entry("manifest.json", json.dumps(manifest).encode()))


def _config(image: Image, digests: Sequence[str]) -> dict[str, object]:
    """The image's configuration, in the fields that an engine asks for."""
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Entrypoint": list(image.entrypoint),
            "User": image.user,
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
    }


def _digest(layer: Path) -> str:
    with layer.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    if entry.link:
        header = _header(entry.path, tarfile.SYMTYPE, 0o777)
        header.linkname = entry.link
        tar.addfile(header)
        return
    header = _header(entry.path, tarfile.REGTYPE, entry.mode)
    if isinstance(entry.content, Path):
        header.size = entry.content.stat().st_size
        with entry.content.open("rb") as file:
            tar.addfile(header, file)
    else:
        content = entry.content or b""
        header.size = len(content)
        tar.addfile(header, io.BytesIO(content))


def _header(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.type = kind
    header.mode = mode
    return header
