"""How bad what a tool finds is: one table a tool, by the beginning of the rule's name.

What tools say themselves is no measure: ruff calls everything an error. The longest beginning
counts.

- critical: somebody from outside can make use of it now.
- high: it does not work, or it opens a way in.
- medium: it is likely to be wrong.
- low: style, and advice.
"""

from collections.abc import Mapping
from typing import Final

from gitops_auditor.formats.findings import Severity

Table = Mapping[str, Severity]

RUFF: Final[Table] = {
    "": "low",
    "A": "medium",
    "ASYNC": "medium",
    "B": "medium",
    "BLE": "medium",
    "C90": "medium",
    "DTZ": "medium",
    "E4": "medium",
    "E7": "medium",
    "E9": "high",
    "F": "medium",
    "F5": "high",
    "F6": "high",
    "F7": "high",
    "F82": "high",
    "LOG": "medium",
    "PLE": "high",
    "PLR": "low",
    "PLW": "medium",
    "RUF": "low",
    "S": "medium",
    "S1": "low",
    "S102": "high",
    "S103": "high",
    "S104": "medium",
    "S105": "high",
    "S106": "high",
    "S107": "high",
    "S108": "medium",
    "S202": "high",
    "S3": "high",
    "S311": "low",
    "S324": "medium",
    "S4": "low",
    "S5": "high",
    "S6": "high",
    "S603": "low",
    "S606": "low",
    "S607": "low",
    "S7": "high",
    "SIM": "low",
    "TRY": "low",
    "invalid-syntax": "high",
    "unformatted": "low",
}
"""Security rules (S) are of flake8-bandit; `subprocess` without a shell is no fault."""

SHELLCHECK: Final[Table] = {"error": "high", "warning": "medium", "info": "low", "style": "low"}
"""By its own level: `error` breaks, `warning` surprises, `info` and `style` are advice."""

SHELLCHECK_RULES: Final[Table] = {"SC1008": "medium", "SC1071": "medium", "SC2148": "medium"}
"""What it calls errors though nothing is broken: it is told no shell, or one it cannot read."""

HADOLINT: Final[Table] = {"error": "high", "warning": "medium", "info": "low", "style": "low"}
"""By its own level; a file that cannot be read (DL1000) is an error of it."""

YAMLLINT: Final[Table] = {
    "": "low",
    "anchors": "high",
    "key-duplicates": "high",
    "octal-values": "medium",
    "syntax": "high",
    "truthy": "medium",
}
"""Nearly all of its rules are about white space, whatever level they are configured to have."""

MYPY: Final[Table] = {
    "": "high",
    "annotation-unchecked": "low",
    "import": "low",
    "note": "low",
    "unused-ignore": "low",
    "redundant-cast": "low",
    "no-any-return": "medium",
    "no-untyped-call": "medium",
    "no-untyped-def": "medium",
    "type-arg": "medium",
    "var-annotated": "low",
}
"""`import...`: a package that is not installed beside mypy, which says nothing of the code."""

ZIZMOR: Final[Mapping[tuple[str, str], Severity]] = {
    ("High", "High"): "critical",
    ("High", "Medium"): "high",
    ("High", "Low"): "medium",
    ("Medium", "High"): "high",
    ("Medium", "Medium"): "medium",
    ("Medium", "Low"): "low",
    ("Low", "High"): "medium",
    ("Low", "Medium"): "low",
    ("Low", "Low"): "low",
}
"""By its severity and its confidence; what it only informs of is low."""

ZIZMOR_RULES: Final[Table] = {
    "archived-uses": "medium",
    "dangerous-triggers": "medium",
    "excessive-permissions": "medium",
    "overprovisioned-secrets": "medium",
    "secrets-inherit": "medium",
    "unpinned-images": "medium",
    "unpinned-uses": "medium",
}
"""At most this for rules that tell of a habit: it opens a way in only when something else fails."""


def severity_of(rule: str, table: Table) -> Severity:
    """The severity of the longest beginning of the rule that the table has; else medium."""
    for length in range(len(rule), -1, -1):
        known = table.get(rule[:length])
        if known is not None:
            return known
    return "medium"
