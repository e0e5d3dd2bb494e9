"""What a version specifier of an npm manifest means, as npm, pnpm and Yarn document it."""

import re
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.git_names import (
    is_shorthand,
    repository_name,
    revision_kind,
)
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_EXACT = re.compile(r"[v=]?\s*\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?")
_COMPARATOR = re.compile(r"-|[\^~<>=v]*(?:(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))*(?:[-+][\w.+-]*)?)?")
_DIST_TAG = re.compile(r"[A-Za-z][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_PACKAGE = re.compile(r"(@[^@/\s]+/)?[^@/\s:]+")
_GIT_SCHEMES: Final = ("git+", "git://", "git@", "ssh://", "github:", "gitlab:", "bitbucket:")
_SCHEMES: Final = {
    "workspace": ConstraintKind.WORKSPACE,
    "link": ConstraintKind.PATH,
    "file": ConstraintKind.PATH,
    "portal": ConstraintKind.PATH,
}
_PATHS: Final = ("./", "../", "/", "~/")


class Specifier(NamedTuple):
    """A specifier taken apart. `package` is not empty when another package than the key is meant,
    `repository` when it is taken from git.
    """

    constraint: str
    kind: ConstraintKind
    package: str = ""
    repository: str = ""


def is_package_name(name: str) -> bool:
    """True for `name` and `@scope/name`, false for paths, URLs and commands with arguments."""
    return _PACKAGE.fullmatch(name) is not None and not name.startswith((".", "-", "_", "$"))


def specifier(name: str, written: str) -> Specifier:
    """What the text beside the package `name` asks for."""
    written = written.strip()
    scheme, colon, rest = written.partition(":")
    if colon and scheme in _SCHEMES:
        return Specifier(written, _SCHEMES[scheme])
    if colon and scheme == "catalog":
        return Specifier(catalog_key(rest, name), ConstraintKind.CATALOG)
    if colon and scheme == "npm":
        return _alias(rest)
    if written.startswith(_PATHS):
        return Specifier(written, ConstraintKind.PATH)
    return (
        _address(written) if colon or "/" in written else Specifier(written, version_kind(written))
    )


def catalog_key(catalog: str, name: str) -> str:
    """The key of a package in a catalog; the catalog `default` may be left unnamed."""
    return f"catalog:{'' if catalog == 'default' else catalog}#{name}"


def version_kind(written: str) -> ConstraintKind:
    """How a version without any scheme binds."""
    if not written:
        return ConstraintKind.NONE
    if _EXACT.fullmatch(written):
        return ConstraintKind.EXACT
    comparators = written.replace("||", " ").split()
    if all(_COMPARATOR.fullmatch(comparator) for comparator in comparators):
        return ConstraintKind.RANGE
    return ConstraintKind.TAG if _DIST_TAG.fullmatch(written) else ConstraintKind.DYNAMIC


def split_version(package: str) -> tuple[str, str]:
    """`@scope/name@^1` as name and version; the version is empty when there is none."""
    at = package.find("@", 1)
    return (package, "") if at < 0 else (package[:at], package[at + 1 :])


def declaration(
    name: str, written: str, *, scope: Scope, line: int, confidence: float = 1.0
) -> Declaration:
    """The declaration of `name` with the specifier `written`."""
    found = specifier(name, written)
    if found.repository:
        kind, reference = DependencyType.GIT, Reference("repository", found.repository)
    else:
        kind, reference = DependencyType.NPM, Reference("npm", found.package or name)
    return Declaration(kind, name, reference, found.constraint, found.kind, scope, confidence, line)


def _alias(target: str) -> Specifier:
    """`npm:other@^1` means another package; Yarn also writes `npm:^1` for the package itself."""
    if version_kind(target) in {ConstraintKind.EXACT, ConstraintKind.RANGE}:
        return Specifier(target, version_kind(target))
    package, version = split_version(target)
    return Specifier(version, version_kind(version), package)


def _address(written: str) -> Specifier:
    address, _, fragment = written.partition("#")
    shorthand = is_shorthand(address)
    if shorthand or address.startswith(_GIT_SCHEMES) or address.endswith(".git"):
        name = f"github.com/{address.lower()}" if shorthand else repository_name(address)
        constraint = fragment.removeprefix("semver:")
        return Specifier(constraint, _fragment_kind(fragment), repository=name)
    if address.startswith(("http://", "https://")):
        name = repository_name(address) if "://github.com/" in address else ""
        return Specifier(written, ConstraintKind.URL, repository=name)
    return Specifier(written, ConstraintKind.URL)


def _fragment_kind(fragment: str) -> ConstraintKind:
    if fragment.startswith("semver:"):
        return ConstraintKind.RANGE
    return ConstraintKind.COMMIT if _COMMIT.fullmatch(fragment) else revision_kind(fragment)
