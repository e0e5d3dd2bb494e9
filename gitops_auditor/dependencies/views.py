"""What stored rows and snapshots say, as callers see it. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gitops_auditor.dependencies.models import FileProblem, Package, Problem
from gitops_auditor.dependencies.snapshots import (
    RepositoryFacts,
    UnreadableSnapshot,
    decode,
    decode_offers,
)


class Contents(NamedTuple):
    """What all repositories offer, and everything in them that was not read."""

    packages: list[Package]
    problems: list[FileProblem]


def contents_of(packed: Mapping[str, bytes]) -> Contents:
    """The contents of snapshots by repository id, in the order of ids, files and lines."""
    contents = Contents([], [])
    for repository, content in sorted(packed.items()):
        facts = _offers(content)
        if facts is not None:
            contents.packages.extend(_packages(repository, facts))
            contents.problems.extend(problems_of(repository, facts))
    return contents


def problems_of(repository: str, facts: RepositoryFacts) -> Iterator[FileProblem]:
    """Everything in one repository that was not read."""
    for path, problem in facts.problems:
        yield _problem(repository, path, problem)
    for file in facts.files:
        for problem in file.facts.problems:
            yield _problem(repository, file.path, problem)


def unpacked(packed: bytes | None) -> RepositoryFacts | None:
    """The snapshot, None when there is none that this version can read."""
    try:
        return decode(packed) if packed is not None else None
    except UnreadableSnapshot:
        return None


def _offers(packed: bytes) -> RepositoryFacts | None:
    try:
        return decode_offers(packed)
    except UnreadableSnapshot:
        return None


def _packages(repository: str, facts: RepositoryFacts) -> Iterator[Package]:
    for file in facts.files:
        for reference, version, line, _ in file.facts.provisions:
            yield Package(
                repository=repository,
                namespace=reference.namespace,
                name=reference.name,
                version=version,
                file=file.path,
                line=line,
            )


def _problem(repository: str, path: str, problem: Problem) -> FileProblem:
    message, line, column = problem
    return FileProblem(repository=repository, file=path, line=line, column=column, message=message)
