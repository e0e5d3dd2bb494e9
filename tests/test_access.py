"""Tokens, from being made to being refused."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gitops_auditor import access as access_module
from gitops_auditor.access import PREFIX, Access
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Unauthenticated, Unavailable
from gitops_auditor.identity import Role
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import tokens


@pytest.fixture
def access(database: Database) -> Access:
    return Access(database)


async def test_a_token_authenticates_as_its_name_and_role(access: Access) -> None:
    text, info = await access.create_token("ci runner", Role.OPERATOR)
    principal = await access.authenticate(text)
    assert (principal.name, principal.role, principal.kind) == ("ci runner", "operator", "token")
    assert text.startswith(PREFIX)
    assert await access.list_tokens() == [
        info.model_copy(update={"last_used_at": (await access.list_tokens())[0].last_used_at})
    ]


async def test_the_text_of_a_token_is_not_stored(access: Access, database: Database) -> None:
    text, info = await access.create_token("ci", Role.VIEWER)
    await access.authenticate(text)
    async with database.read() as connection:
        stored = str((await connection.execute(select(tokens))).one())
    assert info.id in stored
    assert text.removeprefix(PREFIX) not in stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "goa_",
        "goa_" + "a" * 43,
        "goa_" + "ä" * 43,
        "goa_" + "a" * 43 + "\n",
        "a" * 100_000,
    ],
)
async def test_what_was_never_issued_is_refused(access: Access, text: str) -> None:
    await access.create_token("ci", Role.VIEWER)
    with pytest.raises(Unauthenticated):
        await access.authenticate(text)


async def test_a_refusal_does_not_repeat_the_token(access: Access) -> None:
    text = "goa_" + "a" * 43
    with pytest.raises(Unauthenticated) as refusal:
        await access.authenticate(text)
    assert text not in str(refusal.value)


async def test_a_revoked_token_is_refused_at_once(access: Access) -> None:
    text, info = await access.create_token("ci", Role.VIEWER)
    await access.authenticate(text)
    revoked = await access.revoke_token(info.id)
    assert revoked.revoked_at is not None
    with pytest.raises(Unauthenticated):
        await access.authenticate(text)
    assert (await access.revoke_token(info.id)).revoked_at == revoked.revoked_at


async def test_a_token_revoked_by_another_process_is_refused_when_the_cache_ends(
    access: Access, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "CACHE_SECONDS", 0.0)
    text, info = await access.create_token("ci", Role.VIEWER)
    await access.authenticate(text)
    async with Database.open(database_url) as other:
        await Access(other).revoke_token(info.id)
    with pytest.raises(Unauthenticated):
        await access.authenticate(text)


async def test_an_authenticated_token_is_remembered_between_commits(
    access: Access, database: Database, database_url: str
) -> None:
    text, info = await access.create_token("ci", Role.VIEWER)
    await access.authenticate(text)
    await access.authenticate(text)
    async with Database.open(database_url) as other:
        await Access(other).revoke_token(info.id)
    # Nothing told this process yet: only the cache can answer.
    assert (await access.authenticate(text)).name == "ci"
    database.changes.notify()
    with pytest.raises(Unauthenticated):
        await access.authenticate(text)


async def test_an_expired_token_is_refused_also_from_the_cache(
    access: Access, database: Database
) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    text, info = await access.create_token("ci", Role.VIEWER, later)
    assert info.expires_at == later
    await access.authenticate(text)
    async with database.write() as transaction:
        await transaction.execute(
            update(tokens).values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    with pytest.raises(Unauthenticated):
        await access.authenticate(text)


async def test_the_last_use_is_recorded_once_in_a_while(access: Access, database: Database) -> None:
    text, _ = await access.create_token("ci", Role.VIEWER)
    await access.authenticate(text)
    [first] = await access.list_tokens()
    assert first.last_used_at is not None
    database.changes.notify()
    await access.authenticate(text)
    assert (await access.list_tokens())[0].last_used_at == first.last_used_at
    async with database.write() as transaction:
        long_ago = datetime.now(UTC) - timedelta(days=1)
        await transaction.execute(update(tokens).values(last_used_at=long_ago))
    await access.authenticate(text)
    [third] = await access.list_tokens()
    assert third.last_used_at is not None
    assert third.last_used_at >= first.last_used_at


@pytest.mark.parametrize("name", ["", " x", "local", "System", "a\nb", "x" * 101, "a;b"])
async def test_names_that_would_confuse_the_audit_are_refused(access: Access, name: str) -> None:
    with pytest.raises(InvalidRequest, match="name"):
        await access.create_token(name, Role.VIEWER)


async def test_an_expiry_in_the_past_or_without_zone_is_refused(access: Access) -> None:
    with pytest.raises(InvalidRequest, match="past"):
        await access.create_token("ci", Role.VIEWER, datetime.now(UTC))
    with pytest.raises(InvalidRequest, match="zone"):
        await access.create_token("ci", Role.VIEWER, datetime(2099, 1, 1))  # noqa: DTZ001


async def test_a_name_is_free_again_when_its_token_is_revoked(access: Access) -> None:
    _, info = await access.create_token("ci", Role.VIEWER)
    with pytest.raises(Conflict) as taken:
        await access.create_token("ci", Role.ADMIN)
    assert taken.value.details == {"token_id": info.id}
    await access.revoke_token(info.id)
    await access.create_token("ci", Role.ADMIN)


async def test_an_unknown_token_cannot_be_revoked(access: Access) -> None:
    with pytest.raises(NotFound):
        await access.revoke_token("nope")


async def test_changes_are_recorded_in_their_own_transaction(database: Database) -> None:
    recorded: list[object] = []

    async def record(transaction: AsyncConnection, after: Mapping[str, object]) -> None:
        inside = await transaction.scalar(select(tokens.c.name).where(tokens.c.id == after["id"]))
        recorded.append((inside, after["revoked_at"] is not None))

    access = Access(database, record)
    _, info = await access.create_token("ci", Role.VIEWER)
    await access.revoke_token(info.id)
    assert recorded == [("ci", False), ("ci", True)]


async def test_a_database_that_cannot_be_written_does_not_lock_everybody_out(
    access: Access, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = await access.create_token("ci", Role.VIEWER)

    def full() -> None:
        raise Unavailable("The disk is full.", hint="Free some space.")

    monkeypatch.setattr(database, "write", full)
    assert (await access.authenticate(text)).name == "ci"


async def test_the_memory_for_accepted_tokens_is_bounded(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "CACHED_TOKENS", 2)
    for number in range(4):
        text, _ = await access.create_token(f"ci {number}", Role.VIEWER)
        await access.authenticate(text)
    assert len(access._accepted) == 2


async def test_two_tokens_of_one_name_are_not_made_at_the_same_time(access: Access) -> None:
    made: list[str] = []

    async def make() -> None:
        with suppress(Conflict):
            made.append((await access.create_token("ci", Role.VIEWER))[0])

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(make)
    assert len(made) == 1
