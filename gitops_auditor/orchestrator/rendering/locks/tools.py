"""Starts the tool of an ecosystem on one lock file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.errors import Refused
from gitops_auditor.linters import programs
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms, Program
from gitops_auditor.orchestrator.rendering.locks.belonging import Belonging
from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem
from gitops_auditor.pipelines.handlers import Workspace

SECONDS: Final = 900.0
"""The longest that one tool may take."""
_VERSION_SECONDS: Final = 120.0


class Tool(NamedTuple):
    """An installed program, and the folders that it needs to be started."""

    path: Path
    readable: tuple[str, ...]


class Tools:
    """Starts tools confined, with network, and with no credential of the platform."""

    def __init__(self, confined: ConfinedPrograms) -> None:
        self._confined = confined
        self._ambient = dict(os.environ)

    async def find(self, one: Belonging) -> Tool:
        """The tool for a lock file. Raises WorkFailed, with both names, when there is none here."""
        user = await self._confined.user()
        name = one.ecosystem.program

        def look() -> Tool | None:
            found = programs.find((name,), user)
            if found is None:
                return None
            return Tool(found.path, programs.readable_folders(found.path, user))

        try:
            tool = await anyio.to_thread.run_sync(look)
        except Refused as unreachable:
            raise WorkFailed(
                f"{one.path} cannot be made anew with {name}: {unreachable.message}",
                hint=unreachable.hint,
            ) from None
        if tool is None:
            raise WorkFailed(
                f"{one.path} cannot be made anew: {name} is not installed here.",
                hint=f"To plan this change, {one.ecosystem.install} where jobs find it.",
                details={"tool": name, "lock_file": one.path},
            )
        return tool

    async def run(
        self, tool: Tool, one: Belonging, workspace: Workspace, name: str, lock: bytes
    ) -> str:
        """Let the tool write the lock file in the checkout; returns the command, for people.

        Raises WorkFailed when it fails, takes too long or writes another form of lock file.
        """
        ecosystem = one.ecosystem
        version = ""
        if ecosystem.asks_version:
            version = await self._version(tool, one, workspace)
        arguments = ecosystem.arguments(Asked(name, lock, version))
        program = self._program(tool, one, workspace, arguments, SECONDS)
        await self._confined.run(program, workspace)
        return " ".join((ecosystem.program, *arguments))

    async def _version(self, tool: Tool, one: Belonging, workspace: Workspace) -> str:
        program = self._program(tool, one, workspace, ("--version",), _VERSION_SECONDS)
        said = (await self._confined.run(program, workspace)).strip()
        # What it says before is about itself, such as that there is a newer one.
        version = said.splitlines()[-1].strip() if said else ""
        ecosystem = one.ecosystem
        if not ecosystem.fits(version):
            raise WorkFailed(
                f"{one.path} is of another form than {ecosystem.program} {version[:40]} writes.",
                hint=f"To plan this change, {ecosystem.install} where jobs find it.",
                details={"tool": ecosystem.program, "lock_file": one.path},
            )
        return version

    def _program(
        self,
        tool: Tool,
        one: Belonging,
        workspace: Workspace,
        arguments: tuple[str, ...],
        seconds: float,
    ) -> Program:
        ecosystem = one.ecosystem
        return Program(
            title=f"{ecosystem.program} for {one.path}",
            argv=(str(tool.path), *arguments),
            folder=workspace.checkout / one.folder,
            seconds=seconds,
            environment={
                **_sources(ecosystem, self._ambient),
                **ecosystem.environment,
                "PATH": os.pathsep.join(_folders(tool, self._ambient)),
            },
            network=True,
            readable=tool.readable,
        )


def _sources(ecosystem: Ecosystem, ambient: Mapping[str, str]) -> dict[str, str]:
    """The platform's own variables that say where packages are, unless a password is in one."""
    return {
        name: value
        for name, value in ambient.items()
        if name.lower() in ecosystem.variables and "@" not in value
    }


def _folders(tool: Tool, ambient: Mapping[str, str]) -> list[str]:
    """Its own folder first: what it is started by may stand there only."""
    return [str(tool.path.parent), ambient.get("PATH", os.defpath)]
