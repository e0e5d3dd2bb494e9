import json
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from gitops_auditor.config import load_settings
from gitops_auditor.storage.database import Database
from tests.cli.conftest import Cli


async def tamper() -> None:
    async with Database.open(load_settings().database_url) as database, database.write() as tx:
        await tx.execute(text("UPDATE audit_log SET actor = 'somebody' WHERE seq = 1"))


def test_verify_says_that_the_record_is_whole(cli: Cli, workspace: Path) -> None:
    cli("scan", str(workspace))
    ended = cli("audit", "verify")
    assert ended.status == 0
    assert "unbroken" in ended.out


def test_verify_names_what_was_changed_and_fails(cli: Cli, workspace: Path) -> None:
    cli("scan", str(workspace))
    anyio.run(tamper)
    ended = cli("audit", "verify")
    assert ended.status == 1
    assert "row 1" in ended.out


def test_export_prints_one_object_for_each_write_oldest_first(cli: Cli, workspace: Path) -> None:
    cli("scan", str(workspace))
    cli("repos", "remove", "acme/ui")
    entries = [json.loads(line) for line in cli("audit", "export").out.splitlines()]
    assert [(entry["operation"], entry["actor"], entry["result"]) for entry in entries] == [
        ("discover_repositories", "local", "success"),
        ("scan_dependencies", "local", "success"),
        ("remove_repository", "local", "success"),
    ]


def test_export_writes_a_file(cli: Cli, workspace: Path, tmp_path: Path) -> None:
    cli("scan", str(workspace))
    file = tmp_path / "audit.jsonl"
    ended = cli("audit", "export", "--output", str(file))
    assert ended.out == f"2 entries written to {file}.\n"
    assert len(file.read_text("utf-8").splitlines()) == 2


@pytest.mark.parametrize("command", [("audit", "export"), ("openapi",)])
def test_a_file_that_cannot_be_written_is_a_failure_that_names_it(
    cli: Cli, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "nowhere" / "file"
    ended = cli(*command, "--output", str(file))
    assert ended.status == 1
    assert f"{file} cannot be written" in ended.err
