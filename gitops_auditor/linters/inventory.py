"""Says of each tool what it is for, and whether it is here; no tool is started for that."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import anyio.to_thread
from pydantic import BaseModel, ConfigDict

from gitops_auditor.errors import Refused
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import Program, Purpose, Request, Tool

UNKNOWN: Final = ""
"""The version of a program that did not come as a package."""


class InstalledTool(BaseModel, defer_build=True):
    """One tool. `program` is where it is, empty when it is not usable; `hint` says what to do."""

    model_config = ConfigDict(frozen=True)

    name: str
    purpose: Purpose
    languages: tuple[str, ...]
    installed: bool
    version: str = UNKNOWN
    program: str = ""
    hint: str = ""


async def inventory(
    runner: ToolRunner, tools: Sequence[Tool], root: Path | None = None
) -> tuple[InstalledTool, ...]:
    """Each tool in order; with a root also as the repository there brings it itself."""
    request = Request(root or Path("/nowhere"), ())
    return tuple([await _installed(runner, tool, request) for tool in tools])


async def _installed(runner: ToolRunner, tool: Tool, request: Request) -> InstalledTool:
    try:
        program = await runner.program(tool, request)
    except Refused as unreachable:
        return _described(tool, hint=str(unreachable))
    if program is None:
        return _described(tool, hint=f"{tool.install[:1].upper()}{tool.install[1:]}")
    version = await anyio.to_thread.run_sync(_version, program)
    return _described(tool, installed=True, version=version, program=str(program.path))


def _described(
    tool: Tool, *, installed: bool = False, version: str = "", program: str = "", hint: str = ""
) -> InstalledTool:
    return InstalledTool(
        name=tool.name,
        purpose=tool.purpose,
        languages=tool.languages,
        installed=installed,
        version=version,
        program=program,
        hint=hint,
    )


def _version(program: Program) -> str:
    """The version of the package, from PyPI or npm, that the program came with."""
    manifest = _npm_manifest(program.path.resolve())
    if manifest is not None:
        return manifest
    return _packaged().get(program.path.absolute(), UNKNOWN)


def _npm_manifest(path: Path) -> str | None:
    if "node_modules" not in path.parts:
        return None
    for parent in path.parents:
        manifest = parent / "package.json"
        if manifest.is_file():
            version = json.loads(manifest.read_text("utf-8")).get("version")
            return version if isinstance(version, str) else UNKNOWN
    return UNKNOWN


@cache
def _packaged() -> dict[Path, str]:
    return dict(_programs_of_packages())


def _programs_of_packages() -> Iterator[tuple[Path, str]]:
    for package in distributions():
        for file in package.files or ():
            if file.parent.name == "bin":
                yield Path(str(package.locate_file(file))).resolve().absolute(), package.version
