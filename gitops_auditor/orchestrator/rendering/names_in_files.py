"""How to see without parsing that a file may speak of a name. Pure."""

import re
from typing import Final

_WORD: Final = re.compile(r"[a-z0-9]+")
_MAJOR: Final = re.compile(r"v[0-9]+")
_GENERAL: Final = frozenset({"git", "gradle", "plugin"})
"""Endings that names have in one file and lack in another."""


def needle(name: str) -> bytes:
    """A word in lower case that every manifest has in it, in some case, which declares a name."""
    words = [word for word in _WORD.findall(name.lower()) if not _MAJOR.fullmatch(word)]
    telling = [word for word in words if word not in _GENERAL] or words
    return (telling[-1] if telling else name.lower()).encode("utf-8")
