"""Files copied out of a working tree while it may change."""

import os
from pathlib import Path

import pytest

from gitops_auditor.errors import TooLarge
from gitops_auditor.repositories.working_copy import copy_files, regular_names
from tests.factories.git import write_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def _names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_files_links_and_executable_bits_are_copied(root: Path, target: Path) -> None:
    write_files(root, {"a": "1", "deep/er/b": "2", "deep/c": "3"})
    (root / "deep/c").chmod(0o755)
    (root / "deep/link").symlink_to("c")
    (root / "sub").mkdir()
    names = ["a", "deep/c", "deep/er/b", "deep/link", "sub"]
    assert copy_files(root, names, target, 100) == {}
    assert _names_in(target) == ["a", "deep", "deep/c", "deep/er", "deep/er/b", "deep/link", "sub"]
    assert (target / "deep/er/b").read_text("utf-8") == "2"
    assert (target / "deep/c").stat().st_mode & 0o777 == 0o755
    assert (target / "deep/link").readlink() == Path("c")


def test_what_is_gone_is_left_out_in_silence(root: Path, target: Path) -> None:
    assert copy_files(root, ["gone", "no/such/folder"], target, 100) == {}
    assert _names_in(target) == []


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/out", ".git/config", "x/.GIT/c", "r/"])
def test_names_that_lead_out_or_into_a_repository_are_left_out(
    root: Path, target: Path, name: str
) -> None:
    write_files(root, {".git/config": "x", "x/.GIT/c": "x", "../out": "x", "r/a": "x"})
    assert list(copy_files(root, [name], target, 100)) == [name]
    assert _names_in(target) == []


def test_special_files_are_left_out_with_the_reason(root: Path, target: Path) -> None:
    os.mkfifo(root / "pipe")
    assert copy_files(root, ["pipe"], target, 100) == {"pipe": "it is a special file"}


def test_a_folder_that_became_a_link_is_not_entered(
    root: Path, target: Path, tmp_path: Path
) -> None:
    write_files(tmp_path / "private", {"secret": "s3cr3t"})
    (root / "folder").symlink_to(tmp_path / "private")
    left_out = copy_files(root, ["folder/secret"], target, 100)
    assert list(left_out) == ["folder/secret"]
    assert _names_in(target) == []


def test_nothing_is_written_through_a_link_that_was_copied(
    root: Path, target: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    write_files(root, {"a/file": "x"})
    (root / "link").symlink_to(tmp_path / "outside")
    # As a list of names says that was read while the link was still a folder.
    left_out = copy_files(root, ["a/file", "link", "link/file"], target, 100)
    assert list(left_out) == ["link/file"]
    assert _names_in(tmp_path / "outside") == []


def test_more_bytes_than_allowed_end_the_copy(root: Path, target: Path) -> None:
    write_files(root, {"a": "x" * 60, "b": "x" * 60})
    with pytest.raises(TooLarge) as refused:
        copy_files(root, ["a", "b"], target, 100)
    assert refused.value.details == {"limit": 100}


def test_only_regular_files_of_a_real_folder_are_named(root: Path, tmp_path: Path) -> None:
    write_files(root, {"f/b": "", "f/a": "", "f/sub/c": ""})
    (root / "f/link").symlink_to("a")
    (root / "g").symlink_to("f")
    assert regular_names(root, "f") == ["a", "b"]
    assert regular_names(root, "g") == regular_names(root, "none") == []
    assert regular_names(root, "") == []
