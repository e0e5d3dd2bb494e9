"""What a hostile job leaves behind does no harm to its reader."""

import os
from pathlib import Path

import pytest

from gitops_auditor.errors import NotFound, Refused, TooLarge
from gitops_auditor.execution.collecting import collect, read_left


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("treasure", encoding="utf-8")
    workspace = tmp_path / "workspace"
    (workspace / "reports" / "deep").mkdir(parents=True)
    (workspace / "reports" / "a.xml").write_text("a", encoding="utf-8")
    (workspace / "reports" / "deep" / "b.xml").write_text("bb", encoding="utf-8")
    (workspace / "reports" / "link.xml").symlink_to(tmp_path / "secret")
    (workspace / "linked").symlink_to(tmp_path)
    os.mkfifo(workspace / "reports" / "pipe.xml")
    return workspace


def collected(workspace: Path, *patterns: str) -> dict[str, bytes]:
    return {left.path: left.file.read() for left in collect(workspace, patterns)}


def test_links_and_pipes_are_not_collected(workspace: Path) -> None:
    assert collected(workspace, "**") == {"reports/a.xml": b"a", "reports/deep/b.xml": b"bb"}


def test_a_star_stays_in_its_folder_and_two_go_through_all(workspace: Path) -> None:
    assert set(collected(workspace, "reports/*.xml")) == {"reports/a.xml"}
    assert set(collected(workspace, "**/b.xml")) == {"reports/deep/b.xml"}


def test_a_folder_stands_for_all_below_it(workspace: Path) -> None:
    assert set(collected(workspace, "./reports/deep/")) == {"reports/deep/b.xml"}


def test_no_pattern_names_nothing(workspace: Path) -> None:
    assert collected(workspace) == {}


def test_bounds_are_kept(workspace: Path) -> None:
    with pytest.raises(TooLarge):
        list(collect(workspace, ["**"], max_files=1))
    with pytest.raises(TooLarge):
        list(collect(workspace, ["**"], max_bytes=2))


def test_a_report_is_read(workspace: Path) -> None:
    assert read_left(workspace, "reports/deep/b.xml", max_bytes=2) == b"bb"


@pytest.mark.parametrize(
    "path",
    [
        "reports/link.xml",
        "linked/secret",
        "reports/pipe.xml",
        "../secret",
        "/etc/passwd",
        "reports",
        "",
    ],
)
def test_a_report_that_is_no_plain_file_inside_is_refused(workspace: Path, path: str) -> None:
    with pytest.raises(Refused):
        read_left(workspace, path, max_bytes=100)


def test_a_missing_report_is_said_to_be_missing(workspace: Path) -> None:
    with pytest.raises(NotFound, match="reports/none"):
        read_left(workspace, "reports/none.xml", max_bytes=100)


def test_a_report_that_is_too_large_is_not_read(workspace: Path) -> None:
    with pytest.raises(TooLarge):
        read_left(workspace, "reports/deep/b.xml", max_bytes=1)
