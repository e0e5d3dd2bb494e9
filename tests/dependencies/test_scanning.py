import json
from collections.abc import Mapping

import pytest

from gitops_auditor.dependencies.models import ScanReport
from gitops_auditor.errors import NotFound
from gitops_auditor.pages import PageParams
from tests.dependencies.conftest import Workspace
from tests.factories.git import commit, git, make_empty_repository

UFO = "https://github.com/unjs/ufo"
H3 = "https://github.com/unjs/h3"


def package(name: str, **needs: str) -> str:
    return json.dumps({"name": name, "dependencies": needs}, indent=1)


async def two(workspace: Workspace) -> None:
    """h3 needs ufo."""
    await workspace.add("ufo", {"package.json": package("ufo")}, UFO)
    await workspace.add("h3", {"package.json": package("h3", ufo="^1.5.0", cookie="^1")}, H3)


def counted(report: ScanReport) -> Mapping[str, int]:
    return {
        name: getattr(report, name)
        for name in ("read", "unchanged", "added", "updated", "removed")
        if getattr(report, name)
    }


async def change_kinds(workspace: Workspace) -> list[tuple[str, str, str | None, str | None]]:
    page = await workspace.services.dependencies.changes(None, PageParams(limit=50, cursor=None))
    return [
        (item.change_type, item.name, item.old_version, item.new_version) for item in page.items
    ]


async def test_a_first_scan_finds_edges_inside_and_out_of_the_workspace(
    workspace: Workspace,
) -> None:
    await two(workspace)
    report = await workspace.scan()
    assert await workspace.links() == [
        ("unjs/h3", "unjs/ufo", "ufo", "^1.5.0"),
        ("unjs/h3", None, "cookie", "^1"),
    ]
    assert counted(report) == {"read": 2, "added": 2}
    assert (report.repositories, report.dependencies, report.internal) == (2, 2, 1)
    assert set(report.seconds) == {"heads", "read", "match", "store"}


async def test_a_first_scan_leaves_no_history(workspace: Workspace) -> None:
    await two(workspace)
    await workspace.scan()
    assert await change_kinds(workspace) == []


async def test_a_rescan_of_what_did_not_change_confirms_every_edge_and_changes_none(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    before = await workspace.edges()
    report = await workspace.scan()
    after = await workspace.edges()
    assert counted(report) == {"unchanged": 2}
    assert [edge.model_copy(update={"last_validated": None}) for edge in before] == [
        edge.model_copy(update={"last_validated": None}) for edge in after
    ]
    assert all(
        old.last_validated < new.last_validated for old, new in zip(before, after, strict=True)
    )


async def test_a_commit_that_touches_no_manifest_is_read_but_changes_nothing(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    await commit(workspace.folder / "h3", {"README.md": "more\n"})
    assert counted(await workspace.scan()) == {"read": 1, "unchanged": 1}
    assert counted(await workspace.scan()) == {"unchanged": 2}


async def test_added_updated_and_removed_edges_are_recorded_and_announced(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    start = await workspace.services.events.head()
    await commit(workspace.folder / "h3", {"package.json": package("h3", ufo="^2.0.0", rou3="*")})
    report = await workspace.scan()
    assert counted(report) == {"read": 1, "unchanged": 1, "added": 1, "updated": 1, "removed": 1}
    assert sorted(await change_kinds(workspace)) == [
        ("added", "rou3", None, "*"),
        ("removed", "cookie", "^1", None),
        ("updated", "ufo", "^1.5.0", "^2.0.0"),
    ]
    page = await workspace.services.events.read(start, channels=["dependencies"])
    assert [event.name for event in page.events] == [
        "dependency.added",
        "dependency.removed",
        "dependency.updated",
        "scan.completed",
    ]
    assert page.events[2].data["repository"] == "unjs/h3"


async def test_a_removed_edge_comes_back_with_its_id_and_its_first_discovery(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    before = await workspace.edges()
    await git(workspace.folder / "h3", "rm", "--quiet", "package.json")
    await commit(workspace.folder / "h3", {})
    await workspace.scan()
    assert await workspace.links() == []
    await commit(
        workspace.folder / "h3", {"package.json": package("h3", ufo="^1.5.0", cookie="^1")}
    )
    await workspace.scan()
    after = await workspace.edges()
    assert [(edge.id, edge.discovered_at) for edge in after] == [
        (edge.id, edge.discovered_at) for edge in before
    ]


async def test_a_provider_that_is_registered_later_is_found_for_what_was_scanned_before(
    workspace: Workspace,
) -> None:
    await workspace.add("h3", {"package.json": package("h3", ufo="^1.5.0")}, H3)
    await workspace.scan()
    await workspace.add("ufo", {"package.json": package("ufo")}, UFO)
    report = await workspace.scan()
    assert counted(report) == {"read": 1, "unchanged": 1, "updated": 1}
    assert await workspace.links() == [("unjs/h3", "unjs/ufo", "ufo", "^1.5.0")]


async def test_a_provider_that_is_removed_leaves_its_consumers_without_target(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    await workspace.remove("unjs/ufo")
    await workspace.scan()
    assert ("unjs/h3", None, "ufo", "^1.5.0") in await workspace.links()


async def test_a_consumer_that_is_removed_takes_its_edges_with_it(workspace: Workspace) -> None:
    await two(workspace)
    await workspace.scan()
    await workspace.remove("unjs/h3")
    assert counted(await workspace.scan()) == {"unchanged": 1, "removed": 2}
    assert await workspace.links() == []


async def test_only_the_repositories_named_are_read(workspace: Workspace) -> None:
    await two(workspace)
    report = await workspace.scan(["unjs/h3"])
    assert counted(report) == {"read": 1, "added": 2}
    assert await workspace.links() == [
        ("unjs/h3", None, "ufo", "^1.5.0"),
        ("unjs/h3", None, "cookie", "^1"),
    ]


async def test_an_unknown_repository_is_refused(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        await workspace.scan(["unjs/nitro"])


async def test_a_broken_manifest_is_reported_with_its_place_and_stops_nothing(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.add("bad", {"package.json": '{\n "name": \n', "go.mod": "module x.org/bad\n"})
    report = await workspace.scan()
    [problem] = report.problems
    assert (problem.repository, problem.file, problem.line) == ("bad", "package.json", 3)
    assert report.internal == 1
    assert list(await workspace.services.dependencies.problems()) == [problem]


async def test_a_repository_without_commits_is_a_problem_and_is_scanned_once_it_has_one(
    workspace: Workspace,
) -> None:
    path = workspace.folder / "empty"
    await make_empty_repository(path)
    await workspace.register(path)
    report = await workspace.scan()
    assert [problem.message for problem in report.problems] == [
        "The repository was not read: It has no commits yet."
    ]
    assert counted(await workspace.scan()) == {"unchanged": 1}
    await commit(path, {"package.json": package("late", ufo="1")})
    assert counted(await workspace.scan()) == {"read": 1, "added": 1}


async def test_a_repository_that_cannot_be_read_keeps_what_is_known_of_it(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    before = await workspace.links()
    (workspace.folder / "h3").rename(workspace.folder / "away")
    report = await workspace.scan()
    assert [problem.repository for problem in report.problems] == ["unjs/h3"]
    assert await workspace.links() == before
    assert (await workspace.services.dependencies.health()).status == "degraded"
    (workspace.folder / "away").rename(workspace.folder / "h3")
    assert counted(await workspace.scan()) == {"read": 1, "unchanged": 1}
    assert (await workspace.services.dependencies.health()).status == "healthy"


async def test_a_repository_with_missing_objects_is_a_problem_and_the_rest_is_scanned(
    workspace: Workspace,
) -> None:
    await two(workspace)
    broken = await workspace.add("broken", {"package.json": package("broken", ufo="1")})
    tree = await git(broken, "rev-parse", "HEAD^{tree}")
    (broken / ".git/objects" / tree[:2] / tree[2:]).unlink()
    report = await workspace.scan()
    assert [problem.repository for problem in report.problems] == ["broken"]
    assert report.internal == 1


async def test_the_working_tree_is_scanned_when_asked_and_the_commit_afterwards(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    manifest = workspace.folder / "h3" / "package.json"
    manifest.write_text(package("h3", ufo="^3.0.0", cookie="^1"), encoding="utf-8")
    await workspace.scan(worktree=True)
    assert ("unjs/h3", "unjs/ufo", "ufo", "^3.0.0") in await workspace.links()
    await workspace.scan()
    assert ("unjs/h3", "unjs/ufo", "ufo", "^1.5.0") in await workspace.links()


async def test_progress_tells_each_repository_that_is_read(workspace: Workspace) -> None:
    await two(workspace)
    seen: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        seen.append((done, total))

    async with workspace.services.audit.operation("test", "scan_dependencies", {}):
        await workspace.services.dependencies.scan(progress=progress)
    assert seen == [(1, 2), (2, 2)]


async def test_packages_of_a_monorepo_are_told_apart(workspace: Workspace) -> None:
    files = {
        "package.json": json.dumps({"name": "mono", "workspaces": ["packages/*"]}),
        "packages/core/package.json": package("@acme/core"),
        "packages/web/package.json": package("@acme/web", **{"@acme/core": "workspace:*"}),
    }
    await workspace.add("mono", files, "https://github.com/acme/mono")
    report = await workspace.scan()
    [edge] = await workspace.edges()
    assert (edge.source_package, edge.target_package) == ("@acme/web", "@acme/core")
    assert edge.source_repo == edge.target_repo == "acme/mono"
    assert report.internal == 0


async def test_a_submodule_leads_to_the_repository_beside_the_origin(
    workspace: Workspace,
) -> None:
    await workspace.add("proto", {}, "https://github.com/acme/proto")
    path = await workspace.add("app", {}, "https://github.com/acme/app")
    (path / ".gitmodules").write_text(
        '[submodule "p"]\n\tpath = p\n\turl = ../proto.git\n', encoding="utf-8"
    )
    pinned = "1" * 40
    await git(path, "add", ".gitmodules")
    await git(path, "update-index", "--add", "--cacheinfo", f"160000,{pinned},p")
    await git(path, "commit", "--quiet", "--message=submodule")
    await workspace.scan()
    [edge] = await workspace.edges()
    assert (edge.target_repo, edge.version_constraint) == ("acme/proto", pinned)
    assert (edge.file, edge.line) == (".gitmodules", 3)


async def test_configuration_linked_from_a_neighbouring_folder_is_an_edge(
    workspace: Workspace,
) -> None:
    await workspace.add("shared", {"eslint.json": "{}"})
    app = await workspace.add("app", {"README.md": "app"})
    (app / ".eslintrc.json").symlink_to("../shared/eslint.json")
    (app / "elsewhere").symlink_to("../nowhere/x.json")
    await commit(app, {})
    await workspace.scan()
    [edge] = await workspace.edges()
    assert (edge.source_repo, edge.target_repo) == ("app", "shared")
    assert (edge.dependency_type, edge.file) == ("config", ".eslintrc.json")


async def test_an_edge_with_several_possible_providers_is_the_same_in_the_next_match(
    workspace: Workspace,
) -> None:
    for name in ("one", "two"):
        origin = f"https://github.com/acme/{name}"
        await workspace.add(name, {"package.json": package("lib")}, origin)
    await workspace.add("app", {"package.json": package("app", lib="*"), "Dockerfile": "FROM node"})
    await workspace.scan()
    await commit(workspace.folder / "one", {"package.json": package("lib", cookie="*")})
    assert counted(await workspace.scan()) == {"read": 1, "unchanged": 2, "added": 1}


async def test_names_that_only_look_like_text_do_not_harm_the_database(
    workspace: Workspace,
) -> None:
    files = {"package.json": '{"name": "a\\u0000b", "dependencies": {"x\\ud800": "\\u0000"}}'}
    await workspace.add("odd", files)
    await workspace.scan()
    assert len(await workspace.edges()) == 1
    assert all("\0" not in edge.version_constraint for edge in await workspace.edges())


async def test_a_repository_whose_head_is_damaged_is_a_problem_and_keeps_what_is_known(
    workspace: Workspace,
) -> None:
    await two(workspace)
    await workspace.scan()
    before = await workspace.links()
    head = workspace.folder / "h3" / ".git" / "HEAD"
    head.write_text("garbage\n", encoding="utf-8")
    report = await workspace.scan()
    assert [(problem.repository, problem.file) for problem in report.problems] == [("unjs/h3", "")]
    assert await workspace.links() == before
