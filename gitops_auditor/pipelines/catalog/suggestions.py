"""Which templates of the catalogue suit a repository."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

_LOCKS: Final = {"package-lock.json": "npm", "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn"}
_PYTHON: Final = ("pyproject.toml", "setup.py", "requirements.txt")
_DEPLOYMENTS: Final = (
    "scripts/deploy.sh", "deploy.sh", "environments/*", "deploy/*", "k8s/overlays/*", "overlays/*",
)  # fmt: skip


class Suggestion(NamedTuple):
    """A template, and the sentence that says why."""

    name: str
    reason: str


def suggest(file_names: Collection[str]) -> list[Suggestion]:
    """The templates that suit a repository with these files, by path; the most certain first."""
    return list(_suggested(frozenset(file_names)))


def _suggested(names: frozenset[str]) -> Iterator[Suggestion]:
    if "package.json" in names:
        lock = next((one for one in _LOCKS if one in names), None)
        manager = f"{lock} says it uses {_LOCKS[lock]}" if lock else "there is no lock file"
        yield Suggestion("node-ci", f"It has a package.json, and {manager}.")
    python = next((one for one in _PYTHON if one in names), None)
    if python:
        yield Suggestion("python-ci", f"It has a {python}.")
    if "Dockerfile" in names:
        yield Suggestion("docker-build", "It has a Dockerfile.")
    deployment = next(
        (name for glob in _DEPLOYMENTS for name in sorted(names) if fnmatchcase(name, glob)), None
    )
    if deployment:
        yield Suggestion("multi-stage", f"It is deployed: it has {deployment}.")
