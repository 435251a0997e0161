"""Bundled cases, recorded from a real API server."""

from datetime import UTC, datetime
from importlib.resources import files as resources
from typing import Final

from kubesvc.errors import UsageError
from kubesvc.model import files
from kubesvc.model.snapshot import Snapshot
from kubesvc.model.text import one_line

_SUFFIX: Final = ".json"


def cases() -> tuple[str, ...]:
    """Return the names of all cases, sorted."""
    names = (entry.name for entry in resources(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def load(case: str) -> Snapshot:
    """Return one case as it was recorded.

    Raises:
        UsageError: There is no such case; the hint names all.
    """
    if case not in cases():
        raise UsageError(f'no case is called "{one_line(case)}"', f"Cases: {', '.join(cases())}.")
    raw = resources(__name__).joinpath(f"{case}{_SUFFIX}").read_bytes()
    return files.load(raw, now=datetime.fromtimestamp(0, UTC))
