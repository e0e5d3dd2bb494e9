"""Steps of plans over real repositories."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gitops_auditor.dependencies.models import Dependency, DependencyType
from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.fields import StepKind
from gitops_auditor.orchestrator.records import Goal, Plan, Step
from gitops_auditor.repositories.models import Repository
from tests.factories.git import commit, git, make_repository
from tests.orchestrator.plans import NOW, plan_of


class Commits(NamedTuple):
    """A repository's target branch, and the commit that a plan made on it."""

    base: str
    rendered: str


async def make_rendered(path: Path) -> Commits:
    """A repository that stands at its base, with another commit that no branch holds."""
    base = await make_repository(path, {"a.txt": "1\n"})
    rendered = await commit(path, {"a.txt": "2\n"})
    await git(path, "checkout", "--quiet", "--detach")
    await git(path, "update-ref", "refs/heads/main", base)
    return Commits(base, rendered)


async def push(path: Path, branch: str) -> str:
    """Somebody else adds a commit to a branch."""
    tip = await git(path, "rev-parse", f"refs/heads/{branch}")
    made = await git(path, "commit-tree", "-p", tip, "-m", "theirs", f"{tip}^{{tree}}")
    await git(path, "update-ref", f"refs/heads/{branch}", made)
    return made


def repository(repository_id: str) -> Repository:
    return Repository(id=repository_id, name=repository_id, created_at=NOW, updated_at=NOW)


def needs(source: str, target: str, **facts: Any) -> Dependency:
    """`source` asks for something of `target`."""
    known: dict[str, Any] = {
        "id": f"{source} {target}",
        "source_repo": source,
        "target_repo": target,
        "dependency_type": DependencyType.NPM,
        "name": target,
        "file": "package.json",
        "line": 1,
        "discovered_at": NOW,
        "last_validated": NOW,
    }
    return Dependency(**{**known, **facts})


def with_step(plan: Plan, repository_id: str, kind: StepKind, **facts: Any) -> Plan:
    """The plan with one more step."""
    position = len(plan.steps) + 1
    added = plan.steps[0].model_copy(
        update={
            "position": position,
            "kind": kind,
            "repository_id": repository_id,
            "phase": plan.rendering(repository_id).phase,
            "marker": f"{branch_of(plan.id)}/{position}",
            **facts,
        }
    )
    return plan.model_copy(update={"steps": [*plan.steps, added]})


def rendered_as(plan: Plan, commits: dict[str, Commits]) -> Plan:
    """The plan with the commits of these repositories."""
    renderings = [
        one.model_copy(
            update={
                "base_commit": commits[one.repository_id].base,
                "commit": commits[one.repository_id].rendered,
            }
        )
        for one in plan.renderings
    ]
    return plan.model_copy(update={"renderings": renderings})


def context_of(plan: Plan, step: Step, servers: Sequence[str] = ()) -> StepContext:
    """The step as a driver hands it over."""
    goal = Goal(action="execute", first=1, last=len(plan.phases), servers=[*servers])
    mine = plan.rendering(step.repository_id)
    return StepContext(plan, step, repository(step.repository_id), mine, goal, untold)


async def one_repository(path: Path) -> tuple[StepContext, Commits]:
    """The first step of a plan for the single repository `acme/lib` in a folder."""
    commits = await make_rendered(path)
    plan = rendered_as(plan_of(("acme/lib",)), {"acme/lib": commits})
    return context_of(plan, plan.steps[0]), commits


async def untold(_sentence: str) -> None:
    """Nobody follows."""
