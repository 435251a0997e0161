"""`python -m e2e.cluster`: build the control plane, keep one up, run a command with one.

Standard output carries results alone (`up`: one line for `eval`); all else goes to standard
error. The exit status is 0, 1 for an error, told in one line, or that of the command run.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kubernetes.client import ApiException
from urllib3.exceptions import HTTPError

from e2e.cluster import access, background, marker
from e2e.cluster.build import build, kubectl
from e2e.cluster.errors import ClusterError, ProviderError
from e2e.cluster.parts import control_plane_parts
from e2e.cluster.provider import KUBECONFIG, open_cluster

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = _parser().parse_args(argv)
    commands = {
        "build": _build,
        "up": _up,
        "down": _down,
        "status": _status,
        "mark": _mark,
    }
    try:
        if arguments.command == "run":
            return _run(arguments.argv)
        return commands[arguments.command]()
    except ClusterError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m e2e.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the default control plane from its Go modules")
    commands.add_parser("up", help="start the background cluster; prints its KUBECONFIG export")
    commands.add_parser("down", help="end the background cluster")
    commands.add_parser("status", help="tell whether the background cluster is up")
    commands.add_parser("mark", help=f"mark the cluster of {KUBECONFIG} as ours to test with")
    run = commands.add_parser("run", help="run a command with a cluster of its own")
    run.add_argument("argv", nargs="+", metavar="CMD")
    return parser


def _say(line: str) -> None:
    print(f"e2e: {line}", file=sys.stderr, flush=True)


def _build() -> int:
    build(control_plane_parts())
    kubectl()
    _say("the control plane is built")
    return 0


def _up() -> int:
    state = background.up()
    _say(f"{state.name} is up; logs in {state.logs}")
    print(f"export KUBECONFIG={shlex.quote(state.kubeconfig)}")
    return 0


def _down() -> int:
    _say("the cluster is down" if background.down() else "no cluster was up")
    return 0


def _status() -> int:
    state = background.status()
    if state is None:
        _say("no cluster is up")
        return 1
    _say(f"{state.name} is up: KUBECONFIG={state.kubeconfig}, logs in {state.logs}")
    return 0


def _mark() -> int:
    path = os.environ.get(KUBECONFIG)
    if not path:
        raise ProviderError(f"set {KUBECONFIG} to the kubeconfig of the cluster to mark")
    try:
        with access.client(Path(path)) as api:
            marker.mark(api)
            host = api.configuration.host
    except (ApiException, HTTPError, OSError) as error:
        message = f"the cluster of {path} cannot be marked: {error}"
        raise ProviderError(" ".join(message.split())) from error
    _say(f"{host} is marked with namespace {marker.NAMESPACE}: tests may create and delete there")
    return 0


def _run(argv: Sequence[str]) -> int:
    if shutil.which(argv[0]) is None:
        raise ClusterError(f"no such command: {argv[0]}")
    with open_cluster() as cluster:
        environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
        status = subprocess.run(argv, env=environment, check=False).returncode
    return 128 - status if status < 0 else status  # ended by a signal: as a shell says it


if __name__ == "__main__":
    sys.exit(main())
