"""A gate that runs a pipeline passes only when the run succeeded."""

from dataclasses import replace

import pytest

from gitops_auditor.quality.checks.pipeline import PipelineCheck
from gitops_auditor.quality.checks.ports import PipelineOutcome, PipelineStatus
from tests.quality.checks.subjects import COMMIT, Commands, gate, look


class Ending:
    """Pipelines whose runs end so."""

    def __init__(self, status: PipelineStatus, reason: str = "") -> None:
        self.outcome = PipelineOutcome("run1", status, reason)
        self.asked: list[str] = []

    async def run(
        self, repository_id: str, pipeline: str, commit: str, seconds: float, actor: str
    ) -> PipelineOutcome:
        self.asked.append(f"{repository_id} {pipeline} {commit} {seconds:g} {actor}")
        return self.outcome


@pytest.mark.parametrize(
    ("status", "verdict", "words"),
    [
        ("success", "passed", "Run run1 of the pipeline integration succeeded."),
        ("failed", "failed", "Run run1 of the pipeline integration failed. It broke."),
        ("cancelled", "error", "cancelled"),
        ("errored", "error", "errored"),
        ("timeout", "error", "did not end within 40 seconds"),
        ("missing", "error", "There is no pipeline integration"),
    ],
)
async def test_the_end_of_the_run_is_the_verdict(
    commands: Commands, status: PipelineStatus, verdict: str, words: str
) -> None:
    runner = Ending(status, "It broke.")
    subject = replace(commands.subject({}), actor="ann")
    evidence = await look(PipelineCheck(runner), gate(pipeline="integration"), subject)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence
    assert runner.asked == [f"r1 integration {COMMIT} 40 ann"]


async def test_a_gate_that_says_nothing_runs_the_pipeline_of_its_name(commands: Commands) -> None:
    runner = Ending("success")
    await look(PipelineCheck(runner), gate(name="Integration Tests"), commands.subject({}))
    assert runner.asked[0].startswith("r1 Integration Tests ")


async def test_a_pipeline_does_not_wait_for_itself(commands: Commands) -> None:
    runner = Ending("success")
    subject = replace(commands.subject({}), run_id="run0")
    evidence = await look(PipelineCheck(runner), gate(pipeline="all"), subject)
    assert (evidence.verdict, runner.asked) == ("error", [])
    assert "wait for itself" in evidence.reason
