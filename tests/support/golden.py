"""Whole outputs kept in files. `UPDATE_GOLDEN=1` writes them anew; read the difference before you commit.

The variable is not called KUBESVC_…: those are taken from the environment before any test is imported.
"""

import os
from pathlib import Path


def check(path: Path, text: str) -> None:
    """Compare a text with the file that holds it; write the file if that is asked for."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.exists(), f"{path.name} is missing: run again with UPDATE_GOLDEN=1"
    assert text == path.read_bytes().decode("utf-8")
