import json
from typing import Any

import pytest
from hypothesis import given
from pydantic import BaseModel, ValidationError

from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.gate_rules import ALIASES, COMMON, MEANING, NAMING
from tests.quality.gates import GATES, Written


def gate(**fields: Any) -> Gate:
    return Gate.model_validate({"name": "Gate", **fields})


def refusal(**fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        gate(**fields)
    return str(caught.value.errors(include_url=False)[0]["msg"])


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"mcp": "code-linter"}, "mcp"),
        ({"mcp": "security-scanner"}, "scan"),
        ({"scan": "secrets"}, "scan"),
        ({"scan": ["static"], "mcp": "security-scanner"}, "scan"),
        ({"command": "prettier --check"}, "command"),
        ({"minimum": 0}, "coverage"),
        ({"new_code_minimum": 80}, "coverage"),
        ({"minimum": 80, "command": "make coverage", "network": "full"}, "coverage"),
        ({"baseline": "main", "command": "make benchmark"}, "benchmark"),
        ({"check": "README.md exists"}, "check"),
        ({"baseline": "previous_release"}, "benchmark"),
        ({"pipeline": "e2e"}, "pipeline"),
        ({}, "pipeline"),
        ({"mcp": None, "scan": [], "command": "x"}, "command"),
    ],
)
def test_the_kind_shows_in_what_is_stated(fields: Written, kind: str) -> None:
    assert gate(**fields).kind == kind


def test_a_gate_that_states_nothing_is_the_pipeline_of_its_name() -> None:
    assert gate().pipeline_name == "Gate"
    assert gate(pipeline="e2e").pipeline_name == "e2e"


@pytest.mark.parametrize("spelling", ["fail_threshold", "severity", "level"])
@pytest.mark.parametrize(("word", "threshold"), [("error", "high"), ("Warning", "medium")])
def test_each_spelling_of_the_threshold_is_one_field(
    spelling: str, word: str, threshold: str
) -> None:
    found = gate(mcp="code-linter", **{spelling: word})
    assert found.threshold == found.fail_threshold == threshold
    assert found.digest == gate(mcp="code-linter", fail_threshold=threshold).digest


def test_the_threshold_is_medium_unless_it_is_stated() -> None:
    assert gate(mcp="code-linter").threshold == "medium"


def test_percentages_may_have_their_sign() -> None:
    assert gate(minimum="80%") == gate(minimum=80)
    assert gate(baseline="main", tolerance="12.5 %").tolerance == 12.5
    assert gate(baseline="main", tolerance=200).tolerance == 200


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"mcp": "a", "command": "b"}, "`mcp` and `command` ask different things"),
        ({"minimum": 1, "check": "a exists"}, "`minimum` and `check` ask different things"),
        ({"mcp": "code-linter", "scan": "static"}, "`mcp` and `scan` ask different things"),
        (
            {"command": "x", "tolerance": 5},
            "`tolerance` means nothing for a gate of kind `command`",
        ),
        (
            {"check": "a exists", "action": "x", "config": "y"},
            "`action` and `config` mean nothing for a gate of kind `check`; `action` is for `mcp`",
        ),
        ({"fail_threshold": "low"}, "which is what a gate is that states none of `mcp`,"),
        ({"minimum": 80, "network": "full"}, "`network` is about a `command`"),
        ({"minimum": 80, "baseline": "main", "command": "x"}, "ask different things"),
        ({"mcp": "a", "severity": "low", "level": "low"}, "`severity` and `level` are one field"),
        ({"command": "x", "severity": "low"}, "name the `report`"),
        ({"command": "x", "report": "a.sarif"}, "needs its format"),
        ({"minimum": 1, "report": {"format": "junit", "path": "a"}}, "is a path"),
        ({"scan": "static", "tools": "a", "required_tools": "b"}, "which `tools` leaves out"),
        ({"check": "README.md exist and"}, "`check`, column 20: A path is expected"),
        ({"mcp": "a", "arguments": {"b": [2**53]}}, "a number of 16 digits"),
        ({"mcp": "a", "arguments": {"\ud800": 1}}, "text that is not Unicode"),
        ({"mcp": "a", "arguments": {"a": float("inf")}}, "inf"),
        ({"mcp": "a", "files": "[b-a]"}, "which is no pattern"),
        ({"mcp": "a", "files": "../a"}, "leaves the repository"),
        ({"mcp": "a", "config": "/etc/passwd"}, "is absolute"),
        ({"minimum": True}, "is none"),
        ({"timeout": True}, "is none"),
        ({"minimum": 101}, "less than or equal to 100"),
        ({"required": "yes"}, "valid boolean"),
        ({"name": "two\nlines"}, "pattern"),
    ],
)
def test_what_contradicts_itself_is_refused_with_a_sentence(fields: Written, sentence: str) -> None:
    assert sentence in refusal(**fields)


def test_each_field_has_a_meaning_for_some_kind() -> None:
    meant = COMMON.union(*MEANING.values())
    assert meant == set(Gate.model_fields)
    assert set(NAMING) < meant
    assert not set(ALIASES) & meant


@given(GATES)
def test_the_canonical_form_reads_back_as_the_same_gate(written: Written) -> None:
    found = Gate.model_validate(written)
    again = Gate.model_validate_json(json.dumps(found.canonical()))
    assert again == found
    assert again.canonical() == found.canonical()
    assert again.digest == found.digest
    assert list(found.canonical()) == sorted(found.canonical())


@given(GATES, GATES)
def test_digests_are_equal_for_equal_gates_only(one: Written, other: Written) -> None:
    first, second = Gate.model_validate(one), Gate.model_validate(other)
    assert (first.digest == second.digest) is (first.canonical() == second.canonical())


def test_the_order_of_fields_is_no_part_of_the_digest() -> None:
    arguments = {"b": 1, "a": {"d": 1, "c": 2}}
    turned = {"a": {"c": 2, "d": 1}, "b": 1}
    assert gate(mcp="x", arguments=arguments).digest == gate(arguments=turned, mcp="x").digest


def test_saying_that_old_issues_count_is_not_the_same_as_saying_nothing() -> None:
    assert gate(mcp="x", new_issues_only=False).digest != gate(mcp="x").digest


def test_patterns_say_which_files_a_gate_is_about() -> None:
    python = gate(mcp="x", files=["**/*.py", "docs/*"])
    assert python.concerns("a/b.py")
    assert python.concerns("docs/x")
    assert not python.concerns("docs/a/x")
    assert gate(mcp="x").concerns("anything")
    assert python.concerns("a" * 5_000), "a path that is too long to compare is looked at"


def test_a_gate_whose_kind_is_known_can_be_part_of_a_record() -> None:
    class Kept(BaseModel):
        definition: Gate

    asked = gate(mcp="x")
    assert (asked.kind, asked.digest) == ("mcp", gate(mcp="x").digest)
    assert Kept(definition=asked).definition == gate(mcp="x")
