"""Secrets at rest: encrypted, bound to their scope, readable by one user only."""

import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, Unavailable
from gitops_auditor.execution.secret_store import SecretScope, SecretStore

ONE = SecretScope(kind="repository", id="acme/one")
TWO = SecretScope(kind="repository", id="acme/two")


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    return SecretStore(tmp_path / "data", tmp_path / "keys")


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def modes_below(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


async def value(store: SecretStore, scope: SecretScope, name: str = "TOKEN") -> str:
    return (await store.get(scope, name)).get_secret_value()


async def test_a_secret_comes_back_and_stands_in_no_file(
    store: SecretStore, tmp_path: Path
) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    assert await value(store, ONE) == "treasure"
    contents = [path.read_bytes() for path in files_below(tmp_path)]
    assert len(contents) >= 2
    assert not any(b"treasure" in content for content in contents)


async def test_only_the_owner_can_read_key_and_secrets(store: SecretStore, tmp_path: Path) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    modes = modes_below(tmp_path)
    assert (modes["secrets.key"], modes["secrets.json"]) == (0o400, 0o600)
    assert (modes["data"], modes["keys"]) == (0o700, 0o700)


async def test_another_scope_has_no_access(store: SecretStore) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    with pytest.raises(NotFound):
        await store.get(TWO, "TOKEN")


async def test_a_value_moved_to_another_repository_does_not_decrypt(
    store: SecretStore, tmp_path: Path
) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    path = tmp_path / "data" / "secrets.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["entries"][0]["scope"]["id"] = "acme/two"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(Unavailable, match="does not decrypt"):
        await store.get(TWO, "TOKEN")


async def test_setting_again_replaces_the_value_by_a_newer_version(store: SecretStore) -> None:
    first = await store.set(ONE, "TOKEN", SecretStr("treasure"))
    second = await store.set(ONE, "TOKEN", SecretStr("jewels"))
    assert (first.version, second.version) == (1, 2)
    assert second.created_at == first.created_at
    assert await value(store, ONE) == "jewels"
    assert [info.name for info in await store.list()] == ["TOKEN"]


async def test_a_new_key_replaces_the_old_one(store: SecretStore, tmp_path: Path) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    await store.set(TWO, "TOKEN", SecretStr("jewels"))
    key = tmp_path / "keys" / "secrets.key"
    before = json.loads(key.read_bytes())["current"]
    assert await store.rotate_key() == 2
    assert before not in json.loads(key.read_bytes())["keys"]
    assert (await value(store, ONE), await value(store, TWO)) == ("treasure", "jewels")


async def test_a_change_of_key_that_stopped_halfway_loses_nothing(
    store: SecretStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))

    def crash(file: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "_write", crash)
        with pytest.raises(KeyboardInterrupt):
            store._rotate_key()
    assert await value(store, ONE) == "treasure"
    await store.rotate_key()
    assert await value(store, ONE) == "treasure"


async def test_a_key_that_others_can_read_is_refused_with_the_remedy(
    store: SecretStore, tmp_path: Path
) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    (tmp_path / "keys" / "secrets.key").chmod(0o444)
    with pytest.raises(Refused) as refused:
        await store.get(ONE, "TOKEN")
    assert "chmod 400" in refused.value.hint


async def test_a_missing_key_is_not_replaced_while_secrets_depend_on_it(
    store: SecretStore, tmp_path: Path
) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    (tmp_path / "keys" / "secrets.key").unlink()
    with pytest.raises(Unavailable, match="missing"):
        await store.set(ONE, "OTHER", SecretStr("jewels"))


async def test_a_deleted_secret_is_gone(store: SecretStore) -> None:
    await store.set(ONE, "TOKEN", SecretStr("treasure"))
    await store.delete(ONE, "TOKEN")
    with pytest.raises(NotFound):
        await store.get(ONE, "TOKEN")
    with pytest.raises(NotFound):
        await store.delete(ONE, "TOKEN")


async def test_a_value_too_short_to_be_masked_is_refused(store: SecretStore) -> None:
    with pytest.raises(InvalidRequest, match="3 bytes"):
        await store.set(ONE, "TOKEN", SecretStr("abc"))
