"""Keeps the secrets that jobs may ask for. Values go in; they never come out through here."""

from typing import Literal

from pydantic import SecretStr

from gitops_auditor.audit import Audit
from gitops_auditor.execution.secret_store import SecretInfo, SecretScope, SecretStore

ScopeKind = Literal["repository", "pipeline"]


class SecretRegistry:
    """The encrypted store, with every change in the audit."""

    def __init__(self, store: SecretStore, audit: Audit) -> None:
        self._store = store
        self._audit = audit

    async def set(
        self, kind: ScopeKind, scope_id: str, name: str, value: SecretStr, actor: str
    ) -> SecretInfo:
        """Keep a value, or replace the one there is. Raises InvalidRequest for one too short."""
        about = {"scope": kind, "id": scope_id, "name": name}
        async with self._audit.operation(actor, "set_secret", about):
            return await self._store.set(SecretScope(kind=kind, id=scope_id), name, value)

    async def list(self) -> list[SecretInfo]:
        """What is kept, without values."""
        return await self._store.list()

    async def delete(self, kind: ScopeKind, scope_id: str, name: str, actor: str) -> None:
        """Forget a value. Raises NotFound."""
        about = {"scope": kind, "id": scope_id, "name": name}
        async with self._audit.operation(actor, "delete_secret", about):
            await self._store.delete(SecretScope(kind=kind, id=scope_id), name)

    async def rotate(self, actor: str) -> int:
        """Encrypt everything under a new key; returns how many values that were."""
        async with self._audit.operation(actor, "rotate_secret_key", {}):
            return await self._store.rotate_key()
