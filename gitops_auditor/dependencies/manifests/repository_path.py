"""Paths that a manifest gives to something outside its own repository."""

import posixpath

_OUTSIDE = "../"


def outside_path(file_path: str, target: str) -> str:
    """Where `target`, relative to the folder of `file_path`, leaves the repository, else "".

    The answer is relative to the root of the repository: `../api` is the folder `api` beside it.
    """
    if not target or target.startswith(("/", "~")) or "$" in target or "://" in target:
        return ""
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(file_path), target))
    return resolved if resolved.startswith(_OUTSIDE) else ""
