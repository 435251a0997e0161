"""Laws about all rules: codes, pages, tests, recorded cases, folding."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from kubesvc.analyzer import registry, rules
from kubesvc.analyzer.registry import RENAMED, RETIRED, RULES
from kubesvc.analyzer.rule import SECTIONS, Rule
from tests.registry import pages
from tests.support import cases
from tests.support.cases import Case

TESTS = Path(__file__).parents[1]
CODES = [rule.code for rule in RULES]
RECORDED = [(case, code) for case in cases.cases() for code in sorted(set(case.expected["codes"]))]
FAMILIES = {"1": "selection", "2": "ports", "3": "pods", "4": "slices", "9": "run"}

each = pytest.mark.parametrize("rule", RULES, ids=CODES)


def modules() -> list[ModuleType]:
    """Every module of a rule."""
    found = pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.")
    return [importlib.import_module(info.name) for info in found if not info.ispkg]


def defined(module: ModuleType) -> list[Rule]:
    """The rules that a module defines, rather than imports."""
    found = [value for value in vars(module).values() if isinstance(value, Rule)]
    return [rule for rule in found if rule.check.__module__ == module.__name__]


def test_codes_are_sorted_and_unique() -> None:
    """The registry is the one list."""
    assert sorted(set(CODES)) == CODES
    assert all(re.fullmatch(r"KSV[1-9]\d\d", code) for code in CODES)


def test_a_retired_code_is_never_used_again() -> None:
    """Somebody's script may still know it."""
    assert not RETIRED & set(CODES)


def test_names_are_unique_words() -> None:
    """They stand beside the codes; an old name is no new one."""
    names = [rule.name for rule in RULES]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+|[a-z]+", name) for name in names)
    assert not set(RENAMED) & set(names)
    assert set(RENAMED.values()) <= set(names)


def test_each_module_exports_one_rule_and_all_are_registered() -> None:
    """A rule that is not listed would never run."""
    found = {module.__name__: defined(module) for module in modules()}

    assert {name: len(rules) for name, rules in found.items() if len(rules) != 1} == {}
    assert {rule.code for rules in found.values() for rule in rules} == set(CODES)


@each
def test_a_rule_stands_in_the_folder_of_its_family(rule: Rule) -> None:
    """The first digit of its code."""
    assert rule.check.__module__.split(".")[-2] == FAMILIES[rule.code[3]]


@each
def test_a_page_has_its_sections(rule: Rule) -> None:
    """In order, none empty; its first line says what is reported."""
    found = pages.sections(rule)

    assert list(found) == ["", *SECTIONS]
    assert all(found.values())
    assert rule.page.startswith("Report ")
    assert found[""] == rule.page.splitlines()[0].strip()
    assert found[""].endswith(".")
    assert rule.summary
    assert not rule.summary.endswith(".")


@each
def test_a_rule_explains_known_codes_only(rule: Rule) -> None:
    """Of causes, never of the run itself."""
    assert rule.explains <= set(CODES)


def test_no_rule_explains_itself() -> None:
    """Not even by way of others: folding would never end."""
    explains = {rule.code: set(rule.explains) for rule in RULES}
    while any(explains.values()):
        leaves = {code for code, under in explains.items() if not under}
        assert leaves, explains
        explains = {code: under - leaves for code, under in explains.items() if code not in leaves}


@each
def test_a_rule_has_a_unit_test(rule: Rule) -> None:
    """What fires and what must not."""
    family, module = rule.check.__module__.split(".")[-2:]

    test = TESTS / "rules" / family / f"test_{module}.py"

    assert test.is_file()
    assert rule.code in test.read_text(encoding="utf-8")


def test_the_pages_are_up_to_date() -> None:
    """`make docs` writes them."""
    written = {path.name: path.read_text(encoding="utf-8") for path in pages.FOLDER.glob("*.md")}

    assert written == pages.pages()


def test_a_rule_is_found_by_its_code() -> None:
    """In any letter case."""
    assert registry.find("ksv101") is RULES[0]
    assert registry.find("KSV000") is None


def test_every_cause_has_a_recorded_case() -> None:
    """Of a real cluster; what is about the run itself is tested on built snapshots."""
    recorded = {code for _, code in RECORDED}

    lacking = [code for code in CODES if not code.startswith("KSV9") and code not in recorded]

    assert lacking == []


@pytest.mark.parametrize(("case", "code"), RECORDED, ids=[f"{case.name}-{code}" for case, code in RECORDED])
def test_a_case_fails_without_its_rule(case: Case, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no rule is dead weight."""
    monkeypatch.setattr(registry, "RULES", tuple(rule for rule in RULES if rule.code != code))

    assert cases.codes(case.report()) != case.expected["codes"]


def test_a_rule_is_made_of_a_function_and_its_docstring() -> None:
    """One line of decoration, no class."""
    for rule in RULES:
        assert inspect.isfunction(rule.check)
        assert inspect.cleandoc(rule.check.__doc__ or "") == rule.page
