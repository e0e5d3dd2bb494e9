"""Python requirements as every Python manifest writes them, made into declarations.

PEP 508 and PEP 440 by the `packaging` library; what it refuses and pip takes (bare URLs, paths,
loose versions) is read by rule. Names are compared in the normal form of PEP 503.
"""

import re
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from gitops_auditor.dependencies.manifests.git_sources import ref_kind
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import repository_identity

_LOOSE = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"(?P<constraint>(?:[<>=!~^]=?=?|\()[^;#]*)?(?:;.*|\s*)\Z"
)
_PLAIN_BOUND = r"(?:(?:[<>]=?|!=)\s*\d+(?:\.\d+)*|~=\s*\d+(?:\.\d+)+)"
_PLAIN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[A-Za-z0-9, _-]+\])?\s*"
    rf"(?P<constraint>==\s*\d+(?:\.\d+)*|{_PLAIN_BOUND}(?:\s*,\s*{_PLAIN_BOUND})*)?\Z"
)
"""The part of PEP 508 that nearly all requirements keep to; it is read ten times faster."""
_WRITTEN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_ARCHIVE = re.compile(
    r"https://(?P<host>github\.com|codeload\.github\.com)/(?P<path>[^/]+/[^/]+?)(?:\.git)?"
    r"/(?:archive/(?:refs/(?:heads|tags)/)?|tarball/|zipball/|tar\.gz/|zip/)"
    r"(?P<ref>[^#?]+?)(?:\.tar\.gz|\.zip|\.tgz)?(?:[#?].*)?\Z"
)


class GitAddress(NamedTuple):
    """A repository that a requirement is taken from, as `host/owner/name`, and the git ref."""

    repository: str
    ref: str


def python_requirement(
    text: str, *, line: int, scope: Scope, confidence: float = 1.0
) -> Declaration | None:
    """The declaration of a PEP 508 requirement, or of what pip accepts beside it."""
    plain = _PLAIN.match(text)
    if plain is not None:
        constraint = plain["constraint"] or ""
        return named_requirement(
            plain["name"], constraint, _plain_kind(constraint),
            line=line, scope=scope, confidence=confidence,
        )  # fmt: skip
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return _loose_requirement(text.strip(), line, scope, confidence)
    if requirement.url:
        return located_requirement(requirement.name, requirement.url, line=line, scope=scope)
    constraint, kind = specifier_constraint(requirement.specifier)
    if constraint:
        constraint = _as_written(text, requirement.name)
    return named_requirement(
        requirement.name, constraint, kind, line=line, scope=scope, confidence=confidence
    )


def _plain_kind(constraint: str) -> ConstraintKind:
    if not constraint:
        return ConstraintKind.NONE
    return ConstraintKind.EXACT if constraint.startswith("==") else ConstraintKind.RANGE


def named_requirement(  # the fields of one requirement
    name: str,
    constraint: str,
    kind: ConstraintKind,
    *,
    line: int,
    scope: Scope,
    confidence: float = 1.0,
) -> Declaration:
    """A requirement of a package by its name in the package index."""
    return Declaration(
        type=DependencyType.PYTHON,
        name=name,
        reference=Reference("pypi", canonicalize_name(name)),
        constraint=constraint,
        constraint_kind=kind,
        scope=scope,
        confidence=confidence,
        line=line,
    )


def located_requirement(name: str, url: str, *, line: int, scope: Scope) -> Declaration:
    """A requirement that says where the package is: a git repository, an archive or a folder.

    A git address refers to the repository, since it may be a fork; its ref is the constraint.
    """
    address = git_address(url)
    if address is not None:
        reference, constraint = Reference("repository", address.repository), address.ref
        kind = ref_kind(address.ref)
    else:
        reference, constraint = Reference("pypi", canonicalize_name(name)), url
        kind = ConstraintKind.URL if "://" in url else ConstraintKind.PATH
        kind = ConstraintKind.PATH if url.startswith("file:") else kind
    written = name or reference.name
    return Declaration(
        DependencyType.PYTHON, written, reference, constraint, kind, scope, 1.0, line
    )


def git_address(url: str) -> GitAddress | None:
    """The repository behind `git+https://host/owner/name.git@ref`, ssh forms and archive URLs."""
    archive = _ARCHIVE.match(url)
    if archive:
        return GitAddress(f"github.com/{archive['path']}".lower(), archive["ref"])
    if not (url.startswith(("git+", "git@", "git://", "ssh://")) or ".git" in url):
        return None
    location = url.partition("#")[0].partition("?")[0]
    address, at, ref = location.rpartition("@")
    if not at or not repository_identity(address):
        address, ref = location, ""
    repository = repository_identity(address)
    return GitAddress(repository, ref) if repository else None


def specifier_constraint(specifiers: SpecifierSet) -> tuple[str, ConstraintKind]:
    """The text and the kind of a version specifier: `==1.2` is exact, `==1.*` is a range."""
    found = list(specifiers)
    if not found:
        return "", ConstraintKind.NONE
    only = found[0] if len(found) == 1 else None
    exact = only is not None and only.operator in {"==", "==="} and not only.version.endswith("*")
    return str(specifiers), ConstraintKind.EXACT if exact else ConstraintKind.RANGE


def package_provision(name: str, version: str, line: int) -> Provision:
    """What a repository offers that builds the Python package `name`."""
    return Provision(Reference("pypi", canonicalize_name(name)), version, line)


def _as_written(text: str, name: str) -> str:
    """The version part of a requirement as the file has it, without extras and marker."""
    rest = text.partition(";")[0].strip()[len(name) :].strip()
    if rest.startswith("["):
        rest = rest.partition("]")[2].strip()
    return rest.removeprefix("(").removesuffix(")").strip()


def _loose_requirement(text: str, line: int, scope: Scope, confidence: float) -> Declaration | None:
    """What pip takes although PEP 508 does not: a bare URL, a path, a version with odd letters."""
    egg = _EGG.search(text)
    if "://" in text or text.startswith(("git@", "git+")):
        name, at, url = text.partition(" @ ")
        target = url if at else text
        target = target.partition(" ")[0]
        known = name if at else egg.group(1) if egg else ""
        return (
            located_requirement(known, target, line=line, scope=scope)
            if known
            else (_nameless(target, line, scope))
        )
    found = _LOOSE.match(text)
    if found is None:
        return None
    constraint = (found["constraint"] or "").strip().strip("()")
    kind = _loose_kind(constraint)
    return named_requirement(
        found["name"], constraint, kind, line=line, scope=scope, confidence=confidence
    )


def _loose_kind(constraint: str) -> ConstraintKind:
    if not constraint:
        return ConstraintKind.NONE
    if "{" in constraint or "$" in constraint:
        return ConstraintKind.DYNAMIC
    exact = constraint.startswith("==") and "*" not in constraint and "," not in constraint
    return ConstraintKind.EXACT if exact else ConstraintKind.RANGE


def _nameless(url: str, line: int, scope: Scope) -> Declaration | None:
    """A URL without a package name says something only when it is a repository's."""
    if git_address(url) is None:
        return None
    return located_requirement("", url, line=line, scope=scope)
