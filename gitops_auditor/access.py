"""Tokens: made once, shown once, stored as a hash, and turned back into a principal."""

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import anyio
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, insert, or_, select, text, update

from gitops_auditor.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from gitops_auditor.identity import LOCAL, SYSTEM, Principal, Role
from gitops_auditor.log import get_logger
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import tokens

PREFIX = "goa_"
CACHE_SECONDS = 5.0
"""How long a token that another process revoked may still be accepted."""
CACHED_TOKENS = 1000
USE_RECORDED_EVERY = timedelta(minutes=5)

_TOKEN = re.compile(r"goa_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}")
_RESERVED = {LOCAL.name, SYSTEM.name}
_WRITE_SECONDS = 2.0

_log = get_logger("access")

RecordOutcome = Callable[[AsyncConnection, Mapping[str, object]], Awaitable[None]]
"""Awaited in the transaction of a change with the token's state after it, without its secret."""


class TokenInfo(BaseModel, defer_build=True):
    """A token without its secret. `last_used_at` is exact to about five minutes."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class _Accepted(NamedTuple):
    principal: Principal
    expires_at: datetime | None
    version: int
    until: float


async def _no_record(transaction: AsyncConnection, after: Mapping[str, object]) -> None:
    """Where nobody audits."""


class Access:
    """The tokens of one database. `record` is awaited in the transaction of each change."""

    def __init__(self, database: Database, record: RecordOutcome = _no_record) -> None:
        self._database = database
        self._record = record
        self._accepted: OrderedDict[str, _Accepted] = OrderedDict()

    async def create_token(
        self, name: str, role: Role, expires_at: datetime | None = None
    ) -> tuple[str, TokenInfo]:
        """A new token: its text, which is not kept and cannot be shown again, and what is kept.

        Raises InvalidRequest for a name or an expiry that makes no sense and Conflict when a valid
        token has this name, since the name is what the audit shows.
        """
        now = datetime.now(UTC)
        _check_name(name)
        _check_expiry(expires_at, now)
        plain = PREFIX + secrets.token_urlsafe(32)
        info = TokenInfo(
            id=secrets.token_hex(8), name=name, role=role, created_at=now, expires_at=expires_at
        )
        async with self._database.write() as transaction:
            if self._database.dialect == "postgresql":
                # Two tokens of one name could otherwise be made at the same moment.
                await transaction.execute(text("LOCK TABLE tokens IN SHARE ROW EXCLUSIVE MODE"))
            await self._refuse_taken(transaction, name, now)
            row = {**info.model_dump(), "role": role.value, "hash": _digest(plain)}
            await transaction.execute(insert(tokens).values(row))
            await self._record(transaction, info.model_dump(mode="json"))
        return plain, info

    async def authenticate(self, token: str) -> Principal:
        """Whose token this is. Raises Unauthenticated, for every reason with the same words.

        A token revoked in this process is refused at once, one revoked elsewhere within
        CACHE_SECONDS.
        """
        # What is not of this form was never issued; the hash needs ASCII.
        if _TOKEN.fullmatch(token) is None:
            raise _unauthenticated()
        digest = _digest(token)
        principal = self._cached(digest)
        return principal if principal is not None else await self._look_up(digest)

    async def list_tokens(self) -> list[TokenInfo]:
        """Every token, revoked and expired ones too, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tokens).order_by(tokens.c.created_at))
            return [_info(row) for row in rows]

    async def revoke_token(self, token_id: str) -> TokenInfo:
        """End a token's validity for good; revoking it again changes nothing. Raises NotFound."""
        async with self._database.write() as transaction:
            ended = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
            await transaction.execute(ended.values(revoked_at=datetime.now(UTC)))
            found = (
                await transaction.execute(select(tokens).where(tokens.c.id == token_id))
            ).first()
            if found is None:
                raise NotFound(
                    f"There is no token with id {token_id[:64]!r}.", hint="List the tokens."
                )
            info = _info(found)
            await self._record(transaction, info.model_dump(mode="json"))
        self._accepted.clear()
        return info

    def _cached(self, digest: str) -> Principal | None:
        accepted = self._accepted.get(digest)
        if accepted is None:
            return None
        fresh = accepted.version == self._database.changes.version
        if not fresh or time.monotonic() >= accepted.until or _expired(accepted.expires_at):
            del self._accepted[digest]
            return None
        return accepted.principal

    async def _look_up(self, digest: str) -> Principal:
        version = self._database.changes.version
        async with self._database.read() as connection:
            query = select(tokens).where(tokens.c.hash == digest)
            row = (await connection.execute(query)).first()
        if row is None or not hmac.compare_digest(row.hash, digest) or not _valid(row):
            raise _unauthenticated()
        principal = Principal(name=row.name, role=Role(row.role), kind="token")
        await self._record_use(row)
        self._accepted[digest] = _Accepted(
            principal, row.expires_at, version, time.monotonic() + CACHE_SECONDS
        )
        if len(self._accepted) > CACHED_TOKENS:
            self._accepted.popitem(last=False)
        return principal

    async def _record_use(self, row: Row[Any]) -> None:
        now = datetime.now(UTC)
        if row.last_used_at is not None and now - row.last_used_at < USE_RECORDED_EVERY:
            return
        try:
            with anyio.move_on_after(_WRITE_SECONDS):
                async with self._database.write() as transaction:
                    used = update(tokens).where(tokens.c.id == row.id)
                    await transaction.execute(used.values(last_used_at=now))
        except Unavailable as error:
            # A busy or full database must not lock everybody out.
            _log.warning("the use of a token is not recorded", token=row.id, reason=error.message)

    async def _refuse_taken(self, transaction: AsyncConnection, name: str, now: datetime) -> None:
        valid = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
        query = select(tokens.c.id).where(
            tokens.c.name == name, tokens.c.revoked_at.is_(None), valid
        )
        taken = await transaction.scalar(query)
        if taken is not None:
            raise Conflict(
                f"There is a valid token named {name!r} already.",
                hint="Take another name, or revoke that token first.",
                details={"token_id": str(taken)},
            )


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None or name.lower() in _RESERVED:
        raise InvalidRequest(
            f"{name[:100]!r} cannot be the name of a token.",
            hint="Take up to 100 letters, digits, spaces and ._@+-; not local or system.",
        )


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is None:
        return
    if expires_at.tzinfo is None:
        raise InvalidRequest("The expiry has no time zone.", hint="End it in Z, for example.")
    if expires_at <= now:
        raise InvalidRequest("The expiry is in the past.", hint="Give a later moment, or none.")


def _digest(token: str) -> str:
    # No salt and no slow hash: the token is 256 random bits, which nobody can guess.
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _expired(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= datetime.now(UTC)


def _valid(row: Row[Any]) -> bool:
    return row.revoked_at is None and not _expired(row.expires_at)


def _info(row: Row[Any]) -> TokenInfo:
    return TokenInfo.model_validate(row, from_attributes=True)


def _unauthenticated() -> Unauthenticated:
    return Unauthenticated(
        "The token is not valid.",
        hint="Make one with `gitops-auditor token create` and send it as `Authorization: Bearer`.",
    )
