"""pip-audit: Python packages with known weaknesses, as the advisories of PyPI say.

Without --strict it says "No known vulnerabilities" of packages that it skipped. When it cannot
reach the advisories it ends with exit code 1, as it does when it found something.
"""

import re
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name
from pydantic import Field, TypeAdapter

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.rebasing import given
from gitops_auditor.linters.tool import (
    Ended,
    Explained,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
)
from gitops_auditor.linters.tools.advisory_database import HOW_TO_SET
from gitops_auditor.linters.tools.outputs import (
    SAID_AT_MOST,
    Told,
    listed,
    require_agreement,
    require_exit,
    said,
    validated,
)
from gitops_auditor.linters.tools.pinned_requirements import Line, requirements_in

_ERROR: Final = re.compile(r"^ERROR:pip_audit\S*?:(.+?)\.?$", re.MULTILINE)


class _Vulnerability(Told):
    id: str
    fixes: list[str] = Field(alias="fix_versions")
    aliases: tuple[str, ...] = ()
    description: str = ""


class _Package(Told):
    name: str
    version: str = ""
    vulnerabilities: list[_Vulnerability] | None = Field(None, alias="vulns")
    skipped: str | None = Field(None, alias="skip_reason")


class _Report(Told):
    packages: list[_Package] = Field(alias="dependencies")


_REPORT = TypeAdapter(_Report)


class PipAudit:
    """Asks the package index over the network; what is not pinned it resolves with pip."""

    name: Final = "pip-audit"
    purpose: Final[Purpose] = "dependencies"
    languages: Final = ("Python (requirements files)",)
    programs: Final = ("pip-audit",)
    install: Final = "install it with: pip install pip-audit"

    def takes(self, file: str) -> bool:
        """Requirements files of pip."""
        return is_requirements_file(file)

    def is_wanted(self, request: Request) -> bool:
        """Unless there is a database of our own, which needs no network."""
        return request.advisories is None

    def command(self, program: Program, request: Request) -> Invocation:
        """Audit the files; what is pinned is taken as it is, and nothing of it is installed."""
        argv = [str(program.path), "--strict", "--format=json", "--progress-spinner=off"]
        if all(one.version for _, one in _lines(request)):
            argv += ["--no-deps", "--disable-pip"]
        argv += [f"--requirement={file}" for file in given(request)]
        return Invocation(tuple(argv), network=True)

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a weakness of a package."""
        if not ended.stdout.strip():
            raise _silent(ended)
        require_exit(ended, (0, 1), "pip-audit")
        packages = validated(_REPORT, ended.stdout, "pip-audit").packages
        lines = _lines(request)
        _require_all(packages, [one for _, one in lines])
        findings = [_finding(one, each, lines) for one in packages for each in _of(one)]
        require_agreement(ended, "pip-audit", found=bool(findings))
        return Reading(findings, files=len(request.files))


def _silent(ended: Ended) -> UnreadableOutput:
    """Why there is no report: its log has warnings before that, and what pip said after it."""
    errors = _ERROR.findall(ended.stderr.decode("utf-8", "replace"))
    if not errors:
        return UnreadableOutput(f"pip-audit could not audit: {said(ended)} {HOW_TO_SET}")
    return Explained(f"pip-audit could not audit: {errors[-1][:SAID_AT_MOST]}. {HOW_TO_SET}")


def is_requirements_file(file: str) -> bool:
    """Whether a file has requirements for pip, as its name or its folder says."""
    path = PurePosixPath(file)
    return path.suffix == ".txt" and (
        "requirements" in path.name or path.parent.name == "requirements"
    )


def _lines(request: Request) -> list[tuple[str, Line]]:
    texts = [(file, (request.root / file).read_text("utf-8", "replace")) for file in request.files]
    return [(file, line) for file, text in texts for line in requirements_in(text)]


def _of(package: _Package) -> list[_Vulnerability]:
    return package.vulnerabilities or []


def _require_all(packages: list[_Package], lines: list[Line]) -> None:
    skipped = [one for one in packages if one.skipped is not None or one.vulnerabilities is None]
    if skipped:
        raise UnreadableOutput(f"pip-audit skipped {skipped[0].name}: {skipped[0].skipped}")
    audited = {canonicalize_name(one.name) for one in packages}
    if missed := sorted({line.name for line in lines} - audited):
        raise UnreadableOutput(f"pip-audit did not look at {listed(missed)}.")


def _finding(package: _Package, weakness: _Vulnerability, lines: list[tuple[str, Line]]) -> Finding:
    name = canonicalize_name(package.name)
    file, line = next(((file, one.line) for file, one in lines if one.name == name), ("", None))
    also = f" ({', '.join(weakness.aliases)})" if weakness.aliases else ""
    first = weakness.description.strip().partition("\n")[0]
    return Finding(
        tool="pip-audit",
        rule=weakness.id,
        severity="high",
        message=f"{package.name} {package.version} has a known weakness{also}. {first}".strip(),
        file=file,
        line=line,
        fix=update_to(package.name, weakness.fixes),
    )


def update_to(name: str, versions: list[str]) -> str:
    """What to do about a package, by the versions that are corrected."""
    if not versions:
        return f"No version of {name} is known to be corrected: replace it, or accept it by name."
    return f"Update {name} to {versions[0]}."


PIP_AUDIT: Final = PipAudit()
