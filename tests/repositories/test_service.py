"""The registry: register, discover, change, remove, import."""

from pathlib import Path

import pytest

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Refused, Stale
from gitops_auditor.events import EventLog
from gitops_auditor.identity import LOCAL, Principal, Role
from gitops_auditor.pages import PageParams
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_process import Executable
from gitops_auditor.repositories.models import Repository, RepositoryChanges
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from tests.factories.git import commit, make_empty_repository, make_repository

TOKEN = Principal(name="ci", role=Role.ADMIN, kind="token")
ORIGIN = "https://github.com/Owner/Name.git"


def _with(
    settings: Settings, database: Database, events: EventLog, audit: Audit, **changes: object
) -> RepositoryRegistry:
    changed = settings.model_copy(update=changes)
    return RepositoryRegistry(database, events, audit, Git(), changed)


# Registering a path


async def test_a_path_is_registered_under_owner_and_name_of_its_origin(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    origin = "https://user:hunter2@github.com/Owner/Name.git"
    sha = await make_repository(tmp_path / "r", {"a": "1"}, origin=origin, branch="trunk")
    registered = await registry.register_path(tmp_path / "r", LOCAL)
    assert registered == await registry.get("Owner/Name")
    assert registered.model_dump(include={"id", "name", "path", "head_sha", "version"}) == {
        "id": "Owner/Name",
        "name": "r",
        "path": str(tmp_path / "r"),
        "head_sha": sha,
        "version": 1,
    }
    assert registered.default_branch == "trunk"
    assert registered.origin_url == "https://github.com/Owner/Name.git"


async def test_without_an_origin_the_id_comes_from_the_name_or_the_folder(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_empty_repository(tmp_path / "my repo; 'x'")
    await make_repository(tmp_path / "b", {"a": "1"})
    first = await registry.register_path(tmp_path / "my repo; 'x'", LOCAL)
    assert (first.id, first.path, first.head_sha) == (
        "my-repo-x",
        str(tmp_path / "my repo; 'x'"),
        None,
    )
    second = await registry.register_path(tmp_path / "b", LOCAL, "Team/Tool")
    assert (second.id, second.name) == ("Team/Tool", "Team/Tool")


async def test_what_is_registered_once_is_not_registered_again(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"}, origin=ORIGIN)
    await make_repository(tmp_path / "copy", {"a": "1"}, origin=ORIGIN)
    await registry.register_path(tmp_path / "r", LOCAL)
    (tmp_path / "link").symlink_to("r")
    for path in ("r", "copy", "link"):
        with pytest.raises(Conflict, match="Owner/Name is registered already") as taken:
            await registry.register_path(tmp_path / path, LOCAL)
        assert taken.value.details["id"] == "Owner/Name"


async def test_a_folder_that_is_missing_or_no_repository_is_told_apart(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "r", {"in/a": "1"})
    (tmp_path / "file").write_text("x", "utf-8")
    (tmp_path / "loop").symlink_to("loop")
    for missing in ("nowhere", "file", "loop", "x" * 300):
        with pytest.raises(NotFound):
            await registry.register_path(tmp_path / missing, LOCAL)
    with pytest.raises(InvalidRequest, match=r"holds \.git"):
        await registry.register_path(tmp_path / "r/in", LOCAL)
    with pytest.raises(InvalidRequest, match="character"):
        await registry.register_path(Path("a\x00b"), LOCAL)


async def test_roots_hold_everybody_and_without_roots_tokens_see_no_path(
    settings: Settings, database: Database, events: EventLog, audit: Audit, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "in/r", {"a": "1"})
    await make_repository(tmp_path / "inside-out", {"a": "1"})
    (tmp_path / "in/link").symlink_to(tmp_path / "inside-out")
    open_to_local = _with(settings, database, events, audit)
    rooted = _with(settings, database, events, audit, allowed_roots=(tmp_path / "in",))
    async with audit.operation("test", "test", {}):
        with pytest.raises(Refused, match="GITOPS_ALLOWED_ROOTS"):
            await open_to_local.register_path(tmp_path / "in/r", TOKEN)
        for outside in ("inside-out", "in/link", "in/../inside-out", "in/r/../../inside-out"):
            with pytest.raises(Refused):
                await rooted.register_path(tmp_path / outside, LOCAL)
        with pytest.raises(Refused):
            await rooted.discover(tmp_path, LOCAL)
        # Whether something outside exists is not told either.
        with pytest.raises(Refused):
            await rooted.register_path(tmp_path / "nowhere", TOKEN)
        assert (await rooted.register_path(tmp_path / "in/r", TOKEN)).id == "r"


async def test_a_repository_whose_data_lies_outside_the_roots_is_refused(
    settings: Settings, database: Database, events: EventLog, audit: Audit, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "secret", {"a": "1"})
    (tmp_path / "in/trick").mkdir(parents=True)
    (tmp_path / "in/trick/.git").write_text(f"gitdir: {tmp_path}/secret/.git\n", "utf-8")
    await make_empty_repository(tmp_path / "in/sly")
    (tmp_path / "in/sly/.git/commondir").write_text("../../../secret/.git\n", "utf-8")
    rooted = _with(settings, database, events, audit, allowed_roots=(tmp_path / "in",))
    async with audit.operation("test", "test", {}):
        for name in ("trick", "sly"):
            with pytest.raises(Refused):
                await rooted.register_path(tmp_path / "in" / name, LOCAL)
        report = await rooted.discover(tmp_path / "in", LOCAL)
    assert report.registered == []
    assert len(report.skipped) == 2


# Registering a URL


async def test_a_clone_url_is_mirrored_and_registered(
    settings: Settings, database: Database, events: EventLog, audit: Audit, tmp_path: Path
) -> None:
    sha = await make_repository(tmp_path / "source", {"a": "1"})
    registry = _with(settings, database, events, audit, clone_protocols=("file",))
    async with audit.operation("test", "test", {}):
        registered = await registry.register_clone_url((tmp_path / "source").as_uri(), LOCAL)
        assert registered.head_sha == sha
        assert Path(registered.path or "").is_relative_to(settings.data_dir / "mirrors")
        with pytest.raises(Conflict):
            await registry.register_clone_url((tmp_path / "source").as_uri(), LOCAL)
        second = await commit(tmp_path / "source", {"a": "2"})
        refreshed = await registry.refresh(registered.id)
        assert (refreshed.head_sha, refreshed.version) == (second, 2)
        assert (await registry.refresh(registered.id)).version == 2
        with pytest.raises(Refused):
            await registry.register_clone_url((tmp_path / "source").as_uri(), TOKEN)


async def test_a_registered_path_is_looked_at_again(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    await registry.register_path(tmp_path / "r", LOCAL)
    sha = await commit(tmp_path / "r", {"a": "2"})
    assert (await registry.refresh("r")).head_sha == sha
    (tmp_path / "r").rename(tmp_path / "moved")
    with pytest.raises(NotFound, match="any more"):
        await registry.refresh("r")


# Reading, changing, removing


async def test_pages_list_every_repository_once(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    for number in range(5):
        await make_empty_repository(tmp_path / f"r{number}")
    await registry.discover(tmp_path, LOCAL)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await registry.list(PageParams(limit=2, cursor=cursor))
        assert page.total == 5
        seen += [repository.id for repository in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"r{number}" for number in range(5)]


async def test_an_unknown_id_names_those_that_come_near(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"}, origin=ORIGIN)
    await registry.register_path(tmp_path / "r", LOCAL)
    for near in ("owner/nam", "Name", "owner/name"):
        with pytest.raises(NotFound, match="Did you mean Owner/Name") as missing:
            await registry.get(near)
        assert missing.value.details == {"near": ["Owner/Name"]}
    with pytest.raises(NotFound, match="List the repositories"):
        await registry.get("zzzzzzzz")


async def test_a_change_counts_the_version_up_and_needs_the_current_one(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    await registry.register_path(tmp_path / "r", LOCAL)
    changed = await registry.update("r", RepositoryChanges(name="Shown"), 1)
    assert (changed.name, changed.version, changed.default_branch) == ("Shown", 2, "main")
    assert changed == await registry.get("r")
    with pytest.raises(Stale) as stale:
        await registry.update("r", RepositoryChanges(name="Other"), 1)
    assert stale.value.details == {"version": 2}
    with pytest.raises(Stale):
        await registry.remove("r", 1)
    assert (await registry.update("r", RepositoryChanges(name="Shown"), 2)).version == 2
    kept = await registry.update("r", RepositoryChanges(default_branch="dev"))
    await commit(tmp_path / "r", {"a": "2"})
    await registry.discover(tmp_path, LOCAL)
    assert (await registry.get("r")).default_branch == kept.default_branch == "dev"


@pytest.mark.parametrize(
    "branch",
    ["-x", "a b", "a..b", "a~1", "a^", "a:b", "/a", "a/", "a.lock", "a;b", "$(x)", "@", ""],
)
async def test_a_branch_that_git_or_a_shell_could_misread_is_refused(
    registry: RepositoryRegistry, tmp_path: Path, branch: str
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    await registry.register_path(tmp_path / "r", LOCAL)
    with pytest.raises(InvalidRequest, match="branch"):
        await registry.update("r", RepositoryChanges(default_branch=branch))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, "a\x1b[31m"])
async def test_a_name_that_cannot_be_shown_is_refused(
    registry: RepositoryRegistry, tmp_path: Path, name: str
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    await registry.register_path(tmp_path / "r", LOCAL)
    with pytest.raises(InvalidRequest, match="name"):
        await registry.update("r", RepositoryChanges(name=name))


# What a write leaves


async def test_every_write_leaves_an_event_and_an_audit_entry(
    database: Database, events: EventLog, audit: Audit, settings: Settings, tmp_path: Path
) -> None:
    registry = _with(settings, database, events, audit)
    await make_repository(tmp_path / "w/r", {"a": "1"})
    async with audit.operation("ann", "register_repository", {"path": "r"}):
        await registry.register_path(tmp_path / "w/r", LOCAL)
    async with audit.operation("ann", "update_repository", {}):
        await registry.update("r", RepositoryChanges(name="Shown"))
    async with audit.operation("ann", "remove_repository", {}):
        await registry.remove("r")
    await make_repository(tmp_path / "w/s", {"a": "1"})
    async with audit.operation("ann", "discover_repositories", {}):
        await registry.discover(tmp_path / "w", LOCAL)
    page = await events.read(0, channels=["repositories"])
    assert [event.name for event in page.events] == [
        "repository.registered",
        "repository.updated",
        "repository.removed",
        "workspace.discovered",
    ]
    assert page.events[1].data == {"id": "r", "version": 2}
    records = [record async for record in audit.export()]
    assert [(record.result, len(record.changes)) for record in records] == [("success", 1)] * 4
    update = records[1].changes[0]
    assert isinstance(update.before, dict)
    assert isinstance(update.after, dict)
    assert (update.before["name"], update.after["name"]) == ("r", "Shown")
    assert (await audit.verify()).ok


async def test_health_counts_and_says_when_git_is_missing(
    registry: RepositoryRegistry,
    database: Database,
    events: EventLog,
    audit: Audit,
    settings: Settings,
    tmp_path: Path,
) -> None:
    await make_repository(tmp_path / "r", {"a": "1"})
    await registry.register_path(tmp_path / "r", LOCAL)
    health = await registry.health()
    assert (health.status, health.figures["registered"]) == ("healthy", 1)
    without = RepositoryRegistry(
        database, events, audit, Git(Executable("/nonexistent/git")), settings
    )
    health = await without.health()
    assert (health.status, health.figures["registered"]) == ("degraded", 1)
    assert "Install git" in health.reasons[0]


def test_a_repository_model_round_trips_through_json() -> None:
    text = (
        '{"id":"a/b","name":"b","created_at":"2026-01-01T00:00:00Z",'
        '"updated_at":"2026-01-01T00:00:00Z"}'
    )
    repository = Repository.model_validate_json(text)
    assert Repository.model_validate_json(repository.model_dump_json()) == repository
