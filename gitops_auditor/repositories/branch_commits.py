"""Writes one file as a commit on a new branch; working tree, index and other branches stay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.errors import Conflict, InvalidRequest, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.git_process import Command, Executable

SECONDS: Final = 60.0
IDENTITY: Final = ("-c", "user.name=GitOps Auditor", "-c", "user.email=gitops-auditor@localhost")
_FOLDER, _FILE = "040000", "100644"


@dataclass(frozen=True)
class FileCommit:
    """A file to be written: `base` is the commit to build on, `branch` the short name to create."""

    base: str
    branch: str
    path: str
    content: bytes
    message: str


class BranchCommits:
    """Adds commits to repositories on this machine."""

    def __init__(self, executable: Executable | None = None) -> None:
        self._executable = executable or Executable()

    async def add(self, repository: Path, change: FileCommit) -> str:
        """The id of the new commit.

        Raises Conflict when there is such a branch, InvalidRequest for a path, and Unavailable.

        Objects come first and the branch last, so an interruption leaves nothing that is seen.
        """
        _check_path(change.path)
        layout = await anyio.to_thread.run_sync(git_directory.locate, repository)
        if layout is None:
            raise InvalidRequest(
                f"{repository} is no git repository.", hint="Register it by its folder."
            )
        blob = await self._git(
            layout, "hash-object", ["-w", "--no-filters", "--stdin"], change.content
        )
        tree = await self._tree(layout, change, blob)
        commit = await self._git(
            layout, "commit-tree", ["-p", change.base, "-m", change.message, tree]
        )
        await self._create_branch(layout, change.branch, commit)
        return commit

    async def _tree(self, layout: GitDirectory, change: FileCommit, blob: str) -> str:
        """The whole tree with the file in it, made from the innermost folder outwards."""
        *folders, name = change.path.split("/")
        entry, mode = blob, _FILE
        for depth in range(len(folders), -1, -1):
            listing = await self._listing(layout, change.base, "/".join(folders[:depth]))
            kept = [line for line in listing if line.partition("\t")[2] != name]
            kind = "blob" if mode == _FILE else "tree"
            lines = [*kept, f"{mode} {kind} {entry}\t{name}"]
            body = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
            entry = await self._git(layout, "mktree", ["-z", "--missing"], body)
            name, mode = folders[depth - 1] if depth else "", _FOLDER
        return entry

    async def _listing(self, layout: GitDirectory, commit: str, folder: str) -> list[str]:
        """The entries of a folder as `git mktree` takes them; none when there is no such folder."""
        command = self._command(layout, "ls-tree", ["-z", "--end-of-options", f"{commit}:{folder}"])
        output = await self._executable.run(command)
        if output.status and folder:
            return []
        if output.status:
            raise _failed("ls-tree", output.stderr)
        return output.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]

    async def _create_branch(self, layout: GitDirectory, branch: str, commit: str) -> None:
        absent = "0" * len(commit)
        arguments = ["--end-of-options", f"refs/heads/{branch}", commit, absent]
        # A reference may have such a name; a branch of it cannot be asked for by name.
        is_usable = not branch.startswith("-") and branch != "HEAD"
        command = self._command(layout, "update-ref", arguments)
        if not is_usable or (await self._executable.run(command)).status:
            raise Conflict(
                f"The branch {branch} could not be made: it exists already, or is no valid name.",
                hint="Delete it, or name another branch.",
            )

    async def _git(
        self, layout: GitDirectory, name: str, arguments: list[str], body: bytes = b""
    ) -> str:
        output = await self._executable.run(self._command(layout, name, arguments, body))
        if output.status:
            raise _failed(name, output.stderr)
        return output.stdout.decode("ascii", "replace").strip()

    def _command(
        self, layout: GitDirectory, name: str, arguments: list[str], body: bytes = b""
    ) -> Command:
        options = [*IDENTITY, f"--git-dir={layout.git_dir.absolute()}"]
        return Command(name, arguments, timeout=SECONDS, options=options, input=body)


def _check_path(path: str) -> None:
    parts = path.split("/")
    if {"", ".", ".."} & {*parts} or ".git" in {part.lower() for part in parts}:
        raise InvalidRequest(
            f"{path[:200]!r} is no path of a file in a repository.",
            hint="Write it from the root of the repository, with / between its parts.",
        )


def _failed(name: str, complaint: str) -> Unavailable:
    return Unavailable(
        f"git {name} failed: {complaint[:300]}.",
        hint="Check that the repository may be written to, and run `git fsck` there.",
    )
