"""Which name a person meant who wrote one that does not exist."""

import pytest

from kubesvc.analyzer.near_names import near, nearest


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("wbe", "web"),
        ("wb", "web"),
        ("we", "web"),
        ("webb", "web"),
        ("dbs", "db"),
        ("shop-wbe", "shop-web"),
        ("frotnend", "frontend"),
        ("Web", "web"),
        ("Wbe", "web"),
        ("wbe", "Web"),
        ("payment", "payments"),
        ("web-app", "webapp"),
        ("my_service", "my-service"),
        ("web", "shop-web"),
        ("shop-web", "web"),
        ("web", "web-v2"),
        ("web-11", "web-1"),
        ("front", "frontend"),
        ("front", "shop-frontend"),
        ("web-7b8c9d6f45-x2x4z", "web-58f4dbc77c-9k2jj"),
        ("agent-x2x4z", "agent-9k2jj"),
    ],
)
def test_what_people_mistype_is_near(name: str, known: str) -> None:
    """Swapped or lost letters, case, plurals, dashes, a prefix or suffix, a beginning, another pod."""
    assert near(name, ["unrelated", known]) == (known,)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("app", "api"),
        ("db", "dc"),
        ("a", "payments"),
        ("pa", "shop-payments"),
        ("end", "backend"),
        ("backend", "frontend"),
        ("user-service", "order-service"),
        ("web-7b8c9d6f45-x2x4z", "db-7b8c9d6f45-x2x4z"),
        ("web-7b8c9d6f45-x2x4z", "web-server-0"),
        ("web-blue", "web-green"),
        ("", "web"),
        ("", "a"),
        ("a", "ab"),
    ],
)
def test_what_is_something_else_is_not(name: str, known: str) -> None:
    """However many letters agree."""
    assert near(name, [known]) == ()


def test_the_surest_come_first_and_three_at_most() -> None:
    """The same word in another spelling, then more words, then a slip; of equals by name."""
    known = ["wep-app", "web-app-v2", "webapp", "web-apps", "zz", "a-web-app"]

    assert near("web-app", known) == ("webapp", "a-web-app", "web-app-v2")
    assert nearest("web-app", known) == ("webapp",)


def test_what_is_as_near_is_nearest_together() -> None:
    """None is preferred for nothing."""
    assert nearest("dns", ["web", "dns-tcp", "dns-udp"]) == ("dns-tcp", "dns-udp")
    assert nearest("dns", ["web"]) == ()
