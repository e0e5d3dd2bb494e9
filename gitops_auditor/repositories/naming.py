"""Ids of repositories: `owner/name` of letters, digits and `._-`, whatever folders are called."""

import hashlib
import re

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.repositories.git_urls import owner_and_name
from gitops_auditor.repositories.models import ID_PATTERN

_ID = re.compile(ID_PATTERN)
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]+")
_BRANCH = re.compile(r"[\w@+][\w@+./#=-]{0,199}")
_BRANCH_ILLEGAL = re.compile(r"\.\.|//|@\{|/\.|\.lock(?:/|$)|[./]$|^@$")
_LONGEST_NAME = 200
_LONGEST_PART = 80
_MOST_PARTS = 6


def is_id(text: str) -> bool:
    """Whether a text can be the id of a repository."""
    return _ID.fullmatch(text) is not None and not {".", ".."} & set(text.split("/"))


def check_name(name: str) -> None:
    """Raise InvalidRequest for a name that cannot be shown on one line."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidRequest(
            f"{name[:80]!r} cannot be the name of a repository.",
            hint=f"Take up to {_LONGEST_NAME} printable characters.",
        )


def check_branch(branch: str) -> None:
    """Raise InvalidRequest for what git or a shell could take for something else than a branch."""
    if _BRANCH.fullmatch(branch) is None or _BRANCH_ILLEGAL.search(branch):
        raise InvalidRequest(
            f"{branch[:80]!r} is not the name of a branch.",
            hint="Give a short name such as main or release/1.2.",
        )


def id_from_url(url: str) -> str | None:
    """`owner/name` of a remote, or None when the URL names no remote."""
    named = owner_and_name(url)
    return id_from_name(named) if named is not None else None


def id_from_name(name: str) -> str:
    """The id for a name or a relative path; characters that ids do not have become a hyphen."""
    parts = [_part(part) for part in name.split("/") if part not in {"", ".", ".."}]
    return "/".join(parts[-_MOST_PARTS:]) or f"repository-{digest(name)}"


def distinguished(repository_id: str, source: str) -> str:
    """Another id for a repository whose id is taken by one from elsewhere; the same every time."""
    return f"{repository_id}-{digest(source)}"


def digest(text: str) -> str:
    """Eight hexadecimal digits that tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _part(part: str) -> str:
    readable = _NOT_ALLOWED.sub("-", part).strip("-")[:_LONGEST_PART]
    return readable if readable.strip(".") else f"repository-{digest(part)}"
