"""The folders of runs, made by real checkouts of registered repositories."""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TooLarge, Unavailable
from gitops_auditor.execution.environment import job_environment
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.execution.supervision.orders import Order
from gitops_auditor.identity import LOCAL
from gitops_auditor.pipelines import workspaces
from gitops_auditor.pipelines.workspaces import RunWorkspaces, workspaces_folder
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import WORKTREE
from gitops_auditor.services import Services
from tests.factories.git import commit, git, make_repository, write_files

RUN = "0196f0c0a1b2c3d4e5f60718"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")


@pytest.fixture
async def repository(services: Services, tmp_path: Path) -> Repository:
    await make_repository(tmp_path / "it", {"a.txt": "1"})
    async with services.audit.operation("test", "test", {}):
        return await services.repositories.register_path(tmp_path / "it", LOCAL)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder that the job user can reach."""
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o001)
    tmp_path.chmod(0o755)
    return tmp_path / "runs"


@pytest.fixture
def opened(services: Services, base: Path) -> RunWorkspaces:
    settings = services.settings.model_copy(update={"workspaces": base})
    return RunWorkspaces(services.repositories, settings)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def sha_of(repository: Repository) -> str:
    assert repository.head_sha is not None
    return repository.head_sha


async def test_a_run_gets_a_checkout_and_a_home_that_its_jobs_own(
    opened: RunWorkspaces, repository: Repository, base: Path
) -> None:
    workspace = await opened.open(RUN, repository.id, sha_of(repository))
    assert (workspace.checkout / "a.txt").read_text("utf-8") == "1"
    assert workspace.commit == repository.head_sha
    assert list(workspace.home.iterdir()) == []
    owner = (resolve_job_user() or (os.geteuid(), 0))[0]
    made = [workspace.checkout, workspace.home, *workspace.checkout.rglob("*")]
    assert {path.lstat().st_uid for path in made} == {owner}
    assert (base / RUN).stat().st_uid == os.geteuid()
    assert mode_of(base) == mode_of(base / RUN) == 0o711


async def test_a_confined_job_can_use_git_in_its_checkout(
    opened: RunWorkspaces, repository: Repository, settings: Settings, tmp_path: Path
) -> None:
    await git(tmp_path / "it", "tag", "v1.0")
    sha = await commit(tmp_path / "it", {"a.txt": "2"})
    workspace = await opened.open(RUN, repository.id, sha)
    allowing = settings.model_copy(update={"allow_unsandboxed": True})
    async with Sandbox.open(allowing) as sandbox:
        script = "git describe --tags && git status --porcelain && git diff --stat HEAD~1"
        order = Order(
            argv=("sh", "-c", f"{script} && git -c user.name=a -c user.email=a@b commit -am x"),
            cwd=str(workspace.checkout),
            environment=job_environment({}, {}, home=str(workspace.home)),
            cookie="git-in-a-checkout",
            timeout=30.0,
            grace=0.0,
            isolation=await sandbox.level(),
            network=False,
            user=sandbox.user,
            writable=(str(workspace.checkout), str(workspace.home)),
        )
        output = bytearray()
        result = await sandbox.processes.run(order, lambda _stream, chunk: output.extend(chunk))
    assert f"v1.0-1-g{sha[:7]}" in output.decode()
    assert "a.txt | 2 +-" in output.decode()
    assert "nothing to commit, working tree clean" in output.decode()
    assert result.exit_code == 1


async def test_a_run_that_is_taken_over_finds_what_its_jobs_left(
    opened: RunWorkspaces, repository: Repository
) -> None:
    first = await opened.open(RUN, repository.id, sha_of(repository))
    (first.checkout / "built").write_text("x", "utf-8")
    assert await opened.open(RUN, repository.id, sha_of(repository)) == first
    assert (first.checkout / "built").exists()


async def test_folders_that_were_not_finished_are_made_anew(
    opened: RunWorkspaces, repository: Repository, base: Path
) -> None:
    write_files(base / RUN, {"checkout/.git/config": "half", "checkout/stale": "x"})
    workspace = await opened.open(RUN, repository.id, sha_of(repository))
    assert not (workspace.checkout / "stale").exists()
    assert (workspace.checkout / "a.txt").exists()


async def test_the_working_tree_stays_the_one_of_the_first_start(
    opened: RunWorkspaces, repository: Repository, tmp_path: Path
) -> None:
    write_files(tmp_path / "it", {"a.txt": "uncommitted"})
    first = await opened.open(RUN, repository.id, WORKTREE)
    assert (first.checkout / "a.txt").read_text("utf-8") == "uncommitted"
    assert first.commit != repository.head_sha
    write_files(tmp_path / "it", {"a.txt": "later"})
    again = await opened.open(RUN, repository.id, WORKTREE)
    assert again == first
    assert (again.checkout / "a.txt").read_text("utf-8") == "uncommitted"


async def test_what_cannot_be_made_leaves_nothing(
    opened: RunWorkspaces, repository: Repository, base: Path
) -> None:
    with pytest.raises(NotFound):
        await opened.open(RUN, repository.id, "0" * 40)
    with pytest.raises(NotFound):
        await opened.open(RUN, "acme/other", "0" * 40)
    assert names_in(base) == []


async def test_more_than_a_run_may_write_is_refused(
    services: Services, repository: Repository, base: Path, tmp_path: Path
) -> None:
    sha = await commit(tmp_path / "it", {"big": b"\0" * (2**20 + 1)})
    values = {"workspaces": base, "job_disk_bytes": 2**20}
    settings = services.settings.model_copy(update=values)
    with pytest.raises(TooLarge):
        await RunWorkspaces(services.repositories, settings).open(RUN, repository.id, sha)
    assert names_in(base) == []


async def test_removing_takes_everything_away_and_can_be_repeated(
    opened: RunWorkspaces, repository: Repository, base: Path, tmp_path: Path
) -> None:
    workspace = await opened.open(RUN, repository.id, sha_of(repository))
    (workspace.home / "closed/inner").mkdir(parents=True)
    (workspace.home / "closed").chmod(0)
    (workspace.home / "link").symlink_to(tmp_path / "it")
    await opened.remove(RUN)
    await opened.remove(RUN)
    assert names_in(base) == []
    assert (tmp_path / "it/a.txt").exists()


async def test_folders_of_runs_that_are_over_are_left_to_nobody(
    opened: RunWorkspaces, repository: Repository, base: Path
) -> None:
    asked: list[Sequence[str]] = []

    async def over(found: Sequence[str]) -> Collection[str]:
        asked.append(found)
        return {"1" * 24, "never-seen"}

    assert await opened.remove_leftovers(over) == []
    await opened.remove(RUN)
    assert base.name not in names_in(base.parent)
    for run_id in (RUN, "1" * 24):
        await opened.open(run_id, repository.id, sha_of(repository))
    assert await opened.remove_leftovers(over) == ["1" * 24]
    assert asked == [[RUN, "1" * 24]]
    assert names_in(base) == [RUN]


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", "-x", "a" * 65, "x\n", ".hidden"])
async def test_only_ids_of_runs_name_folders(opened: RunWorkspaces, run_id: str) -> None:
    with pytest.raises(InvalidRequest, match="not the id of a run"):
        await opened.open(run_id, "acme/it", "0" * 40)
    with pytest.raises(InvalidRequest):
        await opened.remove(run_id)


async def test_what_a_job_may_miss_is_told(
    opened: RunWorkspaces, repository: Repository, tmp_path: Path
) -> None:
    sha = await commit(tmp_path / "it", {".gitattributes": "*.bin filter=lfs\n"})
    await opened.open(RUN, repository.id, sha)
    assert "git-lfs" in (await opened.notes(RUN))[0]
    assert await opened.notes("1" * 24) == ()


async def test_what_a_job_writes_into_its_git_folder_changes_nothing_for_the_platform(
    opened: RunWorkspaces, repository: Repository, tmp_path: Path, base: Path
) -> None:
    workspace = await opened.open(RUN, repository.id, sha_of(repository))
    trap, marker = tmp_path / "trap", tmp_path / "it-was-run"
    trap.write_text(f'#!/bin/sh\necho "$0" >> "{marker}"\n', "utf-8")
    trap.chmod(0o755)
    git_dir = workspace.checkout / ".git"
    (git_dir / "config").write_text(
        f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {tmp_path}\n\tworktree = /\n"
        f"[include]\n\tpath = {trap}\n",
        "utf-8",
    )
    (git_dir / "HEAD").unlink()
    (git_dir / "HEAD").symlink_to("/etc/hostname")
    again = await opened.open(RUN, repository.id, sha_of(repository))
    assert again == workspace
    assert await opened.notes(RUN) == ()
    await opened.remove(RUN)
    assert names_in(base) == []
    assert not marker.exists()


@as_root
async def test_a_closed_data_folder_sends_runs_below_var_tmp(
    services: Services, repository: Repository, monkeypatch: pytest.MonkeyPatch, base: Path
) -> None:
    monkeypatch.setattr(workspaces, "_FALLBACK", base)
    settings = services.settings
    assert mode_of(settings.data_dir) == 0o700
    opened = RunWorkspaces(services.repositories, settings)
    workspace = await opened.open(RUN, repository.id, sha_of(repository))
    chosen = workspaces_folder(settings, resolve_job_user())
    assert chosen.parent == base
    assert workspace.checkout == chosen / RUN / "checkout"
    assert mode_of(chosen) == 0o711


def test_a_data_folder_that_the_job_user_reaches_holds_the_folders_of_runs(
    settings: Settings, base: Path
) -> None:
    settings.data_dir.mkdir(mode=0o711)
    assert workspaces_folder(settings, resolve_job_user()) == settings.data_dir / "workspaces"


def test_without_another_user_for_jobs_the_data_folder_holds_the_folders_of_runs(
    settings: Settings,
) -> None:
    settings.data_dir.mkdir(mode=0o700)
    assert workspaces_folder(settings, None) == settings.data_dir / "workspaces"


@as_root
def test_a_folder_below_var_tmp_that_somebody_else_made_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, base: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(workspaces, "_FALLBACK", base)
    settings.data_dir.mkdir(mode=0o700)
    user = resolve_job_user()
    chosen = workspaces_folder(settings, user)
    chosen.mkdir(parents=True)
    os.chown(chosen, 65534, 65534)
    with pytest.raises(Refused, match="only this user may write"):
        workspaces_folder(settings, user)
    chosen.rmdir()
    chosen.symlink_to(tmp_path)
    with pytest.raises(Refused, match="only this user may write"):
        workspaces_folder(settings, user)


@as_root
def test_a_configured_folder_that_the_job_user_cannot_reach_is_refused(
    settings: Settings, base: Path
) -> None:
    base.mkdir(mode=0o700)
    closed = settings.model_copy(update={"workspaces": base / "runs"})
    with pytest.raises(Refused, match="chmod"):
        workspaces_folder(closed, resolve_job_user())


async def test_a_base_that_is_a_file_is_told_of(
    services: Services, repository: Repository, base: Path
) -> None:
    write_files(base.parent, {base.name: ""})
    (base.parent / base.name).chmod(0o755)
    settings = services.settings.model_copy(update={"workspaces": base / "runs"})
    opened = RunWorkspaces(services.repositories, settings)
    with pytest.raises(Unavailable, match="cannot be made"):
        await opened.open(RUN, repository.id, sha_of(repository))


async def test_the_mark_of_complete_folders_is_outside_of_what_jobs_own(
    opened: RunWorkspaces, repository: Repository, base: Path
) -> None:
    workspace = await opened.open(RUN, repository.id, sha_of(repository))
    ready = base / RUN / "ready.json"
    told = json.loads(ready.read_text("utf-8"))
    assert {**told, "tree": ""} == {"commit": workspace.commit, "tree": "", "notes": []}
    assert ready.stat().st_uid == os.geteuid()
