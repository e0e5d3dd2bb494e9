"""`gitops-auditor worker`: what it refuses to start with. What it does: tests/pipelines/remote."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.terminal import ROOT, ended, environment

SHARED = {
    "DATABASE_URL": "postgresql://somebody@127.0.0.1:1/nothing",
    "PIPELINE_ARTIFACTS_URL": "/srv/artifacts",
}


@pytest.mark.parametrize(
    ("given", "message", "remedy"),
    [
        ({"DATABASE_URL": ""}, "SQLite cannot be shared", "DATABASE_URL=postgresql://"),
        ({"PIPELINE_ARTIFACTS_URL": ""}, "keeps artifacts where", "PIPELINE_ARTIFACTS_URL"),
        ({"PIPELINE_WORKER_COUNT": "0"}, "not run a single job", "jobs that run at once"),
        ({}, "server cannot be reached", "DATABASE_URL"),
    ],
)
def test_a_worker_that_would_be_of_no_use_does_not_start(
    given: dict[str, str], message: str, remedy: str, tmp_path: Path
) -> None:
    env = environment(tmp_path / "data", **{**SHARED, **given})
    refused = ended("worker", env={name: value for name, value in env.items() if value})
    assert (refused.status, refused.out) == (1, "")
    assert message in refused.err
    assert remedy in refused.err
    assert "Traceback" not in refused.err


def test_no_workers_to_leave_runs_to_is_an_error_on_sqlite(tmp_path: Path) -> None:
    env = environment(tmp_path / "data", PIPELINE_WORKER_COUNT="0")
    refused = ended("runs", env=env)
    assert refused.status == 1
    assert "SQLite has no workers" in refused.err


def test_procrastinate_is_not_loaded_where_nobody_uses_it(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from gitops_auditor.app import executor_of\n"
        "from gitops_auditor.config import load_settings\n"
        "from gitops_auditor.services import open_services\n"
        "async def main():\n"
        "    async with open_services(load_settings()) as services, executor_of(services): pass\n"
        "asyncio.run(main())\n"
        "assert not {'procrastinate', 'psycopg'} & set(sys.modules)\n"
    )
    env = {**environment(tmp_path / "data"), "PIPELINE_ALLOW_UNSANDBOXED": "true"}
    subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, timeout=60, check=True)
