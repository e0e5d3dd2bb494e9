"""Reading a working tree never leaves it."""

import os
from pathlib import Path

import pytest

from gitops_auditor.repositories.working_tree import read_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cr3t", "utf-8")
    root = tmp_path / "root"
    (root / "in/side").mkdir(parents=True)
    (root / "in/side/file").write_text("content", "utf-8")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder-link").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    (root / "large").write_bytes(b"x" * 101)
    os.mkfifo(root / "pipe")
    return root


def test_regular_files_are_read_whole(root: Path) -> None:
    assert read_files(root, ["in/side/file"], 100).contents == {"in/side/file": b"content"}


@pytest.mark.parametrize(
    "name",
    [
        "link",
        "folder-link/secret",
        "loop",
        "loop/x",
        "pipe",
        "in",
        "missing",
        "in/side/file/x",
        "../secret",
        "in/../../secret",
        "/etc/passwd",
        "./in/side/file",
        "in//side/file",
        "",
        "a\x00b",
        "large",
        "x" * 300,
    ],
)
def test_everything_else_is_left_out_with_a_reason(root: Path, name: str) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    read = read_files(root, [name], 100)
    assert read.contents == {}
    assert read.skipped[name]
    assert len(sorted(Path("/proc/self/fd").iterdir())) == len(before)
