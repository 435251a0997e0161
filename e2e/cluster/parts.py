"""The parts that clusters are built from: one directory with a go.mod each.

A further Kubernetes minor is one more directory under `modules/` and one more line in PARTS. Each has a
go.mod of its own because their dependencies clash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from e2e.cluster.errors import BuildError

MODULES = Path(__file__).parent / "modules"

DEFAULT_KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Part:
    """A go.mod with `tool` directives or programs beside it, and what building it yields.

    `binaries` maps the name that Go gives to a binary (the last path element of its package,
    major version suffix left out) to the name it has in the cache. `packages` is what is built of it. A part
    of our own programs alone has no `module`.
    """

    name: str
    module: str
    binaries: Mapping[str, str] = field(hash=False)
    reports_version: bool = False
    packages: tuple[str, ...] = ("tool",)

    @property
    def directory(self) -> Path:
        """The folder that holds the part's go.mod and go.sum."""
        return MODULES / self.name

    @property
    def version(self) -> str:
        """The version that go.mod requires of the main module, such as `v1.36.3`; `own` without one.

        Raises BuildError where go.mod does not require it.
        """
        if not self.module:
            return "own"
        text = (self.directory / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"^(?:require)?\s*{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise BuildError(f"{self.directory / 'go.mod'} requires no version of {self.module}")
        return found[1]

    @property
    def minor(self) -> str:
        """The minor that the version is a patch of, such as `1.36`."""
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        return f"{major}.{minor}"

    @property
    def link_flags(self) -> str:
        """What `go build -ldflags` gets: no symbols, and the version a server reports.

        Without k8s.io/component-base/version set at link time, as hack/lib/version.sh does,
        an API server calls itself v0.0.0.
        """
        flags = ["-s", "-w"]
        if self.reports_version:
            major, minor = self.minor.split(".")
            stamp = {"gitVersion": self.version, "gitMajor": major, "gitMinor": minor}
            flags += [f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamp.items()]
        return " ".join(flags)

    @property
    def key(self) -> str:
        """The name of the part's cache folder: equal exactly when nothing need be rebuilt."""
        digest = hashlib.sha256(self.link_flags.encode())
        for name in ("go.mod", "go.sum"):
            if (self.directory / name).exists():  # a module without dependencies has no go.sum
                digest.update((self.directory / name).read_bytes())
        for source in sorted(self.directory.rglob("*.go")):
            digest.update(source.read_bytes())
        return f"{self.name}-{self.version}-{digest.hexdigest()[:12]}"


def _same(*names: str) -> Mapping[str, str]:
    return MappingProxyType({name: name for name in names})


def _kubernetes(name: str) -> Part:
    servers = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
    return Part(
        name,
        module="k8s.io/kubernetes",
        binaries=_same(*servers),
        reports_version=True,
    )


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        part.name: part
        for part in (
            _kubernetes(DEFAULT_KUBERNETES),
            _kubernetes("kubernetes-1.34"),
            Part(
                "etcd",
                module="go.etcd.io/etcd/server/v3",
                binaries=MappingProxyType({"server": "etcd"}),
            ),
            Part(
                "kwok",
                module="sigs.k8s.io/kwok",
                binaries=_same("kwok"),
            ),
            Part("kind", module="sigs.k8s.io/kind", binaries=_same("kind")),
            Part(
                "kubelet",
                module="k8s.io/kubernetes",
                binaries=_same("kubelet", "kubeadm"),
                reports_version=True,
            ),
            Part(
                "coredns",
                module="github.com/coredns/coredns",
                binaries=_same("coredns"),
                packages=(".",),
            ),
            Part(
                "podnet",
                module="github.com/cloudnativelabs/kube-router/v2",
                binaries=_same("podnet"),
                packages=(".",),
            ),
            Part("programs", module="", binaries=_same("app", "pause"), packages=("./app", "./pause")),
        )
    }
)


def kubernetes_part(minor: str) -> str:
    """The directory of a Kubernetes minor, such as `1.36`, as `Options.kubernetes` takes it.

    Raises BuildError for a minor that is not built here, naming those that are.
    """
    names = {PARTS[name].minor: name for name in _control_planes()}
    if minor not in names:
        raise BuildError(f"no Kubernetes {minor!r} is built here; known: {', '.join(sorted(names))}")
    return names[minor]


def control_plane_parts(kubernetes: str = DEFAULT_KUBERNETES) -> tuple[Part, ...]:
    """The parts a local cluster runs; `kubernetes` names the directory of the wanted minor.

    Raises BuildError for a directory that does not exist, naming those that do.
    """
    known = _control_planes()
    if kubernetes not in known:
        raise BuildError(f"no Kubernetes part named {kubernetes!r}; known: {', '.join(known)}")
    return (PARTS[kubernetes], PARTS["etcd"], PARTS["kwok"])


def _control_planes() -> list[str]:
    return sorted(name for name, part in PARTS.items() if "kube-apiserver" in part.binaries)
