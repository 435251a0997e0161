"""Credentials that have to be obtained first: plug-ins, files, and tokens that expire."""

import base64
import json
from pathlib import Path

import pytest

from kubesvc.client.credentials import Credentials
from kubesvc.client.target import AuthProvider, Credential, Exec, Target, TokenFile
from kubesvc.client.wire import moment
from kubesvc.errors import CredentialError

V1 = "client.authentication.k8s.io/v1"
NOW = 1_700_000_000.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Plugin:
    """A plug-in that counts its runs and prints a text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "plugin"

    def does(self, script: str) -> Target:
        """Write it, and return a target that uses it."""
        self.path.write_text(f"#!/bin/sh\necho >> {self.folder}/runs\n{script}\n")
        self.path.chmod(0o755)
        return self.named(str(self.path))

    def answers(self, **status: str) -> Target:
        """Let it print credentials."""
        answer = {"kind": "ExecCredential", "apiVersion": V1, "status": status}
        return self.does(f"cat <<'EOF'\n{json.dumps(answer)}\nEOF")

    def named(self, command: str) -> Target:
        """Return a target that runs a command."""
        return Target(
            server="https://127.0.0.1:1",
            credential=Credential(Exec(command, V1, "Never", install_hint="brew install \x1b[1mit")),
        )

    @property
    def runs(self) -> int:
        """How often it ran."""
        return len((self.folder / "runs").read_text())


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    """A plug-in."""
    return Plugin(tmp_path)


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


def header(target: Target, clock: Clock) -> bytes:
    """Return the Authorization header of a first request."""
    return Credentials(target, {"PATH": "/usr/bin:/bin"}, clock).login(moment(5)).authorization


def test_a_plugin_runs_once(plugin: Plugin, clock: Clock) -> None:
    """Its answer serves all requests."""
    credentials = Credentials(plugin.answers(token="t"), {}, clock)

    assert [credentials.login(moment(5)).authorization for _ in range(3)] == [b"Bearer t"] * 3
    assert plugin.runs == 1


def test_a_plugin_runs_again_when_its_answer_expires(plugin: Plugin, clock: Clock) -> None:
    """Waiting and watching outlive a token."""
    expires = {"expirationTimestamp": "2023-11-14T22:14:20Z"}  # a minute after NOW
    credentials = Credentials(plugin.answers(token="t", **expires), {}, clock)

    credentials.login(moment(5))
    clock.now += 61
    credentials.login(moment(5))

    assert plugin.runs == 2


def test_a_plugin_runs_again_after_a_401_unless_it_just_ran(plugin: Plugin, clock: Clock) -> None:
    """A token that never worked is not fetched again and again."""
    credentials = Credentials(plugin.answers(token="t"), {}, clock)

    credentials.login(moment(5))
    credentials.reject()
    credentials.login(moment(5))
    assert plugin.runs == 1

    clock.now += 61
    credentials.reject()
    credentials.login(moment(5))
    assert plugin.runs == 2


def test_a_failing_plugin_is_told_with_its_code_last_words_and_hint(plugin: Plugin, clock: Clock) -> None:
    """Its words are sanitized: they come from a program we do not know."""
    target = plugin.does("echo first >&2; printf 'token \\033[31mexpired\\n' >&2; exit 3")

    with pytest.raises(CredentialError) as caught:
        header(target, clock)

    assert caught.value.message == (
        f"credential plug-in {plugin.path}: failed with exit code 3: token \\x1b[31mexpired"
    )
    assert caught.value.hint == "brew install \\x1b[1mit"


def test_a_missing_plugin_is_told_with_its_install_hint(plugin: Plugin, clock: Clock) -> None:
    """The hint is the kubeconfig's."""
    with pytest.raises(CredentialError, match="executable not found") as caught:
        header(plugin.named("no-such-login"), clock)

    assert caught.value.hint.startswith("brew install")


def test_a_plugin_that_hangs_ends_at_the_deadline(plugin: Plugin, clock: Clock) -> None:
    """It is killed."""
    credentials = Credentials(plugin.does("exec sleep 60"), {"PATH": "/usr/bin:/bin"}, clock)

    with pytest.raises(CredentialError, match="no answer before the deadline"):
        credentials.login(moment(0.2))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("s3cret", "its answer is no ExecCredential"),
        (
            '{"kind":"ExecCredential","apiVersion":"' + V1 + '","status":{"token":5,"x":"s3cret"}}',
            "Expected `str",
        ),
        ('{"kind":"ExecCredential","apiVersion":"' + V1 + '"}', "didn't return a token or cert/key pair"),
        (
            '{"kind":"ExecCredential","apiVersion":"' + V1 + '","status":{"clientKeyData":"s3cret"}}',
            "returned only certificate or key, not both",
        ),
    ],
)
def test_an_odd_answer_is_named_and_never_quoted(
    plugin: Plugin, clock: Clock, answer: str, message: str
) -> None:
    """It may hold half a credential."""
    target = plugin.does(f"cat <<'EOF'\n{answer}\nEOF")

    with pytest.raises(CredentialError) as caught:
        header(target, clock)

    assert message in caught.value.message
    assert "s3cret" not in caught.value.message


def test_a_token_file_is_read_for_each_request(tmp_path: Path, clock: Clock) -> None:
    """The kubelet replaces a pod's token while it runs."""
    path = tmp_path / "token"
    credentials = Credentials(
        Target("https://127.0.0.1", credential=Credential(TokenFile(str(path)))), {}, clock
    )

    path.write_text("one\n")
    first = credentials.login(moment(5)).authorization
    path.write_text("two\n")

    assert (first, credentials.login(moment(5)).authorization) == (b"Bearer one", b"Bearer two")


def oidc(**claims: float) -> Target:
    """Return a target whose id-token has these claims."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    provider = AuthProvider("oidc", {"id-token": f"e30.{body}.s3cret", "refresh-token": "r"})
    return Target("https://127.0.0.1", credential=Credential(provider))


def test_an_oidc_token_is_used_while_it_is_valid(clock: Clock) -> None:
    """It is in the kubeconfig, where kubectl keeps it fresh."""
    assert header(oidc(exp=NOW + 60), clock).startswith(b"Bearer e30.")


@pytest.mark.parametrize("target", [oidc(exp=NOW + 5), oidc()], ids=["about to expire", "no expiry"])
def test_an_expired_oidc_token_is_never_refreshed(target: Target, clock: Clock) -> None:
    """A rotated refresh token that nobody saves breaks kubectl's login."""
    with pytest.raises(CredentialError, match="the id-token has expired") as caught:
        header(target, clock)

    assert caught.value.hint.startswith("Run any kubectl command once")


def test_an_oidc_token_that_is_no_jwt_is_not_quoted(clock: Clock) -> None:
    """Whatever it is, it is a secret."""
    provider = AuthProvider("oidc", {"id-token": "s3cret"})

    with pytest.raises(CredentialError, match="is no JWT") as caught:
        header(Target("https://127.0.0.1", credential=Credential(provider)), clock)

    assert "s3cret" not in str(caught.value)


def test_a_provider_kubectl_no_longer_has_is_left_to_the_official_package(clock: Clock) -> None:
    """Gcp still works there, as long as the access token does."""
    provider = AuthProvider("gcp", {"access-token": "cloud"})

    assert header(Target("https://127.0.0.1", credential=Credential(provider)), clock) == b"Bearer cloud"
