"""kubectl's flag manners."""

import pytest

from kubesvc.cli.manners import lead, settle, wants_json

VALUED = frozenset({"-n", "--namespace", "-o", "--output", "-v", "--v"})


@pytest.mark.parametrize(
    ("given", "settled"),
    [
        (["explain", "web", "-n=shop"], ["explain", "web", "-n", "shop"]),
        (["explain", "-n="], ["explain", "-n", ""]),
        (["explain", "--namespace=a=b"], ["explain", "--namespace", "a=b"]),
        (["explain", "-A=true", "--ascii=false"], ["explain", "-A"]),
        (["explain", "--ascii=maybe"], ["explain", "--ascii=maybe"]),
        (["explain", "-n", "--ascii=true"], ["explain", "-n", "--ascii=true"]),
        (["explain", "--", "-n=x"], ["explain", "--", "-n=x"]),
        (["explain", "-nshop", "a=b"], ["explain", "-nshop", "a=b"]),
        ([], []),
    ],
)
def test_values_may_follow_an_equals_sign(given: list[str], settled: list[str]) -> None:
    """After a short option and after a switch too."""
    assert settle(given, VALUED) == settled


@pytest.mark.parametrize(
    ("given", "led"),
    [
        (["-n", "shop", "--ascii", "explain", "web"], ["explain", "-n", "shop", "--ascii", "web"]),
        (["-nshop", "explain", "web"], ["explain", "-nshop", "web"]),
        (["explain", "-n", "shop"], ["explain", "-n", "shop"]),
        (["--version"], ["--version"]),
        (["-n", "shop"], ["-n", "shop"]),
        ([], []),
    ],
)
def test_options_may_stand_before_the_command(given: list[str], led: list[str]) -> None:
    """Their values are not taken for it."""
    assert lead(given, VALUED) == led


@pytest.mark.parametrize(
    "given", [["-o", "json"], ["-ojson"], ["-o=json"], ["--output=json"], ["--output", "json"]]
)
def test_json_is_recognized_in_each_spelling(given: list[str]) -> None:
    """Also when nothing else of the arguments makes sense."""
    assert wants_json(["explain", "--bogus", *given])


def test_text_is_not_json() -> None:
    """A name is not a format."""
    assert not wants_json(["explain", "json", "-o", "text"])
