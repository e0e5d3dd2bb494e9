"""Which gates a commit is asked: those of its own files, and those that the platform was given."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.errors import GitOpsError, Refused
from gitops_auditor.formats.problems import Problem
from gitops_auditor.quality.catalog import effective_gates
from gitops_auditor.quality.definition import (
    MAX_BYTES,
    GateFile,
    InvalidGates,
    parse_gates,
)
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.gate_files import FILES, FOLDER, gate_places, joined
from gitops_auditor.quality.refusal import Refusal
from gitops_auditor.quality.requests import AskedGate, Selection
from gitops_auditor.quality.service import QualityGates, details_of, file_gate_id
from gitops_auditor.quality.trusting import Source, Trusting, envelope_path
from gitops_auditor.quality.workspaces import Folders
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.regular_files import OPEN_FLAGS, read_and_close

MOST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the files of a commit state together; `path` names them."""

    file: GateFile
    path: str
    sources: list[Source]
    notes: list[str]


class GateSelection:
    """Gates that may not be trusted are told with the reason, never left out."""

    def __init__(self, gates: QualityGates, trusting: Trusting) -> None:
        self._gates = gates
        self._trusting = trusting

    async def of(
        self,
        repository: Repository,
        folders: Folders,
        gate_type: GateType,
        *,
        is_default: bool,
    ) -> Selection:
        """The gates of a type, those of the platform first. `folders` hold the commit as it is.

        `is_default` says that it is the end of the default branch.
        """
        given = [
            AskedGate(stored, stored.definition, await self._trusting.why_not_gate(stored))
            for stored in await self._gates.of_platform(repository.id, gate_type)
        ]
        try:
            stated = await anyio.to_thread.run_sync(_read, folders.root)
        except InvalidGates as wrong:
            return Selection(given, [_line(problem) for problem in wrong.problems[:MOST_SHOWN]])
        except GitOpsError as failure:
            return Selection(given, [failure.message])
        sources = stated.sources if stated is not None else []
        refused = await self._trusting.why_not_files(repository.id, sources, is_default=is_default)
        if stated is None:
            return Selection(given, [refused.reason] if refused is not None else [])
        own = _asked(repository, stated, gate_type, refused)
        await self._gates.keep_file_gates([one.stored for one in own])
        return Selection([*given, *own], notes=stated.notes)


def _asked(
    repository: Repository, stated: _Stated, gate_type: GateType, refused: Refusal | None
) -> list[AskedGate]:
    now = datetime.now(UTC)
    gates = [one.gate for one in effective_gates(stated.file) if one.gate_type == gate_type]
    return [
        AskedGate(
            details_of(
                gate,
                gate_type,
                id=file_gate_id(repository.id, stated.path, gate_type, gate.name),
                repository_id=repository.id,
                path=stated.path,
                created_at=now,
                updated_at=now,
            ),
            gate,
            refused,
        )
        for gate in gates
    ]


def _read(root: Path) -> _Stated | None:
    """What the files of a checkout state; it blocks. Raises InvalidGates, Refused."""
    present = [path for path in FILES if os.path.lexists(root / path)]
    folder = root / FOLDER
    is_ours = _is_inside(folder, root)
    if not is_ours and not present and os.path.lexists(folder):
        raise _elsewhere(FOLDER)
    listed = sorted(item.name for item in folder.iterdir()) if is_ours and folder.is_dir() else []
    places = gate_places([*present, *(f"{FOLDER}/{name}" for name in listed)])
    if not places.files:
        return None
    sources = [_source(root, path) for path in places.files]
    files = [(one.path, parse_gates(one.content.decode(), one.path)) for one in sources]
    notes = [f"{path} is not read, because {places.files[0]} is." for path in places.ignored]
    return _Stated(joined(files), places.files[0] if len(files) == 1 else FOLDER, sources, notes)


def _source(root: Path, path: str) -> Source:
    signature = envelope_path(path)
    signed = os.path.lexists(root / signature)
    return Source(path, _content(root, path), _content(root, signature) if signed else None)


def _content(root: Path, path: str) -> bytes:
    file = root / path
    if not _is_inside(file, root):
        raise _elsewhere(path)
    try:
        opened = os.open(file, OPEN_FLAGS | os.O_NOFOLLOW)
        content = read_and_close(opened, MAX_BYTES)
        content.decode()
    except (OSError, ValueError) as unreadable:
        raise Refused(
            f"{path} cannot be read: {unreadable}.", hint="Commit it as a text file."
        ) from None
    return content


def _elsewhere(path: str) -> Refused:
    return Refused(f"{path} is a link that leads elsewhere.", hint="Commit the file itself.")


def _is_inside(path: Path, root: Path) -> bool:
    return path.resolve() == root.resolve() / path.relative_to(root)


def _line(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}:{problem.column}" if problem.line else problem.path
    return f"{place}: {problem.message}"
