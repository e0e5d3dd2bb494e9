"""The index of a working tree, which holds what is staged, copied out without touching it.

Forms as in gitformat-index(5). Everything here blocks.
"""

import os
import re
from pathlib import Path
from typing import Final

from gitops_auditor.errors import InvalidRequest, Unavailable
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.regular_files import OPEN_FLAGS, read_and_close

MOST_BYTES: Final = 512 * 1024 * 1024
_MOST_SHARED: Final = 16
_SHARED = re.compile(r"sharedindex\.(?:[0-9a-f]{40}|[0-9a-f]{64})")
_SIGNATURE: Final = b"DIRC"


def copy_index(source: GitDirectory, git_dir: Path, index: Path | None = None) -> None:
    """Copy the index of a repository, and what a split one refers to, into a git folder of ours.

    `index` names another one than the usual: a hook is told of it by GIT_INDEX_FILE while git makes
    a commit of what is not staged. It may be relative to the working tree, and must lie directly in
    the git folder. Without the usual one nothing is staged, and nothing is copied. Raises
    InvalidRequest for an index that cannot be one, Unavailable.
    """
    path = source.git_dir / "index" if index is None else _other(source, index)
    content = _read(path)
    if content is None and index is not None:
        raise InvalidRequest(f"There is no index {index}.", hint="Leave it out.")
    if content is None:
        return
    if not content.startswith(_SIGNATURE):
        raise InvalidRequest(f"{path} is no index of git.", hint="Leave it out.")
    (git_dir / "index").write_bytes(content)
    for shared in _shared(source.git_dir):
        (git_dir / shared.name).write_bytes(_read(shared) or b"")


def drop_index(git_dir: Path) -> None:
    """Remove what `copy_index` copied."""
    for path in (git_dir / "index", *_shared(git_dir)):
        path.unlink(missing_ok=True)


def _other(source: GitDirectory, index: Path) -> Path:
    path = (source.worktree or source.git_dir) / index
    if "\0" in str(index) or path.parent.resolve() != source.git_dir.resolve():
        raise InvalidRequest(
            f"The index {index} is not in the git folder of the repository.",
            hint="Give the value of GIT_INDEX_FILE that git gave the hook.",
        )
    return path


def _shared(git_dir: Path) -> list[Path]:
    """The files that a split index refers to; git removes old ones in time, so there are few."""
    found = [path for path in git_dir.iterdir() if _SHARED.fullmatch(path.name)]
    return sorted(found)[:_MOST_SHARED]


def _read(path: Path) -> bytes | None:
    try:
        return read_and_close(os.open(path, OPEN_FLAGS | os.O_NOFOLLOW), MOST_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unavailable(
            f"The index {path} cannot be read: {reason}.",
            hint="Check that it is a regular file which this user may read.",
        ) from None
