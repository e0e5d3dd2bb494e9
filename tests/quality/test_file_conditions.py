from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.patterns import MAX_TEXT
from gitops_auditor.quality.expressions import parse_check
from gitops_auditor.quality.file_conditions import Answer, evaluate, holds

FILES: Mapping[str, bytes | None] = {
    "README.md": b"# Title\n\nText\n",
    "LICENSE": b"The MIT License\r\nDRAFT\r\n",
    "docs/a.md": b"alpha\n",
    "docs/b.md": b"beta\nDRAFT: more\n",
    "docs/deep/c.md": b"",
    "blank.txt": b"\n  \n",
    "wide.txt": "gr\u00fc\u00df dich\n".encode("utf-16"),
    "marked.txt": b"\xef\xbb\xbfhello\n",
    "long.txt": b"a" * (MAX_TEXT + 1) + b"\nend\n",
    "link": None,
}


def answers(text: str, files: Mapping[str, bytes | None] = FILES) -> list[Answer]:
    return evaluate(parse_check(text), list(files), files.get)


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("README.md exists", True, "README.md exists."),
        ("readme.md exists", False, "There is no readme.md; there is README.md,"),
        ("docs exists", True, "docs exists."),
        ("doc exists", False, "There is no doc."),
        ("docs/*.md exists", True, "docs/*.md exists."),
        ("src/**/*.py exists", False, "No file matches src/**/*.py."),
        (".env not exists", True, "There is no .env."),
        ("docs does not exist", False, "There is docs/a.md, docs/b.md, docs/deep/c.md."),
        ("**/*.md not exists", False, "README.md, docs/a.md, docs/b.md and 1 more."),
        ("README.md non-empty", True, "README.md is not empty."),
        ("blank.txt non-empty", False, "blank.txt is empty."),
        ("docs/**/*.md non-empty", False, "docs/deep/c.md is empty."),
        ("docs non-empty", True, "docs is a folder with files."),
        ("src/*.md non-empty", False, "No file matches src/*.md."),
        ("link non-empty", None, "link cannot be read"),
        ("docs contains /x/", False, "write docs/** for the files in it"),
        ("none contains /x/", False, "There is no none."),
        ("none not contains /x/", False, "There is no none."),
        ("link contains /x/", None, "link cannot be read"),
        ("link not contains /x/", None, "link cannot be read"),
        ("long.txt contains /end/", True, "/end/ is on line 2 of long.txt."),
        ("long.txt contains /b/", None, "Line 1 of long.txt has more than 4096 characters"),
        ("long.txt not contains /b/", None, "Line 1 of long.txt"),
        ("long.txt not contains /end/", False, "/end/ is on line 2 of long.txt."),
        ("wide.txt contains /^grüß dich$/", True, "line 1 of wide.txt"),
        ("marked.txt contains /^hello$/", True, "line 1 of marked.txt"),
        ("README.md not contains /^$/", False, "line 2 of README.md"),
        ("docs/a.md not contains /^$/", True, "docs/a.md is free of /^$/."),
    ],
)
def test_a_condition_holds_or_says_why_not(text: str, expected: bool | None, reason: str) -> None:
    (answer,) = answers(text)
    assert answer.holds is expected
    assert reason in answer.reason


def test_what_is_found_has_its_file_and_line() -> None:
    found, missing, present = answers(
        "LICENSE contains /MIT/ and docs/*.md contains /alpha/ and docs/*.md not contains /DRAFT/"
    )
    assert (found.path, found.line) == ("LICENSE", 1)
    assert (missing.holds, missing.path, missing.line) == (False, "docs/b.md", None)
    assert (present.holds, present.path, present.line) == (False, "docs/b.md", 2)


def test_one_condition_that_fails_outweighs_one_that_is_not_known() -> None:
    assert holds(answers("link contains /x/ and README.md exists")) is None
    assert holds(answers("link contains /x/ and none exists")) is False
    assert holds(answers("LICENSE exists and README.md exists")) is True
    assert holds([]) is None


def test_no_answer_is_given_when_the_time_is_over() -> None:
    (answer,) = evaluate(
        parse_check("README.md contains /Text/"), list(FILES), FILES.get, lambda: True
    )
    assert answer.holds is None
    assert "line 1 of README.md" in answer.reason


def test_paths_that_are_too_long_for_globs_leave_the_answer_open() -> None:
    (answer,) = answers("**/*.pem not exists", {"a" * (MAX_TEXT + 1): b""})
    assert answer.holds is None


_LINES = st.lists(st.text("ab ", max_size=4), max_size=4)


@given(st.dictionaries(st.sampled_from(["a", "b", "c/d"]), _LINES, min_size=1))
def test_contains_and_not_contains_never_both_hold(files: dict[str, list[str]]) -> None:
    content = {path: "\n".join(lines).encode() for path, lines in files.items()}
    (present,) = answers("** contains /ab/", content)
    (absent,) = answers("** not contains /ab/", content)
    has = [any("ab" in line for line in lines) for lines in files.values()]
    assert present.holds is all(has)
    assert absent.holds is not any(has)
