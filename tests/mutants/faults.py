"""The faults: each replaces one text of one file by what somebody might have written instead."""

from pathlib import Path

import msgspec
from msgspec import Struct


class StaleError(Exception):
    """A fault does not fit the code any more: what it replaces is not there, or not only once."""


class Fault(Struct, frozen=True):
    """A mistake in a file; `claim` says what the mistaken code believes."""

    file: str
    claim: str
    old: str
    new: str

    def __str__(self) -> str:
        """Name it in one line."""
        return f"{self.file}: {self.claim}"


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    claim: str
    old: str
    new: str


def load(path: Path) -> tuple[Fault, ...]:
    """Read a TOML file with a list of faults per file. Raises msgspec.ValidationError where it is no such."""
    files = msgspec.toml.decode(path.read_bytes(), type=dict[str, list[_Entry]])
    return tuple(
        Fault(file, entry.claim, entry.old, entry.new) for file, entries in files.items() for entry in entries
    )


def faulty(fault: Fault, text: str) -> str:
    """Return the text of a file with a fault in it; raises StaleError."""
    times = text.count(fault.old)
    if times != 1:
        raise StaleError(f"{fault}: {fault.old!r} is there {times} times, not once")
    return text.replace(fault.old, fault.new)
