"""Names of git repositories and of revisions in them, as manifests write them."""

import re
from typing import Final

from gitops_auditor.dependencies.models import ConstraintKind, Reference

_HOSTS: Final = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
    "codeberg": "codeberg.org",
}
_URL = re.compile(
    r"(?:git\+)?(?P<scheme>https?|ssh|git)://(?:[^@/\s]*@)?(?P<host>[\w.-]+)(?::\d+)?/"
    r"(?P<path>[^\s?#]+)"
)
_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+):(?P<path>[^\s?#:/][^\s?#:]*)")
_PREFIXED = re.compile(r"(?P<host>github|gitlab|bitbucket|codeberg):(?P<path>[^\s?#]+)")
_SHORTHAND = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+")
_TWO_PART_HOSTS: Final = frozenset({"github.com", "bitbucket.org", "codeberg.org"})
_PLACEHOLDERS: Final = frozenset("${}<>%*")

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FULL_VERSION = re.compile(r"(?:[A-Za-z][\w./-]*[-/@_])?v?\d+\.\d+(?:\.\d+)+(?:[-+.]?[\w.+-]+)?")
_LONGEST_REVISION: Final = 250  # a reference is a file name; the pattern backtracks on longer ones


def repository_name(address: str) -> str:
    """`host/owner/name` in lower case of a clone URL, scp syntax, a web address or `github:o/r`.

    A path behind the repository of a two-level host is dropped. Empty when the address names none,
    or contains a variable.
    """
    address = address.strip()
    found = _URL.match(address) or _PREFIXED.match(address) or _SCP.match(address)
    if found is None:
        return ""
    host = found["host"].lower().removeprefix("www.")
    host = _HOSTS.get(host, host)
    path = found["path"].partition("/-/")[0].strip("/")
    parts = [part for part in path.split("/") if part]
    if host in _TWO_PART_HOSTS:
        parts = parts[:2]
    if len(parts) < 2 or not _PLACEHOLDERS.isdisjoint("/".join(parts)):
        return ""
    parts[-1] = parts[-1].removesuffix(".git")
    return f"{host}/{'/'.join(parts)}".lower()


def is_shorthand(text: str) -> bool:
    """True for `owner/name`."""
    return _SHORTHAND.fullmatch(text) is not None


def repository(address: str) -> Reference | None:
    """The repository at an address, see `repository_name`."""
    name = repository_name(address)
    return Reference("repository", name) if name else None


def revision_kind(revision: str) -> ConstraintKind:
    """How a git revision binds: an object id, a complete version, or a branch or moving tag."""
    if not revision:
        return ConstraintKind.NONE
    if len(revision) > _LONGEST_REVISION:
        return ConstraintKind.TAG
    if not _PLACEHOLDERS.isdisjoint(revision):
        return ConstraintKind.DYNAMIC
    if _COMMIT.fullmatch(revision):
        return ConstraintKind.COMMIT
    return ConstraintKind.EXACT if _FULL_VERSION.fullmatch(revision) else ConstraintKind.TAG
