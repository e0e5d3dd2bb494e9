"""A repository whose configuration names programs: reading it runs none of them."""

import os
import subprocess
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.identity import LOCAL
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_process import Executable
from gitops_auditor.repositories.git_urls import check_clone_url
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.revisions import WORKTREE
from gitops_auditor.repositories.service import RepositoryRegistry
from tests.factories.git import git, make_repository

TRAPS = (
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "diff.external",
    "diff.trap.textconv",
    "diff.trap.command",
    "filter.trap.clean",
    "filter.trap.smudge",
    "filter.trap.process",
    "merge.trap.driver",
    "credential.helper",
    "gpg.program",
    "pager.ls-tree",
    "pager.ls-files",
    "remote.origin.uploadpack",
    "uploadpack.packObjectsHook",
    "trailer.trap.command",
    "sequence.editor",
    "web.browser",
)
HOOKS = ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction", "pre-push")


class Trap:
    """A program that leaves a file when it is run."""

    def __init__(self, folder: Path) -> None:
        self._marker = folder / "it-was-run"
        self.program = folder / "trap"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> "{self._marker}"\n', "utf-8")
        self.program.chmod(0o755)

    def sprung(self) -> bool:
        """Whether it was run since the last call."""
        found = self._marker.exists()
        self._marker.unlink(missing_ok=True)
        return found


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


@pytest.fixture
async def hostile(tmp_path: Path, trap: Trap) -> Path:
    path = tmp_path / "hostile"
    await make_repository(path, {"a.txt": "1", ".gitattributes": "* diff=trap filter=trap\n"})
    for name in TRAPS:
        await git(path, "config", name, str(trap.program))
    await git(path, "config", "alias.ls-tree", f"!{trap.program}")
    included = path / "included"
    included.write_text(f"[core]\n\tfsmonitor = {trap.program}\n", "utf-8")
    await git(path, "config", "include.path", str(included))
    hooks = path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).write_bytes(trap.program.read_bytes())
        (hooks / name).chmod(0o755)
    (path / "a.txt").write_text("changed", "utf-8")
    (path / "new.txt").write_text("new", "utf-8")
    return path


def _plain_git(path: Path, *arguments: str) -> None:
    environment = {**os.environ, "HOME": "/nonexistent"}
    subprocess.run(
        ["git", *arguments],
        cwd=path,
        env=environment,
        capture_output=True,
        check=False,
        timeout=30,
    )


async def test_the_traps_spring_when_git_is_used_carelessly(hostile: Path, trap: Trap) -> None:
    _plain_git(hostile, "status")
    assert trap.sprung()
    _plain_git(hostile, "diff")
    assert trap.sprung()


async def test_reading_runs_nothing(hostile: Path, trap: Trap) -> None:
    reader = Git()
    commit = await reader.head_commit(hostile)
    assert commit is not None
    tree = await reader.tree(hostile, commit)
    read = await reader.blobs(hostile, [entry.blob for entry in tree])
    assert b"1" in read.contents.values()
    assert "new.txt" in await reader.worktree_files(hostile)
    contents = await reader.worktree_contents(hostile, ["a.txt"])
    assert contents.contents == {"a.txt": b"changed"}
    await reader.default_branch(hostile)
    await reader.origin_url(hostile)
    (hostile / ".git/refs/heads/main").write_text("damaged", "utf-8")
    with pytest.raises(GitOpsError):
        await reader.head_commit(hostile)
    assert not trap.sprung()


async def test_registering_and_discovering_runs_nothing(
    hostile: Path, trap: Trap, registry: RepositoryRegistry
) -> None:
    await registry.register_path(hostile, LOCAL)
    await registry.discover(hostile.parent, LOCAL)
    assert not trap.sprung()


async def test_checking_out_runs_nothing_and_takes_no_configuration_along(
    hostile: Path, trap: Trap, registry: RepositoryRegistry, tmp_path: Path
) -> None:
    it = await registry.register_path(hostile, LOCAL)
    commit = (await registry.revisions.resolve(it)).commit
    assert await registry.revisions.file(it, commit, "a.txt", 100) == b"1"
    assert await registry.revisions.file(it, WORKTREE, "a.txt", 100) == b"changed"
    await registry.revisions.heads(it)
    await registry.revisions.changed_paths(it, commit, commit)
    for what, content in ((commit, "1"), (WORKTREE, "changed")):
        target = tmp_path / what
        target.mkdir()
        await registry.checkouts.make(it, what, target, max_bytes=2**20)
        assert (target / "a.txt").read_text("utf-8") == content
        assert str(trap.program) not in (target / ".git/config").read_text("utf-8")
        assert not (target / ".git/hooks").exists()
        _plain_git(target, "status")
        _plain_git(target, "diff", "HEAD")
        _plain_git(target, "checkout", "--force", "HEAD")
    assert not trap.sprung()


async def test_mirroring_runs_nothing(hostile: Path, trap: Trap, settings: Settings) -> None:
    mirrors = Mirrors(Git(), settings.data_dir, ("file",), allow_private_hosts=True)
    url = check_clone_url(hostile.as_uri(), ("file",))
    mirror = await mirrors.ensure(url)
    await mirrors.ensure(url)
    assert await Git().head_commit(mirror) == await Git().head_commit(hostile)
    assert not (mirror / "hooks").exists()
    assert not trap.sprung()


async def _promise(path: Path, url: str) -> str:
    """Make `path` a partial clone of `url` that lacks a file; returns the id of the file."""
    blob = await git(path, "rev-parse", "HEAD:a.txt")
    (path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for name, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", url),
        ("protocol.ext.allow", "always"),
    ):
        await git(path, "config", name, value)
    return blob


@pytest.mark.parametrize("form", ["ext::{program} x", "ssh://git@127.0.0.1/x", "{other}"])
async def test_a_missing_object_is_not_fetched_from_where_the_configuration_says(
    tmp_path: Path, trap: Trap, form: str
) -> None:
    await make_repository(tmp_path / "other", {"a.txt": "1"})
    await make_repository(tmp_path / "r", {"a.txt": "1"})
    await git(tmp_path / "r", "config", "core.sshCommand", str(trap.program))
    await git(tmp_path / "r", "config", "remote.origin.uploadpack", str(trap.program))
    url = form.format(program=trap.program, other=tmp_path / "other")
    blob = await _promise(tmp_path / "r", url)
    _plain_git(tmp_path / "r", "cat-file", "-p", blob)
    assert trap.sprung(), "the trap does not work"
    try:
        read = await Git().blobs(tmp_path / "r", [blob])
    except GitOpsError:
        pass
    else:
        assert blob in read.skipped
    assert not trap.sprung()


async def test_replacement_objects_are_not_believed(tmp_path: Path) -> None:
    sha = await make_repository(tmp_path / "r", {"a.txt": "true"})
    await make_repository(tmp_path / "s", {"a.txt": "false"})
    blob = await git(tmp_path / "r", "rev-parse", "HEAD:a.txt")
    (tmp_path / "r/other").write_text("false", "utf-8")
    other = await git(tmp_path / "r", "hash-object", "-w", "other")
    await git(tmp_path / "r", "replace", blob, other)
    assert await git(tmp_path / "r", "cat-file", "-p", blob) == "false"
    assert (await Git().blobs(tmp_path / "r", [blob])).contents == {blob: b"true"}
    assert len(await Git().tree(tmp_path / "r", sha)) == 1


async def test_a_head_that_is_a_pipe_or_a_link_elsewhere_does_not_hold_the_reader(
    tmp_path: Path,
) -> None:
    await make_repository(tmp_path / "r", {"a.txt": "1"})
    head = tmp_path / "r/.git/HEAD"
    head.unlink()
    os.mkfifo(head)
    assert not await Git().is_repository(tmp_path / "r")
    head.unlink()
    (tmp_path / "secret").write_text("s3cr3t\n", "utf-8")
    head.symlink_to(tmp_path / "secret")
    with pytest.raises(GitOpsError) as failure:
        await Git().head_commit(tmp_path / "r")
    assert "s3cr3t" not in str(failure.value)


async def test_a_repository_of_another_user_is_read(tmp_path: Path) -> None:
    sha = await make_repository(tmp_path / "r", {"a.txt": "1"})
    careful = tmp_path / "git"
    careful.write_text('#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec git "$@"\n', "utf-8")
    careful.chmod(0o755)
    assert _refuses_ownership(careful, tmp_path / "r")
    reader = Git(Executable(str(careful)))
    assert [entry.path for entry in await reader.tree(tmp_path / "r", sha)] == ["a.txt"]
    assert await reader.worktree_files(tmp_path / "r") == ["a.txt"]


def _refuses_ownership(program: Path, repository: Path) -> bool:
    ended = subprocess.run(
        [program, "-C", str(repository), "status"], capture_output=True, check=False, timeout=30
    )
    return b"dubious ownership" in ended.stderr
