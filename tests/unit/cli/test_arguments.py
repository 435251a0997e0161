"""Arguments as kubectl takes them."""

from datetime import UTC, datetime

import pytest

from kubesvc.cli import arguments
from kubesvc.errors import UsageError
from kubesvc.model.objects import Ref


@pytest.mark.parametrize("word", ["web", "svc/web", "service/web", "services/web", "SVC/web"])
def test_a_service_is_named_with_or_without_its_kind(word: str) -> None:
    """In each of kubectl's spellings."""
    assert arguments.named([word]) == (("web",), ())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("Pod", ("po", "pod", "pods", "Pod")),
        ("Deployment", ("deploy", "deployment", "deployments", "deployments.apps", "deployments.v1.apps")),
        ("StatefulSet", ("sts", "statefulset", "statefulsets", "statefulset.apps")),
        ("DaemonSet", ("ds", "daemonset", "daemonsets", "DS")),
    ],
)
def test_pods_and_workloads_are_named_with_their_kind(kind: str, words: tuple[str, ...]) -> None:
    """Also as resources with their group."""
    for word in words:
        assert arguments.named([f"{word}/web"]) == ((), (Ref(kind, "", "web"),))


def test_what_is_named_twice_is_explained_once() -> None:
    """In the order of its first mention."""
    words = ["web", "pod/web", "api", "svc/web", "po/web", "ds/web"]

    assert arguments.named(words) == (("web", "api"), (Ref("Pod", "", "web"), Ref("DaemonSet", "", "web")))


@pytest.mark.parametrize(
    "word",
    [
        *("ing/web", "shop/web", "rs/web", "svc/", "/web", "", "..", ".", "a/b/c", "svc/a%2fb", "web\x1b[m"),
        *("10%", "pod/", "deploy/..", "pods.apps/web", "services.v1.apps/web", "deploy.extensions/web"),
    ],
)
def test_what_names_nothing_is_refused(word: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError):
        arguments.named([word])


def test_a_namespace_before_the_name_is_told_how_to_write_it() -> None:
    """That is how the output writes it, so people will paste it."""
    with pytest.raises(UsageError) as caught:
        arguments.named(["shop/web"])

    assert caught.value.hint.endswith("web -n shop")


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("", ""),
        ("80", "80"),
        ("080", "80"),
        ("65535", "65535"),
        ("53/udp", "53/UDP"),
        ("80/TCP", "80/TCP"),
        ("http", "http"),
        ("8080x", "8080x"),
    ],
)
def test_a_port_is_a_number_perhaps_with_its_protocol_or_a_name(text: str, port: str) -> None:
    """Spelled as the API spells it."""
    assert arguments.port(text) == port


@pytest.mark.parametrize("text", ["0", "65536", "80/", "80/HTTP", "http/tcp", "..", "a\x1bb", "-1/x"])
def test_what_is_no_port_is_refused(text: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError):
        arguments.port(text)


def test_codes_are_told_from_services_by_their_letters() -> None:
    """No Service has a name in upper case."""
    assert arguments.rule_codes(["KSV101", "ksv101", "web", "KSV"]) == ("KSV101",)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", set()),
        ("app=web", {("app", "web")}),
        ("app==web, tier = front", {("app", "web"), ("tier", "front")}),
        ("app.kubernetes.io/name=web", {("app.kubernetes.io/name", "web")}),
        ("empty=", {("empty", "")}),
    ],
)
def test_label_selectors_are_pairs(text: str, pairs: set[tuple[str, str]]) -> None:
    """All of which must hold."""
    assert arguments.labels(text) == pairs


@pytest.mark.parametrize(
    "text", ["app", "app!=web", "app in (a,b)", "!app", "=web", "app=web,", "a=b=c", "app=\x1b"]
)
def test_other_selectors_are_refused(text: str) -> None:
    """A list that is not what was asked for would be worse."""
    with pytest.raises(UsageError):
        arguments.labels(text)


@pytest.mark.parametrize("text", ["2026-01-31T14:02:31Z", "2026-01-31 14:02:31", "2026-01-31T15:02:31+01:00"])
def test_a_moment_without_a_zone_is_utc(text: str) -> None:
    """As all times of the API are."""
    assert arguments.moment(text) == datetime(2026, 1, 31, 14, 2, 31, tzinfo=UTC)


def test_no_moment_is_none_and_nonsense_is_refused() -> None:
    """The present is the default."""
    assert arguments.moment("") is None
    for text in ("yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(UsageError):
            arguments.moment(text)
