from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gitops_auditor.quality.catalog import SET_NAMES, packaged_text
from gitops_auditor.quality.definition import SetName, read_gates
from gitops_auditor.quality.editor_schema import editor_schema
from gitops_auditor.quality.gate import Gate
from tests.quality.gates import GATES, Written
from tests.quality.test_document_gates import EXAMPLE

SCHEMA = editor_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def accepts(*gates: Written) -> bool:
    return VALIDATOR.is_valid({"quality_gates": {"pre_merge": list(gates)}})


def reads(gate: Written) -> bool:
    try:
        Gate.model_validate(gate)
    except ValueError:
        return False
    return True


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", SET_NAMES)
def test_it_accepts_the_packaged_sets(name: SetName) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(packaged_text(name)))


def test_it_accepts_the_example() -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")))


@given(GATES)
def test_it_accepts_what_the_reader_accepts(gate: Written) -> None:
    assert reads(gate)
    assert accepts(gate)


_VALUES: dict[str, list[Any]] = {
    "mcp": ["code-linter", "security-scanner", " security-scanner ", None],
    "scan": ["static", [], ["secrets"], "nothing"],
    "command": ["make lint", None, ""],
    "check": ["README.md exists"],
    "minimum": [80, "80%", None, "much"],
    "new_code_minimum": [0],
    "baseline": ["previous_release", None],
    "pipeline": ["e2e", None],
    "action": ["check_format", None],
    "arguments": [{}, {"a": [1]}, []],
    "config": ["ruff.toml"],
    "tools": [[], "ruff", {}],
    "fail_threshold": ["high", "error", None, "bad"],
    "severity": ["low", None],
    "level": ["warning"],
    "new_issues_only": [True, False, None, "yes"],
    "files": [[], "**/*.py"],
    "required_tools": [[]],
    "report": [None, "lcov.info", {"format": "sarif", "path": "a"}, {"format": "x", "path": "a"}],
    "network": ["none", "full", "half"],
    "tolerance": [5, None, True, 1000, "10 %"],
    "metrics": ["bench.json"],
    "required": [True, "yes"],
    "timeout": [30, "5m", "soon", True, 0],
    "nonsense": [1],
}
_ANY_GATE = st.fixed_dictionaries(
    {"name": st.just("A")},
    optional={name: st.sampled_from(values) for name, values in _VALUES.items()},
)
_FEW_FIELDS = st.lists(st.sampled_from(sorted(_VALUES)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries(
        {"name": st.just("A"), **{name: st.sampled_from(_VALUES[name]) for name in names}}
    )
)


@given(st.one_of(_FEW_FIELDS, _ANY_GATE))
def test_it_agrees_with_the_reader_on_any_fields(gate: Written) -> None:
    assert accepts(gate) is reads(gate)


@pytest.mark.parametrize(
    "text",
    [
        "versoin: 1",
        "version: 0",
        "extends: everything",
        "baseline: all",
        "quality_gates: []",
        "quality_gates: {pre_comit: []}",
        "quality_gates: {pre_commit: x}",
        "quality_gates: {pre_commit: [{command: x}]}",
    ],
)
def test_it_refuses_mistakes_around_gates(text: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(text))
    assert read_gates(text).problems


@pytest.mark.parametrize("text", ["extends: performance", "quality_gates: {pre_deploy: null}"])
def test_it_accepts_shorthands_around_gates(text: str) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text))
