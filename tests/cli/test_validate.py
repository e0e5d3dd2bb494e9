"""`validate`: mistakes with their place, or what an event comes to."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

GOOD = """
name: good
triggers: [{push: {branches: [main]}}]
stages:
  - name: test
    jobs: [{name: unit, script: make}]
  - name: deploy
    condition: branch == 'main'
    jobs: [{name: ship, script: make}]
"""
BROKEN = "name: x\nstages:\n  - name: one\n    jobs:\n      - a: {scirpt: make}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pipeline.yaml"
    path.write_text(GOOD, "utf-8")
    return path


def test_a_mistake_is_shown_with_line_and_column_and_status_1(cli: Cli, file: Path) -> None:
    file.write_text(BROKEN, "utf-8")
    done = cli("validate", str(file))
    assert done.status == 1
    assert f"{file}:5:13" in done.out.replace("\n", "")
    as_json = cli("validate", str(file), "--json")
    assert as_json.status == 1
    assert json.loads(as_json.out)["problems"][0]["line"] == 5


def test_a_valid_file_shows_what_an_event_comes_to(cli: Cli, file: Path) -> None:
    done = cli("validate", str(file), "--event", "push", "--branch", "main")
    assert done.status == 0
    assert done.out.startswith("starts")
    assert "run     deploy/ship" in done.out
    elsewhere = cli("validate", str(file), "-e", "push", "-b", "feature")
    assert elsewhere.out.startswith("does not start")
    assert "skip    deploy/ship" in elsewhere.out
