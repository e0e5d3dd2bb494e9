"""Where a file lies that a report names by a URI (RFC 3986), seen from the root.

Tools often write plain paths where the standard wants URIs; those are taken for what they are.
"""

import os
import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_FILE = re.compile(r"file:(?://(?:localhost)?(?=/))?", re.IGNORECASE)
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def path_below(root: str, references: Iterable[str]) -> str:
    """The path relative to `root`, with slashes; empty for the root itself.

    Each of the references is taken relative to those before it, the first to the root. What is
    encoded is decoded, unless characters show that it is a plain path; bytes that are no UTF-8
    appear as `\\xff`. Raises ValueError, a sentence, for what is no file or not below the root.
    """
    start = posixpath.normpath(root)
    path = start
    for reference in references:
        path = posixpath.join(path, _plain(reference))
    path = posixpath.normpath(path)
    if path == start:
        return ""
    below = start if start.endswith("/") else f"{start}/"
    if not path.startswith(below):
        raise ValueError(f"It names {_shown(path)}, which is not below {start}.")
    return path.removeprefix(below)


def _plain(reference: str) -> str:
    """The path that a reference means."""
    rest = _FILE.sub("", reference, count=1) if _FILE.match(reference) else reference
    is_file = rest != reference
    if (not is_file and _SCHEME.match(reference)) or rest.startswith("//"):
        raise ValueError(f"It names {_shown(reference)}, which is no file here.")
    if is_file and not rest.startswith("/"):
        raise ValueError(f"It names {_shown(reference)}, which is no absolute file URI.")
    decoded = _decoded(rest) if _ENCODED.fullmatch(rest) else rest
    if _CONTROL.search(decoded):
        raise ValueError(f"It names {_shown(decoded)}, which holds control characters.")
    return decoded


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "backslashreplace")


def _shown(path: str) -> str:
    return repr(os.fspath(path)[:200])
