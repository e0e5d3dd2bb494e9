import pytest

from gitops_auditor.quality.catalog import (
    SET_NAMES,
    effective_gates,
    packaged_set,
    packaged_text,
)
from gitops_auditor.quality.definition import SetName, parse_gates


@pytest.mark.parametrize("name", SET_NAMES)
def test_each_packaged_set_states_gates_and_is_explained(name: SetName) -> None:
    file = packaged_set(name)
    assert file.gates
    assert all(one.gate.required is not None for one in file.gates)
    assert packaged_text(name).startswith("# ")


def test_all_sets_can_be_extended_together() -> None:
    file = parse_gates(f"extends: [{', '.join(SET_NAMES)}]")
    found = effective_gates(file)
    assert len(found) == sum(len(packaged_set(name).gates) for name in SET_NAMES)
    assert {one.origin for one in found} == set(SET_NAMES)


def test_a_gate_of_the_file_takes_the_place_of_one_with_its_name_in_the_phase() -> None:
    file = parse_gates(
        "extends: test-coverage\n"
        "quality_gates:\n"
        "  pre_commit: [{name: New Code Coverage, minimum: 1}]\n"
        "  pre_merge: [{name: Mine}, {name: Test Coverage, minimum: 55}]\n"
    )
    assert [
        (one.gate_type, one.gate.name, one.gate.minimum, one.origin)
        for one in effective_gates(file)
    ] == [
        ("pre_commit", "New Code Coverage", 1, None),
        ("pre_merge", "Test Coverage", 55, None),
        ("pre_merge", "New Code Coverage", None, "test-coverage"),
        ("pre_merge", "Mine", None, None),
    ]


def test_a_baseline_counts_for_gates_that_find_things_and_do_not_say_otherwise() -> None:
    stated = (
        "quality_gates:\n"
        "  pre_merge:\n"
        "    - {name: lint, mcp: code-linter}\n"
        "    - {name: old too, mcp: code-linter, new_issues_only: false}\n"
        "    - {name: scan, scan: secrets}\n"
        "    - {name: report, command: x, report: {format: sarif, path: a}}\n"
        "    - {name: command, command: x}\n"
        "    - {name: coverage, minimum: 1, report: lcov.info}\n"
        "    - {name: check, check: a exists}\n"
    )
    with_baseline = effective_gates(parse_gates(f"baseline: new_issues_only\n{stated}"))
    only_new = [one.gate.name for one in with_baseline if one.gate.new_issues_only]
    assert only_new == ["lint", "scan", "report"]
    without = effective_gates(parse_gates(stated))
    assert not any(one.gate.new_issues_only for one in without)
    assert with_baseline[0].gate.digest != without[0].gate.digest
