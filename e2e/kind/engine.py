"""The container engine that nodes run in: the one that answers, or one of our own for a while."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from e2e.cluster.await_condition import await_condition
from e2e.cluster.errors import AwaitError, StartError, ToolchainError
from e2e.cluster.processes import Processes
from e2e.kind import forward, machine, runc, undo
from e2e.kind.undo import Deeds

START = "KUBESVC_E2E_START_ENGINE"
NAME = "kubesvc-e2e-"
"""What the name of every engine begins with, and that of all in it."""

PROGRAMS = ("docker", "dockerd", "containerd", "runc", "unshare", "ip")
"""What an engine of our own takes; Debian: docker.io, util-linux, iproute2."""

FOLDERS = Path("/var/tmp")  # noqa: S108 - mkdtemp makes each ours alone
"""Where an engine of our own has its files; not /tmp, which may be memory."""

_LISTS = (
    ("container", "ps", "--all", "--format={{.Names}}"),
    ("network", "network", "ls", "--format={{.Name}}"),
    ("image", "images", "--format={{.Repository}}:{{.Tag}}"),
)
_ANSWER_SECONDS = 20.0
_START_SECONDS = 60.0
_UNDO = "undo.json"
_DAEMON = "dockerd"
# A loopback, where ports are published, and a file system for /etc, /opt and /run that nobody else sees:
# dockerd and its containerd write there, whatever they are told. The first argument is the folder, the others
# are dockerd's command line.
_START_SCRIPT = """\
folder=$1
shift
ip link set lo up
for place in etc opt run; do
    over=$folder/over/$place work=$folder/work/$place
    mkdir -p "$over" "$work"
    mount -t overlay overlay -o "lowerdir=/$place,upperdir=$over,workdir=$work" "/$place"
done
exec "$@"
"""


class Engine:
    """An engine that answers, and the record of what is to be taken back of what is done with it.

    `name` is unique, and the start of every name that is given in the engine. `environment` is what `docker`
    and `kind` have to be run with. `folder` is for files, and goes at the end.
    """

    def __init__(self, name: str, folder: Path, processes: Processes, *, ours: bool) -> None:
        self.name = name
        self.folder = folder
        self.ours = ours
        self.environment: dict[str, str] = {}
        self._processes = processes
        self._deeds = Deeds()
        self._runs = 0

    def note(self, **deeds: str | dict[str, str]) -> None:
        """Have something taken back at the end, by the fields of `Deeds`; to be called before it is done."""
        for field, value in deeds.items():
            noted = getattr(self._deeds, field)
            if isinstance(noted, dict) and isinstance(value, dict):
                noted.update(value)
            else:
                noted.append(value)
        self._deeds.write(self.folder / _UNDO)

    def docker(self, *arguments: str, seconds: float = 60.0) -> str:
        """Run `docker`, return what it prints; raises StartError with what it said, or after `seconds`."""
        environment = {**os.environ, **self.environment}
        try:
            done = subprocess.run(
                ("docker", *arguments),
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise StartError(f"docker {arguments[0]}: no answer within {seconds:g} s") from error
        if done.returncode:
            raise StartError(f"docker {arguments[0]}: {' '.join(done.stderr.split())}")
        return done.stdout.strip()

    def run(self, *command: str | Path, seconds: float) -> None:
        """Run a longer command that ends with us, whatever ends us; raises StartError with its last lines."""
        self._runs += 1
        name = f"{Path(command[0]).name}-{self._runs}"
        setting = [f"{key}={value}" for key, value in self.environment.items()]
        self._processes.start(name, ["env", *setting, *command])
        try:
            status = await_condition(name, lambda: self._exited(name), seconds=seconds)
        except AwaitError as error:
            raise StartError(f"{error}; {self._said(name)}") from error
        if status != "0":
            raise StartError(f"{name} ended with status {status}; {self._said(name)}")

    def reach(self, port: int) -> None:
        """Have a port that is published on the engine's loopback on the machine's; raises StartError."""
        if not self.ours:
            return
        name = f"forward-{port}"
        pid = str(self._processes.pid(_DAEMON))
        self._processes.start(name, (sys.executable, "-I", "-S", forward.__file__, str(port), pid))

        def ready() -> bool:
            if self._exited(name):
                raise StartError(f"{name} ended; {self._said(name)}")
            with socket.socket() as caller:
                return caller.connect_ex((forward.LOOPBACK, port)) == 0

        await_condition(name, ready, seconds=_START_SECONDS)

    def _exited(self, name: str) -> str:
        return str(self._processes.exited().get(name, ""))

    def _said(self, name: str) -> str:
        log = self._processes.log(name)
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = " / ".join(line.strip() for line in lines[-12:] if line.strip())
        return f"it said: {said}"


@contextmanager
def open_engine(environment: Mapping[str, str] = os.environ) -> Iterator[Engine]:
    """The engine that answers, or, where KUBESVC_E2E_START_ENGINE=1 allows it, one that is started for this.

    Everything that was noted is taken back at the end, however that comes about. Raises ToolchainError where
    there is no engine to be had.
    """
    silent = silence(environment)
    if silent:
        _require(environment, silent)
    name = f"{NAME}{secrets.token_hex(3)}"
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=FOLDERS))
    processes = Processes(folder)
    failed = True
    try:
        (folder / "logs").mkdir()
        engine = Engine(name, folder, processes, ours=bool(silent))
        engine.note(sysctls=_settings())
        processes.afterwards((sys.executable, "-I", "-S", undo.__file__, folder / _UNDO))
        if engine.ours:
            _start(engine, processes)
        elif "DOCKER_HOST" in environment:
            engine.environment["DOCKER_HOST"] = environment["DOCKER_HOST"]
            engine.note(environment=engine.environment)
        yield engine
        failed = False
    finally:
        kind, _, _ = sys.exc_info()
        wrong = failed and kind is not None and issubclass(kind, Exception)
        keep_logs = wrong and any((folder / "logs").iterdir())
        processes.stop(keep_logs=keep_logs)
        if keep_logs:
            print(f"e2e: logs of {name} kept in {folder / 'logs'}", file=sys.stderr)


def answers(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether an engine answers to `docker`, run with this environment."""
    return not silence(environment)


def silence(environment: Mapping[str, str] = os.environ) -> str:
    """Why no engine answers to `docker`, in its own words; empty where one does."""
    if shutil.which("docker") is None:
        return "there is no docker on PATH"
    command = ("docker", "version", "--format", "{{.Server.Version}}")
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"docker waited for {_ANSWER_SECONDS:g} s"
    return (" ".join(done.stderr.split()) or "docker failed") if done.returncode else ""


def things(prefix: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The containers, networks and images in the engine that answers, by kind and name, whose names begin so.

    Nothing where none answers.
    """
    found: dict[str, str] = {}
    if answers(environment):
        for kind, *command in _LISTS:
            done = subprocess.run(
                ("docker", *command), env=dict(environment), capture_output=True, text=True, check=False
            )
            names = (name for name in done.stdout.split() if name.startswith(prefix))
            found |= {f"{kind} {name}": "there" for name in names}
    return found


def may_start(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether an engine may be started here."""
    return environment.get(START) == "1" and os.geteuid() == 0 and sys.platform == "linux"


def _require(environment: Mapping[str, str], silent: str) -> None:
    """Raise ToolchainError where no engine can be started, saying what stands in the way."""
    if not may_start(environment):
        raise ToolchainError(
            f"no container engine answers ({silent}); start one, or as root on Linux set {START}=1"
        )
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise ToolchainError(f"{program} is missing, which an engine of our own needs")


def _settings() -> dict[str, str]:
    """The kernel's settings that kubelet and systemd in a node may change for the whole machine.

    Beside another run, they are as that one found them: what it has changed, it will have put back.
    """
    if os.geteuid() != 0 or sys.platform != "linux":
        return {}
    settings = {
        name: value
        for name, value in machine.sysctls().items()
        if not name.startswith("net/") and (machine.SYSCTLS / name).stat().st_mode & 0o200
    }
    for other in FOLDERS.glob(f"{NAME}*/{_UNDO}"):
        with suppress(FileNotFoundError):
            settings.update(Deeds.read(other).sysctls)
    return settings


def _start(engine: Engine, processes: Processes) -> None:
    """Start an engine in network, mount and PID namespaces of its own: all that it makes there ends with it.

    The machine's links and firewall are neither seen nor changed, whatever another engine has left there.
    """
    folder = engine.folder
    engine.note(cgroups=engine.name)
    engine.environment["DOCKER_HOST"] = f"unix://{folder / 'docker.sock'}"
    command = [
        *("dockerd", f"--host={engine.environment['DOCKER_HOST']}"),
        *(f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}", f"--pidfile={folder / 'pid'}"),
        *("--storage-driver=overlay2", "--exec-opt=native.cgroupdriver=cgroupfs"),
        *(f"--cgroup-parent={engine.name}", "--bridge=none", "--iptables=false", "--ip6tables=false"),
    ]
    if machine.missing_capability(runc.NUMBER):
        wrapper = folder / "runc"
        source = Path(runc.__file__).read_text(encoding="utf-8")
        wrapper.write_text(f"#!{sys.executable} -IS\n{source}", encoding="utf-8")
        wrapper.chmod(0o755)
        command += [f"--add-runtime=restricted={wrapper}", "--default-runtime=restricted"]
    apart = ("--net", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc")
    processes.start(
        _DAEMON, ["unshare", *apart, "sh", "-euc", _START_SCRIPT, "dockerd", str(folder), *command]
    )

    def ready() -> bool:
        if _DAEMON in processes.exited():
            lines = processes.log(_DAEMON).read_text(encoding="utf-8").strip().split("\n")
            raise StartError(f"the container engine did not start: {lines[-1]}")
        return answers({**os.environ, **engine.environment})

    await_condition("the container engine answers", ready, seconds=_START_SECONDS, every=0.25)
