"""Which answers stop a commit: required and advisory gates, the settings, mistakes in the file."""

from typing import Any

import pytest

from gitops_auditor.quality.gate_files import FILES, FOLDER
from tests.factories.gates import ACTOR, GatedProject, written
from tests.factories.git import commit

FAILS = {"name": "Readme", "check": "README.md exists"}
PASSES = {"name": "License", "check": "LICENSE not exists"}
BREAKS = {"name": "Figures", "baseline": "previous_release"}
"""It cannot look: nobody measured anything."""
HAS_NOTHING = {"name": "Style", "command": "ruff check"}
"""There is no Python."""
GATES_FILE = FILES[0]


def advisory(gate: dict[str, Any]) -> dict[str, Any]:
    return {**gate, "required": False}


@pytest.mark.parametrize(
    ("gates", "status", "passed"),
    [
        ([PASSES], "passed", True),
        ([PASSES, FAILS], "failed", False),
        ([{**FAILS, "required": True}], "failed", False),
        ([PASSES, FAILS, BREAKS], "error", False),
        ([PASSES, advisory(FAILS)], "warning", True),
        ([PASSES, advisory(BREAKS)], "warning", True),
        ([HAS_NOTHING], "skipped", False),
        ([HAS_NOTHING, PASSES], "passed", True),
    ],
)
async def test_a_commit_goes_on_when_nothing_that_is_required_stops_it(
    gated: GatedProject, gates: list[dict[str, Any]], status: str, *, passed: bool
) -> None:
    await gated.state(written("pre_merge", *gates))
    report = await gated.validate()
    assert (report.status, report.passed) == (status, passed), report.reason


@pytest.mark.parametrize("changes", [{"quality_gate_enforcement": "warn"}])
async def test_nothing_stops_a_commit_where_gates_only_warn(gated: GatedProject) -> None:
    await gated.state(written("pre_merge", {**FAILS, "required": True}, BREAKS, PASSES))
    report = await gated.validate()
    assert (report.status, report.passed) == ("warning", True)
    assert [(one.status, one.required) for one in report.gates] == [
        ("warning", False),
        ("warning", False),
        ("passed", False),
    ]


@pytest.mark.parametrize("changes", [{"quality_gate_enforcement": "off"}])
async def test_where_gates_are_off_nothing_is_looked_at_and_nothing_passes(
    gated: GatedProject,
) -> None:
    await gated.state(PASSES)
    report = await gated.validate()
    assert (report.status, report.passed, report.score, report.gates) == (
        "skipped",
        False,
        None,
        [],
    )
    assert "QUALITY_GATE_ENFORCEMENT is off" in report.reason


async def test_without_gates_nothing_passes(gated: GatedProject) -> None:
    report = await gated.validate()
    assert (report.status, report.passed) == ("skipped", False)
    assert f"No gate is defined for pre_merge; define one in {GATES_FILE}" in report.reason


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("quality_gates:\n  pre_merge:\n    - name: A\n      minimum: 180\n", "4:"),
        ("quality_gates:\n  pre_merge: [\n", "3:1"),
        ("quality_gates:\n  pre_merge:\n    - {name: A, check: a}\n", "3:"),
    ],
)
async def test_a_mistake_in_the_file_is_told_with_its_line(
    gated: GatedProject, text: str, place: str
) -> None:
    await gated.state(text)
    report = await gated.validate()
    assert (report.status, report.passed, report.score) == ("error", False, None)
    assert f"{GATES_FILE}:{place}" in report.notes[0]


@pytest.mark.parametrize(
    ("place", "target"),
    [
        (GATES_FILE, "../elsewhere/gate-definitions/a.yaml"),
        (GATES_FILE, "/etc/hostname"),
        (GATES_FILE, "nowhere"),
        (FOLDER, "../../elsewhere/gate-definitions"),
        (FOLDER, "/etc"),
        (FOLDER.rpartition("/")[0], "../elsewhere"),
    ],
)
async def test_gates_behind_a_link_are_not_read_and_nothing_passes(
    gated: GatedProject, place: str, target: str
) -> None:
    text = written("pre_merge", PASSES)
    await commit(gated.path, {"elsewhere/gate-definitions/a.yaml": text, f"{place}.kept": ""})
    (gated.path / place).symlink_to(target)
    await commit(gated.path, {})
    report = await gated.validate()
    assert (report.status, report.passed) == ("error", False)
    assert "is a link" in report.reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "cannot be read"),
        (b"# " + b"x" * 600_000, "cannot be read"),
    ],
)
async def test_a_file_of_gates_that_is_no_short_text_lets_nothing_pass(
    gated: GatedProject, content: bytes, words: str
) -> None:
    await commit(gated.path, {GATES_FILE: content})
    report = await gated.validate()
    assert (report.status, report.passed) == ("error", False)
    assert words in report.reason


async def test_a_file_that_is_not_read_because_another_one_is_is_told(gated: GatedProject) -> None:
    await gated.state(PASSES, {"quality-gates.yaml": written("pre_merge", FAILS)})
    report = await gated.validate()
    assert (report.status, [one.gate for one in report.gates]) == ("passed", ["License"])
    assert report.notes == [f"quality-gates.yaml is not read, because {GATES_FILE} is."]


async def test_the_folder_of_the_design_document_states_gates(gated: GatedProject) -> None:
    files = {
        f"{FOLDER}/code-quality.yaml": written("pre_merge", PASSES),
        f"{FOLDER}/documentation.yaml": written("pre_merge", FAILS),
    }
    await commit(gated.path, files)
    report = await gated.validate()
    assert {one.gate: one.status for one in report.gates} == {
        "License": "passed",
        "Readme": "failed",
    }


async def test_gates_of_the_platform_are_asked_beside_those_of_the_file(
    gated: GatedProject,
) -> None:
    quality = gated.services.quality
    await gated.state(PASSES)
    async with gated.services.audit.operation(ACTOR, "create_gate", {}):
        given = await quality.gates.create("pre_merge", FAILS, ACTOR)
    both = await gated.validate()
    assert [(one.gate, one.status) for one in both.gates] == [
        ("Readme", "failed"),
        ("License", "passed"),
    ]
    async with gated.services.audit.operation(ACTOR, "update_gate", {}):
        await quality.gates.update(given.id, ACTOR, active=False)
    assert [one.gate for one in (await gated.validate()).gates] == ["License"]


async def test_a_broken_file_does_not_hide_the_gates_of_the_platform(gated: GatedProject) -> None:
    async with gated.services.audit.operation(ACTOR, "create_gate", {}):
        await gated.services.quality.gates.create("pre_merge", PASSES, ACTOR)
    await gated.state("quality_gates: 3")
    report = await gated.validate()
    assert (report.status, report.passed) == ("error", False)
    assert [(one.gate, one.status) for one in report.gates] == [("License", "passed")]
