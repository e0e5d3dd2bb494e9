"""Many rows at once, without what SQLAlchemy does for each of them.

Values are converted here, once where they are equal, and the compiled statement goes to the driver.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Table, insert

from gitops_auditor.storage.engine import AsyncConnection

ROWS_AT_A_TIME: Final = 1000
"""A longer list takes so long to prepare that other tasks notice."""

Item = TypeVar("Item")


def parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The items in pieces of at most ROWS_AT_A_TIME."""
    for start in range(0, len(items), ROWS_AT_A_TIME):
        yield items[start : start + ROWS_AT_A_TIME]


class BulkInsert:
    """Inserts rows of plain values, one for each of `columns`, into a table."""

    def __init__(self, transaction: AsyncConnection, table: Table, columns: Sequence[str]) -> None:
        self._transaction = transaction
        self._columns = columns
        compiled = insert(table).compile(dialect=transaction.dialect, column_keys=list(columns))
        self._statement = str(compiled)
        self._order: list[int] | None = None
        if compiled.positional:
            self._order = [columns.index(name) for name in compiled.positiontup or ()]
        self._table = table

    def converter(self, column: str) -> Callable[[Any], Any]:
        """What turns a value of the column into one that the driver takes."""
        dialect = self._transaction.dialect
        convert = self._table.c[column].type.dialect_impl(dialect).bind_processor(dialect)
        return convert or _as_it_is

    async def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows whose values are in the order of the columns, converted already."""
        for part in parts(rows):
            await self._transaction.exec_driver_sql(self._statement, self._parameters(part))

    def _parameters(self, rows: Sequence[Sequence[Any]]) -> Any:
        if self._order is None:
            return [dict(zip(self._columns, row, strict=True)) for row in rows]
        order = self._order
        return [tuple([row[place] for place in order]) for row in rows]


def _as_it_is(value: Any) -> Any:
    return value
