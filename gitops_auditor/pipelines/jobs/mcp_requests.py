"""What a job asks of an MCP server: the tool, and arguments with what the run knows filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from gitops_auditor.connections.configuration import Action, ServerSettings
from gitops_auditor.connections.results import ToolInfo
from gitops_auditor.connections.templates import asks_for, fill
from gitops_auditor.connections.toolbox import takes
from gitops_auditor.errors import InvalidRequest, JsonValue, TooLarge
from gitops_auditor.execution.globs import matcher
from gitops_auditor.pipelines.handlers import Attempt
from gitops_auditor.pipelines.models import Job

MAX_FILES: Final = 10_000
"""Files of one call."""
MOST_FILES: Final = 500_000
"""Files of a checkout that are looked through for those."""
OFFERED: Final = ("config", "linter", "severity")
"""Fields of a job that become arguments of a tool which has one of that name."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call to be made, and how its result is judged.

    `unused` are fields of the job that the tool has no argument for. `nothing_to_do` says that the
    action is about files and none of them is there.
    """

    tool: str
    arguments: dict[str, JsonValue]
    passed: str | None = None
    failure_pattern: str | None = None
    unused: tuple[str, ...] = ()
    nothing_to_do: bool = False


def action_of(job: Job, server: ServerSettings) -> Action | None:
    """The action that the operator configured for the job's word, None when there is none.

    Raises InvalidRequest when the job names no action and the server has no default.
    """
    word = job.action or server.default
    if word is None:
        known = ", ".join(server.actions) or "the names of its tools"
        raise InvalidRequest(
            f"The job names no action, and the MCP server {job.mcp} has no default.",
            hint=f"Add `action` to the job; known are: {known}.",
        )
    return server.actions.get(word)


async def mapped_request(attempt: Attempt, action: Action) -> Request:
    """The request of a configured action.

    Raises InvalidRequest when the job sets an argument that the operator set, TooLarge for more
    than MAX_FILES files, or a checkout of more than MOST_FILES.
    """
    wants_files = asks_for(action.arguments, "files")
    folder = await anyio.to_thread.run_sync(_folder, attempt)
    files = await _files(attempt, folder, action) if wants_files else []
    arguments = fill(action.arguments, _values(attempt, folder, files))
    taken = sorted(arguments.keys() & attempt.job.job.arguments.keys())
    if taken:
        raise InvalidRequest(
            f"The action sets the argument {taken[0]} itself.",
            hint=f"Remove {taken[0]} from `arguments` of the job.",
        )
    return Request(
        action.tool,
        {**arguments, **attempt.job.job.arguments},
        passed=action.passed,
        failure_pattern=action.failure_pattern,
        nothing_to_do=wants_files and not files,
    )


def plain_request(job: Job, tools: Mapping[str, ToolInfo]) -> Request:
    """The request of a job whose action is the name of a tool, also with `-` for `_`."""
    word = job.action or ""
    spellings = (word, word.replace("-", "_"), word.replace("_", "-"))
    tool = next((name for name in spellings if name in tools), word)
    given = {name: value for name in OFFERED if (value := getattr(job, name)) is not None}
    info = tools.get(tool)
    added = {
        name: value
        for name, value in given.items()
        if info is not None and takes(info, name) and name not in job.arguments
    }
    return Request(
        tool,
        {**job.arguments, **added},
        unused=tuple(name for name in given if name not in added and name not in job.arguments),
    )


def unchecked_request(job: Job) -> Request:
    """The same without asking the server which tools it has."""
    given = {name: value for name in OFFERED if (value := getattr(job, name)) is not None}
    return Request(job.action or "", {**given, **job.arguments})


def _values(attempt: Attempt, folder: Path, files: list[str]) -> dict[str, JsonValue]:
    job = attempt.job.job
    return {
        "workspace": str(folder),
        "files": list[JsonValue](files),
        "config": job.config,
        "severity": job.severity,
        "linter": job.linter,
        "repository": attempt.repository_id,
        "commit": attempt.workspace.commit or None,
        "branch": attempt.event.branch or None,
        "tag": attempt.event.tag or None,
    }


def _folder(attempt: Attempt) -> Path:
    checkout = attempt.workspace.checkout.resolve()
    folder = (checkout / (attempt.job.job.working_directory or "")).resolve()
    if not folder.is_relative_to(checkout) or not folder.is_dir():
        raise InvalidRequest(
            f"{attempt.job.job.working_directory} is no folder of the repository.",
            hint="Correct `working_directory` of the job.",
        )
    return folder


async def _files(attempt: Attempt, folder: Path, action: Action) -> list[str]:
    """The changed files that the action is about; of all where nothing says what has changed."""
    from gitops_auditor.linters.listing import files_of  # noqa: PLC0415 - few runs list all files

    changed = attempt.event.changed_paths
    if changed is None:
        candidates = [folder / one for one in await files_of(folder, MOST_FILES)]
    else:
        checkout = attempt.workspace.checkout.resolve()
        candidates = [checkout / one for one in changed]
    return await anyio.to_thread.run_sync(_chosen, candidates, folder, action)


def _chosen(candidates: list[Path], folder: Path, action: Action) -> list[str]:
    wanted = matcher(action.files)
    chosen = [
        str(path)
        for path in candidates
        if path.is_relative_to(folder)
        and wanted.fullmatch(path.relative_to(folder).as_posix())
        and _is_plain(path, folder)
    ]
    if len(chosen) > MAX_FILES:
        raise TooLarge(
            f"The action is about {len(chosen)} files; the limit is {MAX_FILES}.",
            hint="Narrow down `files` of the action in the file that configures the MCP servers.",
        )
    return chosen


def _is_plain(path: Path, folder: Path) -> bool:
    # A link in a repository must not make a server read what is outside of it.
    return path.is_file() and path.resolve() == path and path.is_relative_to(folder)
