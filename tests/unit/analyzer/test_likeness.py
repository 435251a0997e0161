"""Whether one name was meant by another."""

import pytest

from kubesvc.analyzer.likeness import Likeness, is_within, likeness, nearest_first, other_part

ALIKE = {
    Likeness.SAME: [("web", "web"), ("", "")],
    Likeness.LETTERS: [
        ("MyApp", "myapp"),
        ("web-app", "webapp"),
        ("web_app", "web.app"),
        ("Shop-Web", "shopWeb"),
    ],
    Likeness.PREFIXED: [
        ("web", "shop-web"),
        ("web", "a.b-web"),
        ("prod-shop-web", "shop-web"),
        ("b-web", "a-b-c-web"),
        ("db", "web-db"),
        ("web", "db-web"),
    ],
    Likeness.EXTENDED: [
        ("web", "web-admin"),
        ("web", "shop-web-v2"),
        ("users-api", "api-users"),
        ("redis", "redis-cache"),
        ("web-db", "web-db-primary"),
        ("web", "db-web-blue"),
        ("users-db", "db-users"),
    ],
    Likeness.NUMBERED: [("v1", "v2"), ("web-v1", "web-v12"), ("web1", "web"), ("db-1", "db2")],
    Likeness.SLIP: [
        ("frontend", "fronted"),
        ("nginx", "ngixn"),
        ("cart", "card"),
        ("abcd", "abce"),
        ("payments", "payment-api"),
        ("fronted", "front-end"),
        ("shop-frontend", "shop-frontnd"),
        ("postgres", "postgrse"),
    ],
    Likeness.BEGINNING: [("front", "frontend"), ("web", "website"), ("order", "orderservice")],
    Likeness.PART: [
        ("web", "web-db"),
        ("web", "shop-web-redis-0"),
        ("shop-web", "shop-web-worker"),
        ("backend", "backend-metrics"),
        ("payments", "payment-db2"),
        ("web", "webdb"),
        ("front", "frontend-cache"),
        ("queue", "queue-worker"),
        ("redis", "redis-exporter"),
    ],
    Likeness.UNLIKE: [
        ("web", "db"),
        ("api", "app"),
        ("web", ""),
        ("-", "web"),
        ("1.2", "1.3"),
        ("user-service", "order-service"),
        ("abcd", "abef"),
        ("we", "website"),
        ("blue", "green"),
        ("a-frontend", "frontnd-b-c"),
        ("backend", "frontend"),
    ],
}


@pytest.mark.parametrize(
    ("one", "other", "how"), [(*pair, how) for how, pairs in ALIKE.items() for pair in pairs]
)
def test_names_are_alike_in_one_way(one: str, other: str, how: Likeness) -> None:
    """Whichever of the two is there and whichever was written."""
    assert likeness(one, other) is how
    assert likeness(other, one) is how


def test_a_slip_is_counted_within_its_word() -> None:
    """However long the words are that agree."""
    assert likeness("a-very-long-name-user", "a-very-long-name-order") is Likeness.UNLIKE
    assert likeness("a-very-long-name-users", "a-very-long-name-usres") is Likeness.SLIP


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ("web", "web-db", "db"),
        ("payments", "payment-api-worker", "worker"),
        ("user", "usercache", "cache"),
        ("web", "web-admin", ""),
        ("web", "shop", ""),
    ],
)
def test_another_part_is_told_by_a_word(one: str, other: str, word: str) -> None:
    """Of either name."""
    assert other_part(one, other) == word
    assert other_part(other, one) == word


@pytest.mark.parametrize(
    ("one", "other", "within"),
    [
        ("web", "web", True),
        ("web", "web-db", True),
        ("web-app", "webapp", True),
        ("web", "webapp", False),
        ("web", "", False),
        ("web", "db", False),
    ],
)
def test_one_name_may_have_the_words_of_another(one: str, other: str, *, within: bool) -> None:
    """Whatever it goes on with."""
    assert is_within(one, other) is within
    assert is_within(other, one) is within


def test_names_are_sorted_by_how_they_stand_for_another() -> None:
    """Equally near ones by letter."""
    assert nearest_first("prod", ["zoo", "db", "prod-eu", "prdo", "prod-ap"]) == [
        "prod-ap",
        "prod-eu",
        "prdo",
        "db",
        "zoo",
    ]
