"""What may be asked of tools: plain files inside the root, with names that nothing misreads."""

import stat
from pathlib import Path, PurePosixPath

from gitops_auditor.errors import InvalidRequest, Refused
from gitops_auditor.execution.job_user import require_reachable
from gitops_auditor.linters.tool import Request


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
    found = {file: objection(request.root, file) for file in request.files}
    return {file: wrong for file, wrong in found.items() if wrong is not None}


def objection(root: Path, file: str) -> str | None:
    """Why a path, relative to the root, is not one of a plain file in it; None when it is one."""
    path = PurePosixPath(file)
    if not path.parts or path.is_absolute() or ".." in path.parts or str(path) != file:
        return f"{file} is not a plain path inside the folder."
    if not file.isprintable():
        return f"{file!r} has characters in its name that cannot be shown; rename it."
    parent = root
    for part in path.parts[:-1]:
        parent = parent / part
        if parent.is_symlink():
            return f"{file} is behind a link."
    try:
        mode = (root / file).lstat().st_mode
    except OSError:
        return f"{file} does not exist."
    if stat.S_ISLNK(mode):
        return f"{file} is a link."
    return None if stat.S_ISREG(mode) else f"{file} is not a plain file."
