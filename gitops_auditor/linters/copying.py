"""A disposable copy of a folder, for tools that change files."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.errors import TooLarge
from gitops_auditor.execution.removal import remove_tree
from gitops_auditor.linters.asking import objection
from gitops_auditor.linters.listing import files_of

MOST_BYTES: Final = 2 * 2**30
_FALLBACK: Final = Path("/var/tmp")  # noqa: S108 - the folder in it has a random name
_PACKAGES: Final = "node_modules"
_MAY_PASS: Final = 0o001


@asynccontextmanager
async def copied(root: Path, files: Sequence[str], *, packages: bool) -> AsyncIterator[Path]:
    """A copy of what git does not ignore and of `files`, removed at the end of the block.

    `packages` copies npm's packages too, which git ignores and which JavaScript's tools load their
    plugins from. Raises TooLarge for more than MOST_BYTES.
    """
    names = dict.fromkeys((*await files_of(root), *files))
    folder = await anyio.to_thread.run_sync(_new_folder)
    try:
        await anyio.to_thread.run_sync(_copy, root, folder / "copy", list(names), packages)
        yield folder / "copy"
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(remove_tree, folder)


def _new_folder() -> Path:
    usual = Path(tempfile.gettempdir())
    parent = usual if os.geteuid() or _is_open(usual) else _FALLBACK
    folder = Path(tempfile.mkdtemp(prefix="gitops-fixing-", dir=parent))
    # The user of jobs has to get to the copy, and to nothing else here.
    folder.chmod(0o711)
    return folder


def _is_open(folder: Path) -> bool:
    real = folder.resolve()
    return all(each.stat().st_mode & _MAY_PASS for each in (real, *real.parents))


def _copy(root: Path, target: Path, names: list[str], packages: bool) -> None:  # noqa: FBT001 - run in a thread, which passes by position
    target.mkdir()
    left = MOST_BYTES
    for name in names:
        source = root / name
        # What a link leads to outside of the root is not for the user of jobs to read.
        if objection(root, name) is not None:
            continue
        left -= source.stat().st_size
        _require_room(left)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name, follow_symlinks=False)
    if packages and (root / _PACKAGES).is_dir():
        _require_room(left - _size(root / _PACKAGES))
        shutil.copytree(root / _PACKAGES, target / _PACKAGES, symlinks=True)


def _size(folder: Path) -> int:
    return sum(
        os.lstat(Path(parent, name)).st_size
        for parent, _, names in os.walk(folder)
        for name in names
    )


def _require_room(left: int) -> None:
    if left < 0:
        raise TooLarge(
            f"The folder has more than {MOST_BYTES} bytes, which are not copied to be corrected.",
            hint="Correct it in place with the tools themselves, or name a folder below it.",
            details={"limit": MOST_BYTES},
        )
