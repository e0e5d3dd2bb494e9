"""Commands start fast because they load only what they use: this names what they must not load."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.factories.terminal import environment

SECONDS: Final = 60
MODULES: Final = (sys.executable, "-X", "importtime", "-m", "gitops_auditor")
FOREIGN: Final = (
    *("alembic", "cryptography", "fsspec", "jsonschema", "packaging", "procrastinate", "psycopg"),
    *("sqlalchemy.orm", "starlette", "structlog", "typst", "uvicorn"),
)
"""Big ones that neither a call that reads nor a run of a script needs."""

OURS: Final = (
    *("connections.connection", "http_api.app", "scheduling", "triggering"),
    *("pipelines.catalog", "pipelines.failures.readers", "pipelines.github_actions"),
    *("pipelines.remote", "pipelines.starting.deliveries"),
    *("linters", "quality.adapters", "quality.answers", "quality.asking", "quality.checks.by_kind"),
    *("quality.checks.running", "quality.comparing", "quality.gate_files", "quality.reporting"),
    *("quality.reports", "quality.selection", "quality.service", "quality.signing"),
    *("quality.validation", "wiring.gate_jobs"),
)
RUNNING: Final = (
    *("pipelines.carrying", "pipelines.engine", "pipelines.expanded_source", "pipelines.secrets"),
)
"""What is loaded to run a pipeline, and for nothing else."""

HELLO: Final[Mapping[str, object]] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
MESSAGES: Final[tuple[Mapping[str, object], ...]] = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "list_repositories", "arguments": {}},
    },
)


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose database is current."""
    given = environment(tmp_path / "data")
    migrate = [sys.executable, "-m", "gitops_auditor", "migrate"]
    subprocess.run(migrate, env=given, check=True, timeout=SECONDS, capture_output=True)
    return given


def forbidden(told: str, *ours: str) -> list[str]:
    """Which modules were loaded, of those that must not be; `told` is what Python says of them."""
    names = re.findall(r"^import time: .*\| +(\S+)$", told, re.MULTILINE)
    assert "gitops_auditor.services" in names
    unwanted = (*FOREIGN, *(f"gitops_auditor.{name}" for name in ours))
    return [name for name in names if name.startswith(unwanted)]


def test_the_first_call_over_stdio_loads_nothing_that_it_does_not_need(
    variables: dict[str, str], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    with (
        told.open("wb") as errors,
        subprocess.Popen(
            [*MODULES, "stdio"],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        for message in MESSAGES:
            server.stdin.write(json.dumps(message) + "\n")
        server.stdin.flush()
        answers = [json.loads(server.stdout.readline()) for _ in range(2)]
        server.communicate(timeout=SECONDS)
    assert not answers[1]["result"]["isError"]
    # The SDK itself loads these.
    theirs = ("starlette", "uvicorn", "cryptography")
    found = forbidden(told.read_text(encoding="utf-8"), *OURS, *RUNNING, "cli.session")
    assert [name for name in found if not name.startswith(theirs)] == []


def test_a_command_loads_neither_the_other_commands_nor_what_runs_pipelines(
    variables: dict[str, str],
) -> None:
    listing = [*MODULES, "runs"]
    done = subprocess.run(
        listing, env=variables, check=True, timeout=SECONDS, capture_output=True, text=True
    )
    others = ("cli.demo", "cli.doctor", "cli.scan", "cli.secrets", "cli.serve", "server")
    assert forbidden(done.stderr, *OURS, *RUNNING, *others) == []


def test_running_pipelines_loads_nothing_that_a_script_does_not_need() -> None:
    needed = "gitops_auditor.cli.run, gitops_auditor.pipelines.carrying"
    argv = [sys.executable, "-X", "importtime", "-c", f"import {needed}"]
    done = subprocess.run(argv, check=True, timeout=SECONDS, capture_output=True, text=True)
    others = ("cli.demo", "cli.doctor", "cli.scan", "cli.secrets", "cli.serve", "server")
    assert forbidden(done.stderr, *OURS, *others) == []
