"""What an answer is, before its objects are looked at: a list, an object, a Status, or no API server's."""

from http import HTTPStatus
from typing import Final

import msgspec

from kubesvc.model.decode import UndecodableError
from kubesvc.model.text import clean_json, one_line

_LONGEST: Final = 300  # characters of a server's message that are shown


class _Details(msgspec.Struct):
    name: str | None = None


class Head(msgspec.Struct, rename="camel"):
    """What tells documents of the API apart; the rest of a Status is for its failures."""

    kind: str | None = None
    api_version: str | None = None
    git_version: str | None = None
    message: str | None = None
    reason: str | None = None
    details: _Details | None = None

    @property
    def is_status(self) -> bool:
        """Tell whether the API server speaks about the request instead of answering it."""
        return self.kind == "Status"

    @property
    def names_object(self) -> bool:
        """Tell whether a Status is about one object, not about a resource that is not served."""
        return self.details is not None and bool(self.details.name)


def head(body: bytes) -> Head:
    """Read what a document says of itself.

    Raises:
        UndecodableError: It is no JSON object; the message says what it is instead.
    """
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise UndecodableError("an empty body")
    if text.startswith(b"<"):
        raise UndecodableError("an HTML page" if b"<html" in text[:2000].lower() else "markup, not JSON")
    if not text.startswith((b"{", b"[")):
        raise UndecodableError("something that is no JSON")
    try:
        return msgspec.json.decode(clean_json(body), type=Head)
    except msgspec.ValidationError:
        raise UndecodableError("JSON that is no Kubernetes object") from None
    except RecursionError:
        raise UndecodableError("JSON that is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UndecodableError("JSON that is cut off or malformed") from None


def told(body: bytes, status: int) -> tuple[Head, str]:
    """Return a refusal's head, empty where it is no Status, and its one clean line, or else `status`."""
    try:
        found = head(body)
    except UndecodableError:
        found = Head()
    if not found.is_status:
        found = Head()
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    message = one_line(found.message or "") or phrase
    return found, message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
