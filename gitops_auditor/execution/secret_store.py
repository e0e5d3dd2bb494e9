"""An encrypted file of secrets, each bound to what may use it.

Values are encrypted with AES-256-GCM (NIST SP 800-38D); scope and name are authenticated with each,
so that a value moved to another repository's entry does not decrypt. The key file may hold an older
key beside the present one, which is how a change of key survives a crash halfway.
"""

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

import anyio
from pydantic import BaseModel, ConfigDict, SecretStr

from gitops_auditor.errors import InvalidRequest, NotFound, Unavailable
from gitops_auditor.execution.secret_files import locked, read_private, replace_private

_KEY_BYTES = 32
_NONCE_BYTES = 12
MAX_VALUE_BYTES = 65536
SHORTEST = 4
"""Shorter values would be masked in the middle of ordinary words."""

Result = TypeVar("Result")


class SecretScope(BaseModel, defer_build=True):
    """What may use a secret: one repository, or one pipeline, by its id."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["repository", "pipeline"]
    id: str


class SecretInfo(BaseModel, defer_build=True):
    """A stored secret without its value. `version` counts how often it was set."""

    scope: SecretScope
    name: str
    version: int
    created_at: datetime
    updated_at: datetime


class _Entry(SecretInfo):
    key: str
    nonce: str
    ciphertext: str


class _Keys(BaseModel, defer_build=True):
    current: str
    keys: dict[str, str]


class _File(BaseModel, defer_build=True):
    entries: list[_Entry] = []


class SecretStore:
    """Secrets in a folder's `secrets.json`; the key is `secrets.key` (mode 0400)."""

    def __init__(self, folder: Path, key_folder: Path | None = None) -> None:
        self._path = folder / "secrets.json"
        self._key_path = (key_folder or folder) / "secrets.key"

    async def set(self, scope: SecretScope, name: str, value: SecretStr) -> SecretInfo:
        """Store a value, or replace it by a newer version. Raises InvalidRequest."""
        size = len(value.get_secret_value().encode())
        if not SHORTEST <= size <= MAX_VALUE_BYTES:
            raise InvalidRequest(
                f"The value of {name} has {size} bytes.",
                hint=f"A secret has {SHORTEST} to {MAX_VALUE_BYTES} bytes.",
            )
        return await self._locked(lambda: self._set(scope, name, value))

    async def get(self, scope: SecretScope, name: str) -> SecretStr:
        """A value. Raises NotFound, and Unavailable when it cannot be decrypted."""
        return await self._locked(lambda: self._get(scope, name))

    async def list(self) -> list[SecretInfo]:
        """Every secret without its value, by scope and name."""
        file = await anyio.to_thread.run_sync(self._read)
        infos = [SecretInfo.model_validate(entry.model_dump()) for entry in file.entries]
        return sorted(infos, key=lambda info: (info.scope.kind, info.scope.id, info.name))

    async def delete(self, scope: SecretScope, name: str) -> None:
        """Forget a secret. Raises NotFound."""
        await self._locked(lambda: self._delete(scope, name))

    async def rotate_key(self) -> int:
        """Encrypt everything with a new key and forget the old one; the count of secrets."""
        return await self._locked(self._rotate_key)

    async def _locked(self, work: Callable[[], Result]) -> Result:
        def run() -> Result:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._key_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._path.with_suffix(".lock")):
                return work()

        return await anyio.to_thread.run_sync(run)

    def _set(self, scope: SecretScope, name: str, value: SecretStr) -> SecretInfo:
        file = self._read()
        before = _find(file, scope, name)
        now = datetime.now(UTC)
        info = SecretInfo(
            scope=scope,
            name=name,
            version=before.version + 1 if before else 1,
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        entry = _encrypt(self._keys(create=True), info, value)
        file.entries = [each for each in file.entries if each is not before] + [entry]
        self._write(file)
        return info

    def _get(self, scope: SecretScope, name: str) -> SecretStr:
        entry = _find(self._read(), scope, name)
        if entry is None:
            raise _unknown(scope, name)
        return _decrypt(self._keys(create=False), entry)

    def _delete(self, scope: SecretScope, name: str) -> None:
        file = self._read()
        entry = _find(file, scope, name)
        if entry is None:
            raise _unknown(scope, name)
        file.entries.remove(entry)
        self._write(file)

    def _rotate_key(self) -> int:
        file = self._read()
        keys = _with_new_key(self._keys(create=True))
        self._write_keys(keys)
        file.entries = [_encrypt(keys, entry, _decrypt(keys, entry)) for entry in file.entries]
        self._write(file)
        self._write_keys(_Keys(current=keys.current, keys={keys.current: keys.keys[keys.current]}))
        return len(file.entries)

    def _read(self) -> _File:
        if not self._path.exists():
            return _File()
        return _File.model_validate_json(read_private(self._path))

    def _write(self, file: _File) -> None:
        replace_private(self._path, file.model_dump_json(indent=1).encode(), 0o600)

    def _keys(self, *, create: bool) -> _Keys:
        if self._key_path.exists():
            return _Keys.model_validate_json(read_private(self._key_path))
        if not create or self._path.exists():
            raise Unavailable(
                f"The key of the secrets, {self._key_path}, is missing.",
                hint="Restore it from a backup; without it the stored secrets cannot be read.",
            )
        keys = _with_new_key(_Keys(current="", keys={}))
        self._write_keys(keys)
        return keys

    def _write_keys(self, keys: _Keys) -> None:
        replace_private(self._key_path, keys.model_dump_json().encode(), 0o400)


def _with_new_key(keys: _Keys) -> _Keys:
    name = os.urandom(8).hex()
    made = base64.b64encode(os.urandom(_KEY_BYTES)).decode()
    return _Keys(current=name, keys={**keys.keys, name: made})


def _bound_to(info: SecretInfo) -> bytes:
    return json.dumps([info.scope.kind, info.scope.id, info.name, info.version]).encode()


def _encrypt(keys: _Keys, info: SecretInfo, value: SecretStr) -> _Entry:
    # It takes long to import, and most processes need no secret.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(base64.b64decode(keys.keys[keys.current]))
    sealed = cipher.encrypt(nonce, value.get_secret_value().encode(), _bound_to(info))
    return _Entry(
        scope=info.scope,
        name=info.name,
        version=info.version,
        created_at=info.created_at,
        updated_at=info.updated_at,
        key=keys.current,
        nonce=base64.b64encode(nonce).decode(),
        ciphertext=base64.b64encode(sealed).decode(),
    )


def _decrypt(keys: _Keys, entry: _Entry) -> SecretStr:
    # As above.
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        cipher = AESGCM(base64.b64decode(keys.keys[entry.key]))
        nonce, sealed = base64.b64decode(entry.nonce), base64.b64decode(entry.ciphertext)
        return SecretStr(cipher.decrypt(nonce, sealed, _bound_to(entry)).decode())
    except (KeyError, InvalidTag):
        raise Unavailable(
            f"The secret {entry.name} of {entry.scope.kind} {entry.scope.id} does not decrypt.",
            hint="It was changed or moved, or the key is another one: set it again.",
        ) from None


def _find(file: _File, scope: SecretScope, name: str) -> _Entry | None:
    return next((each for each in file.entries if (each.scope, each.name) == (scope, name)), None)


def _unknown(scope: SecretScope, name: str) -> NotFound:
    return NotFound(
        f"There is no secret {name} for {scope.kind} {scope.id}.", hint="Set it before it is used."
    )
