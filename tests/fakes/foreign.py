"""Linters of others as MCP servers, answering as the real ones were recorded to.

The first argument is which: `analyzer` (mcp-server-analyzer 0.1.2), `semgrep` (`semgrep mcp` of
1.182.0, which does not start without its service) or `origin` (code-linter-mcp-server 0.1.0). They
are not run themselves: two of them need packages that disagree with ours. A file fails that says
`BAD`; further words break the server: `lies`, `shouts`, `hides`, `fails`, `silent`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

KIND, *HOW = sys.argv[1:] or ["analyzer"]
BAD = "BAD"


def bad_lines(text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), 1) if BAD in line]


def analyzer(server: MCPServer) -> None:
    @server.tool(name="ruff-check")
    def ruff_check(code: str, config_path: str | None = None) -> dict[str, Any]:
        """Lint Python."""
        if "fails" in HOW:
            why = f"RUFF check failed: no {config_path}"
            return {"error": why, "issues": [], "total_issues": 0, "fixable_issues": 0}
        rule = "invalid-syntax" if "def (" in code else "F401"
        lines = [1] if "def (" in code else bad_lines(code)
        issues = [
            {
                "line": line,
                "column": 1,
                "end_line": line,
                "end_column": 4,
                "rule": rule,
                "message": "`os` imported but unused",
                "severity": "catastrophe" if "shouts" in HOW else "error",
                "fixable": True,
            }
            for line in lines
        ]
        shown = [] if "hides" in HOW else issues
        return {"issues": shown, "total_issues": len(issues), "fixable_issues": 0}

    @server.tool(name="ruff-format")
    def ruff_format(code: str, config_path: str | None = None) -> dict[str, Any]:
        """Format Python."""
        if "def (" in code:
            return {"error": "Failed to parse", "formatted_code": code, "changed": False}
        return {"formatted_code": code.replace("x=1", "x = 1"), "changed": "x=1" in code}


def semgrep(server: MCPServer) -> None:
    @server.tool()
    def semgrep_scan(code_files: list[dict[str, str]]) -> dict[str, Any]:
        """Scan files, which are copied by their names alone."""
        copies = {
            Path(one["path"]).name: Path(one["path"]).read_text("utf-8") for one in code_files
        }
        results = [
            {
                "check_id": "python.lang.security.bad",
                "path": "other.py" if "lies" in HOW else name,
                "start": {"line": line, "col": 1, "offset": 0},
                "end": {"line": line, "col": 4, "offset": 3},
                "extra": {"message": "It is bad.", "severity": "ERROR", "metadata": {}},
            }
            for name, text in copies.items()
            for line in bad_lines(text)
        ]
        errors = [{"code": 3, "level": "warn", "message": "Syntax error"}] if "fails" in HOW else []
        scanned = [] if "silent" in HOW else sorted(copies)
        return {
            "version": "1.182.0",
            "results": results,
            "errors": errors,
            "paths": {"scanned": scanned},
            "skipped_rules": [],
            "mcp_scan_results": {},
        }


def origin(server: MCPServer) -> None:
    @server.tool(structured_output=False)
    def lint_file(file_path: str, content: str | None = None) -> str:
        """Lint a file with all linters for its language."""
        if "silent" in HOW:
            return "[INFO] No linters were run"
        lines = bad_lines(content or Path(file_path).read_text("utf-8"))
        found = [f"  [ERROR] E501 line too long (Line {line})" for line in lines]
        count = 0 if "lies" in HOW else len(found)
        whole = [
            f"[FILE] **Linting Results for:** {file_path}\n",
            f"**Summary:** {count} errors, 0 warnings\n",
            "[ERROR] **flake8**: Failed" if found or "fails" in HOW else "[OK] **flake8**: Passed",
            *found,
            "[OK] **black**: Passed",
        ]
        text = "\n".join(whole)
        if found:
            raise ToolError(f"[ERROR] **LINTING FAILED - BLOCKING OPERATION**\n\n{text}")
        return text

    @server.tool()
    def check_linter_availability(language: str | None = None) -> str:
        """Say which linters are installed."""
        return json.dumps({"python": {"flake8": {"available": True}}, "asked": language})


if __name__ == "__main__":
    made = MCPServer(KIND)
    {"analyzer": analyzer, "semgrep": semgrep, "origin": origin}[KIND](made)
    made.run("stdio")
