"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import JSON, REAL, TIMESTAMP, BigInteger, Dialect, Integer
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override


class UtcTimestamp(TypeDecorator[datetime]):
    """A moment: aware datetimes in, aware datetimes in UTC out. A naive one raises ValueError."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A timestamp without a time zone has no meaning here.")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


PortableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""Any JSON value; Python's None is SQL's NULL."""

Real: TypeEngine[float] = REAL().with_variant(DOUBLE_PRECISION(), "postgresql")
"""An eight-byte float, which is what SQLite's REAL is."""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A row number. SQLite counts by itself only in a column declared exactly INTEGER PRIMARY KEY."""
