"""Where a repository keeps its data and what its references say, read without starting git.

Layout as in gitrepository-layout(5). Only regular files are read, up to a bound, so that a FIFO or
an endless file in a hostile repository cannot hold the reader.
"""

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.repositories.git_config import parse_config, value_of
from gitops_auditor.repositories.regular_files import OPEN_FLAGS, read_and_close

_SMALL = 64 * 1024
_PACKED_REFS_LIMIT = 256 * 1024 * 1024
_SYMREF_DEPTH = 5
_LINKED = "worktrees"

OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class GitDirectory(NamedTuple):
    """`git_dir` holds HEAD, `common_dir` objects and shared references (they differ in a linked
    worktree). `worktree` is None for a bare repository.
    """

    git_dir: Path
    common_dir: Path
    worktree: Path | None


class UnresolvedHead(Exception):  # it is an answer: ask git itself
    """The references are kept in a form that only git can read (reftable, a damaged file)."""


def read_regular(path: Path, limit: int = _SMALL) -> bytes | None:
    """The content of a regular file; None when it is missing, unreadable, special or too large."""
    try:
        return read_and_close(os.open(path, OPEN_FLAGS), limit)
    except (OSError, ValueError):
        return None


def locate(path: Path) -> GitDirectory | None:
    """The layout of the repository whose top folder is `path`; parents are not searched."""
    dot_git = path / ".git"
    if _is_git_directory(dot_git):
        return _with_common(dot_git, path)
    target = gitdir_link(dot_git)
    if target is not None:
        return _with_common(target, path) if _is_git_directory(target) else None
    return _with_common(path, None) if _is_git_directory(path) else None


def gitdir_link(dot_git: Path) -> Path | None:
    """Where a `.git` file points (submodule or linked worktree), existing or not."""
    content = read_regular(dot_git)
    if content is None or not content.startswith(b"gitdir:"):
        return None
    return dot_git.parent / os.fsdecode(content[len(b"gitdir:") :].strip())


def linked_worktree(layout: GitDirectory, index: Path) -> GitDirectory | None:
    """The linked worktree of a repository that an index belongs to; None for any other index."""
    own = index.parent
    if not index.is_absolute() or own.parent.resolve() != (layout.common_dir / _LINKED).resolve():
        return None
    content = read_regular(own / "gitdir")
    linked = locate(own.joinpath(os.fsdecode(content.strip())).parent) if content else None
    is_mutual = linked is not None and linked.git_dir.resolve() == own.resolve()
    return linked if is_mutual else None


def head_reference(layout: GitDirectory) -> str | None:
    """The full name of the branch that HEAD names; None when HEAD is detached or unreadable."""
    content = read_regular(layout.git_dir / "HEAD")
    return _symbolic_target(content) if content is not None else None


def head_commit(layout: GitDirectory) -> str | None:
    """The id of the commit at HEAD; None for a branch without commits.

    Raises UnresolvedHead when the files do not tell.
    """
    name: str | None = "HEAD"
    for _ in range(_SYMREF_DEPTH):
        content = _reference_content(layout, name or "HEAD")
        if content is None:
            return _packed(layout, name or "HEAD")
        name = _symbolic_target(content)
        if name is None:
            return _object_id(content)
        if not name.startswith("refs/") or name.endswith(".invalid") or ".." in name:
            raise UnresolvedHead
    raise UnresolvedHead


def branch_head(path: Path, name: str) -> str | None:
    """The id of the commit that a branch, by its full name, of the repository at `path` is at.

    None for what is no branch, for one that is not there, and when only git can tell.
    """
    layout = locate(path)
    if layout is None or not name.startswith("refs/heads/") or ".." in name:
        return None
    content = _reference_content(layout, name)
    try:
        return _object_id(content) if content is not None else _packed(layout, name)
    except UnresolvedHead:
        return None


def origin_url(layout: GitDirectory) -> str | None:
    """The URL of the remote `origin` exactly as written, which may contain credentials."""
    return _configured(layout, "remote", "origin", "url")


def hooks_folder(layout: GitDirectory) -> Path:
    """Where git looks for the hooks of the repository (git-config(1), core.hooksPath).

    Only the repository's own configuration is read, not that of its user.
    """
    named = _configured(layout, "core", "", "hookspath")
    if named is None:
        return layout.common_dir / "hooks"
    return (layout.worktree or layout.git_dir) / Path(named).expanduser()


def names_hooks(layout: GitDirectory) -> bool:
    """Whether the repository itself says where its hooks are, whatever its user's settings say."""
    return _configured(layout, "core", "", "hookspath") is not None


def _configured(layout: GitDirectory, section: str, subsection: str, key: str) -> str | None:
    content = read_regular(layout.common_dir / "config", limit=4 * 1024 * 1024)
    if content is None:
        return None
    entries = parse_config(content.decode("utf-8", "replace"))
    return value_of(entries, section, subsection, key)


def default_branch(layout: GitDirectory) -> str | None:
    """The branch that `origin` calls its default, else the one checked out; short name."""
    content = read_regular(layout.common_dir / "refs/remotes/origin/HEAD")
    remote = _symbolic_target(content) if content is not None else None
    if remote is not None and remote.startswith("refs/remotes/origin/"):
        return remote.removeprefix("refs/remotes/origin/")
    local = head_reference(layout)
    return local.removeprefix("refs/heads/") if local is not None else None


def _is_git_directory(path: Path) -> bool:
    common = _common_dir(path)
    try:
        return (
            stat.S_ISREG((path / "HEAD").stat().st_mode)
            and (common / "objects").is_dir()
            and (common / "refs").is_dir()
        )
    except (OSError, ValueError):
        return False


def _common_dir(git_dir: Path) -> Path:
    content = read_regular(git_dir / "commondir")
    return git_dir / os.fsdecode(content.strip()) if content else git_dir


def _with_common(git_dir: Path, worktree: Path | None) -> GitDirectory:
    return GitDirectory(git_dir, _common_dir(git_dir), worktree)


def _reference_content(layout: GitDirectory, name: str) -> bytes | None:
    content = read_regular(layout.git_dir / name)
    if content is None and layout.common_dir != layout.git_dir:
        content = read_regular(layout.common_dir / name)
    return content


def _symbolic_target(content: bytes) -> str | None:
    if not content.startswith(b"ref:"):
        return None
    return os.fsdecode(content[len(b"ref:") :].strip())


def _object_id(content: bytes) -> str:
    text = content.strip().decode("ascii", "replace")
    if OBJECT_ID.fullmatch(text) is None:
        raise UnresolvedHead
    return text


def _packed(layout: GitDirectory, name: str) -> str | None:
    path = layout.common_dir / "packed-refs"
    content = read_regular(path, limit=_PACKED_REFS_LIMIT)
    if content is None:
        if path.exists():
            raise UnresolvedHead
        return None
    found = re.search(
        rb"^([0-9a-f]{40,64}) " + re.escape(os.fsencode(name)) + rb"$", content, re.MULTILINE
    )
    return _object_id(found[1]) if found else None
