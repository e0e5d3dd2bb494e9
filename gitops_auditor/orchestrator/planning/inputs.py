"""Everything that a plan was made of, as digests."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from gitops_auditor.orchestrator.gates import GateQuestion
from gitops_auditor.orchestrator.planning.hashing import digest_of, request_digest
from gitops_auditor.orchestrator.records import GateEvidence, Inputs, Rendering
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.repositories.models import Repository


class Gates(Protocol):
    """The quality gates of commits."""

    async def for_all(self, repositories: Sequence[Repository]) -> "Gates":
        """The same, with what is known of these repositories looked up together."""
        ...

    async def ask_about(self, question: GateQuestion, actor: str) -> list[GateEvidence]:
        """What the gates say; never empty."""
        ...

    async def digest(self, repository_id: str, commit: str) -> str:
        """A digest over the definitions of all gates that could be asked about a commit."""
        ...


def inputs_of(
    request: PlanRequest,
    renderings: Sequence[Rendering],
    links: Sequence[tuple[str, str]],
    gates: Mapping[str, str],
    pipelines: Mapping[str, str],
) -> Inputs:
    """What the hash of a plan is over; `gates` and `pipelines` are digests by repository."""
    return Inputs(
        request=request_digest(request),
        commits={one.repository_id: one.base_commit for one in renderings},
        trees={one.repository_id: one.tree for one in renderings if one.tree},
        graph=graph_digest(links),
        links=[*links],
        gates=dict(gates),
        pipelines=dict(pipelines),
    )


def graph_digest(links: Sequence[tuple[str, str]]) -> str:
    """Over who needs whom, whatever the order."""
    return digest_of([[*pair] for pair in sorted(links)])


def judged_commit(rendering: Rendering) -> str:
    """The commit that gates are asked about: the rendered one, or the base without one."""
    return rendering.commit or rendering.base_commit
