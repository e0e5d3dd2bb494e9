"""Webhooks of GitHub: kept before they are acknowledged, dealt with afterwards, once each."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from gitops_auditor.audit import Audit
from gitops_auditor.errors import GitOpsError, TimedOut, Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.starting.github_events import Notice
from gitops_auditor.pipelines.starting.marks import told_mark
from gitops_auditor.pipelines.starting.ports import PullRequestMoved, RunStarter
from gitops_auditor.pipelines.starting.turns import RETRY_SECONDS, take_turns
from gitops_auditor.pipelines.store import triggers as store
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.git_urls import canonical_name
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.batches import NothingMatched
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process

SOURCE: Final = "github"
ACTOR: Final = "github"
OPERATION: Final = "receive_github_webhook"
RETRIED_FOR: Final = timedelta(minutes=15)
"""A webhook that cannot be dealt with, as when a remote is out of reach, is tried so long."""
IDLE_SECONDS: Final = 30.0
BREATH_SECONDS: Final = 0.1
"""Commits of a busy database come faster than it is worth to look for new webhooks."""
_LOOKED_AT: Final = 20
_MOVES: Final = frozenset({"closed", "reopened"})
"""What happens to a pull request that others wait for; a merge is one that is closed."""

_log = get_logger("triggers")


class DeliveryInbox:
    """Keeps webhooks; whoever runs `DeliveryProcessor` on the database deals with them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, delivery_id: str, event: str, notice: Notice, body: bytes) -> bool:
        """Keep a webhook, durably; whether it is new.

        It is not when its id is known, or when the same body came under another id, which is no
        part of what the sender signs. Raises Unavailable when it cannot be kept.
        """
        now, digest = datetime.now(UTC), hashlib.sha256(body).hexdigest()
        payload = notice.model_dump(mode="json")
        received = store.Received(SOURCE, delivery_id, event, payload, digest, now)
        if self._database.dialect == "sqlite":
            # Nearly all are new, and the sender waits: that takes one hop to the database.
            with suppress(NothingMatched):
                await self._database.write_batch(store.first_receipt(received))
                return True
        return await self._sort_out(received)

    async def _sort_out(self, received: store.Received) -> bool:
        async with self._database.write() as transaction:
            if not await store.add_delivery(transaction, received):
                return False
            if await store.note_body(transaction, received):
                return True
            kept = store.Delivery(
                SOURCE, received.id, received.event, None, None, received.received_at
            )
            reason = "The same body came before under another id."
            await store.finish_delivery(transaction, kept, "ignored", reason)
            return False


class _Verdict(NamedTuple):
    status: str
    outcome: str
    runs: Sequence[str] = ()


class DeliveryProcessor:
    """Deals with what `DeliveryInbox` kept, one at a time, also with what a dead process left."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        process: Process,
        repositories: RepositoryRegistry,
        starter: RunStarter,
        moved: PullRequestMoved,
    ) -> None:
        self._database = database
        self._audit = audit
        self._process = process
        self._repositories = repositories
        self._starter = starter
        self._moved = moved
        self._put_off: set[str] = set()

    async def run(self) -> None:
        """Deal with webhooks as they come until cancelled."""
        await take_turns("webhooks", self._turn)

    async def process_all(self) -> int:
        """Deal with everything that waits, but for what has to be tried later; returns how many."""
        count = 0
        while (claimed := await self._claim()) is not None:
            await self._process_one(claimed)
            count += 1
        return count

    async def _turn(self) -> float:
        seen = self._database.changes.version
        self._put_off.clear()
        await self.process_all()
        if self._put_off:
            return RETRY_SECONDS
        await self._database.changes.wait(seen, IDLE_SECONDS)
        return BREATH_SECONDS

    async def _claim(self) -> store.Delivery | None:
        async with self._database.read() as connection:
            waiting = await store.waiting_deliveries(connection, self._put_off, _LOOKED_AT)
        for known in waiting:
            if not await self._is_free(known):
                continue
            # What a power cut takes back is done again, under the same key.
            async with self._database.write(durable=False) as transaction:
                claimed = await store.claim_delivery(transaction, known, self._process.id)
            if claimed:
                return known._replace(owner=self._process.id)
        return None

    async def _is_free(self, known: store.Delivery) -> bool:
        # This process deals with one at a time: what it holds now is what it could not give back.
        if known.owner is None or known.owner == self._process.id:
            return True
        return not await self._process.alive(known.owner)

    async def _process_one(self, claimed: store.Delivery) -> None:
        try:
            notice = Notice.model_validate(claimed.payload)
            facts = {
                "delivery": claimed.id,
                "event": claimed.event,
                "repository": notice.repository,
            }
            async with self._audit.operation(ACTOR, OPERATION, facts):
                await self._conclude(claimed, await self._deal_with(claimed, notice))
        except (Unavailable, TimedOut) as failure:
            await self._try_later(claimed, failure)
        except GitOpsError as failure:
            await self._give_up(claimed, str(failure))
        except Exception:  # noqa: BLE001 - one webhook must not keep all others waiting
            await _log.aexception("webhook failed", delivery=claimed.id)
            await self._give_up(claimed, "Something went wrong on our side; the log has it.")

    async def _deal_with(self, claimed: store.Delivery, notice: Notice) -> _Verdict:
        event = notice.event
        if event is None:
            return _Verdict("ignored", notice.ignored)
        repository = _matching(notice, await self._repositories.all())
        if repository is None:
            return _Verdict("ignored", f"The repository {notice.repository} is not registered.")
        if event.type == "push":
            await self._note_told(repository, event, notice.commit)
        runs = await self._starter.fire(
            repository.id, event, notice.commit, ACTOR, f"{SOURCE}:{claimed.id}"
        )
        outcome = f"Started {len(runs)} runs."
        if event.type == "pull_request" and event.action in _MOVES:
            told = await self._moved(repository.id, event.branch)
            outcome += f" Told {', '.join(told)} of the pull request." if told else ""
        return _Verdict("done", outcome, runs)

    async def _note_told(self, repository: Repository, event: Event, commit: str) -> None:
        """Keep the look for pushes from firing once more what the webhook fires."""
        async with self._database.write(durable=False) as transaction:
            now = datetime.now(UTC)
            await store.put_ref(transaction, repository.id, told_mark(event), commit, now)

    async def _conclude(self, claimed: store.Delivery, verdict: _Verdict) -> None:
        after = {"status": verdict.status, "outcome": verdict.outcome, "runs": [*verdict.runs]}
        async with self._database.write() as transaction:
            await store.finish_delivery(transaction, claimed, verdict.status, verdict.outcome)
            await self._audit.outcome(transaction, "success", after=after)

    async def _try_later(self, claimed: store.Delivery, failure: GitOpsError) -> None:
        if datetime.now(UTC) - claimed.received_at > RETRIED_FOR:
            await self._give_up(claimed, str(failure))
            return
        await _log.awarning("webhook is put off", delivery=claimed.id, reason=failure.message)
        self._put_off.add(claimed.id)
        async with self._database.write() as transaction:
            await store.release_delivery(transaction, claimed)

    async def _give_up(self, claimed: store.Delivery, reason: str) -> None:
        async with self._database.write() as transaction:
            await store.finish_delivery(transaction, claimed, "failed", reason)


def _matching(notice: Notice, known: Sequence[Repository]) -> Repository | None:
    """The repository that a webhook is about: by its URL, else by its id."""
    names = {name for url in notice.urls if (name := canonical_name(url)) is not None}
    wanted = notice.repository.lower()
    by_id = [one for one in known if one.id.lower() == wanted]
    by_url = [one for one in known if names & _names_of(one)]
    both = [one for one in by_url if one in by_id]
    return next(iter((*both, *by_url, *by_id)), None)


def _names_of(repository: Repository) -> set[str]:
    urls = (repository.clone_url, repository.origin_url)
    return {name for url in urls if url and (name := canonical_name(url)) is not None}
