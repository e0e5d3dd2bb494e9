"""Which files are looked at when nobody says which."""

from pathlib import Path

import pytest

from gitops_auditor.errors import TooLarge
from gitops_auditor.linters.listing import files_of
from tests.factories.git import git, make_repository, write_files

FILES = {"a.py": "", "b/c.js": "", ".gitignore": "ignored\n", "ignored/x.py": ""}


async def test_a_repository_has_its_tracked_and_its_new_files(tmp_path: Path) -> None:
    await make_repository(tmp_path, {"a.py": "", ".gitignore": "ignored\n", "gone.py": ""})
    write_files(tmp_path, {"new.py": "", "ignored/x.py": "", "with space.py": ""})
    (tmp_path / "gone.py").unlink()
    assert await files_of(tmp_path) == [".gitignore", "a.py", "new.py", "with space.py"]


async def test_a_folder_of_a_repository_has_its_own_files(tmp_path: Path) -> None:
    await make_repository(tmp_path, {"a.py": "", "b/c.js": ""})
    assert await files_of(tmp_path / "b") == ["c.js"]


async def test_elsewhere_all_but_known_folders_are_looked_into(tmp_path: Path) -> None:
    write_files(tmp_path, {**FILES, "node_modules/m/i.js": "", ".venv/x.py": "", "d/.git/x": ""})
    assert await files_of(tmp_path) == [".gitignore", "a.py", "b/c.js", "ignored/x.py"]


async def test_links_are_no_files(tmp_path: Path) -> None:
    write_files(tmp_path / "root", {"a.py": ""})
    write_files(tmp_path / "out", {"b.py": ""})
    (tmp_path / "root/link.py").symlink_to(tmp_path / "out/b.py")
    (tmp_path / "root/folder").symlink_to(tmp_path / "out")
    assert await files_of(tmp_path / "root") == ["a.py"]


@pytest.mark.parametrize("setting", ["core.fsmonitor", "core.hooksPath", "alias.ls-files"])
async def test_nothing_that_the_repository_configures_is_run(tmp_path: Path, setting: str) -> None:
    await make_repository(tmp_path / "root", {"a.py": ""})
    write_files(tmp_path, {"run": f"#!/bin/sh\ntouch {tmp_path}/ran\n", "hooks/x": ""})
    (tmp_path / "run").chmod(0o755)
    await git(tmp_path / "root", "config", setting, str(tmp_path / "run"))
    assert await files_of(tmp_path / "root") == ["a.py"]
    assert not (tmp_path / "ran").exists()


async def test_too_many_files_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with pytest.raises(TooLarge, match="more than 3 files"):
        await files_of(tmp_path, 3)
    assert len(await files_of(tmp_path, 4)) == 4
