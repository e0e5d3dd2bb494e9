"""Whatever is done to the rows of a chain is found."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.audit.chain import GENESIS, MAX_PROBLEMS, ChainCheck, Row, link, row_hash

START = datetime(2026, 1, 1, tzinfo=UTC)
LENGTH = 8


def _chain(length: int, actor: str = "ann") -> list[Row]:
    rows: list[Row] = []
    previous = GENESIS
    for number in range(1, length + 1):
        at = START + timedelta(microseconds=number)
        row = link(
            number,
            previous,
            {"parameters": {"n": number}},
            entry_id=f"e{number}",
            kind="intent",
            at=at,
            actor=actor,
            operation="o",
        )
        rows.append(row)
        previous = row.hash
    return rows


def _problems(rows: list[Row], anchored: list[Row]) -> list[int]:
    check = ChainCheck({row.seq: {row.hash} for row in anchored})
    check.walk(rows)
    check.finish()
    return [problem.row for problem in check.problems]


ROWS = _chain(LENGTH)
HEAD = ROWS[-1:]
positions = st.integers(0, LENGTH - 1)


def test_an_untouched_chain_is_whole() -> None:
    assert _problems(ROWS, ROWS) == []
    assert _problems(ROWS, HEAD) == []


def test_rows_that_are_not_anchored_yet_are_no_problem() -> None:
    assert _problems(ROWS, ROWS[:3]) == []


@given(positions, st.sampled_from(Row._fields), st.text(min_size=1, max_size=5))
def test_any_edit_of_one_field_is_found(position: int, field: str, text: str) -> None:
    row = ROWS[position]
    edited: object
    match getattr(row, field):
        case datetime() as at:
            edited = at + timedelta(seconds=1)
        case int() as number:
            edited = number + 1
        case value:
            edited = f"{value}{text}"
    rows = [*ROWS]
    rows[position] = Row(**{**row._asdict(), field: edited})
    assert _problems(rows, HEAD)


@given(positions)
def test_any_deletion_is_found(position: int) -> None:
    assert _problems([row for row in ROWS if row is not ROWS[position]], HEAD)


@given(st.integers(0, LENGTH - 1))
def test_any_cut_off_end_is_found(kept: int) -> None:
    assert _problems(ROWS[:kept], HEAD)


@given(positions, positions)
def test_any_exchange_of_two_rows_is_found(first: int, second: int) -> None:
    rows = [*ROWS]
    rows[first], rows[second] = rows[second], rows[first]
    assert bool(_problems(rows, HEAD)) == (first != second)


@given(positions, positions)
def test_any_exchange_of_two_contents_is_found(first: int, second: int) -> None:
    rows = [*ROWS]
    rows[first] = ROWS[first]._replace(body=ROWS[second].body)
    assert bool(_problems(rows, HEAD)) == (first != second)


@given(st.integers(0, LENGTH))
def test_any_inserted_row_is_found(position: int) -> None:
    previous = ROWS[position - 1].hash if position else GENESIS
    added = link(
        position + 1,
        previous,
        {},
        entry_id="x",
        kind="intent",
        at=START,
        actor="eve",
        operation="o",
    )
    rows = [*ROWS[:position], added, *ROWS[position:]]
    if position < LENGTH:
        assert _problems(rows, HEAD)


@given(positions)
def test_a_chain_that_was_computed_anew_from_an_edit_on_is_found_by_the_anchor(
    position: int,
) -> None:
    forged = [*ROWS[:position], *_chain(LENGTH, actor="eve")[position:]]
    previous = forged[position - 1].hash if position else GENESIS
    for index in range(position, LENGTH):
        body = forged[index].body
        forged[index] = forged[index]._replace(
            previous_hash=previous, hash=row_hash(previous, body)
        )
        previous = forged[index].hash
    assert _problems(forged, []) == []
    assert _problems(forged, HEAD) == [LENGTH]


def test_the_list_of_problems_is_bounded() -> None:
    rows = [row._replace(hash="x") for row in _chain(MAX_PROBLEMS + 50)]
    assert len(_problems(rows, [])) == MAX_PROBLEMS
