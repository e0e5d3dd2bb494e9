import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.quality.definition import (
    MAX_BYTES,
    MAX_GATES,
    GateFile,
    InvalidGates,
    parse_gates,
    read_gates,
)
from gitops_auditor.quality.gate import GATE_TYPES
from tests.quality.gates import GATES, Written


def found(text: str) -> list[tuple[int, int, str]]:
    return [(one.line, one.column, one.message) for one in read_gates(text).problems]


def test_gates_are_read_by_phase_with_what_the_file_says_for_all() -> None:
    file = parse_gates(
        "version: 3\n"
        "extends: [code-quality, security-scan]\n"
        "baseline: new_issues_only\n"
        "quality_gates:\n"
        "  pre_deploy:\n"
        "  post_phase: [{name: Smoke}]\n"
        "  pre_commit:\n"
        "    - {name: Lint, mcp: code-linter}\n"
    )
    assert (file.version, file.baseline) == (3, "new_issues_only")
    assert file.extends == ("code-quality", "security-scan")
    assert [(one.gate_type, one.gate.name) for one in file.gates] == [
        ("pre_commit", "Lint"),
        ("post_phase", "Smoke"),
    ]


def test_json_is_read_like_yaml() -> None:
    text = json.dumps({"quality_gates": {"pre_merge": [{"name": "A", "minimum": 80}]}})
    assert parse_gates(text).gates[0].gate.minimum == 80


def test_every_mistake_has_its_place_and_what_to_do() -> None:
    assert found(
        "versoin: 1\n"
        "extends: [code-qualty]\n"
        "quality_gates:\n"
        "  pre_comit: []\n"
        "  pre_merge:\n"
        "    - nam: x\n"
        "      command: y\n"
        "    - name: x\n"
        "      command: y\n"
        "      levle: high\n"
        "      severity: hihg\n"
        "    - name: y\n"
        "      required: maybe\n"
        "      command: q\n"
        "      level: high\n"
        "    - name: z\n"
        "      command: q\n"
        "      level: high\n"
        "    - name: z\n"
        "      scan: [static, secrts]\n"
        "    - name: r\n"
        "      command: x\n"
        "      report: {format: sarif, pth: a}\n"
        "    - name: c\n"
        "      check: README.md exsists\n"
    ) == [
        (1, 1, "Unknown field `versoin`; did you mean `version`?"),
        (
            2,
            11,
            (
                "`extends` has to be 'code-quality', 'test-coverage', 'security-scan' or"
                " 'performance', not \"code-qualty\"; did you mean code-quality?"
            ),
        ),
        (4, 3, "Unknown field `pre_comit`; did you mean `pre_commit`?"),
        (6, 7, "Unknown field `nam`; did you mean `name`?"),
        (6, 7, "`name` is missing; add it."),
        (10, 7, "Unknown field `levle`; did you mean `level`?"),
        (
            11,
            7,
            (
                "`severity` has to be 'critical', 'high', 'medium' or 'low', not \"hihg\";"
                " did you mean high?"
            ),
        ),
        (13, 7, '`required` has to be true or false, not "maybe".'),
        (18, 7, "`fail_threshold` is about findings; name the `report` with them."),
        (
            20,
            22,
            (
                "`scan` has to be 'static', 'secrets' or 'dependencies', not \"secrts\";"
                " did you mean secrets?"
            ),
        ),
        (23, 7, "`path` is missing; add it."),
        (23, 31, "Unknown field `pth`; did you mean `path`?"),
        (
            25,
            7,
            (
                "`check`, column 11: Say what has to hold for the path: `exists`, `not exists`,"
                " `contains /.../`, `not contains /.../` or `non-empty`."
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("# only a comment\n", 1, "is empty"),
        ("[]", 1, "is a mapping"),
        ("quality_gates: [a\n]]", 2, "Not YAML"),
        ("{quality_gates: {}}", 1, "A key and a colon are expected"),
        ("quality_gates: {}", 1, "states no gate"),
        ("a: 1\n---\nb: 2\n", 3, "one document"),
        ("quality_gates: []", 1, "has to be a mapping, not a list"),
        ("quality_gates:\n  pre_merge: x", 2, 'has to be a list, not "x"'),
        ("version: 0\nextends: code-quality", 1, "greater than or equal to 1"),
        ("version: '1'\nextends: code-quality", 1, "has to be a whole number"),
        ("extends: [performance, performance]", 1, "performance twice"),
        ("baseline: all\nextends: performance", 1, "new_issues_only"),
        (
            (
                "quality_gates:\n  pre_merge:\n  - name: A\n    check: a exists\n"
                "    required: true\n    required: false"
            ),
            6,
            "'required' occurs twice",
        ),
        (
            "quality_gates:\n  pre_merge:\n  - name: A\n  - check: a exists\n    name: A",
            5,
            "two gates with the name `A`",
        ),
    ],
)
def test_what_is_no_file_of_gates_is_refused(text: str, line: int, words: str) -> None:
    (problem,) = read_gates(text, "g.yaml").problems
    assert words in problem.message
    assert (problem.line, problem.path) == (line, "g.yaml")


def test_the_error_names_the_first_place_and_has_all() -> None:
    with pytest.raises(InvalidGates) as caught:
        parse_gates("quality_gates:\n  pre_merge: [{name: A, x: 1}, {minimum: 8}]\n", "g.yaml")
    assert caught.value.message.startswith("g.yaml:2:25: Unknown field `x`; known are name,")
    assert caught.value.message.endswith("And 1 more.")
    assert len(caught.value.problems) == 2


def test_names_are_unique_in_a_phase_only() -> None:
    gates = [{"name": "A"}]
    text = json.dumps({"quality_gates": {"pre_merge": gates, "pre_deploy": gates}})
    assert len(parse_gates(text).gates) == 2


def test_files_and_their_gates_have_limits() -> None:
    assert "at most 512 KiB" in read_gates("#" * (MAX_BYTES + 1)).problems[0].message
    many = [{"name": f"G{at}"} for at in range(MAX_GATES)]
    phases = {"pre_merge": many, "pre_deploy": [{"name": "one more"}]}
    assert "at most 200" in read_gates(json.dumps({"quality_gates": phases})).problems[0].message
    del phases["pre_deploy"]
    assert len(parse_gates(json.dumps({"quality_gates": phases})).gates) == MAX_GATES


@given(st.dictionaries(st.sampled_from(GATE_TYPES), st.lists(GATES, max_size=3), min_size=1))
def test_the_canonical_form_of_a_file_reads_back_as_the_same_file(
    phases: dict[str, list[Written]],
) -> None:
    numbered = {
        phase: [{**gate, "name": f"{at} {gate['name']}"} for at, gate in enumerate(gates)]
        for phase, gates in phases.items()
    }
    file = GateFile.model_validate({"version": 2, "quality_gates": numbered})
    if file.gates:
        assert parse_gates(json.dumps(file.canonical())) == file
    assert GateFile.model_validate(file.canonical()).canonical() == file.canonical()


@given(st.text(max_size=60))
def test_any_text_is_read_or_has_a_problem(text: str) -> None:
    reading = read_gates(text)
    assert (reading.file is None) is bool(reading.problems)
