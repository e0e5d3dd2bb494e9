"""The foreign servers whose answers are understood, each as it really answers.

Shapes of @eslint/mcp 0.3, mcp-server-analyzer 0.1, semgrep 1.182 (`semgrep mcp`), and of the
code-linter-mcp-server that has `lint_file` and `lint_content`.
"""

import re
from typing import Final

from gitops_auditor.quality.adapters.mapping import (
    Fields,
    FlagAnswer,
    JsonAnswer,
    ServerMapping,
    TextAnswer,
    ToolMapping,
)

ESLINT: Final = ServerMapping(
    "eslint",
    lint=ToolMapping(
        "lint-files",
        {"filePaths": "{{ files }}"},
        JsonAnswer(
            "lines",
            findings="/messages",
            fields=Fields("/message", "/ruleId", "/severity", "", "/line", "/column", "/endLine"),
            severities={"2": "high", "1": "medium"},
            looked_at="/filePath",
            totals=("/errorCount", "/warningCount"),
            unread=(
                ("/fatal", re.compile("true")),
                ("/message", re.compile("File ignored")),
            ),
        ),
        files=("**/*.js", "**/*.jsx", "**/*.cjs", "**/*.mjs", "**/*.ts", "**/*.tsx", "**/*.mts"),
    ),
)

ANALYZER: Final = ServerMapping(
    "mcp-server-analyzer",
    lint=ToolMapping(
        "ruff-check",
        {"code": "{{ content }}", "config_path": "{{ config }}"},
        JsonAnswer(
            "structured",
            findings="/issues",
            fields=Fields("/message", "/rule", "/severity", "", "/line", "/column", "/end_line"),
            severities={"error": "high", "warning": "medium", "info": "low"},
            totals=("/total_issues",),
            empty=("/error",),
            unread=(("/rule", re.compile("invalid-syntax")),),
        ),
        files=("**/*.py",),
    ),
    format=ToolMapping(
        "ruff-format",
        {"code": "{{ content }}"},
        FlagAnswer("/changed", "format", "It is not formatted.", "ruff format", empty=("/error",)),
        files=("**/*.py",),
    ),
)

SEMGREP: Final = ServerMapping(
    "semgrep",
    static=ToolMapping(
        "semgrep_scan",
        # It copies files by their names alone: of two of the same name it loses one.
        {"code_files": [{"path": "{{ file }}"}]},
        JsonAnswer(
            "structured",
            findings="/results",
            fields=Fields(
                "/extra/message",
                "/check_id",
                "/extra/severity",
                "/path",
                "/start/line",
                "/start/col",
                "/end/line",
            ),
            severities={
                "CRITICAL": "critical",
                "ERROR": "high",
                "HIGH": "high",
                "WARNING": "medium",
                "MEDIUM": "medium",
                "INFO": "low",
                "LOW": "low",
            },
            looked_at="/paths/scanned",
            names=True,
            empty=("/errors", "/skipped_rules"),
        ),
    ),
)

_SUMMARY: Final = r"\*\*Summary:\*\* (?P<ERROR>\d+) errors, (?P<WARNING>\d+) warnings"

CODE_LINTER_MCP: Final = ServerMapping(
    "code-linter-mcp-server",
    lint=ToolMapping(
        "lint_file",
        {"file_path": "{{ file }}"},
        TextAnswer(
            finding=re.compile(
                r"^  \[(?P<severity>ERROR|WARNING)\] (?P<message>.*?)(?: \(Line (?P<line>\d+)\))?$",
                re.MULTILINE,
            ),
            looked=re.compile(rf"{_SUMMARY}\n\n(?:\[OK\]|\[ERROR\]) \*\*"),
            severities={"ERROR": "high", "WARNING": "medium"},
            # It says Failed of a linter that could not be started, and has nothing to say of it.
            broken=re.compile(
                r"^\[ERROR\] \*\*[^*\n]+\*\*: Failed$(?!\n  \[)|No linters were run", re.MULTILINE
            ),
            rule="code-linter",
        ),
    ),
)

KNOWN: Final = (ESLINT, ANALYZER, SEMGREP, CODE_LINTER_MCP)
