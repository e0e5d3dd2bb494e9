import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, change, make

DOCUMENTED = {
    "source_repo",
    "target_repo",
    "dependency_type",
    "name",
    "version_constraint",
    "scope",
    "confidence",
    "file",
    "line",
}


def scanned(cli: Cli, *arguments: str) -> dict[str, list[dict[str, object]]]:
    ended = cli("scan", *arguments, "--json")
    assert ended.status == 0, ended.err
    answer: dict[str, list[dict[str, object]]] = json.loads(ended.out)
    return answer


def test_json_is_one_object_whose_dependencies_have_the_documented_fields(
    cli: Cli, workspace: Path
) -> None:
    dependencies = scanned(cli, str(workspace))["dependencies"]
    assert all(set(one) >= DOCUMENTED for one in dependencies)
    shown = [{name: one[name] for name in DOCUMENTED} for one in dependencies]
    assert {
        "source_repo": "acme/shop",
        "target_repo": "acme/ui",
        "dependency_type": "npm",
        "name": "@acme/ui",
        "version_constraint": "^1.4.0",
        "scope": "runtime",
        "confidence": 1.0,
        "file": "package.json",
        "line": 4,
    } in shown
    assert len(shown) == 3


def test_what_no_repository_provides_has_a_null_target(cli: Cli, workspace: Path) -> None:
    dependencies = scanned(cli, str(workspace))["dependencies"]
    assert [one["target_repo"] for one in dependencies if one["name"] == "react"] == [None]


def test_text_counts_what_was_found_and_what_changed(cli: Cli, workspace: Path) -> None:
    first, second = cli("scan", str(workspace)), cli("scan", str(workspace))
    counts = "3 repositories, 3 dependencies, 2 of them on one another"
    assert first.out == f"{counts} (3 added, 0 updated, 0 removed).\n"
    assert second.out == f"{counts} (0 added, 0 updated, 0 removed).\n"
    assert first.err == ""


def test_a_scan_that_takes_long_ends_with_the_same_answer(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_auditor.cli.session.FIRST_WAIT", 0.001)
    monkeypatch.setattr("gitops_auditor.cli.session.NEXT_WAIT", 0.001)
    assert cli("scan", str(workspace)).out.startswith("3 repositories, 3 dependencies, 2 of them")


def test_a_repository_can_be_named_itself(cli: Cli, workspace: Path) -> None:
    found = scanned(cli, str(workspace / "shop"))["dependencies"]
    assert {one["source_repo"] for one in found} == {"acme/shop"}


def test_a_relative_path_is_taken_from_the_current_folder(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    assert cli("scan", ".").out.startswith("3 repositories")


def test_without_a_path_all_that_are_registered_are_scanned(cli: Cli, workspace: Path) -> None:
    cli("repos", "discover", str(workspace))
    assert cli("scan").out.startswith("3 repositories, 3 dependencies")


def test_json_of_one_folder_leaves_out_what_else_is_registered(
    cli: Cli, workspace: Path, tmp_path: Path
) -> None:
    cli("scan", str(workspace))
    elsewhere = tmp_path / "elsewhere"
    make(elsewhere / "web", {"package.json": '{"dependencies": {"vue": "3"}}'})
    found = scanned(cli, str(elsewhere))["dependencies"]
    assert [one["name"] for one in found] == ["vue"]
    assert len(scanned(cli)["dependencies"]) == 4


def test_worktree_reads_uncommitted_files(cli: Cli, workspace: Path) -> None:
    manifest = workspace / "admin" / "package.json"
    manifest.write_text(manifest.read_text("utf-8").replace("^2.0.0", "^2.1.0"), encoding="utf-8")

    def wanted(*arguments: str) -> list[object]:
        found = scanned(cli, str(workspace), *arguments)["dependencies"]
        return [one["version_constraint"] for one in found if one["source_repo"] == "acme/admin"]

    assert wanted() == ["^2.0.0"]
    assert wanted("--worktree") == ["^2.1.0"]
    assert wanted() == ["^2.0.0"]


def test_a_broken_file_is_named_with_line_and_column_and_the_rest_is_scanned(
    cli: Cli, workspace: Path
) -> None:
    change(workspace / "ui", {"web/package.json": '{\n  "name": oops\n}'})
    ended = cli("scan", str(workspace))
    assert ended.status == 0
    assert "3 dependencies" in ended.out
    assert "not read acme/ui/web/package.json:2:11: " in ended.out


def test_json_names_broken_files_on_a_rescan_too(cli: Cli, workspace: Path) -> None:
    change(workspace / "ui", {"web/package.json": "{"})
    assert scanned(cli, str(workspace))["problems"] == scanned(cli, str(workspace))["problems"]
    assert scanned(cli)["problems"][0]["file"] == "web/package.json"


def test_a_folder_without_repositories_is_a_failure_that_says_so(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ended = cli("scan", str(empty))
    assert ended.status == 1
    assert f"There are no git repositories under {empty}." in ended.err
    assert ended.out == ""


def test_a_folder_that_is_not_there_is_a_failure_that_says_so(cli: Cli, tmp_path: Path) -> None:
    ended = cli("scan", str(tmp_path / "nowhere"))
    assert ended.status == 1
    assert "nowhere" in ended.err


def test_names_that_are_not_text_or_hostile_reach_neither_the_terminal_nor_break_json(
    cli: Cli, workspace: Path
) -> None:
    files: dict[str, str | bytes] = {
        "\udcff/package.json": '{"dependencies": {"left-pad": "1"}}',
        "web/package.json": '{"dependencies": {"\\u001b[2J[red]x[/oops]": "1"}, ',
        "app/package.json": '{"dependencies": {"\\u001b]0;title\\u0007[red]": "1 [/nothing]"}}',
    }
    change(workspace / "ui", files)
    shown = cli("scan", str(workspace))
    table = cli("graph", "--external")
    assert (shown.status, table.status) == (0, 0), shown.err + table.err
    assert "\x1b" not in shown.out + table.out
    assert "\\x1b" in table.out
    names = [one["name"] for one in scanned(cli)["dependencies"]]
    assert "\x1b]0;title\x07[red]" in names


def test_read_only_settings_say_that_they_turn_scanning_off(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_READ_ONLY", "true")
    ended = cli("scan", str(workspace))
    assert ended.status == 1
    assert "GITOPS_READ_ONLY" in ended.err
