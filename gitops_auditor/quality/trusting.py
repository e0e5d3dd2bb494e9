"""Refuses gates that no trusted key signed, where the settings ask for signatures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.quality.records import GateDetails
from gitops_auditor.quality.refusal import Refusal
from gitops_auditor.quality.signing.canonical import EVERYWHERE, Target
from gitops_auditor.quality.signing.definition_files import definition_of, signature_path
from gitops_auditor.quality.signing.verification import Verifier


class Source(NamedTuple):
    """A file of gates: its path in the repository, its bytes, and those of its signature."""

    path: str
    content: bytes
    envelope: bytes | None


class Trusting:
    """Says why a definition may not be used; None when it may."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def asks(self) -> bool:
        """Whether definitions have to be signed."""
        return self._settings.quality_gate_signatures == "required"

    async def why_not_gate(self, gate: GateDetails) -> Refusal | None:
        """About a gate that the platform was given."""
        if not self.asks:
            return None

        def check(verifier: Verifier) -> None:
            target = Target("gate", gate.repository_id or EVERYWHERE, gate.id)
            envelope = gate.envelope.model_dump() if gate.envelope is not None else None
            verifier.check(target, gate.definition.canonical(), envelope)

        return await anyio.to_thread.run_sync(_refusal, self._settings, check)

    async def why_not_files(
        self, repository_id: str, sources: Sequence[Source], *, is_default: bool
    ) -> Refusal | None:
        """About the files of a repository, which count together, and about those that are gone.

        Only what stands on the default branch counts as in use: a version that is signed on
        another branch does not make the present one an old one.
        """
        if not self.asks:
            return None

        def check(verifier: Verifier) -> None:
            verifier.require_files(repository_id, [one.path for one in sources])
            verify = verifier.check if is_default else verifier.look
            for one in sources:
                target = Target("gate-file", repository_id, one.path)
                verify(target, definition_of(one.content), one.envelope)

        return await anyio.to_thread.run_sync(_refusal, self._settings, check)


def envelope_path(path: str) -> str:
    """Where a repository keeps the signature of a file of gates."""
    return signature_path(Path(path)).as_posix()


def _refusal(settings: Settings, check: Callable[[Verifier], None]) -> Refusal | None:
    try:
        check(Verifier.open(settings))
    except MalformedDocument as malformed:
        return Refusal(f"The file of gates cannot be read: {malformed.message}", "malformed")
    except GitOpsError as refused:
        return Refusal(str(refused), str(refused.details.get("reason", refused.code)))
    return None
