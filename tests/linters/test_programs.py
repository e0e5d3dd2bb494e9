"""Which program of a tool is started: the platform's own, else one of the PATH, within reach."""

import os
import sys
from pathlib import Path

import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.linters.programs import find, identity, readable_folders

NOBODY = (65534, 65534)


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_platforms_own_program_comes_before_that_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = program(tmp_path / "own", "tool"), program(tmp_path / "path", "tool")
    monkeypatch.setattr(sys, "executable", str(own.parent / "python"))
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(other.parent)]))
    found = find(["tool"], None)
    assert found is not None
    assert found.path == own
    own.unlink()
    found = find(["missing", "tool"], None)
    assert found is not None
    assert found.path == other


def test_folders_of_the_tool_come_first_and_no_relative_folder_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = program(tmp_path / "node_modules" / ".bin", "tool")
    monkeypatch.chdir(local.parent)
    monkeypatch.setenv("PATH", ".")
    assert find(["tool"], None) is None
    found = find(["tool"], None, [local.parent])
    assert found is not None
    assert found.path == local


def test_a_program_out_of_reach_of_the_user_of_jobs_is_passed_over_for_one_within(
    runs_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, open_ = program(runs_in / "closed/bin", "tool"), program(runs_in / "open/bin", "tool")
    (runs_in / "closed").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(closed.parent / "python"))
    stranger = (os.getuid() + 1, os.getgid() + 1)
    monkeypatch.setenv("PATH", str(open_.parent))
    found = find(["tool"], stranger)
    assert found is not None
    assert found.path == open_
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused, match="closed to it") as refused:
        find(["tool"], stranger)
    assert "/opt" in refused.value.hint


def test_a_changed_program_has_another_identity(tmp_path: Path) -> None:
    path = program(tmp_path, "tool")
    before = identity(path)
    assert identity(path) == before
    os.utime(path, ns=(0, 1))
    assert identity(path) != before


def test_another_version_of_an_npm_package_has_another_identity(tmp_path: Path) -> None:
    module = tmp_path / "node_modules" / "tool"
    path = program(module / "bin", "tool.js")
    (module / "package.json").write_text('{"version": "1.0.0"}', encoding="utf-8")
    before = identity(path)
    (module / "package.json").write_text('{"version": "1.0.10"}', encoding="utf-8")
    assert identity(path) != before


def test_all_that_a_program_belongs_to_is_shown_and_little_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    alone = program(home / "bin", "alone")
    assert readable_folders(alone, None) == (str(home / "bin"),)
    python = program(home / "base" / "bin", "python3", "binary")
    (home / "base" / "lib" / "python3.11").mkdir(parents=True)
    script = program(home / "venv" / "bin", "tool", f"#!{home}/venv/bin/python\n")
    (home / "venv" / "pyvenv.cfg").write_text("", encoding="utf-8")
    (home / "venv" / "bin" / "python").symlink_to(python)
    assert readable_folders(script, None) == (str(home / "venv"), str(home / "base"))
    module = program(home / "node_modules" / "tool", "tool.js")
    (home / "node_modules" / ".bin").mkdir()
    link = home / "node_modules" / ".bin" / "tool"
    link.symlink_to(module)
    assert readable_folders(link, None) == (str(home / "node_modules"),)


def test_programs_of_the_system_need_no_folder() -> None:
    assert readable_folders(Path("/bin/sh"), NOBODY) == ()
