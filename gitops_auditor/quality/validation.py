"""Validates a commit: its files are checked out, every gate is asked, the answers are kept."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.identity import new_id
from gitops_auditor.quality.asking import Answer, Asker
from gitops_auditor.quality.changes import Changes, Comparison
from gitops_auditor.quality.concluding import About
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.keeping import Keeping
from gitops_auditor.quality.requests import AskedGate, Selection, ValidationRequest
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.quality.selection import GateSelection
from gitops_auditor.quality.workspaces import Folders, Workspaces
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revision
from gitops_auditor.repositories.service import RepositoryRegistry

Progress = Callable[[float, float | None, str], Awaitable[None]]

READING: Final = frozenset({"mcp", "scan", "check", "pipeline"})
"""Kinds that leave the checkout as it is, and are asked at once; the others are asked in turn."""

MOST_NAMED: Final = 5


class Validator:
    """Nothing of a repository is run but in the sandbox, and nothing in it is written to."""

    def __init__(
        self,
        repositories: RepositoryRegistry,
        workspaces: Workspaces,
        selection: GateSelection,
        open_asker: Callable[[], Awaitable[Asker]],
        keeping: Keeping,
        settings: Settings,
    ) -> None:
        self._repositories = repositories
        self._changes = Changes(repositories.revisions)
        self._workspaces = workspaces
        self._selection = selection
        self._open_asker = open_asker
        self._keeping = keeping
        self._settings = settings

    async def validate(
        self, request: ValidationRequest, actor: str, progress: Progress
    ) -> QualityReport:
        """Ask every gate of the type about a commit, and keep what they say.

        Must run inside an audited operation. Raises NotFound for the repository, the ref and a
        single gate that there is not; whatever goes wrong later is an answer of the report.
        """
        began, executed_at = time.monotonic(), datetime.now(UTC)
        repository = await self._repositories.get(request.repository_id)
        revision = await self._repositories.revisions.resolve(repository, request.ref)
        comparison = await self._changes.of(repository, revision, request)
        async with AsyncExitStack() as stack:
            asker, folders, selection = await self._prepared(repository, revision, request, stack)
            about = About(
                new_id(),
                repository.id,
                request.gate_type,
                revision.ref,
                folders.commit,
                folders.tree,
                comparison.base,
                comparison.files,
                request.run_id,
                self._settings.quality_gate_enforcement,
                began,
                executed_at,
            )
            subject = await anyio.to_thread.run_sync(
                _subject, about, folders, revision.commit, comparison, actor
            )
            base = await self._base(repository, subject, selection, stack)
            answers = await self._answers(
                asker, selection, subject, base, progress, reuse=request.reuse
            )
        noted = _with_missing(selection, request.files, subject.files)
        return await self._keeping.keep(about, noted, answers, actor, revision.tag)

    async def _prepared(
        self,
        repository: Repository,
        revision: Revision,
        request: ValidationRequest,
        stack: AsyncExitStack,
    ) -> tuple[Asker, Folders, Selection]:
        """Who asks is made ready beside the checkout: each takes about as long as the other."""
        made: list[Asker] = []

        async def open_asker() -> None:
            made.append(await self._open_asker())

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(open_asker)
                folders, selection = await self._opened(repository, revision, request, stack)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return made[0], folders, selection

    async def _opened(
        self,
        repository: Repository,
        revision: Revision,
        request: ValidationRequest,
        stack: AsyncExitStack,
    ) -> tuple[Folders, Selection]:
        """The checkout and the gates that it is asked.

        The history is dear and only of use for programs that gates run; whether there are such
        gates, the files say.
        """
        is_default = (
            revision.commit not in (WORKTREE, STAGED)
            and revision.branch is not None
            and revision.branch == (repository.default_branch or revision.branch)
        )
        for history in (False, True):
            opened = self._workspaces.open(
                repository.id, revision.commit, request.index, history=history
            )
            folders = await stack.enter_async_context(opened)
            selection = await self._selected(repository, folders, request, is_default=is_default)
            if _only_reads(selection):
                break
        return folders, selection

    async def _selected(
        self,
        repository: Repository,
        folders: Folders,
        request: ValidationRequest,
        *,
        is_default: bool,
    ) -> Selection:
        if self._settings.quality_gate_enforcement == "off":
            return Selection()
        found = await self._selection.of(
            repository, folders, request.gate_type, is_default=is_default
        )
        if request.gate is None:
            return found
        gates = [one for one in found.gates if request.gate in (one.gate.name, one.stored.id)]
        if not gates and not found.problems:
            names = ", ".join(one.gate.name for one in found.gates) or "none"
            raise NotFound(
                f"There is no {request.gate_type} gate {request.gate}; there are: {names}.",
                hint="Name one of them, or leave the name out for all.",
            )
        return replace(found, gates=gates)

    async def _base(
        self,
        repository: Repository,
        subject: Subject,
        selection: Selection,
        stack: AsyncExitStack,
    ) -> Subject | None:
        """The base's checkout, when a gate compares with it."""
        base = subject.base
        if base is None or not any(one.gate.new_issues_only for one in selection.gates):
            return None
        folders = await stack.enter_async_context(
            self._workspaces.open(subject.repository_id, base, history=not _only_reads(selection))
        )
        renamed = await self._changes.renamed(repository, base, subject.commit)
        return await anyio.to_thread.run_sync(_subject_of_base, subject, folders, renamed)

    async def _answers(
        self,
        asker: Asker,
        selection: Selection,
        subject: Subject,
        base: Subject | None,
        progress: Progress,
        *,
        reuse: bool,
    ) -> list[Answer]:
        answers: dict[str, Answer] = {}
        total = len(selection.gates)
        await progress(0, total, "Looking")

        async def ask(asked: AskedGate) -> None:
            answers[asked.stored.id] = await asker.ask(asked, subject, base, reuse=reuse)
            await progress(len(answers), total, asked.gate.name)

        async with anyio.create_task_group() as tasks:
            for asked in selection.gates:
                if asked.gate.kind in READING:
                    tasks.start_soon(ask, asked)
        for asked in selection.gates:
            if asked.gate.kind not in READING:
                await ask(asked)
        return [answers[one.stored.id] for one in selection.gates]


def _only_reads(selection: Selection) -> bool:
    return all(one.gate.kind in READING for one in selection.gates)


def _subject(
    about: About, folders: Folders, commit: str, comparison: Comparison, actor: str
) -> Subject:
    return Subject(
        repository_id=about.repository_id,
        gate_type=about.gate_type,
        commit=commit,
        tree=folders.tree,
        root=folders.root,
        home=folders.home,
        files=_present(comparison.files, folders),
        base=comparison.base,
        worktree=comparison.worktree,
        run_id=about.run_id,
        actor=actor,
    )


def _subject_of_base(subject: Subject, folders: Folders, renamed: dict[str, str]) -> Subject:
    """The same files, by the names that they had."""
    was = {new: old for old, new in renamed.items()}
    files = None if subject.files is None else tuple(was.get(file, file) for file in subject.files)
    return replace(
        subject,
        commit=folders.commit,
        tree=folders.tree,
        root=folders.root,
        home=folders.home,
        files=_present(files, folders),
        base=None,
        worktree=None,
        renamed=renamed,
    )


def _with_missing(
    selection: Selection, wanted: tuple[str, ...] | None, present: tuple[str, ...] | None
) -> Selection:
    """The selection with a note about files that somebody named and that are not there."""
    missing = sorted(set(wanted or ()).difference(present or ()))
    if not missing:
        return selection
    named = ", ".join(missing[:MOST_NAMED]) + (" and others" if len(missing) > MOST_NAMED else "")
    note = f"These are no files of what was looked at: {named}."
    return replace(selection, notes=[*selection.notes, note])


def _present(files: tuple[str, ...] | None, folders: Folders) -> tuple[str, ...] | None:
    """The files that are there, and are files: a link could lead anywhere."""
    if files is None:
        return None
    root = folders.root.resolve()
    paths = ((file, root / file) for file in files)
    return tuple(file for file, path in paths if path.is_file() and path.resolve() == path)
