"""Changes that a script makes: run in a checkout, confined; what is different then is committed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.errors import Refused, TooLarge
from gitops_auditor.execution.job_user import hand_over
from gitops_auditor.execution.shells import shell
from gitops_auditor.orchestrator.changes import RunScript
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.records import Rendering
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms, Program
from gitops_auditor.orchestrator.rendering.renderer import Rendered, RenderRequest
from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces
from gitops_auditor.pipelines.handlers import Workspace
from gitops_auditor.pipelines.jobs.orders import MAX_SCRIPT_BYTES
from gitops_auditor.repositories.rendered import RenderedCommit, RenderedCommits

_EARLIER: Final = "earlier-commits.json"


class ScriptRenderer:
    """Renders `RunScript`.

    The script runs by bash with `-e` and `pipefail`, else by `sh -e`, at the root of the checkout,
    as the job user, and may change the checkout and its home only. It knows GITOPS_REPOSITORY,
    GITOPS_COMMIT (the base), SOURCE_DATE_EPOCH (the commit's date) and GITOPS_EARLIER_COMMITS: a
    JSON file with the commits of the repositories in earlier phases, by id.
    """

    def __init__(
        self, workspaces: RenderWorkspaces, programs: ConfinedPrograms, commits: RenderedCommits
    ) -> None:
        self._workspaces = workspaces
        self._programs = programs
        self._commits = commits

    async def render(self, request: RenderRequest) -> Rendered:
        """See `Renderer`. Nothing that the script leaves in `.git` is given to git.

        Raises WorkFailed also for a script that takes too long.
        """
        script = _script(request)
        async with self._workspaces.open(request.repository.id, request.base_commit) as workspace:
            await self._hand_earlier(request.earlier, workspace)
            await self._programs.run(_program(script, request, workspace), workspace)
            made = await self._committed(request, workspace.checkout)
        if not made.commit:
            return Rendered("", "")
        return Rendered(made.commit, made.tree, _unverified(request.earlier))

    async def _committed(self, request: RenderRequest, folder: Path) -> RenderedCommit:
        repository, base = request.repository, request.base_commit
        try:
            return await self._commits.commit_folder(
                repository, base, folder, request.message, request.moment
            )
        except (Refused, TooLarge) as error:
            raise WorkFailed(
                f"What the script left in {repository.id} cannot be committed: {error.message}",
                hint=error.hint,
            ) from None

    async def _hand_earlier(self, earlier: Mapping[str, Rendering], workspace: Workspace) -> None:
        user = await self._programs.user()
        commits = {name: one.commit or one.base_commit for name, one in earlier.items()}

        def write() -> None:
            # Nothing of the script runs yet, so no link can be in the way.
            content = json.dumps(commits, sort_keys=True)
            (workspace.home / _EARLIER).write_text(content, encoding="utf-8")
            hand_over(workspace.home, user)

        await anyio.to_thread.run_sync(write)


def _script(request: RenderRequest) -> RunScript:
    change = request.change
    if not isinstance(change, RunScript):
        raise TypeError(f"a script is to be rendered, not a {change.kind}")
    if "\0" in change.script or len(change.script.encode()) > MAX_SCRIPT_BYTES:
        raise WorkFailed(
            f"The script has a null character or more than {MAX_SCRIPT_BYTES} bytes.",
            hint="Put it into a file of the repository, and run that.",
        )
    return change


def _program(script: RunScript, request: RenderRequest, workspace: Workspace) -> Program:
    return Program(
        title=f"The script in {request.repository.id}",
        argv=(*shell(), script.script),
        folder=workspace.checkout,
        seconds=script.timeout_seconds,
        environment={
            "GITOPS_REPOSITORY": request.repository.id,
            "GITOPS_COMMIT": request.base_commit,
            "GITOPS_EARLIER_COMMITS": str(workspace.home / _EARLIER),
            "SOURCE_DATE_EPOCH": str(request.moment),
        },
        network=script.network,
    )


def _unverified(earlier: Mapping[str, Rendering]) -> tuple[str, ...]:
    changed = sum(bool(one.commit) for one in earlier.values())
    if not changed:
        return ()
    return (f"The script was not run together with the trees of {changed} earlier repositories.",)
