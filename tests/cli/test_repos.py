import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def listed(cli: Cli) -> list[str]:
    return [line.split()[0] for line in cli("repos", "list").out.splitlines()]


def test_discover_registers_what_is_under_a_folder_and_says_so(cli: Cli, workspace: Path) -> None:
    first = cli("repos", "discover", str(workspace))
    second = cli("repos", "discover", str(workspace))
    assert first.out == "3 registered, 0 updated, 0 unchanged, 0 skipped.\n"
    assert second.out == "0 registered, 0 updated, 3 unchanged, 0 skipped.\n"
    assert listed(cli) == ["acme/admin", "acme/shop", "acme/ui"]


def test_add_takes_a_path(cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    assert cli("repos", "add", "ui", "--name", "The kit").out == "Registered acme/ui.\n"
    page = json.loads(cli("repos", "list", "--json").out)
    assert [(one["name"], one["path"]) for one in page["items"]] == [
        ("The kit", str(workspace / "ui"))
    ]


def test_add_twice_is_a_failure_that_names_the_first(cli: Cli, workspace: Path) -> None:
    cli("repos", "add", str(workspace / "ui"))
    ended = cli("repos", "add", str(workspace / "ui"))
    assert ended.status == 1
    assert "acme/ui" in ended.err


@pytest.mark.parametrize(
    "source", ["ext::sh -c id", "file:///etc", "--upload-pack=id", "https://127.0.0.1/a/b", "typo"]
)
def test_add_refuses_what_must_not_be_cloned_with_a_sentence(cli: Cli, source: str) -> None:
    ended = cli("repos", "add", "--", source)
    assert ended.status == 1
    assert ended.err.startswith("error: ")
    assert listed(cli) == []


def test_remove_takes_one_out_and_leaves_its_files(cli: Cli, workspace: Path) -> None:
    cli("repos", "discover", str(workspace))
    assert cli("repos", "remove", "acme/ui").out == "Removed acme/ui from the registry.\n"
    assert listed(cli) == ["acme/admin", "acme/shop"]
    assert (workspace / "ui" / "package.json").is_file()


def test_remove_of_an_unknown_one_says_so(cli: Cli) -> None:
    ended = cli("repos", "remove", "acme/nothing")
    assert ended.status == 1
    assert "acme/nothing" in ended.err


def test_a_long_list_comes_in_pages(cli: Cli, workspace: Path) -> None:
    cli("repos", "discover", str(workspace))
    first = cli("repos", "list", "--limit", "2").out.splitlines()
    assert first[2].startswith("More: --cursor ")
    rest = cli("repos", "list", "--limit", "2", "--cursor", first[2].split()[-1]).out
    assert rest.startswith("acme/ui ")


def test_what_is_gone_or_no_repository_is_told(cli: Cli, workspace: Path) -> None:
    cli("repos", "discover", str(workspace))
    (workspace / "ui").rename(workspace.parent / "moved")
    (workspace / "broken").mkdir()
    (workspace / "broken" / ".git").write_text("gitdir: nowhere\n", encoding="utf-8")
    shown = cli("repos", "discover", str(workspace)).out
    assert "acme/ui is registered but not there any more" in shown
    assert f"skipped {workspace / 'broken'}: " in shown
