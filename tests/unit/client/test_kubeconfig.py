"""What a kubeconfig resolves to where kubectl cannot be asked, and the words for what is wrong with one."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kubesvc.client.kubeconfig import resolve
from kubesvc.client.target import Bearer, Credential, Options, Target, TokenFile
from kubesvc.errors import KubeconfigError, UsageError

IN_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}

Write = Callable[[str], Path]


@pytest.fixture
def write(home: Path) -> Write:
    """Write ~/.kube/config."""

    def write(text: str) -> Path:
        path = home / ".kube" / "config"
        path.parent.mkdir()
        path.write_text(text)
        return path

    return write


@pytest.fixture
def service_account(tmp_path: Path) -> Path:
    """The files a pod finds about its service account."""
    for name, text in {"token": "pod-token\n", "ca.crt": "PEM", "namespace": "shop\n"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def one(home: Path, options: Options = Options(), env: Mapping[str, str] = {}) -> Target:  # noqa: B008
    """Resolve with a home folder."""
    return resolve(options, env, home)


def login(**user: object) -> str:
    """Return a kubeconfig with one user."""
    return json.dumps(
        {
            "current-context": "prod-eu",
            "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "prod-eu", "context": {"cluster": "k", "user": "u"}}],
        }
    )


def test_names_context_cluster_and_user(home: Path, write: Write) -> None:
    """The report's first line needs the context; a refused request needs the rest."""
    write(login(token="t"))

    target = one(home)

    assert (target.context, target.cluster, target.user) == ("prod-eu", "k", "u")
    assert target.namespace == "default"


def test_without_credentials_is_anonymous(home: Path, write: Write) -> None:
    """Kubectl would ask for a user name; a tool for pipelines does not."""
    write(login())

    assert one(home).credential == Credential()


def test_without_a_kubeconfig_dials_kubectls_default_and_says_why(home: Path) -> None:
    """`kubectl proxy` on its usual port works; when nothing listens, the missing file is named."""
    target = one(home)

    assert target.server == "http://localhost:8080"
    assert str(home / ".kube" / "config") in target.note


def test_without_a_selected_context_offers_the_known_ones(home: Path, write: Write) -> None:
    """The likely reason for dialing the default address."""
    write(json.dumps({"contexts": [{"name": name, "context": {}} for name in ("b", "a")]}))

    assert "--context. Contexts: a, b." in one(home).note


def test_in_a_pod_is_its_service_account(home: Path, service_account: Path) -> None:
    """Server, CA, token file and namespace of the pod."""
    target = resolve(Options(), IN_POD, home, service_account)

    assert target.server == "https://10.0.0.1:443"
    assert target.tls.ca_file == str(service_account / "ca.crt")
    assert target.credential == Credential(TokenFile(str(service_account / "token")))
    assert target.namespace == "shop"


def test_in_a_pod_an_ipv6_host_is_bracketed(home: Path, service_account: Path) -> None:
    """As net.JoinHostPort does."""
    env = {**IN_POD, "KUBERNETES_SERVICE_HOST": "fd00::1"}

    assert resolve(Options(), env, home, service_account).server == "https://[fd00::1]:443"


def test_in_a_pod_flags_still_count(home: Path, service_account: Path) -> None:
    """A token, a namespace, and whom to act as."""
    options = Options(token="mine", namespace="other", as_user="jane")

    target = resolve(options, IN_POD, home, service_account)

    assert target.credential == Credential(Bearer("mine"))
    assert (target.namespace, target.impersonation.user) == ("other", "jane")


def test_in_a_pod_a_kubeconfig_comes_first(home: Path, write: Write, service_account: Path) -> None:
    """Only its implicit namespace gives way to the pod's, as in client-go."""
    write(login())

    target = resolve(Options(), IN_POD, home, service_account)

    assert (target.server, target.namespace) == ("https://127.0.0.1:1", "shop")


def test_in_a_pod_the_variable_names_the_namespace(home: Path, service_account: Path) -> None:
    """POD_NAMESPACE comes before the file."""
    assert resolve(Options(), {**IN_POD, "POD_NAMESPACE": "env"}, home, service_account).namespace == "env"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML: did not find expected node content in line 2"),
        ("a: b\n\tc: d", "not YAML: found a tab character that violates indentation in line 2"),
        ("\x00", "not YAML: it contains bytes that are no text"),
        ("users: {}", "Expected `array`, got `object` - at `users`"),
        ("users: [{user: {token: 5}}]", "Expected `str`, got `int` - at `users[0].user.token`"),
        ("kind: Pod\napiVersion: v2", "it is v2 Pod, not v1 Config"),
        ("users: [{name: a}, {name: a}]", 'users lists "a" twice'),
        ("a: " + "[" * 3000, "not YAML: exceeded maximum nesting depth in line 1"),
        ("a: &a [*a]", "nested too deeply"),
    ],
)
def test_says_what_is_wrong_with_a_file(home: Path, write: Write, text: str, message: str) -> None:
    """One line with file, place and reason."""
    path = write(text)

    with pytest.raises(KubeconfigError) as caught:
        one(home)

    assert caught.value.message == f"kubeconfig {path}: {message}"


def test_a_folder_is_no_kubeconfig(home: Path) -> None:
    """The system's own word, with the file."""
    with pytest.raises(KubeconfigError, match="is a directory"):
        one(home, Options(kubeconfig=str(home)))


def test_an_alias_bomb_is_read_in_no_time(home: Path, write: Write) -> None:
    """Shared parts are looked at once."""
    levels = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))
    write(f"a0: &a0 [x]\n{levels}\ncurrent-context: ''")

    assert one(home).context == ""


def test_an_unknown_context_offers_the_known_ones(home: Path, write: Write) -> None:
    """Kubectl's words, and the choice."""
    write(login())

    with pytest.raises(KubeconfigError, match='context "prod" does not exist') as caught:
        one(home, Options(context="prod"))

    assert caught.value.hint == "Contexts: prod-eu."


def test_hostile_names_are_made_visible(home: Path, write: Write) -> None:
    """A kubeconfig may come from anywhere."""
    write(json.dumps({"current-context": "\x1b[31mred\n"}))

    with pytest.raises(KubeconfigError) as caught:
        one(home)

    assert caught.value.message.endswith("specified context: \\x1b[31mred")


@pytest.mark.parametrize("server", ["ftp://127.0.0.1", "https://127.0.0.1:port", "host/path", "https://"])
def test_an_address_that_cannot_be_used_is_named(home: Path, server: str) -> None:
    """Before anything is looked up or sent."""
    with pytest.raises(KubeconfigError, match="cannot be used"):
        one(home, Options(server=server))


def test_a_password_in_the_address_is_refused_and_not_shown(home: Path) -> None:
    """It would be printed with every error."""
    with pytest.raises(KubeconfigError) as caught:
        one(home, Options(server="https://jane:s3cret@127.0.0.1"))

    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", None), ("0s", None), ("5", 5.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5h", 5400.0)],
)
def test_reads_durations_as_kubectl_does(home: Path, text: str, seconds: float | None) -> None:
    """Seconds or Go's notation; zero is no limit."""
    assert one(home, Options(request_timeout=text)).request_timeout == seconds


@pytest.mark.parametrize("text", ["", "5 s", "1d", "-1", "s"])
def test_refuses_what_is_no_duration(home: Path, text: str) -> None:
    """With the option's name."""
    with pytest.raises(UsageError, match="--request-timeout"):
        one(home, Options(request_timeout=text))


def test_no_secret_is_in_the_repr_of_a_target(home: Path, write: Write) -> None:
    """A traceback or a debug line may show a target."""
    exec_ = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "c", "args": ["s3cret"]}
    users: list[dict[str, object]] = [
        {"token": "s3cret"},
        {"username": "u", "password": "s3cret"},
        {"exec": exec_ | {"env": [{"name": "N", "value": "s3cret"}]}},
        {"auth-provider": {"name": "oidc", "config": {"id-token": "s3cret"}}},
        {"client-certificate-data": "czNjcmV0", "client-key-data": "czNjcmV0"},
    ]
    path = write("")

    for user in users:
        path.write_text(login(**user))
        target = one(home)
        assert "s3cret" not in repr(target)
        assert "s3cret" not in target.credential.describe()
