"""Discovering the repositories of a workspace folder."""

from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import NotFound
from gitops_auditor.identity import LOCAL
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from tests.factories.git import commit, git, make_empty_repository, make_repository


async def test_a_workspace_is_registered_and_then_unchanged(
    registry: RepositoryRegistry, tmp_path: Path, database: Database
) -> None:
    workspace = tmp_path / "workspace"
    await make_repository(workspace / "a", {"a": "1"}, origin="git@github.com:own/alpha.git")
    await make_repository(workspace / "family/b", {"a": "1"})
    await make_empty_repository(workspace / "empty")
    first = await registry.discover(workspace, LOCAL)
    assert first.registered == ["empty", "family/b", "own/alpha"]
    assert first.complete
    version = database.changes.version
    second = await registry.discover(workspace, LOCAL)
    assert (second.registered, second.unchanged) == ([], first.registered)
    assert database.changes.version == version, "an unchanged workspace needs no transaction"


async def test_what_changed_in_a_workspace_is_noticed(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "a", {"a": "1"}, origin="git@github.com:own/alpha.git")
    await make_repository(tmp_path / "b", {"a": "1"})
    await make_repository(tmp_path / "c", {"a": "1"})
    await registry.discover(tmp_path, LOCAL)
    sha = await commit(tmp_path / "b", {"a": "2"})
    (tmp_path / "a").rename(tmp_path / "moved")
    (tmp_path / "c").rename(tmp_path / ".cache")
    report = await registry.discover(tmp_path, LOCAL)
    assert (report.updated, report.missing) == (["b", "own/alpha"], ["c"])
    assert (await registry.get("b")).head_sha == sha
    assert (await registry.get("own/alpha")).path == str(tmp_path / "moved")


async def test_second_checkouts_are_skipped_and_equal_names_told_apart(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    for folder, origin in (
        ("1", "https://github.com/own/name"),
        ("2", "git@github.com:Own/Name.git"),
        ("3", "https://gitlab.com/own/name"),
        ("a b", None),
        ("a;b", None),
    ):
        await make_repository(tmp_path / folder, {"a": "1"}, origin=origin)
    report = await registry.discover(tmp_path, LOCAL)
    ids = report.registered
    assert len(ids) == 4
    assert {"own/name", "a-b"} < set(ids)
    assert [found.partition("-")[0] for found in ids] == ["a", "a", "own/name", "own/name"]
    assert [skipped.path for skipped in report.skipped] == [str(tmp_path / "2")]
    again = await registry.discover(tmp_path, LOCAL)
    assert (again.unchanged, again.registered) == (ids, [])


async def test_a_removed_repository_stays_removed_until_its_path_is_registered(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"}, origin="git@h:Owner/Name.git")
    await registry.discover(tmp_path, LOCAL)
    await registry.remove("Owner/Name")
    assert [found.id for found in await registry.all()] == []
    with pytest.raises(NotFound):
        await registry.get("Owner/Name")
    report = await registry.discover(tmp_path, LOCAL)
    assert "removed" in report.skipped[0].reason
    back = await registry.register_path(tmp_path / "r", LOCAL)
    assert (back.id, back.version) == ("Owner/Name", 3)


async def test_discoveries_at_the_same_time_register_each_repository_once(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    for number in range(6):
        await make_repository(tmp_path / f"r{number}", {"a": "1"})
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(registry.discover, tmp_path, LOCAL)
    assert [found.id for found in await registry.all()] == [f"r{number}" for number in range(6)]


async def test_a_damaged_head_does_not_keep_the_others_out(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "good", {"a": "1"})
    await make_repository(tmp_path / "bad", {"a": "1"})
    (tmp_path / "bad/.git/refs/heads/main").write_text("", "utf-8")
    await git(tmp_path / "good", "config", "remote.origin.url", "https://h/o\x01/n")
    report = await registry.discover(tmp_path, LOCAL)
    assert report.registered == ["bad", "good"]
