"""A committed snapshot of each tool of the bundled servers: it does not change unnoticed."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.servers.code_linter import CodeLinterTools
from gitops_auditor.linters.servers.offering import Offer
from gitops_auditor.linters.servers.security_scanner import SecurityScannerTools

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS=1 pytest tests/linters/servers/test_snapshots.py"
NOBODY = cast("ToolRunner", None)  # nothing is called here
SERVERS: dict[str, Sequence[Offer[Any]]] = {
    "code-linter": CodeLinterTools(NOBODY).offers(),
    "security-scanner": SecurityScannerTools(NOBODY).offers(),
}
MOST_BYTES = 12_000
LONGEST_DESCRIPTION = 300

every_tool = pytest.mark.parametrize(
    ("server", "offer"),
    [
        pytest.param(server, offer, id=f"{server}-{offer.name}")
        for server, offers in SERVERS.items()
        for offer in offers
    ],
)


def wire(offer: Offer[Any]) -> dict[str, Any]:
    return offer.described().model_dump(mode="json", by_alias=True, exclude_none=True)


@every_tool
def test_a_tool_looks_as_committed(server: str, offer: Offer[Any]) -> None:
    file = FOLDER / server / f"{offer.name}.json"
    tool = wire(offer)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(tool, indent=2) + "\n", encoding="utf-8")
    assert file.exists(), f"{offer.name} has no snapshot; write it with: {UPDATE}"
    committed = json.loads(file.read_text(encoding="utf-8"))
    assert tool == committed, f"{offer.name} changed; if that is meant, run: {UPDATE}"


def test_no_snapshot_is_left_of_a_tool_that_is_gone() -> None:
    names = {f"{server}/{offer.name}" for server, offers in SERVERS.items() for offer in offers}
    left = [
        file for file in FOLDER.glob("*/*.json") if f"{file.parent.name}/{file.stem}" not in names
    ]
    assert not left, "there are no such tools: delete their snapshots"


@every_tool
def test_a_tool_changes_nothing_and_says_so(server: str, offer: Offer[Any]) -> None:
    hints = wire(offer)["annotations"]
    assert (hints["readOnlyHint"], hints["destructiveHint"]) == (True, False)
    assert hints["openWorldHint"] is (offer.name == "scan_dependencies")


@every_tool
def test_every_argument_is_described_in_a_sentence(server: str, offer: Offer[Any]) -> None:
    tool = wire(offer)
    assert len(tool["description"]) <= LONGEST_DESCRIPTION
    for name, schema in tool["inputSchema"]["properties"].items():
        assert schema["description"].endswith("."), name
    assert "required" not in tool["inputSchema"]
    assert tool["inputSchema"]["additionalProperties"] is False


@pytest.mark.parametrize("server", SERVERS)
def test_the_list_of_tools_costs_little_of_a_conversation(server: str) -> None:
    assert len(json.dumps([wire(offer) for offer in SERVERS[server]])) < MOST_BYTES
