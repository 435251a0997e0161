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

# Values that count, or that the kernel draws anew: they differ between any two looks.
_VOLATILE = re.compile(
    r"fs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*)"
    r"|kernel/(ns_last_pid|pty/nr|random/.*)"
    r"|net/netfilter/nf_conntrack_count"
)
# Whether anything that runs pods still runs. A local control plane beside us is none of our business.
_PROGRAMS = frozenset({"dockerd", "docker-proxy", "containerd", "containerd-shim", "runc", "kind", "kubelet"})
# Where engines and networks of pods keep files; made by `apt-get install` or not at all.
_PLACES = (
    *("/etc/docker", "/etc/cni", "/opt/cni", "/opt/containerd", "/run/containerd", "/run/netns"),
    *("/run/docker", "/run/docker.sock", "/run/docker.pid", "/var/lib/docker", "/var/lib/containerd"),
    *("/var/lib/cni", "/var/lib/kubelet"),
)
_COUNTERS = re.compile(r"\[\d+:\d+\]|counter packets \d+ bytes \d+|^#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """What was seen, by kind of thing: each a mapping from a name to what it was like."""

    seen: Mapping[str, Mapping[str, str]]

    def changes(self, after: Machine) -> list[str]:
        """One line for each thing that is new, gone, or different."""
        return [
            f"{kind} {name}: {one.get(name, 'absent')} -> {other.get(name, 'gone')}"
            for kind, one, other in ((kind, self.seen[kind], after.seen[kind]) for kind in self.seen)
            for name in sorted(one.keys() | other.keys())
            if one.get(name) != other.get(name)
        ]


def look() -> Machine:
    """See the machine as it is now."""
    return Machine(
        {
            "sysctl": sysctls(),
            "link": _links(),
            "route": _lines("ip", "route", "show", "table", "all"),
            "rule": _lines("ip", "rule"),
            "nft": _rules("nft", "list", "ruleset"),
            "iptables": _rules("iptables-save"),
            "iptables-legacy": _rules("iptables-legacy-save"),
            "mount": _mounts(),
            "cgroup": {str(path): "there" for path in sorted(CGROUPS.glob("*/*/")) if _is_group(path)},
            "process": dict(_processes()),
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


def _lines(*command: str) -> dict[str, str]:
    return {line.strip(): "there" for line in _output(*command).splitlines()}


def _rules(*command: str) -> dict[str, str]:
    """A set of rules without its counters and comments; empty where the program is not installed."""
    text = _COUNTERS.sub("", _output(*command))
    return {" ".join(text.split()): "there"} if text.strip() else {}


def _mounts() -> dict[str, str]:
    lines = (line.split(" - ") for line in _text(Path("/proc/self/mountinfo")).splitlines())
    return {f"{left.split()[4]} ({right.split()[0]})": "there" for left, right in lines}


def _processes() -> Iterator[tuple[str, str]]:
    for entry in Path("/proc").glob("[0-9]*/comm"):
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


def drops_forwarded() -> bool:
    """Whether the machine drops what containers on one bridge send each other.

    Docker sets that policy, allows its own bridges, and leaves the policy behind when it ends.
    """
    called = _text(SYSCTLS / "net/bridge/bridge-nf-call-iptables").strip() == "1"
    programs = ("iptables-save", "iptables-legacy-save")
    return called and any(":FORWARD DROP " in _output(program, "-t", "filter") for program in programs)


def missing_capability(number: int) -> bool:
    """Whether no process of this machine can have the capability of that number; see capabilities(7)."""
    found = re.search(r"^CapBnd:\t([0-9a-f]+)$", _text(Path("/proc/self/status")), re.MULTILINE)
    return found is not None and not int(found[1], 16) >> number & 1
