"""Snapshot files on disk: read within limits, written whole or not at all, for nobody else's eyes."""

import os
import stat
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from kubesvc.cli.streams import emit
from kubesvc.errors import SnapshotError, UsageError
from kubesvc.model import files
from kubesvc.model.snapshot import Snapshot
from kubesvc.model.text import one_line


def read(path: str, *, complete: bool) -> Snapshot:
    """Return the snapshot in a file, or on stdin for `-`; the size is limited before anything is read.

    Raises:
        SnapshotError: It cannot be read, or is none.
    """
    shown = "stdin" if path == "-" else one_line(path)
    try:
        if path == "-":
            raw = _limited(sys.stdin.buffer, shown)
        else:
            with Path(path).open("rb") as file:
                raw = _limited(file, shown)
    except OSError as error:
        raise SnapshotError(f"{shown}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise SnapshotError(f"{shown}: not the name of a file") from None
    if not raw.strip():
        raise SnapshotError(f"{shown}: the file is empty")
    try:
        return files.load(raw, now=datetime.now(UTC).replace(microsecond=0), complete=complete)
    except files.UnusableFileError as error:
        raise SnapshotError(f"{shown}: {error}") from None


def _limited(file: BinaryIO, shown: str) -> bytes:
    too_large = SnapshotError(
        f"{shown}: larger than {files.MAX_JSON_BYTES // 2**20} MiB",
        "Save fewer kinds or one namespace, or let kubesvc capture write what it needs.",
    )
    about = os.fstat(file.fileno())
    if stat.S_ISREG(about.st_mode) and about.st_size > files.MAX_JSON_BYTES:
        raise too_large
    raw = file.read(files.MAX_JSON_BYTES + 1)  # a pipe does not say how much will come
    if len(raw) > files.MAX_JSON_BYTES:
        raise too_large
    return raw


def ensure_writable(path: str, *, force: bool) -> None:
    """Say early what `write` would say after all the reading; stdout is always free.

    Raises:
        UsageError: It is no name.
        SnapshotError: Something is there already, or nothing can be written there.
    """
    if path == "-":
        return
    target = _target(path, force=force)
    try:
        tempfile.TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise _unwritable(path, error) from None


def write(snapshot: Snapshot, path: str, *, force: bool) -> None:
    """Write a snapshot with mode 0600, or to stdout for `-`: the file is there when all of it is.

    Raises:
        SnapshotError: It cannot be written, or is there already and `force` is not set.
    """
    if path == "-":
        emit(files.dump(snapshot).decode())
        return
    target = _target(path, force=force)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # made with 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(files.dump(snapshot))
            _place(name, target, force=force)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _target(path: str, *, force: bool) -> Path:
    """Return the file to write: behind a link, if `force` allows to replace what is there."""
    if not path:
        raise UsageError('--to "" names no file', "Give a name, or - for stdout.")
    try:
        if stat.S_ISREG(Path(path).stat().st_mode):
            taken = True
        else:
            raise SnapshotError(
                f"{one_line(path)}: not a regular file", "Give the name of a file; use - for stdout."
            )
    except FileNotFoundError:
        taken = Path(path).is_symlink()
    except ValueError:
        raise UsageError(f"{one_line(path)}: not the name of a file", "Give another name.") from None
    except OSError as error:
        raise _unwritable(path, error) from None
    if taken and not force:
        raise _taken(path)
    return Path(path).resolve()


def _place(name: str, target: Path, *, force: bool) -> None:
    if force:
        Path(name).replace(target)
        return
    try:
        os.link(name, target)  # unlike a rename, this never overwrites
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        Path(name).replace(target)


def _unwritable(path: str, error: OSError) -> SnapshotError:
    return SnapshotError(
        f"{one_line(path)}: {(error.strerror or str(error)).lower()}",
        "Choose a name in a folder that exists and that you may write to.",
    )


def _taken(path: str) -> SnapshotError:
    return SnapshotError(f"{one_line(path)}: the file exists", "Choose another name, or add --force.")
