"""The lines of a requirements file (pip's format): which packages they pin, and which not."""

import re
from dataclasses import dataclass
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_CONTINUED: Final = re.compile(r"\\\r?\n")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_OPTION_AFTER: Final = re.compile(r"\s--[a-z-]+[ =].*$")
_PINS: Final = ("==", "===")


@dataclass(frozen=True, slots=True)
class Line:
    """A requirement. `version` is empty when it is not pinned to one; lines count from 1."""

    name: str
    version: str
    line: int


def requirements_in(text: str) -> list[Line]:
    """All requirements of packages; options, other files and folders are none.

    A line that is not understood is a requirement of that name that is not pinned.
    """
    found = []
    number = 1
    for written in _CONTINUED.sub("\x00", text).splitlines():
        line = _COMMENT.sub("", written.replace("\x00", " ")).strip()
        if line and not line.startswith(("-", ".", "/")):
            found.append(_requirement(_OPTION_AFTER.sub("", line), number))
        number += 1 + written.count("\x00")
    return found


def _requirement(written: str, line: int) -> Line:
    try:
        requirement = Requirement(written)
    except InvalidRequirement:
        return Line(written, "", line)
    name = canonicalize_name(requirement.name)
    pins = [one for one in requirement.specifier if one.operator in _PINS]
    is_pinned = len(pins) == 1 and "*" not in pins[0].version
    return Line(name, pins[0].version if is_pinned else "", line)
