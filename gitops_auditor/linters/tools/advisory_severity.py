"""How bad an advisory is: as its database says, else by its CVSS score."""

from typing import Final

from gitops_auditor.formats.findings import Severity
from gitops_auditor.linters.tools.advisory_records import Affected, Record
from gitops_auditor.linters.tools.cvss import base_score, rating

_WORDS: Final[dict[str, Severity]] = {
    "CRITICAL": "critical",
    "HIGH": "high",
    "MODERATE": "medium",
    "MEDIUM": "medium",
    "LOW": "low",
}
UNRATED: Final[Severity] = "high"
"""Of an advisory that nobody rated nothing better is known."""


def severity_of(record: Record, affected: Affected) -> Severity:
    """The word of the database, else the worst score, else UNRATED."""
    word = (record.database_specific or {}).get("severity")
    if isinstance(word, str) and word.upper() in _WORDS:
        return _WORDS[word.upper()]
    told = [*affected.severity, *record.severity]
    scores = [score for one in told if (score := _score(one.get("score", ""))) is not None]
    return rating(max(scores)) if scores else UNRATED


def _score(written: str) -> float | None:
    """A vector's base score; some databases write the score itself."""
    try:
        number = float(written)
    except ValueError:
        return base_score(written)
    return number if 0 <= number <= 10 else None
