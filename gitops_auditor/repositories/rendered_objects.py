"""Blobs, trees and commits of git, written without starting it.

Forms as in gitrepository-layout(5) and in the book of git, "Git Objects": a loose object is its
kind, its size in decimal, a zero and its content, deflated. Everything here blocks.
"""

import hashlib
import os
import secrets
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from gitops_auditor.errors import Conflict, InvalidRequest, Unavailable

AUTHOR: Final = "GitOps Auditor <gitops-auditor@localhost>"
FILE, SUBMODULE, FOLDER = "100644", "160000", "40000"

_REGULAR = "100"
_READ_ONLY = 0o444
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC

Kind = Literal["blob", "tree", "commit"]


class Entry(NamedTuple):
    """One line of a tree; `id` in hexadecimal."""

    mode: str
    id: str


class Tree(NamedTuple):
    """A tree object: its id, and its content as git has it."""

    id: str
    content: bytes


class Submodule(NamedTuple):
    """The commit that a submodule is to be at."""

    commit: str


Wanted = bytes | Submodule | None
"""What is to stand at a path: a file's content, a submodule's commit, or nothing."""


class ObjectFolder:
    """Adds loose objects to an object folder; several may do so at once, of several processes."""

    def __init__(self, folder: Path, *, sha256: bool) -> None:
        self._folder = folder
        self._algorithm = "sha256" if sha256 else "sha1"

    def write(self, kind: Kind, content: bytes) -> str:
        """The id of an object, which is there in whole from then on. Raises Unavailable."""
        whole = b"%s %d\0%s" % (kind.encode("ascii"), len(content), content)
        name = hashlib.new(self._algorithm, whole, usedforsecurity=False).hexdigest()
        try:
            self._put(name, zlib.compress(whole, 1))
        except OSError as error:
            raise Unavailable(
                f"The folder {self._folder} cannot be written to: {error.strerror}.",
                hint="Check its owner, mode and free space.",
            ) from error
        return name

    def _put(self, name: str, deflated: bytes) -> None:
        inner = self._folder / name[:2]
        temporary = inner / f"tmp_obj_{secrets.token_hex(8)}"
        try:
            descriptor = os.open(temporary, _NEW, _READ_ONLY)
        except FileNotFoundError:
            inner.mkdir(exist_ok=True)
            descriptor = os.open(temporary, _NEW, _READ_ONLY)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(deflated)
            # Over one that is there, too: the machine may have stopped before that was on disk.
            temporary.replace(inner / name[2:])
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_commit(objects: ObjectFolder, tree: str, base: str, message: str, moment: int) -> str:
    """A commit on `base` at `moment`, in seconds since 1970; the same for the same arguments."""
    if "\0" in message or moment < 0:
        raise InvalidRequest(
            "A commit's message has a zero byte, or its date is before 1970.",
            hint="Give printable text and a date of today.",
        )
    signed = f"{AUTHOR} {moment} +0000"
    text = message if message.endswith("\n") else f"{message}\n"
    lines = f"tree {tree}\nparent {base}\nauthor {signed}\ncommitter {signed}\n\n{text}"
    return objects.write("commit", lines.encode("utf-8", "backslashreplace"))


class TreeEdit:
    """Files and submodules put into the tree of a commit, whose folders are given as git has them.

    `trees` are the contents of the tree objects by path, the root by the empty one; a folder that
    is not among them does not exist. Afterwards `replaced` are the new entries of paths that were
    there before, and `trees` the new trees by path.
    """

    def __init__(self, objects: ObjectFolder, trees: Mapping[str, bytes], id_bytes: int) -> None:
        self._objects = objects
        self._trees = trees
        self._id_bytes = id_bytes
        self.replaced: dict[str, Entry] = {}
        self.trees: dict[str, Tree] = {}

    def apply(self, wanted: Mapping[str, Wanted]) -> str:
        """The id of the new root tree; equal to the old one when nothing differs.

        Raises Conflict for a path that is something else in the commit: a file where a folder is,
        or the other way round, a link, a submodule.
        """
        return self._folder("", wanted) or self._objects.write("tree", b"")

    def _folder(self, folder: str, wanted: Mapping[str, Wanted]) -> str | None:
        """The new tree of a folder; None when nothing is left in it."""
        entries = parse_tree(self._trees.get(folder, b""), self._id_bytes)
        for name, inner in _by_first_part(wanted).items():
            path = f"{folder}/{name}" if folder else name
            present = entries.get(name)
            replaced = (
                self._leaf(path, present, inner[""])
                if "" in inner
                else self._inner(path, present, inner)
            )
            if replaced is None:
                entries.pop(name, None)
            else:
                entries[name] = replaced
                if present is not None and replaced.mode == present.mode != FOLDER:
                    self.replaced[path] = replaced
        if not entries:
            return None
        content = format_tree(entries)
        self.trees[folder] = Tree(self._objects.write("tree", content), content)
        return self.trees[folder].id

    def _inner(
        self, path: str, present: Entry | None, wanted: Mapping[str, Wanted]
    ) -> Entry | None:
        if present is not None and present.mode != FOLDER:
            if all(content is None for content in wanted.values()):
                return present
            raise _other_kind(path, "no folder")
        tree = self._folder(path, wanted)
        return Entry(FOLDER, tree) if tree is not None else None

    def _leaf(self, path: str, present: Entry | None, wanted: Wanted) -> Entry | None:
        if isinstance(wanted, Submodule):
            if present is None or present.mode != SUBMODULE:
                raise _other_kind(path, "no submodule")
            return Entry(SUBMODULE, wanted.commit)
        if present is not None and present.mode == FOLDER:
            raise _other_kind(path, "a folder")
        if wanted is None:
            return None
        if present is not None and not present.mode.startswith(_REGULAR):
            raise _other_kind(path, "a link or a submodule")
        mode = present.mode if present is not None else FILE
        return Entry(mode, self._objects.write("blob", wanted))


def parse_tree(content: bytes, id_bytes: int) -> dict[str, Entry]:
    """The entries by name: mode, a space, the name, a zero and the id in bytes."""
    entries: dict[str, Entry] = {}
    at = 0
    while at < len(content):
        space = content.index(b" ", at)
        zero = content.index(b"\0", space)
        end = zero + 1 + id_bytes
        mode = content[at:space].decode("ascii")
        entries[os.fsdecode(content[space + 1 : zero])] = Entry(mode, content[zero + 1 : end].hex())
        at = end
    return entries


def format_tree(entries: Mapping[str, Entry]) -> bytes:
    """The content of a tree object, in git's order: folders as if their names ended in a slash."""
    named = [(os.fsencode(name), entry) for name, entry in entries.items()]
    named.sort(key=lambda item: item[0] + (b"/" if item[1].mode == FOLDER else b""))
    return b"".join(
        b"%s %s\0%s" % (entry.mode.encode("ascii"), name, bytes.fromhex(entry.id))
        for name, entry in named
    )


def _by_first_part(wanted: Mapping[str, Wanted]) -> dict[str, dict[str, Wanted]]:
    """By the first name of each path what follows it; a path that ends there by an empty one."""
    found: dict[str, dict[str, Wanted]] = {}
    for path, content in wanted.items():
        first, _, rest = path.partition("/")
        found.setdefault(first, {})[rest] = content
    for name, inner in found.items():
        if "" in inner and len(inner) > 1:
            raise InvalidRequest(
                f"{name[:200]!r} is to be a file and a folder.", hint="Name either."
            )
    return found


def _other_kind(path: str, what: str) -> Conflict:
    return Conflict(
        f"{path[:200]} is {what} in the repository.",
        hint="Change it by hand, or leave it out.",
        details={"path": path},
    )
