"""The image of a kind node, made from Debian packages, Go modules, and the files that kind's module carries.

It is one compressed tar file in the cache, the root file system of a node, named by a key of all that it is
made of. Debian packages go in by name: deleting the file takes their newest versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from e2e.cluster.build import build, cache_folder, kubectl
from e2e.cluster.errors import BuildError, ToolchainError
from e2e.cluster.parts import DEFAULT_KUBERNETES, PARTS, Part
from e2e.kind import archive
from e2e.kind.archive import Entry, Image

NODE = Path(__file__).with_name("node")
PROGRAMS = ("mmdebstrap", "zstd", "tar", "chroot")
"""What building it takes besides Go; all are Debian packages."""

_SUITE = "bookworm"
_NODE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "bash", "ca-certificates", "curl", "jq", "procps", "util-linux"),
    *("mount", "kmod", "libseccomp2", "netbase", "conntrack", "iptables", "nftables", "ipset", "iproute2"),
    *("ethtool", "containerd", "runc", "containernetworking-plugins"),
)
_TOOL_PACKAGES = ("nftables", "iptables", "conntrack", "ipset", "iproute2", "kmod", "netbase")
"""What kube-proxy and podnet call."""

_PODNET_IMAGE = "kubesvc-e2e.dev/podnet:built"
_PARTS = tuple(
    PARTS[name] for name in (DEFAULT_KUBERNETES, "etcd", "kubelet", "coredns", "podnet", "programs", "kind")
)
_IPTABLES = tuple(f"{family}tables{verb}" for family in ("ip", "ip6") for verb in ("", "-save", "-restore"))


def key() -> str:
    """What the image is made of, as one short word: equal exactly when nothing need be rebuilt."""
    digest = hashlib.sha256(json.dumps([_SUITE, _NODE_PACKAGES, _TOOL_PACKAGES]).encode())
    for part in _PARTS:
        digest.update(part.key.encode())
    for source in (Path(__file__), Path(archive.__file__), *sorted(NODE.iterdir())):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def node_image() -> Path:
    """The compressed root file system of a node, built if it is not in the cache.

    Raises ToolchainError where a program is missing that the build needs, BuildError where it fails. One
    process builds, the others wait for it.
    """
    target = cache_folder() / f"node-{key()}.tar.zst"
    if target.exists():
        return target
    binaries = build(_PARTS)
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise ToolchainError(f"{program} is missing, of which the node image is made")
    if os.geteuid() != 0:
        raise ToolchainError("only root can make the node image")
    with FileLock(cache_folder() / "node.lock"):
        if not target.exists():
            with tempfile.TemporaryDirectory(prefix="node-", dir=cache_folder()) as folder:
                _build(Path(folder), binaries).rename(target)
    return target


def _build(folder: Path, binaries: Mapping[str, Path]) -> Path:
    """Build the image in a folder; returns the file."""
    wanted = kubeadm_images(binaries["kubeadm"], PARTS[DEFAULT_KUBERNETES].version)
    images = list(_images(folder, binaries, wanted))
    with (folder / "images.tar").open("wb") as file:
        archive.write_archive(file, images)
    pause = next(name for name in wanted if _base(name) == "pause")
    archive.write_layer(folder / "overlay.tar", _overlay(_kind_files(), binaries, pause))
    shutil.copyfile(NODE / "finish.sh", folder / "finish.sh")
    root = folder / "root.tar"
    hook = f'sh {folder}/finish.sh "$1"'
    _mmdebstrap("essential", _NODE_PACKAGES, root, f"--customize-hook={hook}", "--dpkgopt=force-unsafe-io")
    _run("zstd", "--quiet", "-T0", "--rm", root)
    return root.with_suffix(".tar.zst")


def kubeadm_images(kubeadm: Path, version: str) -> list[str]:
    """The names that kubeadm expects of the images of a cluster: asked, not written down here."""
    command = (kubeadm, "config", "images", "list", f"--kubernetes-version={version}")
    return _run(*command).split()


def _base(name: str) -> str:
    """`coredns` of `registry.example/coredns/coredns:v1`."""
    return name.rpartition("/")[2].partition(":")[0]


def _images(folder: Path, binaries: Mapping[str, Path], wanted: Sequence[str]) -> Iterator[Image]:
    """One image for each name, of one binary each, under the name that the manifests call.

    They go by the names that kubeadm asks for, whatever the version of etcd is that is built here.
    """
    tools = folder / "tools.tar"
    _mmdebstrap("extract", _TOOL_PACKAGES, tools)
    # What Debian's packages leave to update-alternatives, which extracting does not run.
    links = (Entry(f"usr/sbin/{name}", link="xtables-nft-multi") for name in _IPTABLES)
    alternatives = archive.write_layer(folder / "alternatives.tar", links)
    for name in (*wanted, _PODNET_IMAGE):
        program = _base(name)
        # CoreDNS is called by its arguments alone, all others by their names.
        entry = Entry(f"usr/local/bin/{program}", binaries[program], mode=0o755)
        layer = archive.write_layer(folder / f"{program}.tar", [entry])
        below = (tools, alternatives) if program in ("kube-proxy", "podnet") else ()
        yield Image((name,), (*below, layer), (f"/usr/local/bin/{program}",))


def _overlay(kind: Path, binaries: Mapping[str, Path], pause: str) -> Iterator[Entry]:
    """What lies on top of Debian in a node: kind's files, kubelet and its kin, and our manifests."""
    for source in sorted(kind.rglob("*")):
        path = source.relative_to(kind).as_posix()
        if source.is_file() and path != "etc/containerd/config.toml":
            program = path.startswith(("usr/local/bin/", "kind/bin/"))
            yield Entry(path, source, mode=0o755 if program else 0o644)
    config = (kind / "etc/containerd/config.toml").read_text(encoding="utf-8")
    yield Entry("etc/containerd/config.toml", with_sandbox_image(config, pause).encode())
    yield Entry("usr/local/bin/containerd", link="/usr/bin/containerd")  # kind's unit expects it there
    for binary in (binaries["kubelet"], binaries["kubeadm"], kubectl()):
        yield Entry(f"usr/bin/{binary.name}", binary, mode=0o755)
    yield Entry("kind/version", PARTS[DEFAULT_KUBERNETES].version.encode())
    yield Entry("kind/manifests/default-cni.yaml", NODE / "cni.yaml")
    yield Entry("kind/manifests/default-storage.yaml", NODE / "storage.yaml")


def with_sandbox_image(config: str, image: str) -> str:
    """The configuration of containerd with another sandbox image; raises BuildError where it names none."""
    lines = config.splitlines()
    found = [number for number, line in enumerate(lines) if line.strip().startswith("sandbox_image =")]
    if len(found) != 1:
        raise BuildError("kind's containerd configuration does not name one sandbox image")
    lines[found[0]] = f'  sandbox_image = "{image}"'
    return "\n".join(lines) + "\n"


def _kind_files() -> Path:
    """The files of kind's base image, in its module."""
    return module_folder(PARTS["kind"]) / "images" / "base" / "files"


def module_folder(part: Part) -> Path:
    """Where Go keeps the main module of a part, downloaded if need be; raises ToolchainError without Go."""
    if shutil.which("go") is None:
        raise ToolchainError("the Go toolchain is missing (no `go` on PATH)")
    said = _run("go", "mod", "download", "-json", part.module, cwd=part.directory)
    return Path(json.loads(said)["Dir"])


def _mmdebstrap(variant: str, packages: Sequence[str], target: Path, *more: str) -> None:
    """Make a root file system of Debian packages from the mirrors that this machine's apt uses."""
    options = ("--quiet", "--mode=root", f"--variant={variant}", f"--include={','.join(packages)}", *more)
    _run("mmdebstrap", *options, '--aptopt=APT::Install-Recommends "false"', _SUITE, target)


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; raises BuildError with the end of what it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[-400:]
        raise BuildError(f"{Path(command[0]).name} ended with status {done.returncode}: {said}")
    return done.stdout
