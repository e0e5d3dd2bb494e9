"""Lets tools correct a copy of files, and says as a patch what they changed."""

import filecmp
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio.to_thread
from pydantic import BaseModel, ConfigDict

from gitops_auditor.errors import TooLarge, Unavailable
from gitops_auditor.linters.asking import objection, objections
from gitops_auditor.linters.copying import copied
from gitops_auditor.linters.git_output import git_output
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import Local, Request, Tool

MOST_DIFF_BYTES: Final = 2**20
_DIFF: Final = ("diff", "--no-index", "--no-prefix", "--no-ext-diff", "--no-textconv", "--binary")


class Fixes(BaseModel, defer_build=True):
    """What tools would change. `diff` is one that `git apply` takes in the root; empty for nothing.

    `files` are those that it changes, `obstacles` what kept tools from their work, a sentence each.
    """

    model_config = ConfigDict(frozen=True)

    diff: str
    files: tuple[str, ...]
    obstacles: tuple[str, ...] = ()


async def fixes(
    runner: ToolRunner, tools: Sequence[Tool], request: Request, seconds: float
) -> Fixes:
    """What the tools, one after the other, would change of the files; the root stays as it is.

    Raises what ToolRunner.fix raises, and TooLarge.
    """
    packages = any(isinstance(tool, Local) for tool in tools)
    refused = await anyio.to_thread.run_sync(objections, request)
    files = tuple(file for file in request.files if file not in refused)
    async with copied(request.root, files, packages=packages) as copy:
        before = copy.parent / "a"
        await anyio.to_thread.run_sync(_take, request.root, before, files)
        obstacles = await runner.fix(tools, Request(copy, files, request.config), seconds)
        changed = await anyio.to_thread.run_sync(_changed, before, copy, files)
        diff = await _diff(copy, before, changed) if changed else ""
    return Fixes(diff=diff, files=tuple(changed), obstacles=(*refused.values(), *obstacles))


async def _diff(copy: Path, before: Path, changed: Sequence[str]) -> str:
    compared = copy.parent / "compared"
    await anyio.to_thread.run_sync(_take, before, compared / "a", changed)
    await anyio.to_thread.run_sync(_take, copy, compared / "b", changed)
    printed = await git_output((*_DIFF, "a", "b"), compared, MOST_DIFF_BYTES, accepted=(0, 1))
    if printed is None:
        raise TooLarge(
            f"The corrections make a diff of more than {MOST_DIFF_BYTES} bytes, or git is missing.",
            hint="Name fewer files.",
            details={"limit": MOST_DIFF_BYTES},
        )
    try:
        return printed.decode()
    except UnicodeDecodeError:
        raise Unavailable(
            "A corrected file is not UTF-8 text, so that the diff cannot be told.",
            hint="Name the files that are text.",
        ) from None


def _take(root: Path, target: Path, files: Sequence[str]) -> None:
    """Copy the files that are plain; the root may have been changed by a tool."""
    target.mkdir(parents=True)
    for file in files:
        if objection(root, file) is None:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / file, target / file, follow_symlinks=False)
            executable = os.lstat(root / file).st_mode & 0o111
            (target / file).chmod(0o755 if executable else 0o644)


def _changed(before: Path, copy: Path, files: Sequence[str]) -> list[str]:
    """The files that are plain in both and differ; a tool that removes one does not correct it."""
    both = (file for file in files if objection(before, file) is None)
    return [
        file
        for file in both
        if objection(copy, file) is None
        and not filecmp.cmp(before / file, copy / file, shallow=False)
    ]
