"""A linter or scanner behind a foreign MCP server, asked as its mapping says."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.connections.service import Connections
from gitops_auditor.connections.templates import asks_for, fill
from gitops_auditor.errors import GitOpsError, InvalidRequest, JsonValue, Unavailable
from gitops_auditor.execution.globs import matcher
from gitops_auditor.formats.findings import (
    MOST_FINDINGS,
    Finding,
    ScanReport,
    ToolReport,
    counted,
)
from gitops_auditor.linters.asking import objection
from gitops_auditor.linters.lines import with_fingerprints
from gitops_auditor.linters.listing import files_of, require_bounded
from gitops_auditor.linters.tool import Request, UnreadableOutput, batches
from gitops_auditor.quality.adapters.answers import read_answer
from gitops_auditor.quality.adapters.mapping import ServerMapping, ToolMapping

MOST_BYTES: Final = 2**20
"""Of one file whose text is sent."""
AT_ONCE: Final = 100
"""Files of one call; what a tool says of them has to fit into one result."""


class MappedServer:
    """The tools of one configured server, as a Linter and as a Scanner.

    What the server has no tool for is a report with the status `error`. Each question takes at most
    `seconds`.
    """

    def __init__(
        self,
        connections: Connections,
        server: str,
        mapping: ServerMapping,
        root: Path,
        seconds: float,
    ) -> None:
        self._connections = connections
        self._server = server
        self._mapping = mapping
        self._root = root
        self._seconds = seconds

    async def lint_files(
        self, files: Sequence[str] | None, config: str | None = None, *, fix: bool = False
    ) -> ScanReport:
        """See Linter. Raises InvalidRequest for `fix`, which no foreign server is trusted with."""
        if fix:
            raise InvalidRequest(
                f"The MCP server {self._server} is not let to correct files.",
                hint="Use the bundled code-linter for that.",
            )
        return await self._asked(self._mapping.lint, files, config, "lint files")

    async def check_format(
        self, files: Sequence[str] | None, formatter: str | None = None
    ) -> ScanReport:
        """See Linter. Raises InvalidRequest for a formatter that is not the server's own."""
        if formatter not in (None, self._server, self._mapping.name):
            raise InvalidRequest(
                f"The MCP server {self._server} has no formatter {formatter}.",
                hint="Leave `formatter` out, or use the bundled code-linter.",
            )
        return await self._asked(self._mapping.format, files, None, "check the format")

    async def scan_files(
        self, files: Sequence[str] | None, config: str | None = None
    ) -> ScanReport:
        """See Scanner."""
        return await self._asked(self._mapping.static, files, config, "scan files")

    async def scan_dependencies(self) -> ScanReport:
        """See Scanner."""
        return await self._asked(None, [], None, "scan dependencies")

    async def scan_secrets(self, files: Sequence[str] | None) -> ScanReport:
        """See Scanner."""
        return await self._asked(None, [] if files is None else files, None, "scan for secrets")

    async def _asked(
        self,
        tool: ToolMapping | None,
        files: Sequence[str] | None,
        config: str | None,
        what: str,
    ) -> ScanReport:
        listed = await files_of(self._root) if files is None else list(dict.fromkeys(files))
        require_bounded(len(listed))
        if tool is None:
            reason = f"The MCP server {self._server} has no known tool to {what}."
            return ScanReport(files=len(listed), tools=(self._broken(reason, len(listed)),))
        wanted = matcher(tool.files)
        taken = [file for file in listed if wanted.fullmatch(file)]
        report = await self._report(tool, taken, config)
        return ScanReport(
            files=len(listed), tools=(report,), unchecked=_unchecked(listed, set(taken))
        )

    async def _report(
        self, tool: ToolMapping, files: Sequence[str], config: str | None
    ) -> ToolReport:
        if not files:
            reason = "There is no file for it."
            return ToolReport(tool=self._server, status="skipped", reason=reason)
        began = anyio.current_time()
        try:
            found = await self._found(tool, files, config, began + self._seconds)
        except UnreadableOutput as wrong:
            return self._broken(str(wrong), len(files), anyio.current_time() - began)
        except GitOpsError as failure:
            return self._broken(failure.message, len(files), anyio.current_time() - began)
        report = ToolReport(
            tool=self._server,
            status="failed" if found else "passed",
            files=len(files),
            findings=tuple(found[:MOST_FINDINGS]),
            counts=counted(found),
            seconds=anyio.current_time() - began,
        )
        return await anyio.to_thread.run_sync(with_fingerprints, report, self._root)

    async def _found(
        self, tool: ToolMapping, files: Sequence[str], config: str | None, deadline: float
    ) -> list[Finding]:
        await self._require_tool(tool.tool)
        for file in (*files, *([config] if config else [])):
            if wrong := await anyio.to_thread.run_sync(objection, self._root, file):
                raise UnreadableOutput(f"It is not asked: {wrong}")
        together = asks_for(dict(tool.arguments), "files")
        found: list[Finding] = []
        for part in batches(files, AT_ONCE) if together else [(file,) for file in files]:
            request = Request(self._root, part, config)
            arguments = await anyio.to_thread.run_sync(_arguments, tool, request)
            left = max(deadline - anyio.current_time(), 0.001)
            result = await self._connections.call(self._server, tool.tool, arguments, left)
            found += read_answer(tool.answer, result, request, self._server)
        return found

    async def _require_tool(self, tool: str) -> None:
        offered = await self._connections.tools(self._server, self._seconds)
        if tool not in offered:
            raise Unavailable(
                f"The MCP server {self._server} does not offer {tool}.",
                hint="Look at which tools it offers.",
            )

    def _broken(self, reason: str, files: int, seconds: float = 0.0) -> ToolReport:
        return ToolReport(
            tool=self._server, status="error", reason=reason, files=files, seconds=seconds
        )


def _arguments(tool: ToolMapping, request: Request) -> dict[str, JsonValue]:
    paths = [str(request.root / file) for file in request.files]
    values: dict[str, JsonValue] = {
        "files": list[JsonValue](paths),
        "file": paths[0],
        "config": str(request.root / request.config) if request.config else None,
    }
    if asks_for(dict(tool.arguments), "content"):
        values["content"] = _content(request.root / request.files[0], request.files[0])
    return fill(tool.arguments, values)


def _content(path: Path, file: str) -> str:
    with path.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadableOutput(f"It is not asked: {file} has more than {MOST_BYTES} bytes.")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UnreadableOutput(f"It is not asked: {file} is not UTF-8 text.") from None


def _unchecked(files: Sequence[str], taken: set[str]) -> dict[str, int]:
    left = [PurePosixPath(file) for file in files if file not in taken]
    return dict(Counter(path.suffix or path.name for path in left).most_common())
