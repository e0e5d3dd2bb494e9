import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from typing_extensions import override

from gitops_auditor.config import Settings
from gitops_auditor.errors import Forbidden, Unavailable
from gitops_auditor.identity import LOCAL
from gitops_auditor.pipelines.starting.marks import told_mark
from gitops_auditor.pipelines.starting.pushes import OPERATION, PushWatcher
from gitops_auditor.pipelines.store import triggers as store
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.revisions import Revisions
from tests.factories.git import commit, git, make_empty_repository, make_repository
from tests.pipelines.starting.conftest import Node, OpenNode, Starter, outcomes, refusal
from tests.repositories.test_injection import PAYLOADS

SECONDS = 20.0


def revisions(settings: Settings) -> Revisions:
    mirrors = Mirrors(Git(), settings.data_dir / "mirrors", (), allow_private_hosts=False)
    return Revisions(Git(), Locations(mirrors, Boundaries(())))


@pytest.fixture
async def tool(node: Node, starter: Starter, tmp_path: Path) -> Path:
    """A registered repository whose pushes are watched; its id is `tool`."""
    path = tmp_path / "tool"
    await make_repository(path, {"README.md": "x"})
    async with node.audit.operation("test", "register", {}):
        await node.registry.register_path(path, LOCAL)
    starter.repositories = frozenset({"tool"})
    return path


@pytest.fixture
def watcher(node: Node, starter: Starter, settings: Settings) -> PushWatcher:
    return watcher_of(node, starter, settings)


def watcher_of(node: Node, starter: Starter, settings: Settings) -> PushWatcher:
    return PushWatcher(node.database, node.audit, node.registry, revisions(settings), starter)


def pushed(starter: Starter) -> list[tuple[str, str]]:
    """Name and commit of every push that was fired."""
    return [(one.event.branch or one.event.tag, one.commit) for one in starter.fired.values()]


async def test_the_first_look_only_notes_what_is_there(
    watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    await watcher.look()
    assert starter.calls == []


async def test_a_commit_on_a_branch_is_fired_once_with_what_it_changed(
    node: Node, watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    await commit(tool, {"src/a.py": "1"})
    new = await commit(tool, {"docs/b.md": "2"})
    await watcher.look()
    await watcher.look()
    (fired,) = starter.fired.values()
    changed = ("docs/b.md", "src/a.py")
    event = Event(type="push", branch="main", changed_paths=changed)
    assert (fired.target, fired.event, fired.commit) == ("tool", event, new)
    assert await outcomes(node.audit, OPERATION) == ["success"]


async def test_new_branches_and_tags_are_fired_and_removed_ones_are_not(
    watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    head = await git(tool, "rev-parse", "HEAD")
    await git(tool, "branch", "feature/x")
    await git(tool, "tag", "v1")
    await watcher.look()
    await git(tool, "branch", "-D", "feature/x")
    await git(tool, "tag", "-d", "v1")
    await watcher.look()
    assert pushed(starter) == [("feature/x", head), ("v1", head)]
    assert {event.changed_paths for event in starter.events} == {None}


async def test_the_first_branch_of_an_empty_repository_is_a_push(
    node: Node, watcher: PushWatcher, starter: Starter, tmp_path: Path
) -> None:
    await make_empty_repository(tmp_path / "empty")
    async with node.audit.operation("test", "register", {}):
        await node.registry.register_path(tmp_path / "empty", LOCAL)
    starter.repositories = frozenset({"empty"})
    await watcher.look()
    new = await commit(tmp_path / "empty", {"a": "1"})
    await watcher.look()
    assert pushed(starter) == [("main", new)]


async def test_a_branch_that_goes_back_and_forth_is_fired_each_time(
    watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    old = await git(tool, "rev-parse", "HEAD")
    await watcher.look()
    new = await commit(tool, {"a": "1"})
    for place in (new, old, new):
        await git(tool, "reset", "--quiet", "--hard", place)
        await watcher.look()
    await git(tool, "checkout", "--quiet", "--detach")
    await git(tool, "branch", "-D", "main")
    await watcher.look()
    await git(tool, "branch", "main", new)
    await watcher.look()
    assert pushed(starter) == [("main", place) for place in (new, old, new, new)]


async def test_what_happened_between_two_processes_is_still_a_push(
    node: Node, open_node: OpenNode, starter: Starter, settings: Settings, tool: Path
) -> None:
    await watcher_of(node, starter, settings).look()
    new = await commit(tool, {"a": "1"})
    async with open_node() as later:
        await watcher_of(later, starter, settings).look()
    assert pushed(starter) == [("main", new)]


async def test_only_repositories_with_a_pipeline_are_looked_at(
    watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    starter.repositories = frozenset()
    await commit(tool, {"a": "1"})
    await watcher.look()
    assert starter.calls == []


async def test_what_a_webhook_told_of_is_not_fired_again(
    node: Node, watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    told = await commit(tool, {"a": "1"})
    async with node.database.write() as transaction:
        mark = told_mark(Event(type="push", branch="main"))
        await store.put_ref(transaction, "tool", mark, told, datetime.now(UTC))
    await watcher.look()
    assert starter.calls == []
    new = await commit(tool, {"b": "2"})
    await watcher.look()
    assert pushed(starter) == [("main", new)]


async def test_two_processes_fire_a_push_once(
    node: Node, open_node: OpenNode, starter: Starter, settings: Settings, tool: Path
) -> None:
    async with open_node() as other:
        watchers = [watcher_of(one, starter, settings) for one in (node, other)]
        expected = []
        for number in range(5):
            async with anyio.create_task_group() as tasks:
                for watcher in watchers:
                    tasks.start_soon(watcher.look)
            expected.append(("main", await commit(tool, {"a": str(number)})))
        for watcher in watchers:
            await watcher.look()
    assert pushed(starter) == expected


async def test_a_repository_that_vanished_is_skipped_with_one_line_and_seen_when_it_is_back(
    watcher: PushWatcher,
    starter: Starter,
    tool: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await watcher.look()
    shutil.move(tool, tmp_path / "away")
    await watcher.look()
    await watcher.look()
    assert capsys.readouterr().err.count("repository is skipped") == 1
    shutil.move(tmp_path / "away", tool)
    new = await commit(tool, {"a": "1"})
    await watcher.look()
    assert pushed(starter) == [("main", new)]


async def test_a_push_that_cannot_be_started_now_is_tried_at_the_next_look(
    watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    starter.failures = [refusal(Unavailable)]
    new = await commit(tool, {"a": "1"})
    await watcher.look()
    assert starter.fired == {}
    await watcher.look()
    assert pushed(starter) == [("main", new)]


@pytest.mark.parametrize("failure", [refusal(Forbidden), RuntimeError("a bug")])
async def test_a_push_that_is_refused_is_not_tried_again(
    watcher: PushWatcher, starter: Starter, tool: Path, failure: Exception
) -> None:
    await watcher.look()
    starter.failures = [failure]
    await commit(tool, {"a": "1"})
    await watcher.look()
    await watcher.look()
    assert len(starter.calls) == 1


async def test_branches_with_names_that_something_could_run_start_nothing(
    watcher: PushWatcher, starter: Starter, tool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await watcher.look()
    head = await git(tool, "rev-parse", "HEAD")
    made = [name for name in PAYLOADS if await _make_branch(tool, name, head)]
    assert len(made) > 5, "git takes many of them"
    await watcher.look()
    await watcher.look()
    assert len(pushed(starter)) < len(made)
    assert all(re.fullmatch(r"[\w@+][\w@+./#=-]*", name) for name, _ in pushed(starter))
    assert capsys.readouterr().err.count("refs are left out") == 1


async def _make_branch(path: Path, name: str, head: str) -> bool:
    try:
        await git(path, "update-ref", "--end-of-options", f"refs/heads/x{name}", head)
    except (RuntimeError, ValueError, UnicodeError, OSError):
        return False
    return True


class Crowded(Revisions):
    """Stands for a push that changes more files than a test could make."""

    @override
    async def changed_paths(self, *_: object) -> Sequence[str] | None:  # type: ignore[override]
        return [str(number) for number in range(3001)]


async def test_more_changed_paths_than_are_kept_count_as_not_known(
    node: Node, starter: Starter, settings: Settings, tool: Path
) -> None:
    mirrors = Mirrors(Git(), settings.data_dir / "mirrors", (), allow_private_hosts=False)
    crowded = Crowded(Git(), Locations(mirrors, Boundaries(())))
    watcher = PushWatcher(node.database, node.audit, node.registry, crowded, starter)
    await watcher.look()
    await commit(tool, {"a": "1"})
    await watcher.look()
    assert [event.changed_paths for event in starter.events] == [None]


async def test_pushes_are_looked_for_again_and_again(
    node: Node, watcher: PushWatcher, starter: Starter, tool: Path
) -> None:
    await watcher.look()
    new = await commit(tool, {"a": "1"})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watcher.run, 0.05)
        with anyio.fail_after(SECONDS):
            while not starter.fired:
                await node.database.changes.wait(node.database.changes.version, 1.0)
        tasks.cancel_scope.cancel()
    assert pushed(starter) == [("main", new)]


async def test_an_interval_of_zero_turns_them_off(watcher: PushWatcher) -> None:
    with anyio.fail_after(SECONDS):
        await watcher.run(0)
