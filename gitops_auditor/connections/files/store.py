"""Keeps files below a folder of a file-system server that speaks MCP.

What is written stands under another name until all of it is there, and is moved into place then.
"""

import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import anyio
from typing_extensions import override

from gitops_auditor.connections.files.pieces import (
    MANIFEST,
    PIECE_BYTES,
    RESERVED,
    SUFFIX,
    TEXT_BYTES,
    Assembly,
    Manifest,
    changed,
    encoded,
    manifest_in,
    piece_name,
    readable,
    require_name,
    require_size,
)
from gitops_auditor.connections.files.removal import Removal, files_below
from gitops_auditor.connections.files.tools import FileTools
from gitops_auditor.errors import GitOpsError, NotFound
from gitops_auditor.execution.file_stores import FileStore, FileToKeep, more_than
from gitops_auditor.log import get_logger

CLEAN_SECONDS: Final = 10.0

_log = get_logger("connections")


class McpFiles(FileStore):
    """Files below `root`, a path of the server that may be empty, as FileStore promises.

    Raises Refused, too, when the server denies a path, and TooLarge for a file of more than
    MAX_FILE_BYTES.
    """

    def __init__(self, tools: FileTools, root: str) -> None:
        self._tools = tools
        self._prefix = f"{root}/" if root else ""
        self._removal = Removal(tools, self._prefix)

    @override
    async def replace(self, folder: Path, place: str, files: Sequence[FileToKeep]) -> None:
        for path, size in files:
            require_size(require_name(path), size)
        target = self._at(place)
        async with self._unfinished(target) as written:
            for parent in sorted({f"{written}/{path}".rpartition("/")[0] for path, _ in files}):
                await self._tools.make_folder(parent)
            for path, _ in files:
                await self._put(folder / path, f"{written}/{path}")
            before = await self._removal.set_aside(target)
            if files:
                await self._tools.move(written, target)
        await self._empty(before)

    @override
    async def write(self, path: str, content: bytes) -> None:
        require_size(path, len(content))
        target = self._at(path)
        text = readable(content)
        async with self._unfinished(target) as written:
            if text is None:
                await self._put_pieces(written, _pieces_of(content))
            else:
                await self._tools.write(written, text)
            before = [await self._removal.set_aside(one) for one in _forms(target)]
            await self._tools.move(written, _forms(target)[text is None])
        for one in before:
            await self._empty(one)

    @override
    async def read(self, path: str, max_bytes: int) -> bytes:
        target = self._at(path)
        try:
            content = (await self._tools.read(target)).encode()
        except NotFound:
            return await self._read_pieces(path, target, max_bytes)
        if len(content) > max_bytes:
            raise more_than(path, max_bytes)
        return content

    @override
    async def paths(self, place: str) -> list[str]:
        top = self._at(place)
        found = {one async for one in files_below(self._tools, top)}
        return sorted({name for one in found if (name := _kept(one.removeprefix(f"{top}/")))})

    @override
    async def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            for one in _forms(self._at(path)):
                await self._removal.remove(one)

    @override
    async def remove_folder(self, place: str) -> None:
        await self._removal.remove(self._at(place))

    def _at(self, path: str) -> str:
        return f"{self._prefix}{require_name(path)}"

    @contextlib.asynccontextmanager
    async def _unfinished(self, target: str) -> AsyncIterator[str]:
        """A name beside the target; what has it is taken away when it did not get its place."""
        folder = target.rpartition("/")[0]
        name = f"{RESERVED}unfinished-{secrets.token_hex(8)}"
        written = f"{folder}/{name}" if folder else name
        if folder:
            await self._tools.make_folder(folder)
        try:
            yield written
        except BaseException:
            with anyio.move_on_after(CLEAN_SECONDS, shield=True):
                await self._clean(written)
            raise

    async def _clean(self, written: str) -> None:
        try:
            await self._removal.remove(written)
        except GitOpsError as error:
            _log.warning("An unfinished file stays", path=written, reason=error.message)

    async def _empty(self, aside: str | None) -> None:
        if aside is None:
            return
        try:
            await self._removal.empty(aside)
        except GitOpsError as error:
            # What takes its place is kept already.
            _log.warning("A replaced file keeps its content", path=aside, reason=error.message)

    async def _put(self, source: Path, target: str) -> None:
        short = await anyio.to_thread.run_sync(_short, source)
        text = None if short is None else readable(short)
        if text is not None:
            await self._tools.write(target, text)
            return
        file = await anyio.to_thread.run_sync(_opened, source)
        try:
            await self._put_pieces(f"{target}{SUFFIX}", _pieces_in(file))
        finally:
            file.close()

    async def _put_pieces(self, folder: str, pieces: Iterator[bytes]) -> None:
        await self._tools.make_folder(folder)
        digest, size, number = hashlib.sha256(), 0, 0
        while piece := await anyio.to_thread.run_sync(next, pieces, b""):
            digest.update(piece)
            await self._tools.write(f"{folder}/{piece_name(number)}", encoded(piece))
            size, number = size + len(piece), number + 1
        manifest = Manifest(piece_bytes=PIECE_BYTES, size=size, sha256=digest.hexdigest())
        await self._tools.write(f"{folder}/{MANIFEST}", manifest.model_dump_json(indent=2) + "\n")

    async def _read_pieces(self, path: str, target: str, max_bytes: int) -> bytes:
        folder = f"{target}{SUFFIX}"
        try:
            manifest = manifest_in(path, await self._tools.read(f"{folder}/{MANIFEST}"))
        except NotFound:
            raise NotFound(
                f"There is no file {path} where files are kept.", hint="List what is kept."
            ) from None
        if manifest.size > max_bytes:
            raise more_than(path, max_bytes)
        assembly = Assembly(path, manifest)
        try:
            for number in range(manifest.pieces):
                assembly.add(await self._tools.read(f"{folder}/{piece_name(number)}"))
        except NotFound:
            raise changed(path) from None
        return assembly.finish()


def _forms(target: str) -> tuple[str, str]:
    """The names that a file has when it is text, and when it is in pieces."""
    return target, f"{target}{SUFFIX}"


def _kept(name: str) -> str:
    """The file that a file of the server is, or is a piece of; empty when it is ours."""
    parts = name.split("/")
    if any(part.startswith(RESERVED) for part in parts):
        return ""
    pieces = next((at for at, part in enumerate(parts) if part.endswith(SUFFIX)), None)
    return name if pieces is None else "/".join(parts[: pieces + 1]).removesuffix(SUFFIX)


def _short(source: Path) -> bytes | None:
    return source.read_bytes() if source.stat().st_size <= TEXT_BYTES else None


def _opened(source: Path) -> BinaryIO:
    return source.open("rb")


def _pieces_in(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def _pieces_of(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]
