"""What is decided from options, environment and stream."""

import io
import os
import pty
import sys
from collections.abc import Mapping

import pytest

from kubesvc.renderer.console import ColorOption, StreamFacts, Terminal, detect, facts

TTY = StreamFacts(tty=True, encoding="utf-8", columns=90)
PIPE = StreamFacts(tty=False, encoding="utf-8")


def terminal(
    env: Mapping[str, str] | None = None,
    stream: StreamFacts = TTY,
    color: ColorOption = ColorOption.AUTO,
    *,
    ascii_only: bool = False,
) -> Terminal:
    """Detect with everything at its default but what is given."""
    return detect(color, ascii_only=ascii_only, env=env or {}, stream=stream)


def test_a_terminal_has_its_width_color_and_symbols() -> None:
    """Nothing is asked for, and the terminal can do everything."""
    assert terminal() == Terminal(90, color=True, unicode=True)


def test_a_pipe_has_no_width_and_no_color() -> None:
    """Whatever COLUMNS says: what is piped is not wrapped."""
    assert terminal({"COLUMNS": "80"}, PIPE) == Terminal(None, color=False, unicode=True)


@pytest.mark.parametrize(
    ("columns", "told", "width"),
    [
        (250, "", 100),
        (10, "", 40),
        (None, "", 80),
        (90, "70", 70),
        (90, "0", 90),
        (90, "wide", 90),
        (90, "²", 90),
    ],
)
def test_width_follows_columns_within_limits(columns: int | None, told: str, width: int) -> None:
    """COLUMNS beats the terminal's own size; nonsense is ignored."""
    stream = StreamFacts(tty=True, encoding="utf-8", columns=columns)
    assert terminal({"COLUMNS": told}, stream).width == width


@pytest.mark.parametrize(
    ("option", "env", "stream", "color"),
    [
        (ColorOption.ALWAYS, {"NO_COLOR": "1", "TERM": "dumb"}, PIPE, True),
        (ColorOption.NEVER, {"FORCE_COLOR": "1"}, TTY, False),
        (ColorOption.AUTO, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, TTY, False),
        (ColorOption.AUTO, {"NO_COLOR": ""}, TTY, True),
        (ColorOption.AUTO, {"FORCE_COLOR": "1"}, PIPE, True),
        (ColorOption.AUTO, {"CLICOLOR_FORCE": "1"}, PIPE, True),
        (ColorOption.AUTO, {"CLICOLOR_FORCE": "0"}, PIPE, False),
        (ColorOption.AUTO, {"FORCE_COLOR": "1", "TERM": "dumb"}, TTY, True),
        (ColorOption.AUTO, {"TERM": "dumb"}, TTY, False),
        (ColorOption.AUTO, {}, PIPE, False),
    ],
)
def test_color_has_an_order_of_precedence(
    option: ColorOption, env: dict[str, str], stream: StreamFacts, *, color: bool
) -> None:
    """--color > NO_COLOR > FORCE_COLOR, CLICOLOR_FORCE > terminal."""
    assert terminal(env, stream, option).color is color


@pytest.mark.parametrize(
    ("env", "encoding", "unicode"),
    [
        ({}, "utf-8", True),
        ({}, "ascii", False),
        ({}, "cp1252", False),
        ({}, "no-such-codec", False),
        ({"LC_ALL": "C"}, "utf-8", False),
        ({"LANG": "POSIX"}, "utf-8", False),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "utf-8", True),
    ],
)
def test_symbols_need_an_encoding_that_carries_them(
    env: dict[str, str], encoding: str, *, unicode: bool
) -> None:
    """The C locale asks for ASCII even where Python writes UTF-8."""
    assert terminal(env, StreamFacts(tty=True, encoding=encoding)).unicode is unicode


def test_ascii_can_be_asked_for() -> None:
    """--ascii."""
    assert not terminal(ascii_only=True).unicode


def test_a_stream_without_a_descriptor_is_no_terminal() -> None:
    """A captured stream answers, and is never asked for a size."""
    assert facts(io.StringIO()) == StreamFacts(tty=False, encoding="ascii")


def test_a_closed_stream_is_no_terminal() -> None:
    """Asking it would raise."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    stream.close()
    assert facts(stream) == StreamFacts(tty=False, encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_terminal_without_a_size_tells_none() -> None:
    """A pseudo-terminal is born with zero columns."""
    controller, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        assert facts(stream) == StreamFacts(tty=True, encoding="utf-8", columns=None)
    os.close(controller)
