"""What an earlier implementation of the same document got wrong, by the numbers of its list.

10, literal addresses that ids hid, and 11, signatures over bodies that were written anew, are among
the tests of REST.
"""

from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from tests.factories.runs import Project, job_of, run_settings

EXAMPLE = (Path(__file__).parent / "document_example.yaml").read_text("utf-8")
SKIPPED = """
name: skipped
stages:
  - name: build
    jobs: [{name: compile, script: "true"}]
  - name: deploy
    condition: branch == 'production'
    jobs: [{name: ship, script: "false"}]
"""
PARALLEL = """
name: parallel
stages:
  - name: checks
    parallel: true
    jobs:
      - {name: fine, script: "true"}
      - {name: odd, script: "true"}
  - name: deploy
    jobs: [{name: ship, script: "true"}]
"""
ENDLESS = """
name: endless
stages:
  - name: one
    jobs:
      - forks:
          script: |
            setsid sh -c 'echo $$ > left; exec sleep 600' &
            while ! test -s left; do sleep 0.01; done
            echo "child $(cat left)"
            sleep 600
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


def test_jobs_written_as_maps_of_one_name_are_read() -> None:
    """1: the document's own example failed."""
    servers = ("code-linter", "security-scanner", "github")
    definition = parse_definition(EXAMPLE, servers=servers)
    jobs = [job.name for stage in definition.stages for job in stage.jobs]
    assert jobs == ["linting", "security", "compile", "unit-tests", "production"]
    assert [job.kind for job in definition.stages[0].jobs] == ["mcp", "mcp"]


async def test_a_stage_whose_condition_is_false_is_skipped_and_the_run_succeeds(
    project: Project,
) -> None:
    """2: skipped was taken for failed."""
    await project.define(SKIPPED)
    run = await project.run()
    assert (run.status, job_of(run, "deploy/ship").status) == ("success", "skipped")


async def test_a_fault_of_the_platform_in_one_parallel_job_fails_the_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3: an exception in a parallel job counted as success."""
    real = ScriptJobs.run

    async def faulty(self: ScriptJobs, attempt, *more):  # type: ignore[no-untyped-def]
        if attempt.job.id == "checks/odd":
            raise RuntimeError("a bug of ours")
        return await real(self, attempt, *more)

    monkeypatch.setattr(ScriptJobs, "run", faulty)
    await project.define(PARALLEL)
    run = await project.run()
    assert run.status == "failed"
    assert job_of(run, "checks/odd").failure_kind == "errored"
    assert job_of(run, "deploy/ship").status == "skipped"


async def test_cancelling_ends_every_process_of_a_job_before_the_run_is_cancelled(
    project: Project,
) -> None:
    """4: the child ran to its end."""
    await project.define(ENDLESS.replace("sleep 600", "sleep 60654"))
    started = await project.start()
    follower = project.services.pipelines.log_follower
    with anyio.fail_after(30):
        async with aclosing(follower.follow(started.id)) as pieces:
            async for piece in pieces:
                if "child" in piece.text:
                    break
    assert sleepers()
    run = await project.cancel(started.id)
    assert run.status == "cancelled"
    assert sleepers() == []


def sleepers() -> list[str]:
    """The processes of the endless job, seen from the host."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"sleep\x0060654"):
            found.append(process.name)
    return found


@pytest.mark.parametrize("ref", ["main; touch x", "$(touch x)", "--upload-pack=touch x", "`x`"])
async def test_what_a_caller_names_is_never_read_by_a_shell(project: Project, ref: str) -> None:
    """12: the address of a repository was put into a command line."""
    await project.define(SKIPPED)
    with pytest.raises(GitOpsError):
        await project.start(ref=ref)
    assert not list(project.path.glob("x*"))
