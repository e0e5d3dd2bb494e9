"""Matches locked packages with advisories; arguments are the database and the files.

Prints one object: how many advisories there are, the files with how many packages each settles, and
what matches. It runs in a process of its own, since both inputs may be large or odd.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.linters.tool import UnreadableOutput
from gitops_auditor.linters.tools.advisory_answers import Match, Scan
from gitops_auditor.linters.tools.advisory_ranges import first_fixed, is_affected
from gitops_auditor.linters.tools.advisory_records import (
    Affected,
    Record,
    ecosystem_of,
    records_in,
)
from gitops_auditor.linters.tools.advisory_severity import severity_of
from gitops_auditor.linters.tools.locked_packages import Locked, reader_for

Known = Mapping[tuple[str, str], list[tuple[Record, Affected]]]


def main(arguments: list[str]) -> int:
    """0 or 1 with the scan on standard output, 1 when something matches; 2 with a sentence."""
    database, *files = arguments
    try:
        scan = scanned(Path(database), files)
    except UnreadableOutput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(scan.model_dump_json())
    return int(bool(scan.matches))


def scanned(database: Path, files: list[str]) -> Scan:
    """Look at files below the current folder."""
    packages = {file: list(_packages_of(file)) for file in files}
    records = list(records_in(database))
    known = _by_package(records)
    return Scan(
        advisories=len(records),
        newest=max((one.modified for one in records), default=""),
        files={file: len(found) for file, found in packages.items()},
        matches=[
            match
            for file, found in packages.items()
            for package in found
            for match in _matches(package, known, file)
        ],
    )


def _packages_of(file: str) -> Iterator[Locked]:
    read = reader_for(file)
    if read is None:
        raise UnreadableOutput(f"{file} is no lock file that is understood.")
    try:
        for package in read(Path(file).read_text("utf-8")):
            if not package.version:
                raise UnreadableOutput(
                    f"{file}:{package.line}: {package.name} is not pinned to one version, so that"
                    " no advisory can be compared with it. Lock the dependencies."
                )
            yield package
    except (MalformedDocument, UnicodeDecodeError, OSError) as error:
        raise UnreadableOutput(f"{file} cannot be read: {error}") from error


def _by_package(records: list[Record]) -> Known:
    known: dict[tuple[str, str], list[tuple[Record, Affected]]] = defaultdict(list)
    for record in records:
        for affected in record.affected:
            ecosystem = ecosystem_of(affected)
            name = affected.package.name if affected.package else ""
            key = canonicalize_name(name) if ecosystem == "PyPI" else name
            known[ecosystem, key].append((record, affected))
    return known


def _matches(package: Locked, known: Known, file: str) -> Iterator[Match]:
    seen: set[str] = set()
    for record, affected in known.get((package.ecosystem, package.name), ()):
        if record.id in seen or not is_affected(package.version, affected, package.ecosystem):
            continue
        seen.add(record.id)
        yield Match(
            advisory=record.id,
            aliases=list(record.aliases),
            summary=record.summary or record.details.strip().partition("\n")[0],
            severity=severity_of(record, affected),
            package=package.name,
            version=package.version,
            fixed=first_fixed(package.version, affected, package.ecosystem),
            file=file,
            line=package.line,
        )
