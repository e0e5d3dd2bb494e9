"""Paths that tools print, made relative to the root that they looked at."""

import posixpath
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gitops_auditor.linters.tool import Request, UnreadableOutput


def rebased(path: str, root: Path) -> str:
    """An absolute path, a relative one or a file URI (RFC 8089), relative to the root with slashes.

    Raises UnreadableOutput for what is outside of the root, or the root itself.
    """
    plain = _path_of(path)
    relative = plain
    if posixpath.isabs(plain):
        inside = (_inside(plain, base) for base in (str(root), str(root.resolve())))
        relative = next((one for one in inside if one is not None), "..")
    normal = posixpath.normpath(relative) if relative else "."
    if normal in {".", ".."} or normal.startswith("../"):
        raise UnreadableOutput(f"It spoke of {path}, which is not in the folder that it was given.")
    return normal


def asked(path: str, request: Request) -> str:
    """The file of the request that a path means; raises UnreadableOutput for any other."""
    file = rebased(path, request.root)
    if file not in request.files:
        raise UnreadableOutput(f"It spoke of {path}, which it was not given.")
    return file


def all_asked(paths: Iterable[str], request: Request) -> int:
    """How many files the paths mean; raises UnreadableOutput unless they are those of the request.

    A file that is named twice counts once.
    """
    seen = {asked(path, request) for path in paths}
    missing = [file for file in request.files if file not in seen]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UnreadableOutput(f"It did not look at {missing[0]}{more}.")
    return len(seen)


def given(request: Request) -> list[str]:
    """The files as arguments of a command, none of which looks like an option."""
    return [f"./{file}" if file.startswith(("-", "@")) else file for file in request.files]


def _path_of(path: str) -> str:
    if not path.startswith("file:"):
        return path
    uri = urlsplit(path)
    if uri.netloc not in ("", "localhost"):
        raise UnreadableOutput(f"It spoke of {path}, which is on another machine.")
    return unquote(uri.path)


def _inside(path: str, base: str) -> str | None:
    normal = posixpath.normpath(path)
    if normal == base:
        return "."
    return normal[len(base) + 1 :] if normal.startswith(f"{base}/") else None
