"""An MCP server that looks for secrets and dangerous calls in source code."""

import re
from pathlib import Path
from typing import Literal

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel

Level = Literal["critical", "high", "medium", "low"]
RULES: dict[Level, re.Pattern[str]] = {
    "critical": re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----"),
    "high": re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,})\b"),
    "medium": re.compile(r"(?<![.\w])(?:eval|exec)\("),
    "low": re.compile(r"\bhttp://"),
}
SKIPPED = {".git", "node_modules"}
MAX_BYTES = 2**20

server = MCPServer("security-scanner")


class Report(BaseModel):
    """What was found; it passes when that is nothing."""

    passed: bool
    findings: list[str]


@server.tool()
def scan(folder: str, level: Level = "low") -> Report:
    """Scan the files of a folder for what is of this level or worse."""
    levels = list(RULES)
    rules = [RULES[one] for one in levels[: levels.index(level) + 1]]
    findings = [
        f"{path.relative_to(folder)}:{number}: {found[0]}"
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not path.is_symlink() and SKIPPED.isdisjoint(path.parts)
        if path.stat().st_size < MAX_BYTES
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        for rule in rules
        if (found := rule.search(line))
    ]
    return Report(passed=not findings, findings=findings)


if __name__ == "__main__":
    server.run("stdio")
