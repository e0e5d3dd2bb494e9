"""`gitops-auditor gates list`, `show`, `explain`, `override` and `baselines`, and reports."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, change, make
from tests.cli.gated import BAD, GATE_FILE, GOOD, ONE_GATE, in_git
from tests.factories.runs import run_folder


@pytest.fixture
def here(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository whose only gate fails, which is where commands are called."""
    folder = tmp_path / "tool"
    make(folder, {GATE_FILE: ONE_GATE, "README.md": BAD})
    with run_folder() as runs:
        monkeypatch.setenv("PIPELINE_WORKSPACES", str(runs / "runs"))
        monkeypatch.setenv("PIPELINE_ALLOW_UNSANDBOXED", "true")
        monkeypatch.chdir(folder)
        yield folder


@pytest.fixture
def failed(cli: Cli, here: Path) -> dict[str, Any]:
    """What the gate said."""
    report: dict[str, Any] = json.loads(cli("gates", "run", "--format", "json").out)
    assert report["status"] == "failed"
    return report


def test_gates_of_validated_files_are_listed(cli: Cli, failed: dict[str, Any]) -> None:
    listed = cli("gates", "list")
    assert listed.status == 0
    assert listed.out.count(GATE_FILE) == 1
    told = json.loads(cli("gates", "list", "--phase", "pre_merge", "--json").out)
    assert [gate["name"] for gate in told["items"]] == ["Finished"]
    assert cli("gates", "list", "--phase", "pre_deploy").out == "No gate is known.\n"
    assert cli("gates", "list", "--phase", "never").status == 1


def test_a_validation_is_shown_as_it_was_when_it_was_made(cli: Cli, failed: dict[str, Any]) -> None:
    shown = cli("gates", "show", failed["id"])
    assert shown.status == 0
    assert "✗ Finished failed" in shown.out
    assert json.loads(cli("gates", "show", failed["id"], "--json").out) == failed
    assert cli("gates", "show", "nothing").status == 1


def test_a_failure_is_explained_with_what_to_do(cli: Cli, failed: dict[str, Any]) -> None:
    (gate,) = failed["gates"]
    told = cli("gates", "explain", gate["id"])
    assert told.status == 0
    assert told.out.startswith("Finished failed\n")
    assert "README.md" in told.out
    assert "To do:" in told.out
    found = json.loads(cli("gates", "explain", gate["id"], "--json").out)
    assert found["result_id"] == gate["id"]
    assert cli("gates", "explain", "nothing").status == 1


def test_a_gate_that_was_overridden_lets_exactly_these_files_pass(
    cli: Cli, here: Path, failed: dict[str, Any]
) -> None:
    (gate,) = failed["gates"]
    assert cli("gates", "override", gate["id"]).status == 2
    assert cli("gates", "override", gate["id"], "--reason", " ").status == 1
    made = cli("gates", "override", gate["id"], "--reason", "The release is today.")
    assert (made.status, failed["tree"][:10] in made.out) == (0, True)
    passed = cli("gates", "run")
    assert passed.status == 0
    assert "The release is today." in passed.out
    change(here, {"other.txt": "Words.\n"})
    assert cli("gates", "run").status == 1


def test_figures_of_a_release_are_recorded_listed_and_forgotten(
    cli: Cli, here: Path, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text('{"start": 1.5}', encoding="utf-8")
    in_git(here, "tag", "v1.0.0")
    made = cli("gates", "baselines", "record", "v1.0.0", str(figures))
    assert (made.status, made.err) == (0, "")
    assert made.out.startswith("Recorded: 1 figure of v1.0.0, measured at ")
    assert "v1.0.0" in (listed := cli("gates", "baselines", "list").out)
    assert "start 1.5" in listed
    assert cli("gates", "baselines", "remove", "v1.0.0").status == 0
    assert "v1.0.0" not in cli("gates", "baselines", "list").out
    assert cli("gates", "baselines", "remove", "v1.0.0").status == 1
    assert cli("gates", "baselines", "record", "v1.0.0", str(tmp_path / "no.json")).status == 1
    figures.write_text("fast", encoding="utf-8")
    refused = cli("gates", "baselines", "record", "v1.0.0", str(figures))
    assert (refused.status, "holds no figures" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [("pdf", b"%PDF-"), ("html", b"<!doctype html>"), ("md", b"# "), ("json", b"{")],
)
def test_a_report_is_a_file_of_its_kind(
    cli: Cli, failed: dict[str, Any], tmp_path: Path, kind: str, beginning: bytes
) -> None:
    ended = cli("maintenance", "generate-report", "--format", kind)
    assert (ended.status, ended.err) == (0, "")
    made = Path(ended.out.strip())
    assert made.parent == tmp_path / "data" / "reports"
    assert made.suffix == f".{kind}"
    assert made.read_bytes().lower().startswith(beginning.lower())
    named = tmp_path / "named"
    cli("maintenance", "generate-report", "--format", kind, "-o", str(named), "--days", "1")
    assert named.stat().st_size > 0


def test_reports_are_kept_where_the_settings_or_the_caller_say(
    cli: Cli, failed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_REPORTS_URL", str(tmp_path / "kept"))
    made = cli("maintenance", "generate-report", "--format", "md")
    (kept,) = (tmp_path / "kept").iterdir()
    assert made.out == f"{kept}\n"
    assert kept.read_text(encoding="utf-8").startswith("# ")
    named = f"file://{tmp_path}/named/report.md"
    assert cli("maintenance", "generate-report", "--format", "md", "-o", named).out == f"{named}\n"
    assert (tmp_path / "named" / "report.md").stat().st_size == kept.stat().st_size
    refused = cli("maintenance", "generate-report", "-o", "mcp://nowhere/report.html")
    assert (refused.status, "configured are: none" in refused.err) == (1, True)


def test_a_report_as_pdf_can_be_read(cli: Cli, failed: dict[str, Any], tmp_path: Path) -> None:
    from pypdf import PdfReader

    named = tmp_path / "report.pdf"
    cli("maintenance", "generate-report", "--format", "pdf", "--output", str(named))
    text = "".join(page.extract_text() for page in PdfReader(named).pages)
    assert "Finished" in text


def test_a_release_that_passes_needs_no_explanation(cli: Cli, here: Path) -> None:
    change(here, {"README.md": GOOD})
    report = json.loads(cli("gates", "run", "--format", "json").out)
    (gate,) = report["gates"]
    assert "To do:" not in cli("gates", "explain", gate["id"]).out
