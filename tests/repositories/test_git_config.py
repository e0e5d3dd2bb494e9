"""The parser of git's configuration agrees with git."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_auditor.repositories.git_config import parse_config, value_of

CASES = {
    "plain": '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://h/o/n.git\n',
    "case": '[REMOTE "Origin"]\n\tURL = x\n[remote "origin"]\n\tUrl = y\n',
    "comments": '# c\n; c\n[remote "origin"] # c\n\turl = a # c\n\tpush = "a # b" ; c\n',
    "quotes": '[a]\n\tb = "x y"  z "  w  "\n\tc = "a\\"b\\\\c\\td"\n',
    "continuation": "[a]\n\tb = one \\\n  two\n\tc = x\n",
    "one line": "[a] b = c\n",
    "valueless": "[a]\n\tb\n",
    "quotes of nothing": '[a]\n\tb = "" =\n',
    "empty": "[a]\n\tb =\n",
    "subsection escapes": '[a "x\\"y]z"]\n\tb = c\n',
    "dotted": "[a.b]\n\tc = d\n",
    "crlf": '[remote "origin"]\r\n\turl = x\r\n',
    "inner space": "[a]\n\tb = x  y   \n",
    "twice": "[a]\n\tb = 1\n\tb = 2\n",
}


def _of_git(file: Path) -> list[str] | None:
    ended = subprocess.run(
        ["git", "config", "--file", str(file), "--list", "-z"],
        capture_output=True,
        check=False,
        timeout=30,
    )
    if ended.returncode:
        return None
    return [entry.decode() for entry in ended.stdout.split(b"\0") if entry]


def _ours(text: str) -> list[str]:
    return [
        f"{entry.section}.{entry.subsection + '.' if entry.subsection else ''}{entry.key}"
        f"\n{entry.value}"
        for entry in parse_config(text)
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_file_means_what_git_says_it_means(tmp_path: Path, name: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(CASES[name].encode())
    found = _of_git(file)
    assert found is not None
    # git leaves the value of a bare key out; to everything that asks, it is true.
    assert _ours(CASES[name]) == [entry if "\n" in entry else f"{entry}\ntrue" for entry in found]


# Tabs are left out: whether one inside a value stays a tab depends on the version of git.
values = st.text(st.sampled_from('ab #;"\\='), max_size=12)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=values, key=st.sampled_from(["b", "B1", "long-name"]))
def test_any_value_that_git_accepts_is_read_as_git_reads_it(
    tmp_path: Path, value: str, key: str
) -> None:
    text = f"[a]\n {key} = {value}\n last = x\n"
    file = tmp_path / "config"
    file.write_bytes(text.encode())
    found = _of_git(file)
    if found is not None:
        assert _ours(text) == found


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    parse_config(text)


def test_the_last_value_of_a_variable_counts() -> None:
    entries = parse_config(CASES["twice"])
    assert value_of(entries, "a", "", "b") == "2"
    assert value_of(entries, "a", "", "c") is None
