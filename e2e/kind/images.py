"""Which image the nodes run, and the image that scenarios run in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from e2e.cluster.build import build
from e2e.cluster.errors import BuildError, ProviderError, StartError
from e2e.cluster.parts import PARTS
from e2e.kind import archive
from e2e.kind.archive import Entry, Image
from e2e.kind.engine import Engine
from e2e.kind.node_image import key, module_folder, node_image

CHOICE = "KUBESVC_E2E_NODE_IMAGE"
"""`public`: the image that kind itself would take; `built`: the one made here; unset: public if to be had."""

_DEFAULTS = Path("pkg/apis/config/defaults/image.go")
_ASK_SECONDS = 30.0
_PULL_SECONDS = 600.0
_IMPORT_SECONDS = 300.0
_SERVED = ("53", "80", "3000", "5353", "5432", "8080", "9090", "9376")
"""The ports to which the Services of all scenarios send traffic, but for that of an exporter."""
_PORTS = {"exporter": ("9113",), "setup": ()}
"""What images of other names serve: those run beside another container, or before it."""
_NOBODY = "65534"
"""Not root, as Pod Security may ask for."""
_IMPORT_SCRIPT = """\
zstd -dc "$1" | docker import --change 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' \
    --change 'ENV container=docker' - "$2"
"""


def choice(environment: Mapping[str, str] = os.environ) -> str:
    """What CHOICE says; raises ProviderError for what it does not know."""
    chosen = environment.get(CHOICE, "")
    if chosen not in ("", "public", "built"):
        raise ProviderError(f"unknown image {CHOICE}={chosen}; known: public, built")
    return chosen


def kind_binary() -> Path:
    """The program kind, built from its module: the version that the node image is made for."""
    return build([PARTS["kind"]])["kind"]


def decide(engine: Engine, environment: Mapping[str, str] = os.environ) -> str:
    """`public` or `built`, as CHOICE says, or else by whether the public image is to be had."""
    chosen = choice(environment)
    if chosen:
        return chosen
    try:
        ask(engine)
    except StartError:
        return "built"
    return "public"


def ask(engine: Engine) -> None:
    """Raise StartError where neither the engine nor a registry has the public image for us."""
    name = _public_name()
    if not _has(engine, name):
        try:
            engine.docker("manifest", "inspect", name, seconds=_ASK_SECONDS)
        except StartError as error:
            raise StartError(f"the public node image {name} is not to be had: {error}") from error


def provide_node_image(engine: Engine, chosen: str) -> str:
    """Have the node image that `decide` chose in the engine, and return its name.

    Raises BuildError or ToolchainError where it has to be built and cannot be, StartError where it cannot be
    pulled or imported.
    """
    if chosen == "public":
        public = _public_name()
        if not _has(engine, public):
            engine.run("docker", "pull", "--quiet", public, seconds=_PULL_SECONDS)
        return public
    name = f"{engine.name}/node:{key()}"
    file = node_image()
    if _has(engine, name):
        return name
    if not engine.ours:
        engine.note(images=name)
    engine.run("sh", "-euc", _IMPORT_SCRIPT, "import", file, name, seconds=_IMPORT_SECONDS)
    return name


def _has(engine: Engine, name: str) -> bool:
    try:
        return bool(engine.docker("image", "inspect", "--format={{.Id}}", name))
    except StartError:
        return False


def _public_name() -> str:
    """The image that this version of kind is made for, as its module says."""
    text = (module_folder(PARTS["kind"]) / _DEFAULTS).read_text(encoding="utf-8")
    found = re.search(r'^const Image = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise BuildError(f"kind's module names no default image in {_DEFAULTS}")
    return found[1]


def write_app_archive(target: Path, names: Iterable[str]) -> None:
    """Write the image of `programs/app` under many names, for `kind load image-archive`.

    A server that answers HTTP and UDP on ports by its name: see `_PORTS`. Nothing of it depends on where the
    node image came from.
    """
    program = build([PARTS["programs"]])["app"]
    layer = archive.write_layer(target.with_suffix(".layer"), [Entry("app", program, mode=0o755)])
    made = [Image((name,), (layer,), ("/app", *_ports(name)), _NOBODY) for name in names]
    with target.open("wb") as file:
        archive.write_archive(file, made)
    layer.unlink()


def _ports(name: str) -> tuple[str, ...]:
    """Which ports an image serves, by the last part of its name."""
    return _PORTS.get(name.rpartition("/")[2].partition(":")[0], _SERVED)
