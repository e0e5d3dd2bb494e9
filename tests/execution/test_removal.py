"""Folders that jobs wrote are removed, whatever they made of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.removal import remove_tree

NOBODY = 65534

REMOVE = """
import os, sys
from pathlib import Path
from gitops_auditor.execution.removal import remove_tree
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
remove_tree(Path(sys.argv[1]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def _make_deep(folder: Path, depth: int) -> None:
    """Folders in folders, further down than any path can name."""
    opened = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a" * 100, dir_fd=opened)
        inner = os.open("a" * 100, os.O_RDONLY, dir_fd=opened)
        os.close(opened)
        opened = inner
    os.close(opened)


def _close_all(folder: Path) -> None:
    (folder / "closed/inner").mkdir(parents=True)
    (folder / "closed/inner/file").write_text("", "utf-8")
    for path in (folder / "closed/inner", folder / "closed"):
        path.chmod(0)


def test_a_folder_goes_with_all_in_it(folder: Path) -> None:
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").write_text("x", "utf-8")
    os.mkfifo(folder / "a/pipe")
    remove_tree(folder)
    assert not folder.exists()


def test_nothing_happens_when_it_is_not_there(tmp_path: Path) -> None:
    remove_tree(tmp_path / "none")


def test_links_are_removed_and_not_followed(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o500)
    (kept / "file").write_text("x", "utf-8")
    (folder / "sub").mkdir()
    for name in ("link", "sub/link"):
        (folder / name).symlink_to(kept)
    remove_tree(folder)
    assert not folder.exists()
    assert (kept / "file").read_text("utf-8") == "x"
    assert kept.stat().st_mode & 0o777 == 0o500


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "kept")
    with pytest.raises(Unavailable):
        remove_tree(tmp_path / "run")
    assert (tmp_path / "kept").is_dir()


def test_folders_deeper_than_paths_and_recursion_reach_go_too(folder: Path) -> None:
    _make_deep(folder, 3000)
    remove_tree(folder)
    assert not folder.exists()


def test_closed_folders_go_too(folder: Path) -> None:
    _close_all(folder)
    remove_tree(folder)
    assert not folder.exists()


def test_a_user_without_privileges_removes_folders_that_are_closed_to_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True)
    _close_all(home / "run")
    for path in tmp_path.parents:
        if path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o001)
    tmp_path.chmod(0o755)
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    argv = [sys.executable, "-c", REMOVE, str(home / "run")]
    ended = subprocess.run(argv, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()
    assert list(home.iterdir()) == []
