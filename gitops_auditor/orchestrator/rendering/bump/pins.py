"""Constraints that name one thing: image and git tags, commits, Go and Maven versions. Pure."""

import re
from typing import Final

from gitops_auditor.dependencies.versions.tags import parse_tag
from gitops_auditor.errors import GitOpsError
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.refusals import downgrade, needs_object
from gitops_auditor.orchestrator.rendering.bump.wanted import Wanted, is_older, joined

_TAG: Final = re.compile(
    r"(?P<head>(?:[A-Za-z@][\w./@-]*[-/@_])?)(?P<v>[vV]?)(?P<numbers>\d+(?:\.\d+)*)"
    r"(?P<rest>(?:[-_+.]?[A-Za-z]|[-_+])[\w.+-]*|)"
)
_DIGEST: Final = re.compile(r"(?:.*@)?[a-z0-9]+:[0-9a-f]{32,}")
_PATH_MAJOR: Final = re.compile(r"(?:/|\.)v(\d+)$")
_INCOMPATIBLE: Final = "+incompatible"
_GO_PLACES: Final = 3
_MAVEN_SET: Final = re.compile(
    r"(?P<open>[\[(\]])(?P<a>\s*)(?P<low>[^,\[\]()\s]*)(?P<b>\s*)"
    r"(?:(?P<comma>,)(?P<c>\s*)(?P<high>[^,\[\]()\s]*)(?P<d>\s*))?(?P<close>[\])\[])\Z"
)


def is_version_tag(text: str) -> bool:
    """Whether a tag names a version, as `v4` and `lib-1.2.0` do and `latest` does not."""
    return _TAG.fullmatch(text) is not None


def digest(constraint: str, wanted: Wanted) -> str:
    """An image pinned by digest; WorkFailed unless a digest is wanted, too."""
    if not _DIGEST.fullmatch(wanted.text):
        raise needs_object(constraint, wanted.text, "digest")
    return wanted.text


def is_digest(constraint: str) -> bool:
    """Whether a constraint ends in the digest of content."""
    return _DIGEST.fullmatch(constraint) is not None


def commit(constraint: str, wanted: Wanted) -> str:
    """What is pinned to a commit; WorkFailed unless a commit is wanted, too."""
    if not wanted.is_object:
        raise needs_object(constraint, wanted.text, "commit id")
    return wanted.text


def image_tag(constraint: str, wanted: Wanted) -> str:
    """As many places and the flavour that the tag has now. Raises WorkFailed for an older one."""
    found = _TAG.fullmatch(constraint)
    if found is None or not wanted.numbers or wanted.rest:
        return _as_named(constraint, wanted)
    places = found["numbers"].count(".") + 1
    tag = parse_tag(found["numbers"] + found["rest"])
    flavour = tag.flavour if tag else ""
    # A date, as in `2026-06-29`, is no version of one number with a flavour.
    kept = wanted.floor(0) if flavour[1:2].isdigit() else f"{wanted.cut(places)}{flavour}"
    raised = f"{found['head']}{found['v']}{kept}"
    return _newer("image", constraint, found["numbers"], raised, wanted)


def git_tag(constraint: str, wanted: Wanted, *, follows_major: bool) -> str:
    """Head and `v` of the tag as it is. Raises WorkFailed for an older one.

    `follows_major`: a tag of one number, such as `v4`, is a moving one and stays so.
    """
    found = _TAG.fullmatch(constraint)
    if found is None or not wanted.numbers:
        return wanted.text
    places = found["numbers"].count(".") + 1
    moves = follows_major and places == 1
    numbers = wanted.cut(1) if moves else wanted.floor(places)
    raised = f"{found['head']}{found['v']}{numbers}"
    return _newer("repository", constraint, found["numbers"] + found["rest"], raised, wanted)


def _as_named(constraint: str, wanted: Wanted) -> str:
    if is_older("image", wanted.text, constraint):
        raise downgrade(constraint, wanted.text)
    return wanted.text


def _newer(ecosystem: str, constraint: str, now: str, raised: str, wanted: Wanted) -> str:
    padded = wanted.floor(now.count(".") + 1)
    if raised != constraint and is_older(ecosystem, padded, now):
        raise downgrade(constraint, wanted.text)
    return raised


def go_version(name: str, constraint: str, wanted: Wanted) -> str:
    """`v` and three numbers. Raises WorkFailed for another major version of a module path."""
    bare = wanted.bare.removesuffix(_INCOMPATIBLE)
    plain = wanted.rest in {"", _INCOMPATIBLE}
    raised = f"v{joined(wanted.numbers, _GO_PLACES) if plain else bare}"
    path = _PATH_MAJOR.search(name)
    if path is not None and path[1] == wanted.numbers[0]:
        return raised
    if path is None and int(wanted.numbers[0]) < 2:
        return raised
    if path is None and _INCOMPATIBLE in constraint + wanted.rest:
        return raised + _INCOMPATIBLE
    raise _other_path(name, wanted)


def _other_path(name: str, wanted: Wanted) -> GitOpsError:
    return WorkFailed(
        f"{name} at {wanted.text} is another module path, so the imports in the code change, too.",
        hint="Make this change with a script, or ask for a version of the same major number.",
    )


def maven_version(constraint: str, wanted: Wanted) -> str:
    """A plain version, `1.+`, `1.2!!` or the last set of a range."""
    if constraint.endswith("!!"):
        return f"{maven_version(constraint.removesuffix('!!'), wanted)}!!"
    if constraint.endswith(".+"):
        return f"{wanted.cut(constraint.count('.'))}.+"
    found = _MAVEN_SET.search(constraint)
    return _maven_set(found, wanted) if found else wanted.bare


def maven_floor(constraint: str) -> str:
    """The oldest version that the last set of a constraint admits, "" without one."""
    found = _MAVEN_SET.search(constraint.removesuffix("!!"))
    return str(found["low"]) if found else constraint.removesuffix("!!").removesuffix(".+")


def _maven_set(found: re.Match[str], wanted: Wanted) -> str:
    low = wanted.bare if found["low"] else ""
    opening = "[" if low else found["open"]
    start = f"{opening}{found['a']}{low}{found['b']}"
    if not found["comma"]:
        return f"{start}{found['close']}"
    high = _maven_end(found, wanted)
    return f"{start},{found['c']}{high}{found['d']}{found['close']}"


def _maven_end(found: re.Match[str], wanted: Wanted) -> str:
    high: str = found["high"]
    if not high or is_older("maven", wanted.bare, high):
        return high
    numbers = high.split(".")
    if found["close"] == "]" or not all(number.isdigit() for number in numbers):
        return wanted.bare
    return wanted.next(numbers)
