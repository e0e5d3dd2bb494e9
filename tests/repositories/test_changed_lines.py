"""Which lines patches of git add."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.repositories.changed_lines import added_lines


def patch(*lines: str) -> bytes:
    return "\n".join((*lines, "")).encode()


def test_each_hunk_tells_which_lines_are_new() -> None:
    assert added_lines(
        patch(
            "diff --git a/a.py b/a.py",
            "--- a/a.py",
            "+++ b/a.py",
            "@@ -1 +1,2 @@ def f():",
            "-old",
            "+new",
            "+newer",
            "@@ -7,0 +9 @@",
            "+last",
            "\\ No newline at end of file",
        )
    ) == {"a.py": frozenset({1, 2, 9})}


def test_files_that_only_lose_lines_are_left_out() -> None:
    lost = ("--- a/a.py", "+++ b/a.py", "@@ -3,2 +2,0 @@", "-x", "-y")
    gone = ("--- a/b.py", "+++ /dev/null", "@@ -1 +0,0 @@", "-x", "\\ No newline at end of file")
    assert added_lines(patch(*lost, *gone)) == {}


def test_lines_that_look_like_headers_are_lines() -> None:
    hostile = patch(
        "+++ b/a.py",
        "@@ -1,2 +1,3 @@",
        "--- a/x.py",
        "-@@ -1 +1 @@",
        "\\ No newline at end of file",
        "+++ b/x.py",
        "+@@ -1 +50,9 @@",
        "+\\ No newline at end of file",
        "@@ -9 +10 @@",
        "-a",
        "+b",
    )
    assert added_lines(hostile) == {"a.py": frozenset({1, 2, 3, 10})}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"+++ b/a b.py\t", "a b.py"),
        (b'+++ "b/quo\\"te\\\\.py"', 'quo"te\\.py'),
        (b'+++ "b/new\\nline\\t\\001"', "new\nline\t\x01"),
        ("+++ b/é.py".encode(), "é.py"),
        (b"+++ b/\xff.py", "\\xff.py"),
    ],
)
def test_names_come_as_they_are(header: bytes, name: str) -> None:
    assert added_lines(header + b"\n@@ -0,0 +1 @@\n+x\n") == {name: frozenset({1})}


LINES = st.lists(
    st.sampled_from(["a", "b", "", "-- a/x", "++ b/x", "@@ -1 +1 @@", "\\ No newline", "\r"]),
    max_size=9,
)


@given(LINES, LINES)
def test_lines_of_real_patches_make_the_new_file(old: list[str], new: list[str]) -> None:
    """The lines that are not new are, in their order, lines of the old file."""
    text = "\n".join
    numbers = added_lines(_diff(text(old), text(new))).get("new", frozenset())
    whole = text(new).split("\n") if new else []
    assert all(1 <= number <= len(whole) for number in numbers)
    kept = [line for at, line in enumerate(whole, start=1) if at not in numbers and line]
    rest = iter(text(old).split("\n"))
    assert all(line in rest for line in kept)


def _diff(old: str, new: str) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, content in (("old", old), ("new", new)):
            (folder / name).write_bytes(content.encode())
        argv = ["git", "diff", "--no-index", "--unified=0", "--text", "--no-color", "old", "new"]
        ended = subprocess.run(argv, cwd=folder, capture_output=True, check=False, timeout=30)
        return ended.stdout
