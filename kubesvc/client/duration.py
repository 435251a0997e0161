"""Durations as kubectl writes them: whole seconds, or a Go duration such as 1m30s or 500ms."""

import re
from typing import Final

from kubesvc.errors import UsageError
from kubesvc.model.text import one_line

_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
LONGEST: Final = 86400.0  # seconds: what a socket can wait for has an end, and so has patience
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def parse_duration(text: str, option: str) -> float | None:
    """Return seconds, at most `LONGEST`, or None for zero: no limit (clientcmd helpers.go, ParseTimeout).

    Raises:
        UsageError: Names `option`.
    """
    if text.isascii() and text.isdigit():
        seconds = float(text)
    elif text and not _PART.sub("", text):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    else:
        raise UsageError(
            f'{option} "{one_line(text)}" is not a duration',
            "Give seconds, or a number with a unit: 5, 500ms, 1m30s.",
        )
    return min(seconds, LONGEST) or None
