"""Runs what kubesvc prints as a person would: pasted into a shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from e2e.cluster import kubectl as binary


def paste(line: str, kubeconfig: Path) -> None:
    """Run a printed line in a shell, with our kubectl first in the path; it has to succeed."""
    path = f"{binary().parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)}
    done = subprocess.run(
        ("sh", "-c", line), env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
