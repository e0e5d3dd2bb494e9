"""What makes the commit of one kind of change in one repository."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from gitops_auditor.orchestrator.changes import Change
from gitops_auditor.orchestrator.records import Rendering
from gitops_auditor.repositories.models import Repository


class RenderRequest(NamedTuple):
    """A change to be made in a repository at its base commit.

    `earlier` are the renderings of repositories in earlier phases, by id. `message` is the whole
    message of the commit to make, trailers included. `moment` is its date, in seconds since 1970.
    """

    change: Change
    repository: Repository
    base_commit: str
    message: str
    moment: int
    earlier: Mapping[str, Rendering]


class Rendered(NamedTuple):
    """What was made. `commit` and `tree` are empty when the change changes nothing here.

    `unverified` and `notes` are sentences; see `records.Rendering`.
    """

    commit: str
    tree: str
    unverified: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Renderer(Protocol):
    """One kind of change. Equal requests give equal trees."""

    async def render(self, request: RenderRequest) -> Rendered:
        """Make the commit in the platform's own store; nothing is published.

        Raises WorkFailed when the change cannot be made here (a script that fails, an edit that
        does not fit), any other GitOpsError when the machinery broke.
        """
        ...
