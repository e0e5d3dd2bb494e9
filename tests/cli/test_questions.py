"""`graph`, `conflicts` and `impact`, asked after a scan."""

import itertools
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, make

WEB = '{"name": "web", "dependencies": {"@acme/ui": "^2.0.0"}}'


@pytest.fixture
def scanned(cli: Cli, workspace: Path) -> Cli:
    assert cli("scan", str(workspace)).status == 0
    return cli


def test_the_graph_lists_repositories_by_phase_with_what_they_need(scanned: Cli) -> None:
    assert [line.split() for line in rows(scanned("graph").out, "phase")] == [
        ["1", "ui", "2.1.0", "2"],
        ["2", "admin", "ui", "(npm)", "0"],
        ["shop", "ui", "(npm)", "0"],
    ]


def test_the_graph_can_be_held_to_one_repository(scanned: Cli) -> None:
    shown = scanned("graph", "acme/shop").out
    assert "shop" in shown
    assert "admin" not in shown


def test_the_graph_shows_what_comes_from_outside_when_asked(scanned: Cli) -> None:
    assert "react" not in scanned("graph").out
    assert "react (npm)" in scanned("graph", "--external").out


def test_a_cut_graph_says_so(scanned: Cli) -> None:
    assert "raise --limit" in scanned("graph", "--limit", "2").out


def test_repositories_of_one_name_are_told_apart_by_their_owner(
    scanned: Cli, workspace: Path
) -> None:
    other = "https://github.com/other/shop.git"
    make(workspace / "other-shop", {"package.json": WEB}, other)
    scanned("scan", str(workspace))
    shown = scanned("graph").out
    assert "acme/shop" in shown
    assert "other/shop" in shown
    assert "acme/admin" not in shown


def test_a_cycle_is_shown_with_its_path(scanned: Cli, workspace: Path) -> None:
    files: dict[str, str | bytes] = {"package.json": '{"name": "a", "dependencies": {"b": "1"}}'}
    make(workspace / "a", files)
    files = {"package.json": '{"name": "b", "dependencies": {"a": "1"}}'}
    make(workspace / "b", files)
    scanned("scan", str(workspace))
    assert "Cycle, updated together: a -> b -> a" in scanned("graph").out.splitlines()


@pytest.mark.parametrize(
    ("output", "first_line"), [("mermaid", "flowchart LR"), ("dot", "digraph dependencies {")]
)
def test_the_graph_is_printed_in_languages_of_other_tools(
    scanned: Cli, output: str, first_line: str
) -> None:
    ended = scanned("graph", "--format", output)
    assert ended.out.splitlines()[0] == first_line
    assert "acme/ui" in ended.out
    assert not ended.out.endswith("\n\n")


@pytest.mark.parametrize(("output", "key"), [("json", "edges"), ("cyclonedx", "dependencies")])
def test_the_graph_is_printed_as_json_documents(scanned: Cli, output: str, key: str) -> None:
    document = json.loads(scanned("graph", "-f", output).out)
    assert len(document[key]) >= 2


def test_an_unknown_format_is_wrong_usage(scanned: Cli) -> None:
    ended = scanned("graph", "--format", "pdf")
    assert ended.status == 2
    assert "mermaid" in ended.err


def test_conflicts_name_each_line_and_the_smallest_change(scanned: Cli) -> None:
    shown = scanned("conflicts").out.splitlines()
    assert shown[1] == "Version conflicts: 1 incompatible in 2 packages."
    assert shown[3] == "incompatible @acme/ui (npm, acme/ui is at 2.1.0)"
    assert shown[4].split() == ["acme/admin/package.json:4", "^2.0.0"]
    assert shown[5].split() == ["acme/shop/package.json:4", "^1.4.0"]
    assert shown[6].split() == ["fix", "acme/shop/package.json:4", "^1.4.0", "->", "^2.1.0"]


def test_conflicts_as_json_are_the_operations_page(scanned: Cli) -> None:
    page = json.loads(scanned("conflicts", "--json").out)
    assert [one["name"] for one in page["items"]] == ["@acme/ui"]
    assert page["by_kind"]["incompatible"] == 1


def test_conflicts_can_be_held_to_a_repository_and_counted(scanned: Cli) -> None:
    assert "@acme/ui" in scanned("conflicts", "acme/admin").out
    assert "none in" in scanned("conflicts", "acme/ui").out
    assert scanned("conflicts", "--no-external").out.count("incompatible @acme/ui") == 1


def test_a_conflict_that_no_change_resolves_says_why(scanned: Cli) -> None:
    fixed = ("--fixed", "acme/shop", "--fixed", "acme/admin")
    shown = scanned("conflicts", *fixed).out
    assert "No resolution: " in shown
    assert "fix " not in shown
    assert "fix acme/shop" in scanned("conflicts", "--fixed", "acme/admin").out


def test_a_cut_list_of_conflicts_says_so(scanned: Cli, workspace: Path) -> None:
    make(workspace / "odd", {"package.json": '{"name": "odd", "dependencies": {"react": "17"}}'})
    scanned("scan", str(workspace))
    assert "1 more; raise --limit." in scanned("conflicts", "--limit", "1").out


def test_no_conflict_is_said_in_words(cli: Cli) -> None:
    assert cli("conflicts").out.strip() == "Version conflicts: none in 0 packages."


def test_impact_shows_risk_effects_with_evidence_and_order(scanned: Cli) -> None:
    shown = scanned("impact", "acme/ui", "--version", "3.0.0").out
    assert "Impact of a major change of acme/ui 3.0.0: " in shown
    assert "package.json:4 @acme/ui ^1.4.0" in shown
    assert "Update order: acme/ui -> acme/admin, acme/shop" in shown
    assert "  - These exclude 3.0.0" in shown


def test_impact_says_which_repositories_accept_the_version(scanned: Cli) -> None:
    shown = scanned("impact", "acme/ui", "--type", "minor", "--version", "2.2.0").out
    cells = [line.split() for line in rows(shown, "repository")]
    verdicts = {name: verdict for name, _, _, verdict, *_ in cells}
    assert verdicts == {"acme/admin": "yes", "acme/shop": "no"}


def rows(shown: str, first_column: str) -> list[str]:
    """The lines of the table that begins with this column, up to the next empty line."""
    lines = iter(shown.splitlines())
    header = next(line for line in lines if line.split()[:1] == [first_column])
    assert header.strip()
    assert set(next(lines).strip()) == {"─"}
    return list(itertools.takewhile(str.strip, lines))


def test_impact_of_what_nobody_needs_has_no_table(scanned: Cli) -> None:
    ended = scanned("impact", "acme/shop")
    assert ended.status == 0
    assert "evidence" not in ended.out


def test_impact_says_what_lies_deeper(scanned: Cli, workspace: Path) -> None:
    library = {"package.json": '{"name": "top", "dependencies": {"shop": "1"}}'}
    make(workspace / "top", library)
    scanned("scan", str(workspace))
    shown = scanned("impact", "acme/ui", "--depth", "1").out
    assert "1 more repositories lie deeper; raise --depth." in shown


def test_impact_as_json_is_the_operations_report(scanned: Cli) -> None:
    report = json.loads(scanned("impact", "acme/ui", "--package", "@acme/ui", "--json").out)
    assert report["affected_repositories"] == ["acme/admin", "acme/shop"]


def test_impact_of_an_unknown_repository_says_what_to_do(scanned: Cli) -> None:
    ended = scanned("impact", "acme/nothing")
    assert (ended.status, ended.out) == (1, "")
    assert "acme/nothing" in ended.err


def test_an_unknown_kind_of_change_is_wrong_usage_that_names_the_known(scanned: Cli) -> None:
    ended = scanned("impact", "acme/ui", "--type", "tiny")
    assert ended.status == 2
    assert "breaking" in ended.err


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_and_lists_stay_within_the_width(
    scanned: Cli, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = scanned("graph").out + scanned("impact", "acme/ui", "--version", "3.0.0").out
    assert max(map(len, shown.splitlines())) <= columns


def test_without_a_terminal_lines_are_120_wide(
    scanned: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    shown = scanned("impact", "acme/ui", "--version", "3.0.0").out
    assert "package.json:4 @acme/ui ^1.4.0" in shown
    assert 80 < max(map(len, shown.splitlines())) <= 120
