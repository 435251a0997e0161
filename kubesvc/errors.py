"""The errors a user can meet, as one tree; each knows its exit status, its one line and a hint.

KubesvcError                     2
├── UsageError                   2   the arguments make no sense together
├── KubeconfigError              2   a kubeconfig cannot be read, or does not say where to connect
├── CredentialError              2   a plug-in, token or certificate could not be turned into a login
├── ConnectionFailed             2   no usable answer came from the server
│   ├── TimedOut                 2   the deadline passed first
│   ├── Cut                      2   the answer, or the run, ended before it was complete
│   └── TooLarge                 2   the answer is bigger than kubesvc reads
├── Unauthorized                 2   401: the server does not know who is asking
├── Refused                      2   403 on an object named on the command line
├── NotFound                     2   an object named on the command line does not exist
├── NotSimulated                 2   what a change would lead to cannot be told: the server would not take it
└── SnapshotError                2   a snapshot or manifest cannot be used

A missing right or a timeout on anything that was not named is no error but a gap (`kubesvc.model.read.Gap`).
Whoever raises one passes text from outside through `kubesvc.model.text.one_line` first.
"""

from typing import ClassVar


class KubesvcError(Exception):
    """A failure that is told in one line, not in a traceback.

    `message` is one sentence without a trailing period; `hint` says what to do next. Where whoever raises it
    knows nothing better, it is what usually helps with errors of the class.
    """

    exit_status: ClassVar[int] = 2
    usually: ClassVar[str] = "The same command with --debug shows each request."

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.usually

    def __str__(self) -> str:
        return self.message


class UsageError(KubesvcError):
    """The arguments make no sense together."""

    usually = "--help shows what a command takes."


class KubeconfigError(KubesvcError):
    """A kubeconfig cannot be read, is malformed, or does not say where to connect."""

    usually = "kubectl config view shows what kubectl reads."


class CredentialError(KubesvcError):
    """The credentials of the kubeconfig could not be obtained; nothing was sent without them."""

    usually = "If kubectl auth whoami fails too, log in as you do for kubectl; else compare the flags."


class ConnectionFailed(KubesvcError):
    """No usable answer came from the server."""

    usually = "kubectl get --raw /version with the same flags shows whether kubectl gets through."


class TimedOut(ConnectionFailed):
    """The deadline of the request or of the command passed first."""


class Cut(ConnectionFailed):
    """The answer ended before it was complete, twice, or the run has sent all the requests that it may."""


class TooLarge(ConnectionFailed):
    """The answer is bigger than kubesvc is willing to read."""


class Unauthorized(KubesvcError):
    """The server does not know who is asking (401)."""

    usually = "The credentials are wrong or have expired: log in as you do for kubectl."


class Refused(KubesvcError):
    """The server knows who is asking and refuses an object named on the command line (403)."""

    usually = "Ask for the built-in role view, which has this right and most of what else is read."


class NotFound(KubesvcError):
    """An object named on the command line does not exist."""

    usually = "kubectl get services -A lists those that exist."


class NotSimulated(KubesvcError):
    """A change that the API server would refuse, or of which it alone knows what it makes."""

    usually = "kubectl explain service.spec describes its fields."


class SnapshotError(KubesvcError):
    """A snapshot or a manifest cannot be read, or cannot be written."""

    usually = "Give a file that kubesvc capture wrote, or what kubectl get -o yaml printed."
