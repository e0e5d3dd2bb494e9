"""Makes a commit of this machine at GitHub, with the same id, by its Git data API."""

import base64
from typing import Final

from gitops_auditor.errors import JsonValue, NotFound, Refused
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import text_of
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import (
    READ_COMMIT,
    WRITE_BLOB,
    WRITE_COMMIT,
    WRITE_TREE,
)
from gitops_auditor.orchestrator.forges.github.local_commits import (
    LocalCommit,
    LocalCommits,
    Person,
)
from gitops_auditor.repositories.git import TreeEntry
from gitops_auditor.repositories.models import Repository

MOST_COMMITS: Final = 20
"""Of one branch that GitHub lacks."""
_INLINE_BYTES: Final = 64 * 1024
"""Texts up to this size are sent with the tree, which saves a request for each."""
_KINDS: Final = {"040000": "tree", "160000": "commit"}


class CommitPublisher:
    """Nothing refers to what it makes until a branch does, and making it again changes nothing."""

    def __init__(self, calls: GitHubCalls, local: LocalCommits) -> None:
        self._calls = calls
        self._local = local

    async def publish(self, repository: Repository, where: RepositoryName, commit: str) -> None:
        """Make the commit, and those of its history that GitHub lacks.

        Raises Refused when GitHub would make another commit of it, NotFound when it is not here.
        """
        missing: list[LocalCommit] = []
        wanted = commit
        while not await self._is_there(where, wanted):
            missing.append(await self._local.read(repository, wanted))
            if len(missing) > MOST_COMMITS or not missing[-1].parents:
                raise Refused(
                    f"GitHub lacks too much of the history of {commit} in {where}.",
                    hint="Push the branch that the change is made on first.",
                )
            wanted = missing[-1].parents[0]
        for one in reversed(missing):
            await self._make(repository, where, one)

    async def _is_there(self, where: RepositoryName, commit: str) -> bool:
        try:
            await self._calls.ask(READ_COMMIT, where, sha=commit)
        except NotFound:
            return False
        return True

    async def _make(
        self, repository: Repository, where: RepositoryName, commit: LocalCommit
    ) -> None:
        base = await self._local.read(repository, commit.parents[0])
        if base.tree != commit.tree:
            await self._make_tree(repository, where, base, commit)
        made = await self._calls.ask(
            WRITE_COMMIT,
            where,
            message=commit.message,
            tree=commit.tree,
            parents=[*commit.parents],
            author=_person(commit.author),
            committer=_person(commit.committer),
        )
        _require_same("commit", text_of(made, "sha"), commit.id)

    async def _make_tree(
        self,
        repository: Repository,
        where: RepositoryName,
        base: LocalCommit,
        commit: LocalCommit,
    ) -> None:
        changed = await self._local.changes(repository, base.id, commit.id)
        entries: list[JsonValue] = [
            await self._entry(repository, where, commit.id, entry) for entry in changed
        ]
        made = await self._calls.ask(WRITE_TREE, where, base_tree=base.tree, tree=entries)
        _require_same("tree", text_of(made, "sha"), commit.tree)

    async def _entry(
        self, repository: Repository, where: RepositoryName, commit: str, entry: TreeEntry
    ) -> dict[str, JsonValue]:
        kind = _KINDS.get(entry.mode, "blob")
        written: dict[str, JsonValue] = {"path": entry.path, "mode": entry.mode, "type": kind}
        if not entry.blob:
            return {**written, "sha": None}
        if kind != "blob":
            return {**written, "sha": entry.blob}
        content = await self._local.content(repository, commit, entry.blob)
        text = _inline(content)
        if text is not None:
            return {**written, "content": text}
        encoded = base64.b64encode(content).decode("ascii")
        made = await self._calls.ask(WRITE_BLOB, where, content=encoded, encoding="base64")
        _require_same("file", text_of(made, "sha"), entry.blob)
        return {**written, "sha": entry.blob}


def _inline(content: bytes) -> str | None:
    if not 0 < len(content) <= _INLINE_BYTES or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _person(person: Person) -> dict[str, JsonValue]:
    return {"name": person.name, "email": person.email, "date": person.date}


def _require_same(kind: str, made: str, wanted: str) -> None:
    if made != wanted:
        raise Refused(
            f"GitHub made the {kind} {made or '(none)'} of what is {wanted} here, so nothing was"
            " published.",
            hint="Push the branch with git instead.",
            details={"made": made, "wanted": wanted},
        )
