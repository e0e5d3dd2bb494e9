"""Branches of repositories that are reached over the network: looked at, and moved by a push.

Forms as in git-ls-remote(1) and git-push(1), "OUTPUT".
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gitops_auditor.errors import Unavailable
from gitops_auditor.repositories.branch_moves import BranchMove
from gitops_auditor.repositories.git_process import Executable, Output
from gitops_auditor.repositories.git_transfer import complaint, reaching
from gitops_auditor.repositories.git_urls import CloneUrl
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.revision_names import BRANCH

LIST_SECONDS: Final = 120.0
PUSH_SECONDS: Final = 1800.0

_REJECTED = "!"
_QUIET = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags")


class RemoteBranches:
    """Speaks with remotes by the protocols, and at the addresses, that mirrors may use."""

    def __init__(self, executable: Executable, mirrors: Mirrors) -> None:
        self._executable = executable
        self._mirrors = mirrors

    async def heads(self, url: CloneUrl, branches: Sequence[str]) -> dict[str, str | None]:
        """Where branches stand, asked at once.

        Raises Unavailable when the remote cannot be reached, Refused for a private network that is
        not allowed, TimedOut.
        """
        wanted = [BRANCH + branch for branch in branches]
        output = await self._run(
            url, "ls-remote", ["--end-of-options", url.url, *wanted], LIST_SECONDS
        )
        if output.status:
            raise _unreachable(url, "read", output)
        lines = output.stdout.decode("utf-8", "replace").splitlines()
        found = {name: commit for commit, _, name in (line.partition("\t") for line in lines)}
        return {branch: found.get(BRANCH + branch) for branch in branches}

    async def move(self, url: CloneUrl, move: BranchMove, source: Path) -> None:
        """Push a commit that `source` has, if the branch is where it is expected; None deletes it.

        The remote compares and swaps, whatever history lies between. Raises Stale, Refused when it
        does not let the branch be moved, and as `heads`.
        """
        if move.is_done(await self._present(url, move)):
            return
        arguments = [*_QUIET, "--recurse-submodules=no"]
        arguments += [f"--force-with-lease={move.reference}:{move.expected or ''}"]
        arguments += ["--end-of-options", url.url, f"{move.commit or ''}:{move.reference}"]
        output = await self._run(url, "push", arguments, PUSH_SECONDS, [f"--git-dir={source}"])
        answer = _answer(output.stdout, move.reference)
        if answer is None:
            raise _unreachable(url, "push to", output)
        # Somebody may have made the same move meanwhile; else it is they who are in the way.
        if answer.flag == _REJECTED and not move.is_done(await self._present(url, move)):
            raise move.refused(
                f"the remote says {answer.summary}", "Ask whoever protects it, or do it by hand."
            )

    async def _present(self, url: CloneUrl, move: BranchMove) -> str | None:
        return (await self.heads(url, [move.branch]))[move.branch]

    async def _run(
        self,
        url: CloneUrl,
        name: str,
        arguments: list[str],
        seconds: float,
        options: Sequence[str] = (),
    ) -> Output:
        source = await self._mirrors.pinned(url)
        protocols = self._mirrors.protocols
        return await self._executable.run(
            reaching(source, name, arguments, protocols, seconds, options)
        )


class _Answer(NamedTuple):
    flag: str
    summary: str


def _answer(output: bytes, reference: str) -> _Answer | None:
    """What the remote did to a reference: `<flag> TAB <from>:<to> TAB <summary> (<reason>)`."""
    for line in output.decode("utf-8", "replace").splitlines():
        fields = line.split("\t", 2)
        if len(fields) == 3 and fields[1].rpartition(":")[2] == reference:
            return _Answer(fields[0], fields[2][:200])
    return None


def _unreachable(url: CloneUrl, what: str, output: Output) -> Unavailable:
    return Unavailable(
        f"git could not {what} {url.url}: {complaint(output)}",
        hint="Check that git here may reach it, and write to it, without asking for anything.",
    )
