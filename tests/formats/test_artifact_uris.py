"""Files named by URIs in reports of tools."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.artifact_uris import path_below

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=8,
).filter(lambda name: name not in {".", ".."})


@pytest.mark.parametrize(
    ("references", "path"),
    [
        (["a.py"], "a.py"),
        (["./src/../a.py"], "a.py"),
        (["/r/src/a.py"], "src/a.py"),
        (["file:///r/src/a.py"], "src/a.py"),
        (["FILE://localhost/r/a.py"], "a.py"),
        (["file:/r/a.py"], "a.py"),
        (["file:///r/a%20b%2541%23%C3%A9.py"], "a b%41#é.py"),
        (["a%20b.py"], "a b.py"),
        (["a b%41#é?.py"], "a b%41#é?.py"),
        (["100%.py"], "100%.py"),
        (["%ff.py"], "\\xff.py"),
        (["file:///r/sub/", "a.py"], "sub/a.py"),
        (["sub/", "/r/other/a.py"], "other/a.py"),
        (["C:x"], "C:x"),
        (["."], ""),
        ([], ""),
        (["file:///r"], ""),
    ],
)
def test_a_file_below_the_root_is_named_relative_to_it(references: list[str], path: str) -> None:
    assert path_below("/r", references) == path
    assert path_below("/r/", references) == path


@pytest.mark.parametrize(
    "reference",
    [
        "../a.py",
        "src/../../a.py",
        "%2e%2e/a.py",
        "/rr/a.py",
        "/etc/passwd",
        "file:///etc/passwd",
        "file:a.py",
        "file://host/r/a.py",
        "//host/r/a.py",
        "https://example.org/r/a.py",
        "git:r/a.py",
        "a%00.py",
        "a\n.py",
    ],
)
def test_what_is_not_below_the_root_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="It names"):
        path_below("/r", [reference])


def test_the_root_of_the_file_system_can_be_the_root() -> None:
    assert path_below("/", ["/etc/passwd"]) == "etc/passwd"


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_every_path_that_is_encoded_comes_back(names: list[str]) -> None:
    path = "/".join(names)
    assert path_below("/r o%20t", [f"file://{quote(f'/r o%20t/{path}')}"]) == path
    assert path_below("/r", [quote(f"./{path}")]) == path


@given(st.text(max_size=40))
def test_no_reference_leads_out_of_the_root(reference: str) -> None:
    try:
        path = path_below("/r", [reference])
    except ValueError:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
