from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from sqlalchemy import select
from typing_extensions import override

from gitops_auditor.config import Settings
from gitops_auditor.errors import Forbidden, Unavailable
from gitops_auditor.identity import LOCAL
from gitops_auditor.pipelines.starting.deliveries import (
    OPERATION,
    DeliveryInbox,
    DeliveryProcessor,
)
from gitops_auditor.pipelines.starting.github_events import Notice
from gitops_auditor.pipelines.starting.ports import PullRequestMoved
from gitops_auditor.pipelines.store import triggers as store
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import webhook_deliveries
from tests.factories.git import make_repository
from tests.pipelines.starting.conftest import (
    Node,
    OpenNode,
    Starter,
    outcomes,
    refusal,
    unmoved,
)

COMMIT = "b" * 40
PUSH = Event(type="push", branch="main")
SECONDS = 20.0


def notice(repository: str = "acme/tool", url: str = "") -> Notice:
    return Notice(repository=repository, urls=(url,) if url else (), commit=COMMIT, event=PUSH)


@pytest.fixture
async def registered(node: Node, tmp_path: Path) -> str:
    """A repository that came from a host of the house, under the id acme/tool."""
    path = tmp_path / "checkout"
    await make_repository(path, {"README.md": "x"}, origin="https://git.example.org/acme/tool.git")
    async with node.audit.operation("test", "register", {}):
        return (await node.registry.register_path(path, LOCAL)).id


def processor(node: Node, starter: Starter, moved: PullRequestMoved = unmoved) -> DeliveryProcessor:
    parts = (node.database, node.audit, node.process, node.registry, starter)
    return DeliveryProcessor(*parts, moved)


async def states(database: Database) -> dict[str, tuple[str, str]]:
    """Status and outcome of every webhook by its id."""
    query = select(webhook_deliveries).where(webhook_deliveries.c.source == "github")
    async with database.read() as connection:
        rows = await connection.execute(query)
        return {row.delivery_id: (row.status, row.outcome) for row in rows}


async def accept(node: Node, delivery_id: str, told: Notice, body: bytes = b"") -> bool:
    inbox = DeliveryInbox(node.database)
    return await inbox.accept(delivery_id, "push", told, body or delivery_id.encode())


async def test_a_push_is_fired_at_its_commit_and_audited_once(
    node: Node, starter: Starter, registered: str
) -> None:
    assert await accept(node, "1", notice())
    assert await processor(node, starter).process_all() == 1
    (fired,) = starter.fired.values()
    assert fired == (registered, PUSH, COMMIT, "github", "github:1")
    assert await states(node.database) == {"1": ("done", "Started 1 runs.")}
    assert await outcomes(node.audit, OPERATION) == ["success"]


async def test_the_same_delivery_or_the_same_body_starts_nothing_twice(
    node: Node, starter: Starter, registered: str
) -> None:
    assert await accept(node, "1", notice(), b"body")
    assert not await accept(node, "1", notice(), b"body")
    assert not await accept(node, "2", notice(), b"body")
    await processor(node, starter).process_all()
    assert not await accept(node, "1", notice(), b"body")
    await processor(node, starter).process_all()
    assert len(starter.calls) == 1
    assert (await states(node.database))["2"][0] == "ignored"


@pytest.mark.parametrize(
    ("action", "told"), [("closed", True), ("reopened", True), ("synchronize", False)]
)
async def test_who_waits_for_a_pull_request_is_told_that_it_was_merged_or_closed(
    node: Node, starter: Starter, registered: str, action: str, told: bool
) -> None:
    seen = []

    async def moved(repository_id: str, branch: str) -> list[str]:
        seen.append((repository_id, branch))
        if len(seen) == 1:
            raise Unavailable("The forge is away.", hint="Wait.")
        return ["acme/web"]

    event = Event(type="pull_request", branch="gitops-auditor/1", base_branch="main", action=action)
    await accept(node, "1", Notice(repository=registered, commit=COMMIT, event=event))
    for _ in range(2):
        await processor(node, starter, moved).process_all()
    assert seen == [(registered, "gitops-auditor/1")] * (2 if told else 0)
    outcome = "Started 1 runs."
    outcome += " Told acme/web of the pull request." if told else ""
    assert await states(node.database) == {"1": ("done", outcome)}
    assert len(starter.fired) == 1


@pytest.mark.parametrize(
    ("name", "url"),
    [("acme/tool", ""), ("ACME/Tool", ""), ("x/y", "https://git.example.org/Acme/tool")],
)
async def test_a_repository_is_found_by_its_name_or_url(
    node: Node, starter: Starter, registered: str, name: str, url: str
) -> None:
    await accept(node, "1", notice(name, url))
    await processor(node, starter).process_all()
    assert [one.target for one in starter.fired.values()] == [registered]


async def test_the_url_says_more_than_the_name(
    node: Node, starter: Starter, registered: str, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    await make_repository(other, {"a": "1"}, origin="https://github.com/acme/other.git")
    async with node.audit.operation("test", "register", {}):
        await node.registry.register_path(other, LOCAL)
    await accept(node, "1", notice(registered, "https://github.com/acme/other"))
    await processor(node, starter).process_all()
    assert [one.target for one in starter.fired.values()] == ["acme/other"]


async def test_what_starts_nothing_is_kept_with_its_reason_and_audited(
    node: Node, starter: Starter
) -> None:
    await accept(node, "1", Notice(ignored="The event star starts no pipeline."))
    await accept(node, "2", notice("nobody/knows"))
    assert await processor(node, starter).process_all() == 2
    assert await states(node.database) == {
        "1": ("ignored", "The event star starts no pipeline."),
        "2": ("ignored", "The repository nobody/knows is not registered."),
    }
    assert starter.calls == []
    assert await outcomes(node.audit, OPERATION) == ["success", "success"]


async def test_what_was_dealt_with_leaves_no_payload(
    node: Node, starter: Starter, registered: str
) -> None:
    await accept(node, "1", notice())
    await processor(node, starter).process_all()
    async with node.database.read() as connection:
        assert set(await connection.scalars(select(webhook_deliveries.c.payload))) == {None}


async def test_what_cannot_be_dealt_with_now_is_tried_again_and_holds_up_nothing(
    node: Node, starter: Starter, registered: str
) -> None:
    starter.failures = [refusal(Unavailable)]
    await accept(node, "1", notice())
    await accept(node, "2", notice())
    ours = processor(node, starter)
    await ours.process_all()
    assert [one.key for one in starter.fired.values()] == ["github:2"]
    assert (await states(node.database))["1"] == ("received", "")
    await processor(node, starter).process_all()
    assert (await states(node.database))["1"][0] == "done"


@pytest.mark.parametrize("failure", [refusal(Forbidden), RuntimeError("a bug")])
async def test_a_failure_is_kept_and_the_next_webhook_is_dealt_with(
    node: Node, starter: Starter, registered: str, failure: Exception
) -> None:
    starter.failures = [failure]
    await accept(node, "1", notice())
    await accept(node, "2", notice())
    await processor(node, starter).process_all()
    found = await states(node.database)
    assert (found["1"][0], found["2"][0]) == ("failed", "done")
    assert await outcomes(node.audit, OPERATION) == ["failure", "success"]


@dataclass
class Blocking(Starter):
    """Starts a run and then never answers, as when its process is killed at that moment."""

    started: anyio.Event = field(default_factory=anyio.Event)

    @override
    async def fire(
        self, repository_id: str, event: Event, commit_sha: str, actor: str, key: str
    ) -> list[str]:
        await super().fire(repository_id, event, commit_sha, actor, key)
        self.started.set()
        await anyio.sleep_forever()
        return []


async def test_what_a_dead_process_was_at_is_finished_by_another_under_the_same_key(
    node: Node, open_node: OpenNode, starter: Starter, registered: str
) -> None:
    await accept(node, "1", notice())
    await accept(node, "2", notice())
    killed = Blocking()
    async with open_node() as dying, anyio.create_task_group() as tasks:
        tasks.start_soon(processor(dying, killed).process_all)
        with anyio.fail_after(SECONDS):
            await killed.started.wait()
        assert await processor(node, starter).process_all() == 1, "the other one is being done"
        tasks.cancel_scope.cancel()
    assert await processor(node, starter).process_all() == 1
    assert sorted(starter.calls) == ["github:1", "github:2"]
    assert killed.calls == ["github:1"]
    assert {status for status, _ in (await states(node.database)).values()} == {"done"}


async def test_two_processes_deal_with_each_webhook_once(
    node: Node, open_node: OpenNode, starter: Starter, registered: str
) -> None:
    for number in range(20):
        await accept(node, str(number), notice())
    async with open_node() as other, anyio.create_task_group() as tasks:
        tasks.start_soon(processor(node, starter).process_all)
        tasks.start_soon(processor(other, starter).process_all)
    assert sorted(starter.calls) == sorted(f"github:{number}" for number in range(20))
    assert await outcomes(node.audit, OPERATION) == ["success"] * 20


async def test_webhooks_are_dealt_with_as_they_come(
    node: Node, starter: Starter, registered: str, settings: Settings
) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(processor(node, starter).run)
        await accept(node, "1", notice())
        with anyio.fail_after(SECONDS):
            while (await states(node.database))["1"][0] != "done":
                await node.database.changes.wait(node.database.changes.version, 1.0)
        tasks.cancel_scope.cancel()
    assert len(starter.fired) == 1


async def test_what_was_dealt_with_is_forgotten_in_time_and_what_waits_is_not(
    node: Node, starter: Starter, registered: str
) -> None:
    await accept(node, "1", notice())
    await processor(node, starter).process_all()
    await accept(node, "2", notice())
    for before, left in ((timedelta(hours=1), {"1", "2"}), (timedelta(hours=-1), {"2"})):
        async with node.database.write() as transaction:
            await store.forget(transaction, datetime.now(UTC) - before)
        assert set(await states(node.database)) == left
