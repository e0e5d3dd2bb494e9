"""The answer of `git cat-file --batch`, taken apart as it arrives, with bounded memory."""

from collections.abc import Collection
from typing import NamedTuple


class BlobRead(NamedTuple):
    """Contents by blob id, and for what was left out the reason by id."""

    contents: dict[str, bytes]
    skipped: dict[str, str]


class ObjectRead(NamedTuple):
    """The tree of a commit by its id, the contents of trees by id, and blobs.

    `root` is empty, and trees are missing, where there was no room for them.
    """

    root: str
    trees: dict[str, bytes]
    blobs: BlobRead


class BatchParser:
    """Fed with pieces of any size of `<id> <type> <size> LF <content> LF` or `<id> missing LF`.

    What is in `trees` has to be a tree, with `is_rooted` what comes first, too; all else a file.
    """

    def __init__(
        self,
        max_blob_bytes: int,
        max_total_bytes: int,
        trees: Collection[str] = (),
        *,
        is_rooted: bool = False,
    ) -> None:
        self._max_blob = max_blob_bytes
        self._room = max_total_bytes
        self._trees = {*trees}
        self._wants_root = is_rooted
        self._root = ""
        self._contents: dict[str, bytes] = {}
        self._skipped: dict[str, str] = {}
        self._buffer = bytearray()
        self._current: tuple[str, int] | None = None
        self._discard = 0

    @property
    def at_boundary(self) -> bool:
        """Whether everything fed so far was whole objects."""
        return not self._buffer and self._current is None and self._discard == 0

    def result(self) -> BlobRead:
        """What was read."""
        return BlobRead(self._contents, self._skipped)

    def objects(self) -> ObjectRead:
        """What was read, trees apart."""
        trees = {name: self._contents.pop(name) for name in self._trees if name in self._contents}
        root = self._root if self._root in trees else ""
        return ObjectRead(root, trees, self.result())

    def feed(self, piece: bytes) -> None:
        """Take the next piece of output."""
        start = min(self._discard, len(piece))
        self._discard -= start
        self._buffer += memoryview(piece)[start:]
        while self._step():
            pass

    def _step(self) -> bool:
        if self._current is not None:
            return self._take_content(*self._current)
        end = self._buffer.find(b"\n")
        if end < 0:
            return False
        header = self._buffer[:end].decode("ascii", "replace").split(" ")
        del self._buffer[: end + 1]
        self._take_header(header)
        return bool(self._buffer)

    def _take_header(self, header: list[str]) -> None:
        if len(header) != 3:
            self._wants_root = False
            self._skipped[header[0]] = "it is missing or damaged in the repository"
            return
        blob, kind, size = header[0], header[1], int(header[2])
        if self._wants_root:
            self._wants_root, self._root = False, blob
            self._trees.add(blob)
        reason = self._refusal("tree" if blob in self._trees else "blob", kind, size)
        if reason is None:
            self._room -= size
            self._current = (blob, size)
        else:
            self._skipped[blob] = reason
            dropped = min(size + 1, len(self._buffer))
            del self._buffer[:dropped]
            self._discard = size + 1 - dropped

    def _refusal(self, wanted: str, kind: str, size: int) -> str | None:
        if kind != wanted:
            return f"it is a {kind}, not a {'file' if wanted == 'blob' else wanted}"
        if size > self._max_blob:
            return f"it has {size} bytes, more than the {self._max_blob} that are read"
        if size > self._room:
            return "the files read together exceed the limit of one repository"
        return None

    def _take_content(self, blob: str, size: int) -> bool:
        if len(self._buffer) <= size:
            return False
        self._contents[blob] = bytes(memoryview(self._buffer)[:size])
        del self._buffer[: size + 1]
        self._current = None
        return bool(self._buffer)
