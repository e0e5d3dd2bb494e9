"""Checkouts for gates: in memory when they are small, else where those of runs are."""

from pathlib import Path
from typing import Final

import pytest

from gitops_auditor.identity import LOCAL
from gitops_auditor.services import Services
from gitops_auditor.wiring import gate_workspaces, memory_folder
from gitops_auditor.wiring.gate_workspaces import GateWorkspaces
from tests.factories.git import make_repository

FILES: Final = {"a.txt": "1" * 100, "b/c.txt": "2"}


@pytest.fixture
def memory(runs_in: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for shared memory, which a machine of tests may lack."""
    folder = runs_in / "memory"
    folder.mkdir()
    monkeypatch.setattr(memory_folder, "_SHARED", folder)
    monkeypatch.setattr(memory_folder, "_ROOM", 0)
    return folder


@pytest.fixture
async def repository_id(services: Services, tmp_path: Path) -> str:
    await make_repository(tmp_path / "source", FILES)
    async with services.audit.operation("test", "register_repository", {}):
        known = await services.repositories.register_path(tmp_path / "source", LOCAL)
    return known.id


def workspaces(services: Services, chosen: Path | None = None) -> GateWorkspaces:
    settings = services.settings.model_copy(update={"workspaces": chosen})
    return GateWorkspaces(services.repositories, settings, services.process)


def found(folder: Path, name: str) -> list[Path]:
    return list(folder.rglob(name))


async def commit_of(services: Services, repository_id: str) -> str:
    repository = await services.repositories.get(repository_id)
    return (await services.repositories.revisions.resolve(repository, "")).commit


async def where(
    made: GateWorkspaces, services: Services, repository_id: str, *, history: bool = False
) -> Path:
    """Where a checkout is made, which has its files then and is gone afterwards."""
    commit = await commit_of(services, repository_id)
    async with made.open(repository_id, commit, history=history) as folders:
        assert (folders.root / "a.txt").read_text("utf-8") == FILES["a.txt"]
    assert not folders.root.parent.exists()
    return folders.root


async def test_without_history_it_is_in_memory(
    services: Services, repository_id: str, memory: Path
) -> None:
    root = await where(workspaces(services), services, repository_id)
    assert root.is_relative_to(memory)


async def test_with_history_it_is_on_disk(
    services: Services, repository_id: str, memory: Path
) -> None:
    root = await where(workspaces(services), services, repository_id, history=True)
    assert not root.is_relative_to(memory)


async def test_what_is_too_large_for_memory_is_on_disk(
    services: Services, repository_id: str, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_workspaces, "MOST_IN_MEMORY", 100)
    root = await where(workspaces(services), services, repository_id)
    assert not root.is_relative_to(memory)
    assert not found(memory, "checkout")


async def test_it_is_where_the_settings_say(
    services: Services, repository_id: str, memory: Path, runs_in: Path
) -> None:
    made = workspaces(services, runs_in / "chosen")
    root = await where(made, services, repository_id)
    assert root.is_relative_to(runs_in / "chosen")
    assert not found(memory, "*")


@pytest.mark.parametrize("trap", ["link", "shared"])
async def test_a_folder_in_memory_that_is_not_ours_alone_is_not_used(
    services: Services, repository_id: str, memory: Path, tmp_path: Path, trap: str
) -> None:
    await where(workspaces(services), services, repository_id)
    (ours,) = found(memory, "gitops-auditor-*")
    if trap == "link":
        ours.rename(tmp_path / "theirs")
        ours.symlink_to(tmp_path / "theirs")
    else:
        ours.chmod(0o777)
    root = await where(workspaces(services), services, repository_id)
    assert not root.resolve().is_relative_to(memory)
    assert not root.is_relative_to(ours)


async def test_little_room_in_memory_is_left_to_others(
    services: Services, repository_id: str, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_folder, "_ROOM", 2**62)
    root = await where(workspaces(services), services, repository_id)
    assert not root.is_relative_to(memory)
