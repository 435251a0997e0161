"""What a container engine or a cluster may change on a machine: seen before and after, and put back.

Linux alone; elsewhere an engine lives in a virtual machine of its own, and nothing is seen here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SYSCTLS = Path("/proc/sys")
CGROUPS = Path("/sys/fs/cgroup")
PROCESSES = Path("/proc")

# Values that count, or that the kernel draws anew: they differ between any two looks.
_VOLATILE = re.compile(
    r"fs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*)"
    r"|kernel/(ns_last_pid|pty/nr|random/.*)"
    r"|net/netfilter/nf_conntrack_count"
)
# Settings that are there only once br_netfilter or nf_conntrack is loaded. Modules stay, and come with values
# of their own: there is none to put back.
_OF_MODULES = re.compile(r"net/(bridge/.*|netfilter/.*|nf_conntrack_max)")
# Whether anything that runs pods still runs. A local control plane beside us is none of our business.
_PROGRAMS = frozenset({"dockerd", "docker-proxy", "containerd", "containerd-shim", "runc", "kind", "kubelet"})
# Where engines and networks of pods keep files; made by `apt-get install` or not at all.
_PLACES = (
    *("/etc/docker", "/etc/cni", "/opt/cni", "/opt/containerd", "/run/containerd", "/run/netns"),
    *("/run/docker", "/run/docker.sock", "/run/docker.pid", "/var/lib/docker", "/var/lib/containerd"),
    *("/var/lib/cni", "/var/lib/kubelet"),
)
# Groups that systemd makes for services, sessions and mounts, whoever asks for them: in a hierarchy of cgroup
# v1, or in that of v2. There it makes those of an engine's units and containers, too, which are looked at.
_OF_SYSTEMD = re.compile(
    r"([a-z_,]+/)?(user\.slice(/[^/]+)?|system\.slice/[^/]+\.(service|scope|slice|mount|swap|socket))"
    r"|[^/]+\.(mount|swap)"
)
_OF_ENGINES = re.compile(r"docker|containerd|runc|kube|kind")
_EXPIRY = re.compile(r" expires -?\d+sec")  # a router's advertisement is good for a while
# A table of iptables that does nothing: a legacy one comes with its module, where it is but looked at.
_IDLE_TABLE = re.compile(r"^\*\w+\n(:\w+ ACCEPT *\n)*COMMIT$", re.MULTILINE)
_COUNTERS = re.compile(r"\[\d+:\d+\]|counter packets \d+ bytes \d+|^#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """What was seen, by kind of thing: each a mapping from a name to what it was like."""

    seen: Mapping[str, Mapping[str, str]]

    def changes(self, after: Machine) -> list[str]:
        """One line for each thing that is new, gone, or different; none for what came with a module."""
        return [
            f"{kind} {name}: {one.get(name, 'absent')} -> {other.get(name, 'gone')}"
            for kind, one, other in ((kind, self.seen[kind], after.seen[kind]) for kind in self.seen)
            for name in sorted(one.keys() | other.keys())
            if one.get(name) != other.get(name) and not (name not in one and _came_with_module(kind, name))
        ]


def _came_with_module(kind: str, name: str) -> bool:
    return kind == "sysctl" and _OF_MODULES.fullmatch(name) is not None


def look() -> Machine:
    """See the machine as it is now."""
    return Machine(
        {
            "sysctl": sysctls(),
            "link": _links(),
            "route": routes(_output("ip", "route", "show", "table", "all")),
            "rule": _lines(_output("ip", "rule")),
            "nft": rules(_output("nft", "list", "ruleset")),
            "iptables": rules(_output("iptables-save")),
            "iptables-legacy": rules(_output("iptables-legacy-save")),
            "mount": mounts(_text(PROCESSES / "self/mountinfo")),
            "cgroup": cgroups(),
            "process": dict(processes()),
            "file": {place: _listing(Path(place)) for place in _PLACES},
        }
    )


def sysctls() -> dict[str, str]:
    """What `sysctl -a` prints, but for what differs at each look, by path below /proc/sys."""
    found = {}
    for folder, _, files in os.walk(SYSCTLS):
        for file in files:
            path = Path(folder, file)
            name = path.relative_to(SYSCTLS).as_posix()
            if not _VOLATILE.fullmatch(name):
                with suppress(OSError):  # some may be written and not read
                    found[name] = path.read_text(encoding="utf-8", errors="replace").strip()
    return found


def _links() -> dict[str, str]:
    said = _output("ip", "-json", "address", "show") or "[]"
    return {
        link["ifname"]: " ".join([link["operstate"], *(one["local"] for one in link.get("addr_info", ()))])
        for link in json.loads(said)
    }


def routes(said: str) -> dict[str, str]:
    """What `ip route` has said, without the time for which a route is still good."""
    return _lines(_EXPIRY.sub("", said))


def _lines(said: str) -> dict[str, str]:
    return {line.strip(): "there" for line in said.splitlines()}


def rules(said: str) -> dict[str, str]:
    """A set of rules without its counters, comments, and tables that do nothing; empty where none is left."""
    text = _IDLE_TABLE.sub("", _COUNTERS.sub("", said))
    return {" ".join(text.split()): "there"} if text.strip() else {}


def mounts(mountinfo: str) -> dict[str, str]:
    """What is mounted where, of proc(5)'s mountinfo."""
    lines = (line.split(" - ") for line in mountinfo.splitlines())
    return {f"{left.split()[4]} ({right.split()[0]})": "there" for left, right in lines}


def cgroups() -> dict[str, str]:
    """The upper groups of each hierarchy, but for those that systemd makes and removes all the time."""
    found = (path.relative_to(CGROUPS).as_posix() for path in [*CGROUPS.glob("*/"), *CGROUPS.glob("*/*/")])
    return {
        name: "there"
        for name in sorted(found)
        if _is_group(CGROUPS / name) and (not _OF_SYSTEMD.fullmatch(name) or _OF_ENGINES.search(name))
    }


def processes() -> Iterator[tuple[str, str]]:
    """Those that run pods, by number."""
    for entry in PROCESSES.glob("[0-9]*/comm"):
        name = _text(entry).strip()
        if name in _PROGRAMS and "\nState:\tZ" not in _text(entry.with_name("status")):
            yield entry.parent.name, name


def _listing(place: Path) -> str:
    """What is in a folder; that it is there, where it is none or not for us to see."""
    with suppress(OSError):
        return " ".join(sorted(path.name for path in place.iterdir())) or "empty"
    return "there" if os.path.lexists(place) else "absent"


def _is_group(path: Path) -> bool:
    return (path / "cgroup.procs").exists()


def _output(*command: str) -> str:
    """What a command prints; nothing where it is missing or fails."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def missing_capability(number: int) -> bool:
    """Whether no process of this machine can have the capability of that number; see capabilities(7)."""
    found = re.search(r"^CapBnd:\t([0-9a-f]+)$", _text(Path("/proc/self/status")), re.MULTILINE)
    return found is not None and not int(found[1], 16) >> number & 1
