"""What may be asked of tools: plain files inside the root, with names that nothing misreads."""

import os
import posixpath
import stat
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from gitops_auditor.errors import InvalidRequest, Refused
from gitops_auditor.execution.job_user import require_reachable
from gitops_auditor.linters.judging import Broken
from gitops_auditor.linters.tool import Request

_LARGE: Final = 2**20


def require_root(request: Request, user: tuple[int, int] | None) -> None:
    """Refuse a root that is no folder or out of the job user's reach, and a config outside of it.

    Raises InvalidRequest and Refused. It blocks, as all here does.
    """
    if not request.root.is_absolute() or not request.root.is_dir():
        raise InvalidRequest(f"{request.root} is not a folder.", hint="Name an existing folder.")
    require_reachable(request.root / "file", user)
    wrong = objection(request.root, request.config) if request.config is not None else None
    if wrong is not None:
        raise Refused(
            f"The configuration cannot be used: {wrong}", hint="Name a file of the repository."
        )


def objections(request: Request) -> dict[str, str]:
    """The files that no tool is given, each with a sentence of why."""
    is_behind = _links(request.root)
    found = {file: _objection(request.root, file, is_behind) for file in request.files}
    return {file: wrong for file, wrong in found.items() if wrong is not None}


def with_suspect(broken: Broken, request: Request) -> Broken:
    """Why a tool did not end by itself, with the file that it may have been too much for."""
    size, file = max(
        ((_size(request.root / file), file) for file in request.files), default=(0, "")
    )
    if size < _LARGE:
        return broken
    hint = f"The largest file that it was given is {file}, of {size // 2**20} MiB."
    return replace(broken, reason=f"{broken.reason} {hint}")


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def objection(root: Path, file: str) -> str | None:
    """Why a path, relative to the root, is not one of a plain file in it; None when it is one."""
    return _objection(root, file, _links(root))


def _objection(root: Path, file: str, is_behind: Callable[[str], bool]) -> str | None:
    path = PurePosixPath(file)
    if not path.parts or path.is_absolute() or ".." in path.parts or str(path) != file:
        return f"{file} is not a plain path inside the folder."
    if not file.isprintable():
        return f"{file!r} has characters in its name that cannot be shown; rename it."
    if is_behind(posixpath.dirname(file)):
        return f"{file} is behind a link."
    mode = _mode(f"{root}/{file}")
    if mode is None:
        return f"{file} does not exist."
    if stat.S_ISLNK(mode):
        return f"{file} is a link."
    return None if stat.S_ISREG(mode) else f"{file} is not a plain file."


def _links(root: Path) -> Callable[[str], bool]:
    """Says of a folder below the root whether it, or one above it, is a link; once for each."""

    @cache
    def is_behind(folder: str) -> bool:
        if not folder:
            return False
        mode = _mode(f"{root}/{folder}")
        is_link = mode is not None and stat.S_ISLNK(mode)
        return is_link or is_behind(posixpath.dirname(folder))

    return is_behind


def _mode(path: str) -> int | None:
    try:
        # Thousands of files are looked at, and a Path for each takes longer than the look.
        return os.lstat(path).st_mode
    except OSError:
        return None
