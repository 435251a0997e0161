"""The sanitizer: nothing hostile passes, nothing harmless changes."""

import json

import pytest

from kubesvc.model import text

HOSTILE = {
    "escape": ("\x1b", "\\x1b"),
    "bell": ("\x07", "\\x07"),
    "carriage return": ("\r", "\\x0d"),
    "delete": ("\x7f", "\\x7f"),
    "C1 CSI": ("\x9b", "\\x9b"),
    "soft hyphen": ("\xad", "\\xad"),
    "Arabic letter mark": ("\u061c", "\\u061c"),
    "zero-width space": ("\u200b", "\\u200b"),
    "right-to-left override": ("\u202e", "\\u202e"),
    "word joiner": ("\u2060", "\\u2060"),
    "isolate": ("\u2066", "\\u2066"),
    "line separator": ("\u2028", "\\u2028"),
    "byte order mark": ("\ufeff", "\\ufeff"),
    "tag": ("\U000e0041", "\\U000e0041"),
    "lone surrogate": ("\ud83d", "\\ud83d"),
}
HARMLESS = [
    "plain",
    "tab\tand\nnewline",
    "Grüße",
    "日本語",
    "😀",
    "back\\slash",
    '"quoted"',
    "\\u001b as typed",
]


@pytest.mark.parametrize(("raw", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_characters_become_visible(raw: str, shown: str) -> None:
    """What a terminal would act on, or not show, is spelled out."""
    assert text.clean(f"a{raw}b") == f"a{shown}b"


@pytest.mark.parametrize(("raw", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_an_escaped_hostile_character_in_json_becomes_visible(raw: str, shown: str) -> None:
    """JSON may hide a character behind an escape; a pair of escapes may hide one beyond the first plane."""
    document = json.dumps({"a": f"x{raw}y"}).encode()

    assert json.loads(text.clean_json(document)) == {"a": f"x{shown}y"}


@pytest.mark.parametrize(
    ("raw", "shown"), [pair for name, pair in HOSTILE.items() if pair[0] >= "\x7f"], ids=ascii
)
def test_a_raw_hostile_character_in_json_becomes_visible(raw: str, shown: str) -> None:
    """It may also stand there in UTF-8."""
    document = f'{{"a": "x{raw}y"}}'.encode("utf-8", "surrogatepass")
    shown = "\\xed\\xa0\\xbd" if raw == "\ud83d" else shown

    assert json.loads(text.clean_json(document)) == {"a": f"x{shown}y"}


@pytest.mark.parametrize("harmless", HARMLESS)
def test_harmless_text_is_left_alone(harmless: str) -> None:
    """Quoted backslashes are not mistaken for escapes, and scripts and emoji stay."""
    assert text.clean(harmless) == harmless
    for ascii_only in (True, False):
        document = json.dumps({"a": harmless}, ensure_ascii=ascii_only).encode()
        assert json.loads(text.clean_json(document)) == {"a": harmless}


def test_keys_are_cleaned_too() -> None:
    """A label's key is as hostile as its value."""
    assert json.loads(text.clean_json(rb'{"\u001bkey": 1}')) == {"\\x1bkey": 1}


def test_a_byte_that_is_no_utf8_is_shown() -> None:
    """The document stays readable."""
    assert json.loads(text.clean_json(b'{"a": "\xff"}')) == {"a": "\\xff"}


@pytest.mark.parametrize("broken", [b'{"a": "\\\xff"}', b'{"a": "\\\xc2\x9b"}', b'{"a": "\\\x7f"}', b"\\"])
def test_a_backslash_before_a_hostile_byte_stays_an_error(broken: bytes) -> None:
    """Cleaning never makes an invalid document valid, and never fails itself."""
    with pytest.raises(json.JSONDecodeError):
        json.loads(text.clean_json(broken))


def test_a_byte_order_mark_before_the_document_is_dropped() -> None:
    """Editors write one."""
    assert text.clean_json(b"\xef\xbb\xbf{}") == b"{}"


def test_an_innocent_document_is_not_copied() -> None:
    """The common case costs one scan."""
    raw = b'{"message": "tab\\tquote\\" newline\\n"}'

    assert text.clean_json(raw) is raw


def test_one_line_joins_lines_and_cleans() -> None:
    """Errors of others are quoted in one line."""
    assert text.one_line("  a\n\tb \x1b[31m ") == "a b \\x1b[31m"
