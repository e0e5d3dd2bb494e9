"""Where definitions come from: callers, and files of repositories at a commit.

What reads them is loaded with the first one: most calls need none.
"""
# ruff: noqa: PLC0415

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from gitops_auditor.errors import NotFound, TooLarge
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

FOLDER: Final = ".gitops/pipelines"
BESIDE: Final = ".gitops"
FILES: Final = (f"{BESIDE}/pipeline.yaml", f"{BESIDE}/pipeline.yml")
ENDINGS: Final = (".yaml", ".yml")
MAX_BYTES: Final = 512 * 1024


class Read(NamedTuple):
    """A definition, its whole text, and the commit that holds it if one does."""

    source: str
    definition: PipelineDefinition
    commit: str | None


class Definitions:
    """Reads definitions; `servers` names the MCP servers that their jobs may call."""

    def __init__(self, revisions: Revisions, servers: Callable[[], Collection[str]]) -> None:
        self._revisions = revisions
        self._servers = servers

    def parsed(self, source: str, path: str | None) -> PipelineDefinition:
        """The model of a text that was accepted before, whatever servers there are now."""
        from gitops_auditor.pipelines.definition import parse_definition

        return parse_definition(source, path or "")

    def given(self, source: str) -> Read:
        """A definition that a caller wrote. Raises InvalidDefinition."""
        from gitops_auditor.pipelines.definition import parse_definition
        from gitops_auditor.pipelines.expanded_source import expand_source

        _refuse_large(len(source.encode()), "The definition")
        whole = expand_source(source, None)
        return Read(whole, parse_definition(whole, servers=self._servers()), None)

    async def at(self, repository: Repository, commit: str, path: str) -> Read:
        """The definition in a file of a commit. Raises NotFound and InvalidDefinition."""
        from gitops_auditor.pipelines.definition import parse_definition
        from gitops_auditor.pipelines.expanded_source import expand_source

        content = await self._revisions.file(repository, commit, path, MAX_BYTES)
        if content is None:
            raise NotFound(
                f"There is no {path} in {repository.id} at {commit[:12]}.",
                hint="Choose a ref that has the file, or remove the pipeline.",
            )
        text = content.decode("utf-8", "replace")
        known = await self._templates(repository, commit, path, text)
        # What is wrong is found where it is written, in the text before templates are filled in.
        definition = parse_definition(text, path, servers=self._servers(), reader=known.get)
        return Read(expand_source(text, known.get, path), definition, commit)

    async def files(self, repository: Repository, commit: str) -> list[str]:
        """The files of a commit that define pipelines."""
        beside = await self._revisions.files(repository, commit, BESIDE)
        found = [path for path in FILES if path.removeprefix(f"{BESIDE}/") in beside]
        names = await self._revisions.files(repository, commit, FOLDER)
        return found + sorted(f"{FOLDER}/{name}" for name in names if name.endswith(ENDINGS))

    async def _templates(
        self, repository: Repository, commit: str, path: str, text: str
    ) -> dict[str, str | None]:
        """The files that templates come from, and those that they name in turn."""
        from gitops_auditor.pipelines.expanded_source import missing_files

        known: dict[str, str | None] = {}
        while missing := missing_files(text, known, path):
            for name in missing:
                content = await self._revisions.file(repository, commit, name, MAX_BYTES)
                known[name] = None if content is None else content.decode("utf-8", "replace")
        return known


def defines_a_pipeline(path: str) -> bool:
    """Whether a definition is looked for in a file of this path."""
    folder, _, name = path.rpartition("/")
    return path in FILES or (folder == FOLDER and name.endswith(ENDINGS))


def _refuse_large(size: int, what: str) -> None:
    if size > MAX_BYTES:
        raise TooLarge(
            f"{what} has {size} bytes.",
            hint=f"A definition has at most {MAX_BYTES // 1024} KiB; move scripts into files.",
        )
