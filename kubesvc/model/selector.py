"""Equality selectors: a set of key=value requirements, all of which must hold."""

from collections.abc import Mapping

Selector = frozenset[tuple[str, str]]

EVERYTHING: Selector = frozenset()


def selector(requirements: Mapping[str, str]) -> Selector:
    """Build a selector from a mapping of label (or field) to the value it must have."""
    return frozenset(requirements.items())


def matches(requirements: Selector, labels: Mapping[str, str]) -> bool:
    """Tell whether every requirement holds; the empty selector matches everything."""
    return all(labels.get(key) == value for key, value in requirements)


def show(requirements: Mapping[str, str] | Selector) -> str:
    """Write a selector as kubectl does: `a=1,b=2`, keys sorted; `<none>` when empty."""
    pairs = requirements.items() if isinstance(requirements, Mapping) else requirements
    return ",".join(f"{key}={value}" for key, value in sorted(pairs)) or "<none>"
