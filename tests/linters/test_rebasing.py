"""Paths that tools print: only those of files that they were given are taken."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.linters.rebasing import all_asked, asked, rebased
from gitops_auditor.linters.rebasing import given as arguments
from gitops_auditor.linters.tool import Request, UnreadableOutput

ROOT = Path("/w/root")


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("a.py", "a.py"),
        ("./a.py", "a.py"),
        ("b/../a.py", "a.py"),
        ("/w/root/b/a.py", "b/a.py"),
        ("/w/root//b/./a.py", "b/a.py"),
        ("file:///w/root/b%20c/a.py", "b c/a.py"),
        ("file://localhost/w/root/a.py", "a.py"),
        ("a%20b.py", "a%20b.py"),
    ],
)
def test_a_path_becomes_relative_to_the_root(path: str, file: str) -> None:
    assert rebased(path, ROOT) == file


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../a.py",
        "b/../../a.py",
        "/w/root",
        "/w/root/../a.py",
        "/w/rootless/a.py",
        "/etc/passwd",
        "file:///etc/passwd",
        "file://elsewhere/w/root/a.py",
        "file:///w/root/%2e%2e/a.py",
    ],
)
def test_a_path_outside_of_the_root_is_refused(path: str) -> None:
    with pytest.raises(UnreadableOutput):
        rebased(path, ROOT)


@given(st.text(max_size=30))
def test_no_path_leads_out_of_the_root(path: str) -> None:
    try:
        file = rebased(path, ROOT)
    except UnreadableOutput:
        return
    assert not file.startswith("/")
    assert ".." not in Path(file).parts


def test_the_root_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert rebased(f"{tmp_path}/real/a.py", tmp_path / "link") == "a.py"
    assert rebased(f"{tmp_path}/link/a.py", tmp_path / "link") == "a.py"


def test_a_file_that_was_not_asked_for_and_one_that_is_missing_are_refused() -> None:
    request = Request(ROOT, ("a.py", "b.py"))
    assert asked("/w/root/a.py", request) == "a.py"
    assert all_asked(["b.py", "./a.py", "a.py"], request) == 2
    with pytest.raises(UnreadableOutput, match=r"c\.py"):
        asked("c.py", request)
    with pytest.raises(UnreadableOutput, match=r"did not look at b\.py"):
        all_asked(["a.py"], request)


def test_no_file_looks_like_an_option() -> None:
    request = Request(ROOT, ("-c", "@list", "a-b"))
    assert arguments(request) == ["./-c", "./@list", "a-b"]
