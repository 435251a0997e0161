"""Brings a scenario about in a cluster, and takes it away again."""

from __future__ import annotations

import datetime as dt
import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from e2e.cluster import Cluster, await_condition
from e2e.kubectl import Kubectl, KubectlError

if TYPE_CHECKING:
    from e2e.scenario import Observation, Scenario

_SECONDS = 60.0
_OBSERVED_SECONDS = 120.0
"""A node is given up after 50 s, a volume measured once a minute."""


@contextmanager
def situation(cluster: Cluster, scenario: Scenario) -> Iterator[Kubectl]:
    """Apply a scenario and return once the cluster shows what it should, asserted by kubectl.

    Yields a kubectl in the scenario's namespace. Its namespaces are deleted at the end, without waiting.
    Raises AwaitError where the cluster does not come to show it, ToolchainError where a program is missing.
    """
    kubectl = Kubectl(cluster.kubeconfig, scenario.namespace)
    if "images" in cluster.supports:
        cluster.provide_images(scenario.images)
    if "registry" in scenario.needs:
        cluster.provide_registry()
    with ExitStack() as undo:
        for name in scenario.objects:
            undo.callback(_delete, kubectl, name)
        bring_about(kubectl, scenario)
        for observation in scenario.before:
            observe(kubectl, observation)
        for arguments in scenario.undo:
            undo.callback(kubectl.run, *shlex.split(arguments))
        with ExitStack() as standing_still:
            if scenario.paused:
                standing_still.enter_context(cluster.paused(scenario.paused))
            if scenario.paused_node:
                name = node_in(kubectl, scenario.paused_node)
                standing_still.enter_context(cluster.paused_node(name))
            change(kubectl, scenario)
            for observation in scenario.observed:
                observe(kubectl, observation)
            yield kubectl
        for observation in scenario.afterwards:
            observe(kubectl, observation)


def node_in(kubectl: Kubectl, zone: str) -> str:
    """The name of the node in a zone."""
    path = "{.items[0].metadata.name}"
    return kubectl.run("get", "nodes", "-l", f"topology.kubernetes.io/zone={zone}", "-o", f"jsonpath={path}")


def bring_about(kubectl: Kubectl, scenario: Scenario) -> None:
    """Create the namespaces of a scenario that are missing, and apply its manifests and statuses."""
    known = kubectl.run("get", "namespaces", "-o", "name").split()
    for name in scenario.objects:
        if f"namespace/{name}" not in known or _going(kubectl, name):
            _create(kubectl, name)
    for namespace, documents in scenario.objects.items():
        there = replace(kubectl, namespace=namespace)
        there.run("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
    for status in scenario.status:
        patch = json.dumps(status["patch"])
        kubectl.run("patch", *status["resource"].split(), "--subresource=status", "--type=merge", "-p", patch)


def change(kubectl: Kubectl, scenario: Scenario) -> None:
    """Make the changes of a scenario, one after the other."""
    for arguments in scenario.changes:
        kubectl.run(*shlex.split(arguments))


def _create(kubectl: Kubectl, name: str) -> None:
    """Create a namespace, waiting for one of that name to be gone first, and for its service account."""

    def created() -> bool:
        try:
            kubectl.run("create", "namespace", name)
        except KubectlError as error:
            if "AlreadyExists" in str(error) or "being deleted" in str(error):
                return False
            raise
        return True

    await_condition(f"namespace {name} created", created, seconds=_SECONDS)
    await_condition(f"service account in {name}", lambda: _has_account(kubectl, name))


def _going(kubectl: Kubectl, name: str) -> bool:
    return bool(
        kubectl.run(
            "get", "namespace", name, "-o", "jsonpath={.metadata.deletionTimestamp}", "--ignore-not-found"
        )
    )


def _has_account(kubectl: Kubectl, name: str) -> bool:
    shown = kubectl.run("get", "serviceaccounts", "-n", name, "-o", "name")
    return "serviceaccount/default" in shown.split()


def _delete(kubectl: Kubectl, name: str) -> None:
    kubectl.run("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def observe(kubectl: Kubectl, observation: Observation) -> None:
    """Await what the cluster should show; raises AwaitError with what it showed last."""
    seen: list[str] = [""]

    def holds() -> bool:
        seen[0] = kubectl.run("get", *observation.get.split(), "-o", f"jsonpath={observation.path}")
        return observation.holds(seen[0], dt.datetime.now(tz=dt.UTC))

    try:
        await_condition(observation.what, holds, seconds=_OBSERVED_SECONDS)
    except Exception as error:
        error.add_note(f"kubectl get {observation.get} showed last: {seen[0]!r}")
        raise
