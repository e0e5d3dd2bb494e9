"""Refuses gates that no trusted key signed, where the settings ask for signatures."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.quality.records import GateDetails
from gitops_auditor.quality.signing.canonical import EVERYWHERE, Target
from gitops_auditor.quality.signing.definition_files import definition_of, signature_path
from gitops_auditor.quality.signing.verification import Verifier


class Source(NamedTuple):
    """A file of gates: its path in the repository, its bytes, and those of its signature."""

    path: str
    content: bytes
    envelope: bytes | None


class Trusting:
    """Says why a definition may not be used; an empty sentence when it may."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def asks(self) -> bool:
        """Whether definitions have to be signed."""
        return self._settings.quality_gate_signatures == "required"

    async def why_not_gate(self, gate: GateDetails) -> str:
        """About a gate that the platform was given."""
        if not self.asks:
            return ""
        target = Target("gate", gate.repository_id or EVERYWHERE, gate.id)
        check = partial(_check, self._settings, [(target, gate)])
        return await anyio.to_thread.run_sync(check)

    async def why_not_files(self, repository_id: str, sources: Sequence[Source]) -> str:
        """About the files of a repository, which count together."""
        if not self.asks:
            return ""
        found = [(Target("gate-file", repository_id, one.path), one) for one in sources]
        return await anyio.to_thread.run_sync(_check, self._settings, found)


def envelope_path(path: str) -> str:
    """Where a repository keeps the signature of a file of gates."""
    return signature_path(Path(path)).as_posix()


def _check(settings: Settings, found: Sequence[tuple[Target, GateDetails | Source]]) -> str:
    try:
        verifier = Verifier.open(settings)
        for target, one in found:
            if isinstance(one, Source):
                verifier.check(target, definition_of(one.content), one.envelope)
            else:
                verifier.check(target, one.definition, one.envelope)
    except GitOpsError as refused:
        return str(refused)
    return ""
