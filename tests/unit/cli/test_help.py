"""Help pages."""

import pytest

from kubesvc.cli.commands import build
from kubesvc.client.target import Options
from tests.support.program import Kubesvc

COMMANDS = ("explain", "capture", "demo", "rules")
LATER = ("--from", "--watch", "--timeline", "--checklist", "--redact")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_without_a_command_the_commands_are_listed(kubesvc: Kubesvc, arguments: tuple[str, ...]) -> None:
    """On stdout, with status 0."""
    result = kubesvc(*arguments)

    assert (result.status, result.err) == (0, "")
    assert all(f"\n  {command} " in result.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_page_has_examples_and_fits_80_columns(kubesvc: Kubesvc, command: str) -> None:
    """Also with -h, as kubectl."""
    result = kubesvc(command, "-h")

    assert f"Usage: kubesvc {command}" in result.out
    assert "Examples:\n  kubesvc" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_promised_that_is_not_there(kubesvc: Kubesvc, command: str) -> None:
    """Options of later versions are absent."""
    words = kubesvc(command, "--help").out.split()

    assert not set(LATER) & set(words)


def test_as_a_plugin_it_has_kubectls_name(kubesvc: Kubesvc) -> None:
    """In the usage line and in the examples."""
    result = kubesvc("-h", plugin=True)

    assert result.out.startswith("Usage: kubectl explain-service [NAME...]")
    assert "  kubectl explain-service web " in result.out
    assert "kubesvc explain" not in result.out


def test_the_version_is_printed(kubesvc: Kubesvc) -> None:
    """And nothing else."""
    result = kubesvc("--version")

    assert result.status == 0
    assert result.out.startswith("kubesvc ")
    assert result.out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("bogus",), "error: No such command 'bogus'"),
        (("explain", "--bogus"), "error: No such option: --bogus"),
        (("explain", "--fail-on", "bogus"), "error: Invalid value for '--fail-on'"),
        (("explain", "-v", "x"), "error: Invalid value for '--v' / '-v'"),
        (("explain", "-n"), "error: Option '-n' requires an argument"),
        (("capture", "web"), "error: Missing option '--to'"),
        (("explain", "web", "-l", "app=web"), "error: name cannot be provided when a selector is specified"),
        (("explain", "web", "-A"), "error: a resource cannot be retrieved by name across all namespaces"),
        (("explain", "web", "-n", "a/b"), 'error: "a/b" is not the name of a namespace'),
        (("explain", "web", "--complete"), "error: --complete is about a file: it needs --snapshot"),
        (("explain", "web", "--timeout", "soon"), 'error: --timeout "soon" is not a duration'),
        (("explain", "KSV101", "web"), "error: cause codes and Services cannot be explained together"),
        (("explain", "KSV000"), "error: no cause has the code KSV000"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(
    kubesvc: Kubesvc, arguments: tuple[str, ...], error: str
) -> None:
    """On stderr, with a hint below."""
    result = kubesvc(*arguments)

    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(error)
    assert len(result.err.splitlines()) <= 2


def test_hostile_arguments_are_shown_as_visible_text(kubesvc: Kubesvc) -> None:
    """Whatever they are taken for."""
    result = kubesvc("explain", "--\x1b[31m")

    assert result.status == 2
    assert "\x1b" not in result.err


def test_every_flag_about_the_connection_is_taken() -> None:
    """What the kubeconfig can be overruled with, kubectl users have in their fingers."""
    flags = {name for param in build().commands["explain"].params for name in param.opts}
    other = {"as_user": "as", "as_groups": "as-group"}

    for field in Options.__struct_fields__:
        assert f"--{other.get(field, field.replace('_', '-'))}" in flags


def test_the_version_is_an_option_of_the_plugin_too(kubesvc: Kubesvc) -> None:
    """As of kubectl's other plug-ins."""
    assert kubesvc("--version", plugin=True) == kubesvc("--version")
