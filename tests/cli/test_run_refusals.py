"""What `gitops-auditor run` and `validate` say when nothing can be run."""

import os
from pathlib import Path

from tests.factories.git import make_repository
from tests.factories.terminal import ended, environment

UNKNOWN_SERVER = """
name: p
stages: [{name: s, jobs: [{name: j, mcp: linter, action: lint}]}]
"""
JOB = "name: p\nstages: [{name: s, jobs: [{name: j, script: 'true'}]}]\n"


async def test_a_file_with_a_mistake_is_named_once_and_not_taken_for_a_missing_one(
    tmp_path: Path,
) -> None:
    await make_repository(tmp_path / "it", {".gitops/pipeline.yaml": UNKNOWN_SERVER})
    done = ended("run", env=environment(tmp_path / "data"), folder=tmp_path / "it")
    assert done.status == 1
    said, refused, _ = done.err.splitlines()
    assert said.startswith(".gitops/pipeline.yaml:3:")
    assert "GITOPS_MCP_SERVERS" in said
    assert refused == "error: No pipeline of it can be run."


async def test_a_run_that_fails_before_its_first_job_says_why(tmp_path: Path) -> None:
    large = os.urandom(2**21)
    await make_repository(tmp_path / "it", {".gitops/pipeline.yaml": JOB, "large": large})
    env = environment(tmp_path / "data", PIPELINE_JOB_DISK_BYTES=str(2**20))
    done = ended("run", env=env, folder=tmp_path / "it")
    assert (done.status, done.err) == (1, "")
    cause, remedy = done.out.splitlines()[-2:]
    assert cause.startswith("The files to check out have")
    assert remedy == "Correct what the cause names, then start the pipeline again."


def test_a_file_that_is_not_there_is_named_by_validate(tmp_path: Path) -> None:
    done = ended("validate", env=environment(tmp_path / "data"), folder=tmp_path)
    assert done.status == 1
    assert ".gitops/pipeline.yaml cannot be read: No such file or directory." in done.err
