"""Commands are ready to paste, or are not printed."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesvc.model.text import clean
from kubesvc.renderer.commands import complete, quoted
from tests.support.report_strategies import HOSTILE, texts


def test_kubectl_gets_flags_and_namespace() -> None:
    """Once, behind its name."""
    command = complete(("kubectl", "get", "pods"), "shop", ("--context", "prod"))
    assert command == ("kubectl", "--context", "prod", "-n", "shop", "get", "pods")


@pytest.mark.parametrize("raw", [("--raw", "/version"), ("--raw=/version",)])
def test_a_raw_path_gets_no_namespace(raw: tuple[str, ...]) -> None:
    """It names its namespace itself."""
    assert complete(("kubectl", "get", *raw), "shop", ("--context", "p")) == (
        "kubectl",
        "--context",
        "p",
        "get",
        *raw,
    )


def test_without_a_namespace_none_is_named() -> None:
    """Cluster-scoped objects have none."""
    assert complete(("kubectl", "get", "nodes"), "", ()) == ("kubectl", "get", "nodes")


def test_other_tools_are_left_alone() -> None:
    """They do not know kubectl's flags."""
    assert complete(("helm", "upgrade", "web"), "shop", ("--context", "p")) == ("helm", "upgrade", "web")
    assert complete((), "shop", ()) == ()


def test_simple_words_stay_bare_and_others_get_single_quotes() -> None:
    """As one would type it."""
    assert quoted(("kubectl", "-p", '{"a":"b"}', "$HOME", "a=b")) == """kubectl -p '{"a":"b"}' '$HOME' a=b"""


@pytest.mark.parametrize("character", [*HOSTILE, "\u00a0", "\u00ad"])
def test_a_character_that_is_not_seen_is_not_put_into_a_command(character: str) -> None:
    """Neither itself nor as it was made visible: neither is the value that was meant."""
    assert quoted(("kubectl", f"a{character}b")) is None
    if clean(character) != character:
        assert quoted(("kubectl", clean(f"a{character}b"))) is None


def test_ascii_output_has_no_command_that_it_cannot_carry() -> None:
    """A spelling of the character would be another value."""
    assert quoted(("kubectl", "é")) == "kubectl 'é'"
    assert quoted(("kubectl", "é"), ascii_only=True) is None


@given(st.lists(texts))
def test_a_quoted_command_reads_back_as_its_words(argv: list[str]) -> None:
    """By the rules of a POSIX shell."""
    line = quoted(argv)
    assert line is None or shlex.split(line) == argv


def test_a_shell_reads_a_quoted_command_as_its_words() -> None:
    """A real one agrees."""
    words = ["a b", "it's", "$HOME", "`id`", "!!", "*", "~", "", "\\", "#"]
    line = quoted(["printf", "%s|", *words])
    assert line is not None
    answer = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert answer.stdout == "".join(f"{word}|" for word in words)
