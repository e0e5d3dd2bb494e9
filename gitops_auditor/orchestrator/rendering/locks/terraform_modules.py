"""Local modules of Terraform and OpenTofu: a lock file is of a module and all that it calls.

Terraform language documentation, "Dependency Lock File" and "Module sources", local paths.
"""

import posixpath
import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Final

from gitops_auditor.orchestrator.rendering.locks.belonging import folder_of
from gitops_auditor.orchestrator.rendering.locks.infrastructure import (
    TERRAFORM_FILES,
    TERRAFORM_LOCK,
)

_LOCAL_SOURCE: Final = re.compile(rb'(?m)^[ \t]*source[ \t]*=[ \t]*"(?P<path>\.\.?/[^"\n]*)"')

Read = Callable[[str], Awaitable[bytes]]
"""The content of a file, as it is after the edits; empty for what is no plain file."""


async def callers(paths: Collection[str], changed: Collection[str], read: Read) -> set[str]:
    """Files of the modules that have a lock file and call, near or far, one with a changed file.

    One file stands for each such module. `paths` are all of the repository.
    """
    edited = {folder_of(path) for path in changed if _is_terraform(path)}
    found: set[str] = set()
    if not edited:
        return found
    for lock in (path for path in paths if posixpath.basename(path) == TERRAFORM_LOCK):
        root = folder_of(lock)
        if root not in edited and edited & await _called(root, paths, read):
            found.add(min(_files_of(root, paths)))
    return found


async def _called(root: str, paths: Collection[str], read: Read) -> set[str]:
    """The folders of the modules that a module calls, and those that they call."""
    reached, left = {root}, [root]
    while left:
        folder = left.pop()
        for file in _files_of(folder, paths):
            for source in _LOCAL_SOURCE.finditer(await read(file)):
                called = _resolved(folder, source["path"].decode("utf-8", "replace"))
                if called not in reached:
                    reached.add(called)
                    left.append(called)
    return reached - {root}


def _resolved(folder: str, source: str) -> str:
    """The folder that a local source means, empty for the root of the repository."""
    path = posixpath.normpath(posixpath.join(folder, source))
    return "" if path == "." else path


def _files_of(folder: str, paths: Collection[str]) -> Iterator[str]:
    return (path for path in paths if folder_of(path) == folder and _is_terraform(path))


def _is_terraform(path: str) -> bool:
    return TERRAFORM_FILES.fullmatch(posixpath.basename(path)) is not None
