"""Finding repositories under a folder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitops_auditor.repositories.discovery import Discovery, discover
from tests.factories.git import git, make_empty_repository, make_repository, write_files


def _found(discovery: Discovery, root: Path) -> list[str]:
    return [str(item.path.relative_to(root)) for item in discovery.found]


def _reasons(discovery: Discovery, root: Path) -> dict[str, str]:
    return {str(Path(item.path).relative_to(root)): item.reason for item in discovery.skipped}


async def test_checkouts_and_bare_repositories_are_found_at_any_depth(tmp_path: Path) -> None:
    await make_repository(tmp_path / "a", {"x": "1"})
    await make_empty_repository(tmp_path / "family/b; rm -rf 'c' \"d\"")
    await git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "a"), "deep/er/bare.git")
    write_files(tmp_path, {"family/notes.txt": "", "empty/x": ""})
    discovery = discover(tmp_path)
    assert _found(discovery, tmp_path) == ["a", "family/b; rm -rf 'c' \"d\"", "deep/er/bare.git"]
    assert discovery.skipped == []
    assert discovery.complete


async def test_what_lies_inside_a_repository_belongs_to_it(tmp_path: Path) -> None:
    await make_repository(tmp_path / "outer", {"x": "1"})
    await make_repository(tmp_path / "outer/vendor/inner", {"x": "1"})
    assert _found(discover(tmp_path), tmp_path) == ["outer"]


async def test_a_workspace_that_is_a_repository_is_looked_into(tmp_path: Path) -> None:
    await make_repository(tmp_path, {"x": "1"})
    await make_repository(tmp_path / "inner", {"x": "1"})
    assert _found(discover(tmp_path), tmp_path) == [".", "inner"]


async def test_worktrees_and_submodules_are_skipped_as_parts_of_another(tmp_path: Path) -> None:
    await make_repository(tmp_path / "lib", {"x": "1"})
    await make_repository(tmp_path / "main", {"x": "1"})
    await git(tmp_path / "main", "worktree", "add", "--quiet", "-b", "side", "../side")
    await git(tmp_path / "main", "submodule", "--quiet", "add", str(tmp_path / "lib"), "sub")
    assert _found(discover(tmp_path), tmp_path) == ["lib", "main"]
    assert "worktree of" in _reasons(discover(tmp_path), tmp_path)["side"]
    root = tmp_path / "main"
    assert _found(discover(root), root) == ["."]
    assert _reasons(discover(root), root) == {"sub": f"it is a submodule checkout of {root}"}


async def test_a_submodule_pointing_nowhere_is_reported(tmp_path: Path) -> None:
    write_files(tmp_path / "broken", {".git": "gitdir: ../gone/.git/modules/x\n"})
    (tmp_path / "half/.git").mkdir(parents=True)
    reasons = _reasons(discover(tmp_path), tmp_path)
    assert "gone/.git/modules/x, which is no repository" in reasons["broken"]
    assert "not a complete repository" in reasons["half"]


async def test_links_are_not_followed_and_loops_end(tmp_path: Path) -> None:
    await make_repository(tmp_path / "elsewhere/a", {"x": "1"})
    workspace = tmp_path / "workspace"
    await make_repository(workspace / "b", {"x": "1"})
    (workspace / "link").symlink_to(tmp_path / "elsewhere")
    (workspace / "loop").symlink_to(workspace)
    (workspace / "self").symlink_to("self")
    (workspace / "dead").symlink_to("nowhere")
    assert _found(discover(workspace), workspace) == ["b"]


async def test_folders_of_tools_are_left_alone(tmp_path: Path) -> None:
    await make_repository(tmp_path / "node_modules/x", {"x": "1"})
    await make_repository(tmp_path / ".terraform/modules/y", {"x": "1"})
    await make_repository(tmp_path / ".github", {"x": "1"})
    assert _found(discover(tmp_path), tmp_path) == [".github"]


@contextmanager
def _unprivileged() -> Iterator[None]:
    """Root can read everything, so that as root the effective user is another one for a while."""
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(65534)
    try:
        yield
    finally:
        if privileged:
            os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="discovery-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_read_is_reported(public_folder: Path) -> None:
    (public_folder / "closed").mkdir(mode=0)
    with _unprivileged():
        discovery = discover(public_folder)
    assert _reasons(discovery, public_folder) == {"closed": "it cannot be read: Permission denied"}


async def test_limits_end_the_look_and_say_so(tmp_path: Path) -> None:
    await make_repository(tmp_path / "1/2/3/deep", {"x": "1"})
    await make_repository(tmp_path / "top", {"x": "1"})
    shallow = discover(tmp_path, max_depth=2)
    assert _found(shallow, tmp_path) == ["top"]
    assert not shallow.complete
    assert _reasons(shallow, tmp_path) == {"1/2": "it is more than 2 folders deep"}
    few = discover(tmp_path, max_folders=2)
    assert not few.complete
