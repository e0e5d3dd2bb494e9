"""Floors: the highest version seen never falls, whoever writes at the same time."""

import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.quality.signing.canonical import Target
from gitops_auditor.quality.signing.floors import Floors

TARGET = Target("gate", "acme/shop", "tests")
OTHERS = (
    Target("gate-file", "acme/shop", "tests"),
    Target("gate", "acme/ui", "tests"),
    Target("gate", "*", "tests"),
    Target("gate", "acme/shop", "scan"),
)


@pytest.fixture
def floors(tmp_path: Path) -> Floors:
    return Floors(tmp_path / "data" / "gate-floors.json")


def test_a_lower_version_is_refused_and_says_from_where_to_where(floors: Floors) -> None:
    floors.raise_to(TARGET, 7, "a")
    with pytest.raises(Refused, match="rolled back from version 7 to 5") as refused:
        floors.raise_to(TARGET, 5, "b")
    assert refused.value.details == {"reason": "rolled_back", "floor": 7, "version": 5}
    with pytest.raises(Refused):
        floors.require(TARGET, 6, "a")


def test_another_definition_of_the_same_version_is_refused(floors: Floors) -> None:
    floors.raise_to(TARGET, 7, "a")
    floors.raise_to(TARGET, 7, "a")
    with pytest.raises(Refused, match="was another one before") as refused:
        floors.raise_to(TARGET, 7, "b")
    assert refused.value.details["reason"] == "rolled_back"


def test_requiring_a_version_keeps_nothing(floors: Floors) -> None:
    floors.require(TARGET, 9, "a")
    assert (floors.exists(), floors.get(TARGET)) == (False, None)
    floors.raise_to(TARGET, 1, "b")
    assert floors.exists()


@pytest.mark.parametrize("other", OTHERS)
def test_floors_of_other_definitions_are_their_own(floors: Floors, other: Target) -> None:
    floors.raise_to(TARGET, 7, "a")
    floors.raise_to(other, 1, "b")
    found = floors.get(TARGET), floors.get(other)
    assert [floor and (floor.version, floor.digest) for floor in found] == [(7, "a"), (1, "b")]


def test_the_file_is_private_and_read_again_by_the_next_process(
    floors: Floors, settings: Settings
) -> None:
    ours = Floors.open(settings)
    ours.raise_to(TARGET, 3, "a")
    path = settings.data_dir / "gate-floors.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Refused):
        Floors(path).require(TARGET, 2, "b")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"floors": [{}]}', b"\xff"])
def test_a_file_that_cannot_be_read_refuses_everything(settings: Settings, content: bytes) -> None:
    floors = Floors.open(settings)
    floors.raise_to(TARGET, 3, "a")
    (settings.data_dir / "gate-floors.json").write_bytes(content)
    for attempt in (floors.require, floors.raise_to):
        with pytest.raises(Refused) as refused:
            attempt(TARGET, 4, "b")
        assert refused.value.details["reason"] == "tampered"


def test_a_file_that_others_can_change_refuses_everything(settings: Settings) -> None:
    floors = Floors.open(settings)
    floors.raise_to(TARGET, 3, "a")
    (settings.data_dir / "gate-floors.json").chmod(0o660)
    with pytest.raises(Refused, match="Others than its owner"):
        floors.require(TARGET, 4, "b")


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from("ab")), max_size=12))
def test_the_floor_is_the_highest_version_that_was_accepted(steps: list[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        floors = Floors(Path(folder) / "floors.json")
        model: tuple[int, str] | None = None
        for version, digest in steps:
            allowed = model is None or version > model[0] or (version, digest) == model
            try:
                floors.raise_to(TARGET, version, digest)
            except Refused:
                assert not allowed
            else:
                assert allowed
                model = (version, digest)
            floor = floors.get(TARGET)
            assert (floor and (floor.version, floor.digest)) == model


def test_writers_at_the_same_time_end_at_the_highest_version_and_lose_no_floor(
    floors: Floors,
) -> None:
    def write(number: int) -> None:
        floors.raise_to(Target("gate", "*", f"gate-{number}"), 1, "x")
        try:
            floors.raise_to(TARGET, number, "x")
        except Refused:
            assert (floors.get(TARGET) or pytest.fail("no floor")).version > number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1, 33)))
    floor = floors.get(TARGET)
    assert floor is not None
    assert floor.version == 32
    assert all(floors.get(Target("gate", "*", f"gate-{number}")) for number in range(1, 33))
