"""What the search for advisories prints, as one JSON object.

Apart from the search itself, which needs much that nobody needs who only reads its answer.
"""

from pydantic import BaseModel

from gitops_auditor.formats.findings import Severity


class Match(BaseModel, defer_build=True):
    """A package that an advisory is about; `fixed` is the version to update to, or empty."""

    advisory: str
    aliases: list[str]
    summary: str
    severity: Severity
    package: str
    version: str
    fixed: str
    file: str
    line: int


class Scan(BaseModel, defer_build=True):
    """What was looked at, and what was found."""

    advisories: int
    newest: str
    files: dict[str, int]
    matches: list[Match]
