"""Puts the commit that a tree pins beside the address that `.gitmodules` gives. Pure."""

from collections.abc import Iterator, Sequence

from gitops_auditor.dependencies.models import ConstraintKind, Declaration, Problem
from gitops_auditor.dependencies.snapshots import FileFacts, Gitlink, RepositoryFacts

_FILE = ".gitmodules"
_KEY = "submodule:"


def declarations_of(file: FileFacts, gitlinks: Sequence[Gitlink]) -> Sequence[Declaration]:
    """The declarations of a file; those of submodules at the commit that the tree pins."""
    if file.path != _FILE or not gitlinks:
        return file.facts.declarations
    commits = {link.path: link.commit for link in gitlinks}
    return [
        _pinned(declaration, commits.get(path))
        for declaration, path in zip(file.facts.declarations, _paths(file), strict=False)
    ]


def mismatches(facts: RepositoryFacts) -> Iterator[tuple[str, Problem]]:
    """Submodules that only the tree or only `.gitmodules` knows of, as (path, problem)."""
    file = next((file for file in facts.files if file.path == _FILE), None)
    pinned = {link.path for link in facts.gitlinks}
    named = list(_paths(file)) if file is not None else []
    for path in sorted(pinned.difference(named)):
        yield path, Problem("The submodule has no address in .gitmodules.", 0, 0)
    if file is not None:
        for declaration, path in zip(file.facts.declarations, named, strict=False):
            if path not in pinned:
                message = f"The submodule {path!r} is not in the tree: no commit is pinned."
                yield _FILE, Problem(message, declaration.line, 1)


def _paths(file: FileFacts) -> Iterator[str]:
    for key, _ in file.facts.definitions:
        yield key.removeprefix(_KEY)


def _pinned(declaration: Declaration, commit: str | None) -> Declaration:
    if commit is None:
        return declaration
    return declaration._replace(constraint=commit, constraint_kind=ConstraintKind.COMMIT)
