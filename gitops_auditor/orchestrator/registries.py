"""Asks registries of packages whether a version can be had, by each ecosystem's own tool."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import anyio.to_thread
from typing_extensions import override

from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms, Program
from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces

SECONDS: Final = 60.0
_PYPI_VERSIONS: Final = re.compile(r"^Available versions: (.*)$", re.MULTILINE)


class Release(NamedTuple):
    """A version of a package. `namespace` is one of `dependencies.models.Reference`."""

    namespace: str
    name: str
    version: str

    @override
    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class _Question(NamedTuple):
    argv: tuple[str, ...]
    is_yes: Callable[[str, str], bool]
    """Whether what the tool wrote says that the version is there."""


def _ends_well(_output: str, _version: str) -> bool:
    return True


def _says_version(output: str, version: str) -> bool:
    return version in output


def _lists_version(output: str, version: str) -> bool:
    listed = _PYPI_VERSIONS.search(output)
    return listed is not None and version in [one.strip() for one in listed[1].split(",")]


def _npm(one: Release) -> _Question:
    return _Question(("npm", "view", f"{one.name}@{one.version}", "version"), _says_version)


def _pypi(one: Release) -> _Question:
    options = ("--pre", "--disable-pip-version-check", "--no-color")
    argv = ("python3", "-m", "pip", "index", "versions", *options, "--", one.name)
    return _Question(argv, _lists_version)


def _go(one: Release) -> _Question:
    version = one.version if one.version.startswith("v") else f"v{one.version}"
    return _Question(("go", "list", "-m", f"{one.name}@{version}"), _ends_well)


def _image(one: Release) -> _Question:
    argv = ("docker", "manifest", "inspect", f"{one.name}:{one.version}")
    return _Question(argv, _ends_well)


_QUESTIONS: Final[Mapping[str, Callable[[Release], _Question]]] = {
    "npm": _npm,
    "pypi": _pypi,
    "go": _go,
    "image": _image,
}


class Registries:
    """Tools run in a checkout of who needs the package: its own registry is the one that counts."""

    def __init__(self, programs: ConfinedPrograms, workspaces: RenderWorkspaces) -> None:
        self._programs = programs
        self._workspaces = workspaces

    async def tool_for(self, release: Release) -> str | None:
        """The installed program that can be asked about a release; None when there is none."""
        make = _QUESTIONS.get(release.namespace)
        if make is None or release.name.startswith("-"):
            return None
        name = make(release).argv[0]
        return await anyio.to_thread.run_sync(shutil.which, name, os.F_OK | os.X_OK)

    async def has(self, release: Release, repository_id: str, commit: str) -> bool:
        """Whether the registry has it that this commit of a repository installs from.

        No answer is no: registries that cannot be reached look like that. Raises NotFound for the
        commit, Unavailable and Refused when the tool cannot be run.
        """
        question = _QUESTIONS[release.namespace](release)
        async with self._workspaces.open(repository_id, commit) as workspace:
            program = Program(
                title=f"Asking for {release}",
                argv=question.argv,
                folder=workspace.checkout,
                seconds=SECONDS,
                network=True,
            )
            try:
                output = await self._programs.run(program, workspace)
            except WorkFailed:
                return False
        return question.is_yes(output, release.version)
