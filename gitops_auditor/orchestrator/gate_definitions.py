"""Which gates a commit states, read from its files; nothing is checked out and nothing runs."""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from gitops_auditor.errors import GitOpsError
from gitops_auditor.quality.catalog import effective_gates
from gitops_auditor.quality.definition import MAX_BYTES, GateFile, parse_gates
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.gate_files import FILES, FOLDER, gate_places, joined
from gitops_auditor.quality.records import EVERY_REPOSITORY, GateDetails
from gitops_auditor.quality.service import QualityGates
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions


class NamedGate(NamedTuple):
    """A gate by its type and name, and the digest of its definition."""

    gate_type: GateType
    name: str
    digest: str


class StatedGates(NamedTuple):
    """All gates that are asked of a commit; with a `problem` those of its files are not known."""

    gates: tuple[NamedGate, ...]
    problem: str = ""

    @property
    def digest(self) -> str:
        """A digest over the definitions, SHA-256 in hexadecimal."""
        text = json.dumps([sorted(self.gates), self.problem])
        return hashlib.sha256(text.encode()).hexdigest()


class GateDefinitions:
    """Reads the gates of commits."""

    def __init__(self, gates: QualityGates, revisions: Revisions) -> None:
        self._gates = gates
        self._revisions = revisions

    async def given(self) -> Sequence[GateDetails]:
        """The gates of the platform, of all repositories."""
        return await self._gates.given()

    async def of(
        self, repository: Repository, commit: str, platform: Sequence[GateDetails]
    ) -> StatedGates:
        """Those gates of the platform that are asked of a repository, and those of the commit's
        files, of all types.

        Raises NotFound for an unknown commit, Unavailable.
        """
        given = [
            NamedGate(one.gate_type, one.name, one.digest)
            for one in platform
            if one.repository_id in (EVERY_REPOSITORY, repository.id)
        ]
        contents = await self._contents(repository, commit)
        try:
            file = _joined(contents)
        except (GitOpsError, UnicodeDecodeError) as wrong:
            digest = hashlib.sha256(repr(contents).encode()).hexdigest()
            return StatedGates(tuple(given), f"{wrong} ({digest})")
        own = effective_gates(file) if file is not None else ()
        stated = [NamedGate(one.gate_type, one.gate.name, one.gate.digest) for one in own]
        return StatedGates((*given, *stated))

    async def _contents(
        self, repository: Repository, commit: str
    ) -> list[tuple[str, bytes | None]]:
        """The files that state gates, in the order in which they count; None for a link."""
        present = []
        for folder in dict.fromkeys((*(path.rpartition("/")[0] for path in FILES), FOLDER)):
            names = await self._revisions.files(repository, commit, folder)
            present += [f"{folder}/{name}" if folder else name for name in names]
        return [
            (path, await self._revisions.file(repository, commit, path, MAX_BYTES))
            for path in gate_places(present).files
        ]


def _joined(contents: list[tuple[str, bytes | None]]) -> GateFile | None:
    if not contents:
        return None
    files = [(path, parse_gates((content or b"").decode(), path)) for path, content in contents]
    return joined(files)
