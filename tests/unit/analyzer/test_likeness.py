"""Whether one name was meant by another."""

import pytest

from kubesvc.analyzer.likeness import Likeness, likeness

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
    ],
    Likeness.EXTENDED: [("web", "web-admin"), ("web", "shop-web-v2"), ("users-api", "api-users")],
    Likeness.NUMBERED: [("v1", "v2"), ("web-v1", "web-v12"), ("web1", "web"), ("db-1", "db2")],
    Likeness.SLIP: [
        ("frontend", "fronted"),
        ("nginx", "ngixn"),
        ("cart", "card"),
        ("abcd", "abce"),
        ("payments", "payment-api"),
        ("fronted", "front-end"),
        ("shop-frontend", "shop-frontnd"),
    ],
    Likeness.BEGINNING: [("front", "frontend"), ("web", "website"), ("order", "orderservice")],
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
