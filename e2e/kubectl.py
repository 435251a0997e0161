"""The real kubectl against a cluster of ours: the judge of what is in it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import kubectl as binary


class KubectlError(Exception):
    """kubectl ended with another status than 0; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Runs kubectl with one kubeconfig, and in `namespace` where the arguments name none."""

    kubeconfig: Path
    namespace: str = "default"

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what kubectl prints; raises KubectlError."""
        command = (
            str(binary()),
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={self.namespace}",
            *arguments,
        )
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout
