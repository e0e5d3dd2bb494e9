"""The sandbox that jobs get: probed once, refused below what is required."""

import os
from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import InvalidSetting, Refused
from gitops_auditor.execution import sandbox
from gitops_auditor.execution.isolation import IsolationReport, Obstacle
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.execution.supervision.orders import Isolation

NONE = IsolationReport(
    Isolation.NONE,
    (
        Obstacle(Isolation.BUBBLEWRAP, "There is no bwrap.", "install it"),
        Obstacle(Isolation.LANDLOCK, "The kernel has no Landlock.", "boot another"),
    ),
)


def _settings(tmp_path: Path, **values: object) -> Settings:
    return load_settings({}, data_dir=tmp_path / "data", **values)


async def test_the_level_is_the_one_that_a_real_job_ran_at(tmp_path: Path) -> None:
    async with Sandbox.open(_settings(tmp_path, allow_unsandboxed=True)) as opened:
        report = await opened.report()
        assert await opened.level() is report.level
        assert await opened.report() is report


async def test_opening_starts_no_process_and_probes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed: list[object] = []

    async def probe(*arguments: object) -> IsolationReport:
        probed.append(arguments)
        return NONE

    monkeypatch.setattr(sandbox, "probe", probe)
    async with Sandbox.open(_settings(tmp_path)) as opened:
        assert not probed
        await opened.report()
        await opened.report()
    assert len(probed) == 1


async def test_the_folder_of_the_probe_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    async def probe(processes: object, folder: Path, user: object) -> IsolationReport:
        seen.append(folder)
        assert os.listdir(folder) == []  # noqa: PTH208 - it takes a moment only
        return NONE

    monkeypatch.setattr(sandbox, "probe", probe)
    async with Sandbox.open(_settings(tmp_path)) as opened:
        await opened.report()
    assert not seen[0].exists()


async def test_a_machine_without_isolation_refuses_jobs_with_reason_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "probe", _offering_nothing)
    async with Sandbox.open(_settings(tmp_path)) as opened:
        with pytest.raises(Refused, match="no Landlock") as refused:
            await opened.level()
    assert refused.value.hint == "Remedy: boot another."


async def test_a_minimum_of_none_alone_does_not_allow_unsandboxed_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "probe", _offering_nothing)
    async with Sandbox.open(_settings(tmp_path, minimum_isolation="none")) as opened:
        with pytest.raises(Refused):
            await opened.level()
    allowed = _settings(tmp_path, allow_unsandboxed=True)
    async with Sandbox.open(allowed) as opened:
        assert await opened.level() is Isolation.NONE


async def test_a_higher_minimum_than_the_machine_offers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    async with Sandbox.open(_settings(tmp_path, minimum_isolation="bubblewrap")) as opened:
        with pytest.raises(Refused, match="bubblewrap is not installed"):
            await opened.level()


async def test_the_user_of_jobs_is_the_one_that_the_settings_name(tmp_path: Path) -> None:
    async with Sandbox.open(_settings(tmp_path)) as opened:
        assert opened.user == resolve_job_user("nobody")


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")
async def test_a_user_that_does_not_exist_is_told_of_when_it_is_needed(tmp_path: Path) -> None:
    async with Sandbox.open(_settings(tmp_path, job_user="no-such-user")) as opened:
        with pytest.raises(InvalidSetting, match="no-such-user"):
            await opened.level()


async def _offering_nothing(*_arguments: object) -> IsolationReport:
    return NONE


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")
async def test_a_temporary_folder_that_the_job_user_cannot_reach_is_not_taken_for_the_probe(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    async def probe(processes: object, folder: Path, user: object) -> IsolationReport:
        seen.append(folder)
        return NONE

    monkeypatch.setattr(sandbox, "probe", probe)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(closed))
    async with Sandbox.open(_settings(closed)) as opened:
        await opened.report()
    assert seen[0].parent == Path("/var/tmp")
