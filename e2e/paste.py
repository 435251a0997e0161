"""Runs what kubesvc prints as a person would: pasted into a shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from e2e.cluster import kubectl as binary

_REFUSED = "connection refused"


def paste(line: str, kubeconfig: Path) -> None:
    """Run a printed line; it has to succeed."""
    done = _run(line, kubeconfig)
    assert done.returncode == 0, done.stderr


def check_first(subject: dict[str, Any], outcome: str, kubeconfig: Path) -> None:
    """Run the check that is ranked first: it says what `answers` or `refuses` means, and comes out so."""
    first = subject["checks"][0]
    assert first[outcome]
    done = _run(first["command"]["shell"], kubeconfig)
    refused = done.returncode != 0 and _REFUSED in done.stderr
    assert {"refuses": refused, "answers": done.returncode == 0}[outcome], done.stderr


def _run(line: str, kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a shell, with our kubectl first in the path."""
    path = f"{binary().parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)}
    return subprocess.run(
        ("sh", "-c", line), env=environment, capture_output=True, text=True, check=False, timeout=60
    )
