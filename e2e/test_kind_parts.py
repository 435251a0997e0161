"""What clusters of kind are made of, without an engine: layers, keys, configuration, what is put back."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml

from e2e.cluster import BuildError, ProviderError, StartError, ToolchainError
from e2e.cluster.parts import PARTS
from e2e.kind import archive, engine, images, node_image, registry, runc, undo
from e2e.kind.archive import Entry, Image
from e2e.kind.config import cluster_config
from e2e.kind.engine import Engine
from e2e.kind.undo import Deeds
from e2e.scenario import KIND_SCENARIOS, load, scenarios

if TYPE_CHECKING:
    from e2e.cluster.processes import Processes


def test_a_layer_has_the_folders_above_its_files_and_is_the_same_each_time(tmp_path: Path) -> None:
    """Whoever writes it and when, and in whatever order the entries come."""
    program = tmp_path / "program"
    program.write_bytes(b"#!")
    entries = [Entry("usr/bin/b", program, mode=0o755), Entry("usr/a", b"text"), Entry("usr/bin/c", link="b")]
    one = archive.write_layer(tmp_path / "one.tar", entries)
    other = archive.write_layer(tmp_path / "other.tar", reversed(entries))
    assert one.read_bytes() == other.read_bytes()
    with tarfile.open(one) as tar:
        members = {member.name: (member.mode, member.uid, member.linkname) for member in tar}
    assert members == {
        "usr": (0o755, 0, ""),
        "usr/a": (0o644, 0, ""),
        "usr/bin": (0o755, 0, ""),
        "usr/bin/b": (0o755, 0, ""),
        "usr/bin/c": (0o777, 0, "b"),
    }


def test_images_of_one_archive_share_their_layers(tmp_path: Path) -> None:
    """A layer that two images have is written once, and each image names it."""
    layer = archive.write_layer(tmp_path / "layer.tar", [Entry("a", b"a")])
    top = archive.write_layer(tmp_path / "top.tar", [Entry("b", b"b")])
    file = io.BytesIO()
    archive.write_archive(file, [Image(("x:1", "y:1"), (layer,)), Image(("z:1",), (layer, top), ("/b",))])
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        names = tar.getnames()
        (manifest_file,) = (tar.extractfile(name) for name in names if name == "manifest.json")
        assert manifest_file is not None
        manifest = json.load(manifest_file)
    assert len(names) == len(set(names)) == 5, "two layers, two configurations, one manifest"
    assert [image["RepoTags"] for image in manifest] == [["x:1", "y:1"], ["z:1"]]
    assert manifest[1]["Layers"][0] == manifest[0]["Layers"][0]


def test_the_node_image_has_a_key_of_all_it_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package or another part is another image; the same is the same."""
    before = node_image.key()
    assert node_image.key() == before
    monkeypatch.setattr(node_image, "_PARTS", [PARTS["kind"]])
    assert node_image.key() != before


def test_a_part_of_our_own_programs_has_a_key_of_their_source() -> None:
    """A module without dependencies has neither a version nor a go.sum."""
    assert PARTS["programs"].key.startswith("programs-own-")


def test_the_sandbox_image_is_replaced_in_place() -> None:
    """The one line is another; where there is none, kind has changed, and it is said."""
    config = 'version = 2\n  sandbox_image = "other:1"\n  more = true\n'
    expected = 'version = 2\n  sandbox_image = "pause:2"\n  more = true\n'
    assert node_image.with_sandbox_image(config, "pause:2") == expected
    with pytest.raises(BuildError, match="does not name one sandbox image"):
        node_image.with_sandbox_image("version = 2\n", "pause:2")


@pytest.mark.parametrize("key", ["process", ""])
def test_the_capability_that_nobody_may_have_is_taken_out(key: str) -> None:
    """Of a container's first process and of one that is added; everything else stays."""
    process: dict[str, Any] = {
        "args": ["sh"],
        "capabilities": {"bounding": ["CAP_CHOWN", runc.CAPABILITY], "effective": None},
    }
    expected = {**process, "capabilities": {"bounding": ["CAP_CHOWN"], "effective": []}}
    document = {key: process, "root": {}} if key else process
    assert runc.without_capability(document) == ({key: expected, "root": {}} if key else expected)


@pytest.mark.parametrize("document", [{"process": {"args": ["sh"]}}, {"args": ["sh"]}, {"root": {}}])
def test_what_has_no_capabilities_stays_as_it_is(document: dict[str, Any]) -> None:
    """A set that is not there has a meaning of its own to runc."""
    assert runc.without_capability(document) == document


def test_each_node_is_in_a_zone_of_its_own_and_takes_pods() -> None:
    """The first is the control plane, without the taint that would keep pods away."""
    config = yaml.safe_load(cluster_config(("a", "b", "c"), cgroup_v1=False, restricted=False))
    label = "topology.kubernetes.io/zone"
    nodes = [(node["role"], node["labels"][label]) for node in config["nodes"]]
    assert nodes == [("control-plane", "a"), ("worker", "b"), ("worker", "c")]
    assert "taints: []" in config["kubeadmConfigPatches"][-1]
    assert "restrict_oom_score_adj" not in str(config)
    assert "failCgroupV1" not in str(config)


def test_an_old_or_a_restricted_kernel_is_told_to_the_node() -> None:
    """The kubelet otherwise refuses to start, and containerd to start any pod."""
    config = yaml.safe_load(cluster_config(("a",), cgroup_v1=True, restricted=True))
    assert "failCgroupV1: false" in config["kubeadmConfigPatches"][-1]
    assert "taints" not in str(config), "kind itself takes the taint from a node that is alone"
    assert any("restrict_oom_score_adj = true" in patch for patch in config["containerdConfigPatches"])


def test_settings_are_put_back_where_they_differ(tmp_path: Path) -> None:
    """One that is gone, or that may not be written, keeps nobody from the next."""
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / "a").write_text("2\n", encoding="utf-8")
    (tmp_path / "vm" / "b").write_text("1\n", encoding="utf-8")
    untouched = (tmp_path / "vm" / "b").stat().st_mtime_ns
    undo.put_back({"gone": "1", "vm/a": "1", "vm/b": "1"}, tmp_path)
    assert (tmp_path / "vm" / "a").read_text(encoding="utf-8") == "1"
    assert (tmp_path / "vm" / "b").stat().st_mtime_ns == untouched


def test_groups_are_removed_from_every_hierarchy(tmp_path: Path) -> None:
    """With the groups below them, and nobody else's."""
    for group in ("ours/deep/deeper", "cpu/ours/deep", "cpu/theirs"):
        (tmp_path / group).mkdir(parents=True)
    undo.remove_cgroups(["ours"], tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "cpu",
        "cpu/theirs",
    ]


def test_deeds_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Nothing to take back is nothing done."""
    file = tmp_path / "undo.json"
    Deeds().write(file)
    undo.main(file)
    Deeds(clusters=["a"], sysctls={"b": "1"}).write(file)
    assert Deeds.read(file) == Deeds(clusters=["a"], sysctls={"b": "1"})


_MAKING = """\
#!/bin/sh
cd "$(dirname "$0")"
echo "$1" >>asked
case "$1" in
ps) test "$(grep -c ps asked)" -eq 1 -o -e removed || echo node ;;
rm) test "$(grep -c rm asked)" -lt 3 || touch removed ;;
esac
"""


def test_a_node_that_the_engine_is_still_making_is_removed_once_that_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not listed at first, and then not removed at first, and nobody who asked for it is left."""
    program = tmp_path / "docker"
    program.write_text(_MAKING, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("e2e.kind.undo.time.sleep", lambda _: None)
    file = tmp_path / "undo.json"
    Deeds(clusters=["a"]).write(file)
    undo.main(file)
    assert (tmp_path / "removed").exists()


def test_an_unknown_choice_of_image_is_told() -> None:
    """With the choices there are."""
    assert images.choice({}) == ""
    with pytest.raises(ProviderError, match=r"unknown image .*=mine; known: public, built"):
        images.choice({images.CHOICE: "mine"})


_DOCKER = """\
#!/bin/sh
case "$1" in
version) test -z "$SILENT" || { printf 'permission denied:\\n  docker.sock\\n' >&2; exit 1; } ;;
image) test -n "$ENGINE_HAS_IT" && echo sha256:1 ;;
manifest) test -n "$REGISTRY_HAS_IT" || { echo "no such host" >&2; exit 1; } ;;
ps) echo kubesvc-e2e-1-worker; echo mine ;;
network) echo bridge; echo kubesvc-e2e-1 ;;
images) echo "<none>:<none>"; echo kubesvc-e2e-1/node:1 ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine of which `docker` says what two variables tell it to."""
    program = tmp_path / "docker"
    program.write_text(_DOCKER, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(images, "_public_name", lambda: "kindest/node:v1")
    return Engine("kubesvc-e2e-1", tmp_path, cast("Processes", None), ours=False)


@pytest.mark.parametrize("variable", ["ENGINE_HAS_IT", "REGISTRY_HAS_IT"])
def test_the_public_image_is_taken_where_it_is_to_be_had(
    asked: Engine, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """From the engine, which then needs no registry, or from the registry."""
    monkeypatch.setenv(variable, "1")
    assert images.decide(asked, {}) == "public"
    assert images.decide(asked, {images.CHOICE: "built"}) == "built"
    images.ask(asked)


def test_without_the_public_image_one_is_built_unless_it_was_asked_for(asked: Engine) -> None:
    """What was asked for and is not to be had is told in one line."""
    assert images.decide(asked, {}) == "built"
    with pytest.raises(StartError, match=r"^the public node image kindest/node:v1 is not .*: no such host$"):
        images.ask(asked)


@pytest.mark.usefixtures("asked")
def test_what_is_ours_in_an_engine_is_told_by_its_name() -> None:
    """What is somebody else's is nobody's business."""
    assert sorted(engine.things("kubesvc-e2e-")) == [
        "container kubesvc-e2e-1-worker",
        "image kubesvc-e2e-1/node:1",
        "network kubesvc-e2e-1",
    ]


def test_an_engine_is_started_only_where_that_is_allowed() -> None:
    """Being root is not a permission."""
    assert not engine.may_start({})
    assert not engine.may_start({engine.START: "0"})


def test_an_image_on_localhost_is_asked_of_a_registry_in_the_node() -> None:
    """And of nobody else: it is none that is brought to the nodes."""
    asking = load(KIND_SCENARIOS / "image-not-found")
    assert "registry" in asking.needs
    assert asking.images == frozenset()
    others = [scenario for scenario in scenarios(KIND_SCENARIOS) if scenario.name != asking.name]
    assert not any("registry" in scenario.needs for scenario in others)


def test_a_registry_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its scenario is skipped then, or fails where everything is required."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError, match="docker-registry is missing"):
        registry.program()


def test_why_no_engine_answers_is_told(asked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In docker's own words, on one line: nobody may be allowed to ask it, or it may not run."""
    assert engine.answers()
    monkeypatch.setenv("SILENT", "1")
    assert engine.silence() == "permission denied: docker.sock"
    monkeypatch.setenv("PATH", str(asked.folder / "nothing"))
    assert engine.silence() == "there is no docker on PATH"
    with pytest.raises(ToolchainError, match=r"no container engine answers \(there is no docker on PATH\)"):
        engine.open_engine({}).__enter__()
