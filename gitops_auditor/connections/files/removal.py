"""Takes files away from a server, of which many have no tool that deletes.

There a file is emptied and moved to `.gitops-deleted`: its content and its space are gone, an empty
file stays.
"""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from gitops_auditor.connections.files.pieces import RESERVED
from gitops_auditor.connections.files.tools import FileTools
from gitops_auditor.errors import NotFound
from gitops_auditor.execution.file_stores import MAX_LISTED, too_many
from gitops_auditor.log import get_logger

DELETED: Final = f"{RESERVED}deleted"

_log = get_logger("connections")


async def files_below(tools: FileTools, top: str) -> AsyncIterator[str]:
    """Every file below a folder; none when there is no such folder. Raises TooLarge."""
    seen = 0
    left = [top]
    while left:
        folder = left.pop()
        try:
            entries = await tools.entries(folder)
        except NotFound:
            continue
        seen += len(entries)
        if seen > MAX_LISTED:
            raise too_many(top)
        for name, is_folder in entries.items():
            if is_folder:
                left.append(f"{folder}/{name}")
            else:
                yield f"{folder}/{name}"


class Removal:
    """Empties and sets aside what is below `prefix`, which is empty or ends with `/`."""

    def __init__(self, tools: FileTools, prefix: str) -> None:
        self._tools = tools
        self._prefix = prefix
        self._made = ""

    async def remove(self, path: str) -> None:
        """Take a file or folder away; it can be repeated until all of it is gone."""
        await self.empty(path)
        await self.set_aside(path)

    async def set_aside(self, path: str) -> str | None:
        """Where a file or folder was moved to, None when there is none."""
        folder = f"{self._prefix}{DELETED}/{datetime.now(UTC):%Y-%m-%d}"
        if self._made != folder:
            await self._tools.make_folder(folder)
            self._made = folder
            if not await self._tools.deletes():
                _log.warning("The MCP server cannot delete: empty files stay", folder=folder)
        aside = f"{folder}/{secrets.token_hex(8)}-{path.rpartition('/')[2]}"
        try:
            await self._tools.move(path, aside)
        except NotFound:
            return None
        return aside

    async def empty(self, path: str) -> None:
        """Delete the content of a file, or of every file of a folder."""
        found = [one async for one in files_below(self._tools, path)]
        if not found and await self._is_file(path):
            found = [path]
        for one in found:
            await self._delete(one)

    async def _is_file(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        try:
            return (await self._tools.entries(folder)).get(name) is False
        except NotFound:
            return False

    async def _delete(self, path: str) -> None:
        try:
            if await self._tools.deletes():
                await self._tools.delete(path)
            else:
                await self._tools.write(path, "")
        except NotFound:
            # Somebody else was quicker.
            _log.debug("A file to delete is gone", path=path)
