"""How bad a rule is: by the longest beginning of its name that a table has."""

import pytest

from gitops_auditor.formats.findings import SEVERITIES, Severity
from gitops_auditor.linters import severities
from gitops_auditor.linters.severities import severity_of


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("F401", "medium"),
        ("F821", "high"),
        ("E999", "high"),
        ("E501", "low"),
        ("S101", "low"),
        ("S602", "high"),
        ("S603", "low"),
        ("invalid-syntax", "high"),
        ("unformatted", "low"),
        ("D100", "low"),
        ("SIM102", "low"),
    ],
)
def test_the_longest_beginning_of_a_rule_counts(rule: str, severity: Severity) -> None:
    assert severity_of(rule, severities.RUFF) == severity


def test_a_rule_that_no_table_knows_is_medium() -> None:
    assert severity_of("new", {"old": "low"}) == "medium"


def test_imports_that_mypy_cannot_find_are_low_and_types_that_do_not_fit_high() -> None:
    assert severity_of("import-not-found", severities.MYPY) == "low"
    assert severity_of("import-untyped", severities.MYPY) == "low"
    assert severity_of("assignment", severities.MYPY) == "high"


@pytest.mark.parametrize("other", ["Low", "Medium", "High"])
def test_a_surer_or_worse_weakness_is_never_less_severe(other: str) -> None:
    levels = ["Low", "Medium", "High"]
    worse = [SEVERITIES.index(severities.ZIZMOR[level, other]) for level in levels]
    surer = [SEVERITIES.index(severities.ZIZMOR[other, level]) for level in levels]
    assert worse == sorted(worse, reverse=True)
    assert surer == sorted(surer, reverse=True)
