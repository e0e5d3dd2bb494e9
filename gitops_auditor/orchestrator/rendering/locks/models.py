"""What whoever edits manifests asks for, and gets."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from gitops_auditor.orchestrator.rendering.renderer import RenderRequest


class Renewed(NamedTuple):
    """New contents by path, None for a file that is gone. `notes` are sentences."""

    files: Mapping[str, bytes | None]
    notes: tuple[str, ...] = ()


class LockFiles(Protocol):
    """Brings lock files in line with edited manifests."""

    async def renew(
        self, request: RenderRequest, files: Mapping[str, bytes], changed: Collection[str]
    ) -> Renewed:
        """The lock files that become others when `files` (path to content) are laid over the base
        commit; `changed` are the paths of the manifests that were edited.

        Raises WorkFailed for a lock file that cannot be made anew: its tool is not here, or fails.
        """
        ...
