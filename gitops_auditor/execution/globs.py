"""Path patterns as jobs write them: `*` and `?` within a folder, `**` through any of them."""

import re
from collections.abc import Iterable

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matcher(patterns: Iterable[str]) -> re.Pattern[str]:
    """Matches (by `fullmatch`) relative paths that a pattern names, and all below such a folder."""
    named = "|".join(_expression(pattern) for pattern in patterns)
    return re.compile(rf"(?:{named})(?:/.*)?" if named else r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    plain = pattern.removeprefix("./").rstrip("/")
    return "".join(_MEANING.get(part) or re.escape(part) for part in _PARTS.findall(plain))
