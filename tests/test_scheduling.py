"""What a serving process does by the clock, one turn at a time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.identity import LOCAL
from gitops_auditor.operations import Call, OperationCatalog
from gitops_auditor.scheduling import forget, rescan, rescan_on_schedule
from gitops_auditor.services import Services
from tests.factories.git import commit, make_repository

SECONDS = 20


async def add_repository(catalog: OperationCatalog, services: Services, path: Path) -> None:
    await make_repository(path, {"go.mod": "module example.org/a\n"})
    await catalog.call(services, Call("register_repository", {"path": str(path)}, LOCAL, "r"))


async def test_a_rescan_finds_what_changed_and_is_audited_as_the_system(
    catalog: OperationCatalog, services: Services, tmp_path: Path
) -> None:
    await add_repository(catalog, services, tmp_path / "a")
    await commit(tmp_path / "a", {"package.json": '{"dependencies": {"react": "^19.0.0"}}'})
    await rescan(catalog, services)
    (work,) = await services.work.list()
    assert (await services.work.wait(work.id, SECONDS)).status == "success"
    assert [edge.name for edge in await services.dependencies.edges()] == ["react"]
    assert (await services.audit.page(0, 10))[-1].actor == "system"


async def test_a_rescan_is_left_out_while_one_is_under_way(
    catalog: OperationCatalog, services: Services
) -> None:
    gate = anyio.Event()

    async def scan(progress: object) -> dict[str, object]:
        await gate.wait()
        return {}

    running = await services.work.start("scan_dependencies", LOCAL, scan)  # type: ignore[arg-type]
    await rescan(catalog, services)
    assert [record.id for record in await services.work.list()] == [running.id]
    gate.set()


async def test_an_interval_of_zero_turns_rescans_off(
    catalog: OperationCatalog, services: Services
) -> None:
    off = services.settings.model_copy(update={"dependency_scan_interval": 0})
    with anyio.fail_after(1):
        await rescan_on_schedule(catalog, Services(**{**vars(services), "settings": off}))


async def test_a_read_only_server_does_not_rescan(
    catalog: OperationCatalog, services: Services
) -> None:
    with anyio.fail_after(1):
        await rescan_on_schedule(catalog.without_writes(), services)


async def test_old_events_and_finished_work_are_forgotten(
    services: Services, settings: Settings
) -> None:
    async def nothing(progress: object) -> dict[str, object]:
        return {}

    work = await services.work.start("nothing", LOCAL, nothing)  # type: ignore[arg-type]
    await services.work.wait(work.id, SECONDS)
    await forget(services)
    assert (await services.work.get(work.id)).status == "success"
    await services.work.prune(datetime.now(UTC) + timedelta(seconds=1))
    try:
        await services.work.get(work.id)
    except NotFound:
        return
    raise AssertionError(work.id)
