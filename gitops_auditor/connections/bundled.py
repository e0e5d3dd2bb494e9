"""The platform's own linters as servers that are there without configuration.

An operator who configures a server of the same name in the file of MCP servers replaces them.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from gitops_auditor.config import Settings, variable_of
from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.errors import JsonValue

CODE_LINTER: Final = "code-linter"
SECURITY_SCANNER: Final = "security-scanner"

LONGEST_SECONDS: Final = 3600.0
"""Of one call; jobs and gates have shorter limits of their own."""

_PACKAGE_PARENT: Final = Path(__file__).resolve().parents[2]
_HANDED_ON: Final = (
    "data_dir",
    "log_level",
    "job_user",
    "job_folders",
    "minimum_isolation",
    "allow_unsandboxed",
    "grace_seconds",
    "job_memory_bytes",
    "job_cpus",
    "job_processes",
    "job_disk_bytes",
    "job_log_bytes",
    "advisory_database",
)
"""The settings that say how tools are kept apart from the machine, and what they know."""

_ROOT: Final = {"root": "{{ workspace }}"}
_FILES: Final = {**_ROOT, "files": "{{ files }}"}
_JUDGED: Final = {"fail_threshold": "{{ severity }}"}
_CHOSEN: Final = {"tools": "{{ linter }}"}
_CONFIGURED: Final = {"config": "{{ config }}"}
_ACTIONS: Final[Mapping[str, Mapping[str, tuple[str, Mapping[str, JsonValue]]]]] = {
    CODE_LINTER: {
        "lint": ("lint_files", {**_FILES, **_CONFIGURED, **_CHOSEN, **_JUDGED}),
        "format": ("check_format", {**_FILES, "formatter": "{{ linter }}"}),
        "fix": ("fix_files", {**_FILES, **_CHOSEN}),
    },
    SECURITY_SCANNER: {
        "scan": (
            "scan_files",
            # Of any repository there is something to scan for secrets.
            {**_FILES, **_CONFIGURED, **_CHOSEN, **_JUDGED, "parts": ["static", "secrets"]},
        ),
        "secrets": ("scan_secrets", {**_FILES, **_CHOSEN, **_JUDGED}),
        "dependencies": ("scan_dependencies", {**_ROOT, **_CHOSEN, **_JUDGED}),
    },
}
_DEFAULT: Final = {CODE_LINTER: "lint", SECURITY_SCANNER: "scan"}
_WITHOUT_VERDICT: Final = frozenset({"fix"})


def bundled_servers(
    settings: Settings, roots: Callable[[], Sequence[Path]]
) -> dict[str, Callable[[], ServerSettings]]:
    """What makes the settings of each bundled server, by its name.

    `roots` gives the folders that they may look at; it is asked when a server is first needed, and
    may block a moment.
    """
    return {name: partial(_server, name, settings, roots) for name in _ACTIONS}


def _server(name: str, settings: Settings, roots: Callable[[], Sequence[Path]]) -> ServerSettings:
    allowed = [f"--root={folder.absolute()}" for folder in roots()]
    return ServerSettings.model_validate(
        {
            "command": [sys.executable, "-m", "gitops_auditor.linters", name, *allowed],
            "env": _handed_on(settings),
            # With -m the folder is looked into for modules, so it must not be one of anybody's.
            "cwd": _PACKAGE_PARENT,
            "timeout": LONGEST_SECONDS,
            "actions": {word: _action(word, *what) for word, what in _ACTIONS[name].items()},
            "default": _DEFAULT[name],
        }
    )


def _action(word: str, tool: str, arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    verdict = None if word in _WITHOUT_VERDICT else "/clear"
    return {"tool": tool, "arguments": dict(arguments), "passed": verdict}


def _handed_on(settings: Settings) -> dict[str, str]:
    fields = type(settings).model_fields
    return {variable_of(fields[name]): _written(getattr(settings, name)) for name in _HANDED_ON}


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path):
        # The server stands in another folder than this process.
        return str(value.expanduser().absolute())
    if value is None:
        return ""
    return ",".join(map(_written, value)) if isinstance(value, tuple) else str(value)
