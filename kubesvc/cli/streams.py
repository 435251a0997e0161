"""The two streams: results on stdout, everything else on stderr; a reader that has gone away is no error."""

import os
import sys
from typing import TextIO

from kubesvc.errors import KubesvcError
from kubesvc.model.text import one_line


def emit(text: str) -> None:
    """Write a result to stdout. A closed pipe is quiet: whoever read has seen enough.

    Raises:
        KubesvcError: It cannot be written: the disk is full.
    """
    try:
        sys.stdout.write(_encodable(text, sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up(sys.stdout)
    except OSError as error:
        _give_up(sys.stdout)
        raise KubesvcError(
            f"the result could not be written: {(error.strerror or '').lower()}",
            "Make room where stdout leads, or send it elsewhere.",
        ) from None


def say(line: str, *, indented: bool = False) -> None:
    """Write one line to stderr, cleaned, and with its indentation if that matters; never fails."""
    margin = line[: len(line) - len(line.lstrip(" "))] if indented else ""
    _mention(f"{margin}{one_line(line)}\n")


def tell(label: str, text: str) -> None:
    """Write `error: …` or the like to stderr, cleaned; wrapped like a report on a terminal; never fails."""
    from kubesvc.renderer import console
    from kubesvc.renderer.ink import Span, blanks
    from kubesvc.renderer.page import Page

    facts = console.facts(sys.stderr)
    page = Page(console.detect(console.ColorOption.NEVER, ascii_only=False, env=os.environ, stream=facts))
    lead = f"{label}: "
    page.put((Span(one_line(text)),), lead=(Span(lead),), rest=(blanks(len(lead)),))
    _mention(page.text())


def complain(error: KubesvcError) -> None:
    """Tell an error and its hint."""
    tell("error", error.message)
    if error.hint:
        tell("hint", error.hint)


def _mention(text: str) -> None:
    try:
        sys.stderr.write(_encodable(text, sys.stderr))
        sys.stderr.flush()
    except OSError:
        _give_up(sys.stderr)


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _give_up(stream: TextIO) -> None:
    # The interpreter flushes once more at its end, and would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
