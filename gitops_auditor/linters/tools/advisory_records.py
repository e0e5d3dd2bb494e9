"""Advisories in the OSV format (Open Source Vulnerability schema 1.7), of PyPI and npm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from gitops_auditor.linters.tool import UnreadableOutput
from gitops_auditor.linters.tools.outputs import Told

ECOSYSTEMS: Final = frozenset({"PyPI", "npm"})
MOST_BYTES: Final = 256 * 2**20


class Package(Told):
    """What an advisory is about; `ecosystem` may have a suffix after a colon."""

    ecosystem: str
    name: str


class Range(Told):
    """Events in the order of versions; each has one of introduced, fixed, last_affected, limit."""

    type: str
    events: list[dict[str, str]]


class Affected(Told):
    """Versions of one package: those that are listed, and those in a range."""

    package: Package | None = None
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    severity: tuple[dict[str, str], ...] = ()


class Record(Told):
    """One advisory."""

    id: str
    modified: str = ""
    withdrawn: str | None = None
    summary: str = ""
    details: str = ""
    aliases: tuple[str, ...] = ()
    severity: tuple[dict[str, str], ...] = ()
    affected: tuple[Affected, ...] = ()
    database_specific: dict[str, object] | None = None


_RECORD: TypeAdapter[Record | list[Record]] = TypeAdapter(Record)
_RECORDS: TypeAdapter[Record | list[Record]] = TypeAdapter(list[Record])


def records_in(database: Path) -> Iterator[Record]:
    """Those of our ecosystems that were not withdrawn.

    Raises UnreadableOutput for a record that cannot be read: what it says of is then not known.
    """
    count = 0
    for file in _files_of(database):
        for record in _read(file):
            count += 1
            if record.withdrawn is None and _is_ours(record):
                yield record
    if not count:
        raise UnreadableOutput(f"There are no advisories in {database}.")


def _files_of(database: Path) -> list[Path]:
    if database.is_dir():
        return sorted(database.rglob("*.json"))
    if database.is_file():
        return [database]
    raise UnreadableOutput(f"There is no database of advisories at {database}.")


def _read(file: Path) -> list[Record]:
    """One record a file, or a list of them."""
    body = file.read_bytes()
    if len(body) > MOST_BYTES:
        raise UnreadableOutput(f"{file} is larger than {MOST_BYTES} bytes.")
    kind = _RECORDS if body.lstrip().startswith(b"[") else _RECORD
    try:
        read = kind.validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UnreadableOutput(f"{file} is not in the OSV format: {place} {first['msg']}") from None
    return read if isinstance(read, list) else [read]


def _is_ours(record: Record) -> bool:
    return any(ecosystem_of(one) in ECOSYSTEMS for one in record.affected)


def ecosystem_of(affected: Affected) -> str:
    """The ecosystem without its suffix, empty without a package."""
    return affected.package.ecosystem.partition(":")[0] if affected.package else ""
