"""Moves branches of repositories on this machine: by compare and swap, and no hook runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.errors import GitOpsError, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.branch_commits import IDENTITY
from gitops_auditor.repositories.branch_moves import BranchMove
from gitops_auditor.repositories.branches_in_use import branches_in_use
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.git_process import Command, Output
from gitops_auditor.repositories.object_transfer import ObjectTransfer
from gitops_auditor.repositories.references import References
from gitops_auditor.repositories.revision_names import BRANCH

SECONDS: Final = 60.0
_REASON = "gitops-auditor: move the branch"


class ReferenceUpdates:
    """Reads and moves branches of folders."""

    def __init__(self, git: Git) -> None:
        self._executable = git.executable
        self._references = References(git)
        self._transfer = ObjectTransfer(git)

    async def heads(self, folder: Path, branches: Sequence[str]) -> dict[str, str | None]:
        """Where branches stand. Raises Unavailable when the folder cannot be read."""
        references = await self._references.of(folder)
        return {branch: references.get(BRANCH + branch) for branch in branches}

    async def move(self, folder: Path, move: BranchMove, source: Path | None) -> None:
        """Move a branch to a commit whose objects `source` has; None deletes it.

        The objects come first and the reference last: an interruption leaves nothing that is seen,
        and the repetition completes it. Raises Stale, Unavailable, and Refused for a branch that a
        working tree is on.
        """
        layout = await anyio.to_thread.run_sync(git_directory.locate, folder)
        if layout is None:
            raise Unavailable(f"{folder} is no git repository any more.", hint="Restore it.")
        if move.is_done(await self._present(folder, move)):
            return
        in_use = await anyio.to_thread.run_sync(branches_in_use, layout)
        if move.reference in in_use:
            reason = "a working tree is on it, and its files would no longer match"
            raise move.refused(reason, "Check out another branch there, or use a bare repository.")
        if move.commit is not None and source is not None:
            heads = [move.expected, *(await self._references.of(folder)).values()]
            known = [commit for commit in heads if commit is not None]
            await self._transfer.bring(source, layout, move.commit, known)
        output = await self._update(layout, move)
        if output.status and not move.is_done(await self._present(folder, move)):
            raise _not_moved(move, output)

    async def _present(self, folder: Path, move: BranchMove) -> str | None:
        return (await self.heads(folder, [move.branch]))[move.branch]

    async def _update(self, layout: GitDirectory, move: BranchMove) -> Output:
        arguments = ["-m", _REASON, "--no-deref"]
        if move.commit is None:
            arguments += ["-d", "--end-of-options", move.reference, move.expected or ""]
        else:
            expected = move.expected or "0" * len(move.commit)
            arguments += ["--end-of-options", move.reference, move.commit, expected]
        options = [*IDENTITY, f"--git-dir={layout.git_dir.absolute()}"]
        return await self._executable.run(
            Command("update-ref", arguments, timeout=SECONDS, options=options)
        )


def _not_moved(move: BranchMove, output: Output) -> GitOpsError:
    complaint = output.stderr.partition("\n")[0][:200]
    if "; cannot create" in complaint:
        return move.refused(f"git says {complaint}", "Remove the branch that is in its way.")
    return Unavailable(
        f"The branch {move.branch} could not be moved: {complaint}",
        hint="Check that no other git is at work there, and who may write to the repository.",
    )
