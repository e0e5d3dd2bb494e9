"""Commits of this machine, in the parts from which GitHub makes the same ones."""

import re
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.errors import Refused, TooLarge, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git import Git, TreeEntry
from gitops_auditor.repositories.git_process import Command
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

MOST_FILE_BYTES: Final = 32 * 2**20
_SECONDS: Final = 60.0
_PERSON: Final = re.compile(r"(?P<name>.*) <(?P<email>[^<>]*)> (?P<at>\d+) (?P<zone>[+-]\d{4})")
_PARTS: Final = frozenset({"tree", "parent", "author", "committer"})


class Person(NamedTuple):
    """Who made a commit; `date` is ISO 8601 with the offset that the commit has."""

    name: str
    email: str
    date: str


class LocalCommit(NamedTuple):
    """A commit of git's own format: gitformat-commit, "commit objects"."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


class LocalCommits:
    """Reads registered repositories and what was rendered for them."""

    def __init__(self, git: Git, revisions: Revisions) -> None:
        self._git = git
        self._revisions = revisions

    async def read(self, repository: Repository, commit: str) -> LocalCommit:
        """A commit. Raises NotFound, and Refused for one that is signed or not in UTF-8, since
        GitHub makes no such commit for others.
        """
        folder = await self._revisions.holding(repository, commit)
        layout = await anyio.to_thread.run_sync(git_directory.locate, folder)
        options = [f"--git-dir={layout.git_dir.absolute()}"] if layout is not None else []
        command = Command("cat-file", ["commit", commit], timeout=_SECONDS, options=options)
        output = await self._git.executable.run(command)
        if output.status:
            raise Unavailable(
                f"git could not read the commit {commit}: {output.stderr[:200]}",
                hint=f"Run `git fsck` in {folder}.",
            )
        return _parsed(commit, output.stdout)

    async def changes(
        self, repository: Repository, base: str | None, commit: str
    ) -> list[TreeEntry]:
        """The entries in which a commit differs from its base; those that are gone have no blob.

        Raises as `read`.
        """
        folder = await self._revisions.holding(repository, commit)
        new = {entry.path: entry for entry in await self._git.tree(folder, commit)}
        old = {one.path: one for one in await self._git.tree(folder, base)} if base else {}
        gone = [old[path]._replace(blob="") for path in old if path not in new]
        return gone + [entry for path, entry in new.items() if old.get(path) != entry]

    async def content(self, repository: Repository, commit: str, blob: str) -> bytes:
        """The content of a file. Raises TooLarge over MOST_FILE_BYTES."""
        folder = await self._revisions.holding(repository, commit)
        read = await self._git.blobs(folder, [blob], max_blob_bytes=MOST_FILE_BYTES)
        if blob in read.skipped:
            raise TooLarge(
                f"A changed file cannot be sent to GitHub: {read.skipped[blob]}.",
                hint="Push the branch with git.",
                details={"limit": MOST_FILE_BYTES},
            )
        return read.contents[blob]


def _parsed(commit: str, raw: bytes) -> LocalCommit:
    try:
        head, _, message = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise _unfit(commit, "it is not in UTF-8") from None
    lines = [line.partition(" ")[::2] for line in head.split("\n")]
    foreign = [name for name, _ in lines if name not in _PARTS]
    if foreign:
        raise _unfit(commit, f"it has a header {foreign[0] or 'of more than one line'}")
    values = dict(lines)
    return LocalCommit(
        commit,
        values["tree"],
        tuple(value for name, value in lines if name == "parent"),
        _person(commit, values["author"]),
        _person(commit, values["committer"]),
        message,
    )


def _person(commit: str, text: str) -> Person:
    found = _PERSON.fullmatch(text)
    if found is None:
        raise _unfit(commit, "its author is not written as git does")
    hours, minutes = int(found["zone"][1:3]), int(found["zone"][3:])
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if found["zone"][0] == "-" else 1)
    moment = datetime.fromtimestamp(int(found["at"]), timezone(offset))
    date = moment.isoformat().replace("+00:00", "Z")
    return Person(found["name"], found["email"], date)


def _unfit(commit: str, reason: str) -> Refused:
    return Refused(
        f"The commit {commit} cannot be made at GitHub: {reason}.",
        hint="Push it with git, or let a plan make the change.",
    )
