"""kubesvc as a user has it: the built wheel in an environment of its own, run as a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run of the command printed, and its exit status."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON it printed."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document


@dataclass(frozen=True, slots=True)
class Product:
    """The installed command."""

    command: Path

    def run(self, *arguments: str, kubeconfig: Path | None = None, stdin: str | None = None) -> Answer:
        """Run `kubesvc ARGUMENTS` with nothing of the environment but a path, a home and the kubeconfig."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.command.parents[2]), "LC_ALL": "C.UTF-8"}
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        done = subprocess.run(
            (self.command, *arguments),
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


def install(folder: Path) -> Product:
    """Build the wheel and install it, with the locked dependencies, into a new environment in `folder`."""
    wheels = folder / "wheels"
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, ROOT)
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    environment = folder / "environment"
    venv.create(environment, with_pip=True, symlinks=True)
    pip = (environment / "bin" / "python", "-m", "pip", "install", "--quiet")
    subprocess.run(
        (*pip, "--no-deps", "--require-hashes", "-r", ROOT / "requirements" / "run.txt"), check=True
    )
    (wheel,) = wheels.glob("*.whl")
    subprocess.run((*pip, "--no-deps", wheel), check=True)
    return Product(environment / "bin" / "kubesvc")
