import json
from datetime import UTC, datetime, timedelta

import pytest

from gitops_auditor.errors import NotFound
from gitops_auditor.pages import PageParams
from tests.dependencies.conftest import Workspace
from tests.factories.git import commit


def package(name: str, **needs: str) -> str:
    return json.dumps({"name": name, "version": "1.2.0", "dependencies": needs})


async def three(workspace: Workspace) -> None:
    """app needs lib needs base."""
    for name, needs in (("base", {}), ("lib", {"base": "^1"}), ("app", {"lib": "^2"})):
        origin = f"https://github.com/acme/{name}"
        await workspace.add(name, {"package.json": package(name, **needs)}, origin)
    await workspace.scan()


async def test_dependencies_of_a_repository_are_told_in_both_directions(
    workspace: Workspace,
) -> None:
    await three(workspace)
    found = await workspace.services.dependencies.dependencies("acme/lib", 10)
    assert [edge.target_repo for edge in found.depends_on] == ["acme/base"]
    assert [edge.source_repo for edge in found.dependents] == ["acme/app"]
    assert (found.depends_on_total, found.dependents_total) == (1, 1)


async def test_of_many_dependencies_those_inside_the_workspace_are_told_first(
    workspace: Workspace,
) -> None:
    await workspace.add("lib", {"package.json": package("lib")}, "https://github.com/acme/lib")
    app = package("app", cookie="*", lib="*", zod="*")
    await workspace.add("app", {"package.json": app}, "https://github.com/acme/app")
    await workspace.scan()
    found = await workspace.services.dependencies.dependencies("acme/app", 1)
    assert [edge.target_repo for edge in found.depends_on] == ["acme/lib"]
    assert found.depends_on_total == 3


async def test_dependencies_of_an_unknown_repository_are_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        await workspace.services.dependencies.dependencies("acme/nothing", 10)


async def test_packages_are_told_with_version_and_place(workspace: Workspace) -> None:
    await three(workspace)
    found = await workspace.services.dependencies.packages()
    assert [(item.repository, item.name, item.version, item.file) for item in found] == [
        ("acme/app", "app", "1.2.0", "package.json"),
        ("acme/base", "base", "1.2.0", "package.json"),
        ("acme/lib", "lib", "1.2.0", "package.json"),
    ]


async def test_changes_come_in_pages_newest_first(workspace: Workspace) -> None:
    await three(workspace)
    start = datetime.now(UTC)
    for version in ("^3", "^4", "^5"):
        await commit(workspace.folder / "app", {"package.json": package("app", lib=version)})
        await workspace.scan()
    service = workspace.services.dependencies
    first = await service.changes(None, PageParams(limit=2, cursor=None))
    assert [item.new_version for item in first.items] == ["^5", "^4"]
    assert first.total == 3
    second = await service.changes(None, PageParams(limit=2, cursor=first.next_cursor))
    assert [item.new_version for item in second.items] == ["^3"]
    assert second.next_cursor is None
    assert (await service.changes(start, PageParams(limit=2, cursor=None))).total == 3
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert (await service.changes(later, PageParams(limit=2, cursor=None))).items == []


async def test_a_change_says_what_it_is_about_and_whom_it_concerns(workspace: Workspace) -> None:
    await three(workspace)
    await commit(workspace.folder / "lib", {"package.json": package("lib", base="^2")})
    await workspace.scan()
    page = await workspace.services.dependencies.changes(None, PageParams(limit=5, cursor=None))
    [change] = page.items
    assert (change.source_repo, change.target_repo, change.file) == (
        "acme/lib",
        "acme/base",
        "package.json",
    )
    assert change.impact_analysis == {
        "impact_level": "high",
        "scope": "runtime",
        "old_target": "acme/base",
        "new_target": "acme/base",
        "direct_dependents": 1,
    }


async def test_health_names_what_was_never_scanned(workspace: Workspace) -> None:
    await workspace.add("base", {})
    health = await workspace.services.dependencies.health()
    assert (health.status, health.reasons) == ("degraded", ["Never scanned: base."])
    await workspace.scan()
    health = await workspace.services.dependencies.health()
    assert (health.status, health.reasons) == ("healthy", [])
    assert health.figures["repositories"] == 1
    assert health.figures["last_scan"] is not None


async def test_an_empty_workspace_is_healthy_and_scans_to_nothing(workspace: Workspace) -> None:
    assert (await workspace.services.dependencies.health()).status == "healthy"
    report = await workspace.scan()
    assert (report.repositories, report.dependencies, report.added) == (0, 0, 0)
    assert await workspace.edges() == []
