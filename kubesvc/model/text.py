"""The one sanitizer: makes control, bidirectional and invisible characters visible, so that evidence stays.

Everything in a cluster is untrusted text. Bytes from the API server and from files pass `clean_json` before
they are decoded; all other outside text (kubeconfig names, plug-in output, error bodies, arguments) passes
`clean`.
"""

import re
from typing import Final

# DEL, C1, soft hyphen, Arabic letter mark, zero-width and bidirectional marks, line and paragraph separators,
# invisible operators, BOM, lone surrogates, tags …
_BEYOND_C0: Final = (
    "\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff"
    "\\U000e0000-\\U000e007f"
)
# … and C0 but \n and \t.
_HOSTILE: Final = re.compile(f"[\\x00-\\x08\\x0b-\\x1f{_BEYOND_C0}]")

# A cheap look at ASCII JSON: an escape that may name a hostile character, or DEL.
_SUSPECT: Final = re.compile(rb"\\[ubfr]|\x7f")
# Escapes must be read in order: in `\\u001b` the first backslash quotes the second, and nothing is escaped.
# Raw C0 is left alone: inside a string JSON forbids it, outside it is white space.
_ESCAPE: Final = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u(?P<code>[0-9a-fA-F]{4})"
    r"|\\(?P<short>[bfr])"
    r"|\\[ -~]"
    rf"|(?P<raw>[{_BEYOND_C0}])"
)
_SHORT: Final = {"b": 0x08, "f": 0x0C, "r": 0x0D}
_BYTES: Final = range(0xDC80, 0xDD00)
"""Lone surrogates to which `surrogateescape` decodes bytes that are no UTF-8."""
_ONE_BYTE: Final = 0x100
_TWO_BYTES: Final = 0x10000


def visible(code: int) -> str:
    r"""Write a character as text: `\x1b` below U+0100, else `\u202e`, beyond the first plane `\U000e0041`."""
    if code < _ONE_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _TWO_BYTES else f"\\U{code:08x}"


def clean(text: str) -> str:
    """Return `text` with each hostile character replaced by its visible spelling."""
    return _HOSTILE.sub(lambda match: visible(ord(match[0])), text)


def one_line(text: str) -> str:
    """Return `text` cleaned and on one line: runs of white space become one space."""
    return " ".join(clean(text).split())


def clean_json(raw: bytes) -> bytes:
    """Return a JSON document whose strings hold no hostile character; bytes that are no UTF-8 become visible.

    Costs one scan where nothing is suspicious, which is almost always.
    """
    if raw.isascii() and _SUSPECT.search(raw) is None:
        return raw
    text = raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return _ESCAPE.sub(_replace, text).encode("utf-8")


def _replace(match: re.Match[str]) -> str:
    if match["raw"] is not None:
        code = ord(match["raw"])
        return "\\" + visible(code - 0xDC00 if code in _BYTES else code)
    if match["short"] is not None:
        return "\\" + visible(_SHORT[match["short"]])
    written = _code(match)
    if written is not None and _HOSTILE.match(chr(written)):
        return "\\" + visible(written)
    return match[0]


def _code(match: re.Match[str]) -> int | None:
    r"""Return the character that a `\u` escape, or a pair of them, stands for."""
    if match["high"] is not None:
        return 0x10000 + ((int(match["high"], 16) - 0xD800) << 10) + int(match["low"], 16) - 0xDC00
    return int(match["code"], 16) if match["code"] is not None else None
