"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import DOUBLE_PRECISION, JSON, REAL, TIMESTAMP, BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

from gitops_auditor.errors import JsonValue


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


class PortableJson(TypeDecorator[JsonValue]):
    """Any JSON value, as JSONB on PostgreSQL; Python's None is SQL's NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[JsonValue]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON(none_as_null=True))
        # Importing it costs a start on SQLite a tenth of its time.
        from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415

        return dialect.type_descriptor(JSONB(none_as_null=True))


Real: TypeEngine[float] = REAL().with_variant(DOUBLE_PRECISION(), "postgresql")
"""An eight-byte float, which is what SQLite's REAL is."""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A row number. SQLite counts by itself only in a column declared exactly INTEGER PRIMARY KEY."""
