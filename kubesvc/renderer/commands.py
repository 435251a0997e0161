"""Commands to paste: connection flags added once, quoted for a POSIX shell."""

import re
import shlex
from collections.abc import Sequence
from typing import Final

from kubesvc.model.text import clean

_SPELLED: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U000([0-9a-f]{5}))")


def complete(argv: Sequence[str], namespace: str, flags: Sequence[str]) -> tuple[str, ...]:
    """Return a kubectl command with connection flags and namespace; another tool's command as it is.

    A raw path names its namespace itself.
    """
    if not argv or argv[0] != "kubectl":
        return tuple(argv)
    raw = any(word == "--raw" or word.startswith("--raw=") for word in argv)
    scope = ("-n", namespace) if namespace and not raw else ()
    return (argv[0], *flags, *scope, *argv[1:])


def quoted(argv: Sequence[str], *, ascii_only: bool = False) -> str | None:
    """Return the command as a line for a shell; None where a word of it cannot be written safely.

    That is a word with a character that is not printed, or that was made visible because it was hostile.
    """
    if any(not word.isprintable() or _is_evidence(word) for word in argv):
        return None
    line = shlex.join(argv)
    return None if ascii_only and not line.isascii() else line


def _is_evidence(word: str) -> bool:
    """Tell whether a word may hold a hostile character made visible: it is not the cluster's value then."""
    codes = (int("".join(filter(None, match.groups())), 16) for match in _SPELLED.finditer(word))
    return any(clean(chr(code)) != chr(code) for code in codes)
