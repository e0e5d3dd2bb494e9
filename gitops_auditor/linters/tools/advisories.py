"""A local database of advisories, matched with lock files: the audit that needs no network."""

import sysconfig
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

import gitops_auditor
from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.rebasing import asked
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
)
from gitops_auditor.linters.tools.advisory_answers import Match, Scan
from gitops_auditor.linters.tools.advisory_database import HOW_TO_SET
from gitops_auditor.linters.tools.outputs import (
    require_agreement,
    require_all,
    require_exit,
    validated,
)
from gitops_auditor.linters.tools.pip_audit import update_to

_START: Final = """import sys
sys.path[:0] = {packages!r}
from gitops_auditor.linters.tools.advisory_scan import main
sys.exit(main(sys.argv[1:]))"""
"""The interpreter need not be that of our environment, only of the same version."""


_SCAN = TypeAdapter(Scan)


class Advisories:
    """Reads records in the OSV format of PyPI and npm, from where GITOPS_ADVISORY_DATABASE says."""

    name: Final = "advisories"
    purpose: Final[Purpose] = "dependencies"
    languages: Final = ("Python (lock and requirements files)", "JavaScript (package-lock.json)")
    programs: Final = ("python3", "python")
    install: Final = HOW_TO_SET

    def takes(self, file: str) -> bool:
        """Lock files and requirements files."""
        # It brings the readers of all of them.
        from gitops_auditor.linters.tools.locked_packages import reader_for  # noqa: PLC0415

        return reader_for(file) is not None

    def is_wanted(self, request: Request) -> bool:
        """Where a database is named."""
        return request.advisories is not None

    def command(self, program: Program, request: Request) -> Invocation:
        """Match in a process of its own; without a database it says so."""
        start = (str(program.path), "-I", "-c")
        database = request.advisories
        if database is None:
            return Invocation((*start, f"raise SystemExit({HOW_TO_SET!r})"))
        package = Path(gitops_auditor.__file__).parent
        packages = (str(package.parent), *_installed())
        argv = (*start, _START.format(packages=packages), str(database), *request.files)
        return Invocation(argv, readable=(str(database), str(package), *_installed()))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding an advisory and package; a package that cannot be compared is an error."""
        require_exit(ended, (0, 1), "the search for advisories")
        scan = validated(_SCAN, ended.stdout, "the search for advisories")
        files = require_all(request, scan.files, "the search for advisories")
        require_agreement(ended, "the search for advisories", found=bool(scan.matches))
        if scan.advisories < len({one.advisory for one in scan.matches}):
            raise UnreadableOutput("More advisories match than there are.")
        for one in scan.matches:
            if not scan.files.get(one.file):
                raise UnreadableOutput(f"An advisory matches a package that {one.file} has not.")
        version = f"{scan.advisories} advisories, changed {scan.newest or 'never'}"
        return Reading([_finding(one, request) for one in scan.matches], files, version=version)


def _installed() -> tuple[str, ...]:
    return tuple(dict.fromkeys(sysconfig.get_path(one) for one in ("purelib", "platlib")))


def _finding(match: Match, request: Request) -> Finding:
    also = f" ({', '.join(match.aliases)})" if match.aliases else ""
    known = match.summary or "known weakness"
    return Finding(
        tool="advisories",
        rule=match.advisory,
        severity=match.severity,
        message=f"{match.package} {match.version}: {known}{also}",
        file=asked(match.file, request),
        line=match.line or None,
        fix=update_to(match.package, [match.fixed] if match.fixed else []),
    )


ADVISORIES: Final = Advisories()
