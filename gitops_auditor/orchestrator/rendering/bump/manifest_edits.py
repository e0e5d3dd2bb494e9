"""Raises a dependency in all manifests of a tree. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import is_test_data
from gitops_auditor.dependencies.models import ConstraintKind, Declaration
from gitops_auditor.dependencies.snapshots import Gitlink
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.constraints import Target, target
from gitops_auditor.orchestrator.rendering.bump.edits import (
    Edit,
    declarations,
    edited,
    pinned_by_hash,
)
from gitops_auditor.orchestrator.rendering.bump.matching import matcher, require_one_kind
from gitops_auditor.orchestrator.rendering.bump.wanted import parse_wanted
from gitops_auditor.orchestrator.rendering.tree_manifests import Manifest, TreeManifests

SUBMODULES: Final = ".gitmodules"
MOST_NOTES: Final = 100

_DECLARED: Final = 0.7
"""Below this a statement was read out of a script or of code, see `dependencies.matching`."""

_MENTIONED: Final = 0.5
"""Below this it is a string in code, which may be no more than a mention."""

_COPIES: Final = frozenset({"node_modules", "vendor", "vendored", "third_party", "thirdparty"})
_LOCK: Final = "devcontainer-lock.json"
_COMMENT: Final = re.compile(r"(?P<space>#\s*(?:tag=|pin@)?)(?P<v>v?)\d[\w.-]*(?P<rest>\s*)\Z")


class Declared(NamedTuple):
    """A declaration of the dependency, and where it stands."""

    file: str
    declaration: Declaration

    @property
    def place(self) -> str:
        """For people to read."""
        return f"{self.file}:{self.declaration.line}"


class Raised(NamedTuple):
    """What became of a tree: new contents by path, submodules by path, and sentences."""

    files: Mapping[str, bytes]
    submodules: Mapping[str, str]
    notes: tuple[str, ...]


class _FileRaised(NamedTuple):
    content: bytes
    notes: list[str]


def declared(tree: TreeManifests, change: BumpDependency) -> tuple[Declared, ...]:
    """Every declaration of the dependency. Raises WorkFailed when its name means several things."""
    matches = matcher(change)
    found = tuple(
        Declared(file.path, one)
        for file in tree.files
        for one in declarations(file.facts)
        if matches(one)
    )
    require_one_kind(change, (one.declaration for one in found))
    return found


def pinned(found: Sequence[Declared], gitlinks: Sequence[Gitlink]) -> tuple[Declared, ...]:
    """Those that are pinned to a commit of a git repository."""
    return tuple(
        one
        for one in found
        if one.declaration.reference.namespace == "repository"
        and (
            one.declaration.constraint_kind is ConstraintKind.COMMIT
            or (one.file == SUBMODULES and gitlinks)
        )
    )


def raise_all(tree: TreeManifests, change: BumpDependency, commits: Mapping[str, str]) -> Raised:
    """The tree with every declaration at the version that is wanted.

    `commits` are the commits of the version by name of a git repository. Raises WorkFailed, naming
    file and line, for a declaration that cannot be raised.
    """
    files: dict[str, bytes] = {}
    notes: list[str] = []
    for file in tree.files:
        if file.path != SUBMODULES:
            raised = _raise_in(file, change, commits)
            notes += raised.notes
            if raised.content != file.content:
                files[file.path] = raised.content
    submodules = _submodules(tree, change, commits)
    return Raised(files, submodules, tuple(dict.fromkeys(notes))[:MOST_NOTES])


def _raise_in(file: Manifest, change: BumpDependency, commits: Mapping[str, str]) -> _FileRaised:
    matches = matcher(change)
    ours = [one for one in declarations(file.facts) if matches(one)]
    if not ours or _is_copy(file.path):
        return _FileRaised(file.content, [_copied(file, one) for one in ours])
    hashed = {one.line for one in pinned_by_hash(file.content, ours)}
    targets: dict[tuple[Declaration, int], Target] = {}

    def target_of(one: Declaration) -> Target:
        key = one, one.line
        if key not in targets:
            targets[key] = _target(file.path, one, change.version, commits, hashed)
        return targets[key]

    notes = [_note(file.path, one, target_of(one)) for one in ours if target_of(one).kept]
    try:
        made = edited(file.path, file.content, matches, lambda one: target_of(one).constraint)
    except WorkFailed as error:
        if all(one.confidence < _DECLARED for one in ours):
            return _FileRaised(file.content, [*notes, error.message])
        raise
    notes += [_shared(file.path, edit) for edit in made.edits if edit.shared_with]
    return _FileRaised(_told(made.content, made.edits, change.version), notes)


def _target(
    path: str, one: Declaration, version: str, commits: Mapping[str, str], hashed: set[int]
) -> Target:
    if one.line in hashed:
        return Target(one.constraint, "is pinned by hashes, which the tool that wrote them renews")
    if one.confidence < _MENTIONED:
        return Target(one.constraint, "is only mentioned in code")
    is_pinned = one.constraint_kind is ConstraintKind.COMMIT
    wanted = commits.get(one.reference.name, version) if is_pinned else version
    try:
        return target(one, wanted)
    except WorkFailed as error:
        if one.confidence < _DECLARED:
            return Target(one.constraint, f"stays: {error.message.rstrip('.')}")
        message = f"{path}:{one.line}: {one.name}: {error.message}"
        raise WorkFailed(message, hint=error.hint) from error


def _is_copy(path: str) -> bool:
    *folders, name = path.split("/")
    return name == _LOCK or is_test_data(path) or not _COPIES.isdisjoint(folders)


def _copied(file: Manifest, one: Declaration) -> str:
    why = "made by a tool, a copy, or test data"
    return f"{file.path}:{one.line}: {one.name} stays, since the file is {why}."


def _note(path: str, one: Declaration, found: Target) -> str:
    return f"{path}:{one.line}: {one.name} {found.kept}."


def _shared(path: str, edit: Edit) -> str:
    others = ", ".join(edit.shared_with)
    return f"{path}:{edit.line}: the version is also that of {others}."


def _told(content: bytes, edits: Sequence[Edit], version: str) -> bytes:
    """Comments that tell which version a commit is, such as `# v4.1.0`, tell the new one."""
    numbers = {edit.line for edit in edits if parse_wanted(edit.new).is_object}
    wanted = parse_wanted(version)
    if not numbers or not wanted.numbers:
        return content
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    for number in numbers:
        lines[number - 1] = _COMMENT.sub(rf"\g<space>\g<v>{wanted.bare}\g<rest>", lines[number - 1])
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _submodules(
    tree: TreeManifests, change: BumpDependency, commits: Mapping[str, str]
) -> dict[str, str]:
    file = next((one for one in tree.files if one.path == SUBMODULES), None)
    if file is None:
        return {}
    links = {link.path: link.commit for link in tree.gitlinks}
    matches = matcher(change)
    moved: dict[str, str] = {}
    named = zip(file.facts.declarations, file.facts.definitions, strict=True)
    for declaration, (key, _) in named:
        path = key.partition(":")[2]
        if matches(declaration) and path in links:
            commit = _commit(declaration, path, change.version, commits)
            if commit != links[path]:
                moved[path] = commit
    return moved


def _commit(declaration: Declaration, path: str, version: str, commits: Mapping[str, str]) -> str:
    commit = commits.get(declaration.reference.name)
    if commit is None:
        raise WorkFailed(
            f"{SUBMODULES}:{declaration.line}: the submodule {path} is pinned to a commit; which"
            f" one {version} is, is not known.",
            hint="Ask for the version by its commit id, or register the repository.",
        )
    return commit
