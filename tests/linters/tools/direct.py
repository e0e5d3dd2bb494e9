"""Starts the real program of a tool without a sandbox, and judges what it said.

The user of jobs does not reach every interpreter that tests run with; tests/linters/test_running.py
has the sandbox.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.linters import judging, programs
from gitops_auditor.linters.judging import Start
from gitops_auditor.linters.tool import Ended, Invocation, Program, Request, Tool
from tests.factories.npm_tools import FOLDER
from tests.linters.running import files_in

SECONDS = 60
DATABASE = Path(__file__).parent / "advisories"
"""Invented advisories."""


def request_for(
    tmp_path: Path,
    files: Mapping[str, str],
    config: str | None = None,
    *,
    given: str = "",
    advisories: Path | None = None,
) -> Request:
    """Files in a root, of which all are given, or those that `given` names."""
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    written = files_in(root, files)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return Request(root, tuple(given.split()) or written, config, scratch, advisories)


def program_of(tool: Tool) -> Program:
    """The installed program; skips without it."""
    found = programs.find(tool.programs, None, (FOLDER,))
    if found is None:
        pytest.skip(f"{tool.name} is not installed; {tool.install}")
    return found


def ended(tool: Tool, request: Request) -> Ended:
    """How the real program ends."""
    return started(tool.command(program_of(tool), request), request)


def started(invocation: Invocation, request: Request) -> Ended:
    """How an invocation ends."""
    path = os.pathsep.join([str(FOLDER), os.environ.get("PATH", "")])
    for name, text in invocation.planted.items():
        planted = request.scratch / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text(text, encoding="utf-8")
    done = subprocess.run(
        invocation.argv,
        cwd=request.root,
        env={
            **os.environ,
            "PATH": path,
            "HOME": str(request.scratch),
            **invocation.environment,
        },
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return Ended(code, done.stdout, done.stderr, 0.0)


def report_of(tool: Tool, request: Request) -> ToolReport:
    """What the real program amounts to."""
    return judging.judged(tool, [Start(request, ended(tool, request))])
