from pathlib import Path

import pytest

from gitops_auditor.errors import Unavailable
from gitops_auditor.storage.backup import back_up
from gitops_auditor.storage.schema import upgrade
from gitops_auditor.storage.urls import parse_url


async def test_a_copy_is_made_of_the_database_in_use(empty_url: str, tmp_path: Path) -> None:
    await upgrade(empty_url, tmp_path)
    copy = back_up(parse_url(empty_url)[0], tmp_path / "backups", "0001")
    start = copy.read_bytes()[:6]
    assert start in {b"SQLite", b"PGDMP\x01"}
    assert copy.stat().st_mode & 0o077 == 0


def test_a_missing_pg_dump_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    url, _ = parse_url("postgresql://user@localhost/none")
    with pytest.raises(Unavailable) as caught:
        back_up(url, tmp_path / "backups", "0001")
    assert "pg_dump" in caught.value.hint
    assert list((tmp_path / "backups").iterdir()) == []
