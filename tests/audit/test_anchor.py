"""The heads kept outside the database."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_auditor.audit.anchor import Anchor

HASH = "ab" * 32


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    anchor = Anchor(tmp_path / "anchor")
    assert not anchor.read().exists
    anchor.append(1, HASH)
    anchor.append(2, HASH)
    reading = Anchor(tmp_path / "anchor").read()
    assert (reading.exists, reading.last, reading.forged) == (True, 2, 0)
    assert reading.hashes == {1: {HASH}, 2: {HASH}}


def test_key_and_file_are_for_their_owner_only(tmp_path: Path) -> None:
    Anchor(tmp_path / "anchor").append(1, HASH)
    for name in ("anchor", "anchor.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_line_made_without_the_key_is_counted_as_forged(tmp_path: Path) -> None:
    Anchor(tmp_path / "anchor").append(1, HASH)
    line = (tmp_path / "anchor").read_text("ascii")
    (tmp_path / "anchor").write_text(line + line.replace("1 ", "2 ", 1), "ascii")
    reading = Anchor(tmp_path / "anchor").read()
    assert (reading.last, reading.forged) == (1, 1)


@pytest.mark.parametrize("kept", range(1, 131))
def test_a_line_that_a_crash_cut_short_is_neither_believed_nor_an_alarm(
    tmp_path: Path, kept: int
) -> None:
    anchor = Anchor(tmp_path / "anchor")
    anchor.append(1, HASH)
    whole = (tmp_path / "anchor").read_bytes()
    (tmp_path / "anchor").write_bytes(whole + whole.replace(b"1 ", b"2 ", 1)[:kept])
    anchor.append(3, HASH)
    reading = anchor.read()
    assert (set(reading.hashes), reading.last, reading.forged) == ({1, 3}, 3, 0)


def test_writers_at_the_same_time_lose_no_line_and_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seq: Anchor(tmp_path / "anchor").append(seq, HASH), range(1, 65)))
    reading = Anchor(tmp_path / "anchor").read()
    assert (set(reading.hashes), reading.forged) == (set(range(1, 65)), 0)


def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anchor.key").write_bytes(b"short")
    with pytest.raises(OSError, match="not a key"):
        Anchor(tmp_path / "anchor").append(1, HASH)
