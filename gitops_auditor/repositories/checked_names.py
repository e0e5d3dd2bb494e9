"""Refuses names of revisions and files that cannot be any, before git sees them."""

import re

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.repositories.git_directory import OBJECT_ID

_REF = re.compile(r"[^-\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]{0,249}")
_REF_ILLEGAL = re.compile(r"\.\.|//|@\{|(?:^|/)\.|\.lock(?:/|$)|^/|[./]$|^@$")


def check_ref(ref: str) -> None:
    """The rules of git-check-ref-format(1), and none that begins like an option.

    Raises InvalidRequest.
    """
    if _REF.fullmatch(ref) is None or _REF_ILLEGAL.search(ref):
        raise InvalidRequest(
            f"{ref[:80]!r} is not the name of a branch, a tag or a commit.",
            hint="Give a branch such as main, a tag, the id of a commit, WORKTREE or STAGED.",
        )


def check_commit(commit: str) -> None:
    """Raise InvalidRequest for what is not a full id."""
    if OBJECT_ID.fullmatch(commit) is None:
        raise InvalidRequest(
            f"{commit[:80]!r} is not the full id of a commit.",
            hint="Give 40 or 64 hexadecimal digits.",
        )


def check_path(path: str) -> None:
    """Raise InvalidRequest for a path that is absolute, leads out or does not print."""
    parts = path.split("/")
    if {"", ".", ".."} & set(parts) or not path.isprintable():
        raise InvalidRequest(
            f"{path[:200]!r} is not a path inside a repository.",
            hint="Give names joined by slashes, such as .gitops/pipeline.yaml.",
        )
