"""Keys of caches: a text with expressions, for example `npm-{{ arch }}-{{ checksum "a.lock" }}`."""

import hashlib
import platform
import re
from collections.abc import Mapping
from pathlib import Path

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.execution.collecting import read_left

_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
_CHECKSUM = re.compile(r'checksum\s+"([^"]+)"')
MAX_FILE_BYTES = 64 * 2**20
MAX_KEY_LENGTH = 512


def render_key(template: str, folder: Path, variables: Mapping[str, str]) -> str:
    """The key for the files of this checkout; it blocks.

    Expressions are `checksum "file"` (SHA-256, hexadecimal), `os`, `arch` and each of `variables`.
    Raises InvalidRequest for any other, and NotFound, Refused or TooLarge for the file.
    """
    known = {"os": platform.system().lower(), "arch": platform.machine(), **variables}

    def value(found: re.Match[str]) -> str:
        return _evaluate(found[1].strip(), folder, known)

    key = _EXPRESSION.sub(value, template)
    if not key or len(key) > MAX_KEY_LENGTH:
        raise InvalidRequest(
            f"The cache key has {len(key)} characters.",
            hint=f"A key has 1 to {MAX_KEY_LENGTH}; use a checksum for what is long.",
        )
    return key


def _evaluate(expression: str, folder: Path, known: Mapping[str, str]) -> str:
    if expression in known:
        return known[expression]
    checksum = _CHECKSUM.fullmatch(expression)
    if checksum is None:
        names = ", ".join(["checksum", *sorted(known)])
        raise InvalidRequest(
            f"A cache key cannot contain {{{{ {expression} }}}}.", hint=f"Known are {names}."
        )
    content = read_left(folder, checksum[1], max_bytes=MAX_FILE_BYTES)
    return hashlib.sha256(content).hexdigest()
