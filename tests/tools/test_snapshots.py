"""A committed snapshot of each tool: what clients see does not change unnoticed."""

import json
import os
from pathlib import Path

import pytest

from gitops_auditor.operations import Operation
from gitops_auditor.server.tools import describe
from gitops_auditor.tools import full_catalog

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS=1 pytest tests/tools/test_snapshots.py"
OFFERED = full_catalog().for_mcp(toolsets=["all"]).operations


@pytest.mark.parametrize("operation", OFFERED, ids=lambda found: found.name)
def test_a_tool_looks_as_committed(operation: Operation) -> None:
    file = FOLDER / f"{operation.name}.json"
    tool = describe(operation).model_dump(mode="json", by_alias=True, exclude_none=True)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(tool, indent=2) + "\n", encoding="utf-8")
    assert file.exists(), f"{operation.name} has no snapshot; write it with: {UPDATE}"
    committed = json.loads(file.read_text(encoding="utf-8"))
    assert tool == committed, f"{operation.name} changed; if that is meant, run: {UPDATE}"


def test_no_snapshot_is_left_of_a_tool_that_is_gone() -> None:
    names = {found.name for found in OFFERED}
    left = sorted(file.stem for file in FOLDER.glob("*.json") if file.stem not in names)
    assert not left, "there are no such tools: delete their snapshots"
