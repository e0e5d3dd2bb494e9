import pytest

from gitops_auditor.quality.definition import GateFile, InvalidGates, parse_gates
from gitops_auditor.quality.gate_files import FILES, FOLDER, defines_gates, gate_places, joined


@pytest.mark.parametrize(
    ("paths", "files", "ignored"),
    [
        ([], (), ()),
        (["README.md", "quality-gates.yaml"], ("quality-gates.yaml",), ()),
        (list(reversed(FILES)), FILES[:1], FILES[1:]),
        (
            [f"{FOLDER}/b.yml", f"{FOLDER}/a.yaml", f"{FOLDER}/deep/c.yaml", f"{FOLDER}/x.md"],
            (f"{FOLDER}/a.yaml", f"{FOLDER}/b.yml"),
            (),
        ),
        ([f"{FOLDER}/a.yaml", FILES[1]], (FILES[1],), (f"{FOLDER}/a.yaml",)),
    ],
)
def test_one_place_states_the_gates_and_others_are_named(
    paths: list[str], files: tuple[str, ...], ignored: tuple[str, ...]
) -> None:
    assert gate_places(paths) == (files, ignored)


def test_only_the_places_that_are_read_define_gates() -> None:
    assert all(map(defines_gates, [*FILES, f"{FOLDER}/a.yaml"]))
    assert not any(map(defines_gates, ["a/quality-gates.yaml", FOLDER, f"{FOLDER}/deep/a.yaml"]))


def _file(text: str) -> GateFile:
    return parse_gates(text)


def test_several_files_are_put_together_in_their_order() -> None:
    one = _file("version: 4\nextends: performance\nquality_gates: {pre_merge: [{name: A}]}")
    other = _file(
        "version: 7\nextends: [performance, code-quality]\nbaseline: new_issues_only\n"
        "quality_gates: {pre_merge: [{name: B}], pre_commit: [{name: A}]}"
    )
    file = joined([("a.yaml", one), ("b.yaml", other)])
    assert [(gate_type, gate.name) for gate_type, gate in file.gates] == [
        ("pre_commit", "A"),
        ("pre_merge", "A"),
        ("pre_merge", "B"),
    ]
    assert (file.version, file.baseline) == (7, "new_issues_only")
    assert file.extends == ("performance", "code-quality")
    assert joined([("a.yaml", one)]) is one


def test_a_gate_that_two_files_state_is_refused_with_both_names() -> None:
    file = _file("quality_gates: {pre_merge: [{name: A}]}")
    with pytest.raises(InvalidGates, match=r"b\.yaml: pre_merge has the gate `A` in a\.yaml too"):
        joined([("a.yaml", file), ("b.yaml", file)])


def test_the_gates_of_all_files_together_have_a_limit() -> None:
    many = [
        (
            f"{at}.yaml",
            GateFile.model_validate(
                {"quality_gates": {"pre_merge": [{"name": f"{at} {n}"} for n in range(150)]}}
            ),
        )
        for at in range(2)
    ]
    with pytest.raises(InvalidGates, match="state 300 gates; there are at most 200"):
        joined(many)
