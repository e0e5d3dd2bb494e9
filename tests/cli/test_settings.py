"""`config`, `migrate` and `openapi`: commands about the installation itself."""

import json
import os
from pathlib import Path

import pytest

from gitops_auditor.config import VARIABLES
from gitops_auditor.tools import full_catalog
from tests.cli.conftest import Cli


def test_config_shows_every_setting_with_value_and_meaning(cli: Cli, data_dir: Path) -> None:
    lines = cli("config", "show").out.splitlines()
    shown = dict(line.split("=", 1) for line in lines if not line.startswith("    "))
    assert list(shown) == list(VARIABLES)
    assert shown["GITOPS_DATA_DIR"] == str(data_dir)
    assert shown["GITOPS_CLONE_PROTOCOLS"] == "https,ssh"
    assert all(line.strip() for line in lines)
    assert len(lines) == 2 * len(VARIABLES)


def test_config_masks_secrets(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_TOKEN", "goa_hidden")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@h/d")
    shown = cli("config", "show").out + cli("config", "show", "--json").out
    assert "GITOPS_TOKEN=********" in shown
    assert "hidden" not in shown
    assert "hunter2" not in shown


def test_config_as_json_is_one_object(cli: Cli) -> None:
    values = json.loads(cli("config", "show", "--json").out)
    assert list(values) == list(VARIABLES)
    assert values["GITOPS_PORT"] == "3070"


@pytest.mark.parametrize("command", [("scan",), ("serve",), ("config", "show"), ("stdio",)])
def test_an_unknown_setting_stops_the_start_and_names_itself(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("GITOPS_PROT", "3071")
    ended = cli(*command)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "error: There is no setting GITOPS_PROT.\n  Did you mean GITOPS_PORT?\n"


def test_a_value_that_is_not_understood_names_its_setting(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_PORT", "many")
    ended = cli("serve")
    assert ended.status == 1
    assert ended.err.startswith("error: GITOPS_PORT is not understood: ")


def test_migrate_makes_the_schema_and_says_when_it_is_current(
    cli: Cli, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    first, second = cli("migrate"), cli("migrate")
    assert first.out.startswith("Migrated from nothing to ")
    assert second.out.startswith("The schema is current (")
    assert (data_dir / "gitops-auditor.db").is_file()


def test_openapi_describes_every_operation(cli: Cli) -> None:
    document = json.loads(cli("openapi").out)
    assert document["openapi"].startswith("3.1")
    described = {
        operation.get("operationId")
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    }
    assert described >= {operation.name for operation in full_catalog().operations}


def test_openapi_writes_a_file(cli: Cli, tmp_path: Path) -> None:
    ended = cli("openapi", "-o", str(tmp_path / "openapi.json"))
    assert (ended.status, ended.out) == (0, "")
    assert "paths" in json.loads((tmp_path / "openapi.json").read_text("utf-8"))


def test_no_command_leaves_a_setting_behind(cli: Cli, workspace: Path, tmp_path: Path) -> None:
    before = dict(os.environ)
    cli("demo", "--once", "--folder", str(tmp_path / "demo"))
    assert dict(os.environ) == before
