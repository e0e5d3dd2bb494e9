"""Gates of the kind `pipeline`: a pipeline run at the commit, which has to succeed."""

from dataclasses import dataclass

from typing_extensions import override

from gitops_auditor.quality.checks.ports import PipelineOutcome, PipelineRunner
from gitops_auditor.quality.evidence import Check, Evidence, Subject
from gitops_auditor.quality.gate import Gate


@dataclass(frozen=True, slots=True)
class PipelineCheck(Check):
    """Starts a run and waits for its end."""

    runner: PipelineRunner

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        if subject.run_id is not None:
            return Evidence(
                "error",
                "A pipeline asks for this gate, which runs a pipeline: it would wait for itself.",
                fix="Make it a stage of the pipeline, and ask for the gate elsewhere.",
            )
        name = gate.pipeline_name
        outcome = await self.runner.run(
            subject.repository_id, name, subject.commit, seconds, subject.actor
        )
        return _judged(gate, name, outcome, seconds)

    @override
    async def identity(self, gate: Gate) -> str | None:
        return None


def _judged(gate: Gate, name: str, outcome: PipelineOutcome, seconds: float) -> Evidence:
    about = f"Run {outcome.run_id} of the pipeline {name}"
    metrics = {"run_id": outcome.run_id, "pipeline": name}
    if outcome.status == "success" and outcome.run_id:
        return Evidence("passed", f"{about} succeeded.", metrics=metrics)
    if outcome.status == "failed":
        return Evidence(
            "failed", f"{about} failed. {outcome.reason}", metrics=metrics, fix=gate.fix
        )
    if outcome.status == "missing":
        fix = "Name one that exists in `pipeline`, or give the pipeline the name of the gate."
        return Evidence("error", f"There is no pipeline {name}. {outcome.reason}".strip(), fix=fix)
    if outcome.status == "timeout":
        reason = f"{about} did not end within {seconds:g} seconds. {outcome.reason}".strip()
        return Evidence("error", reason, metrics=metrics, fix="Give the gate a longer `timeout`.")
    reason = f"{about} was not carried out to its end ({outcome.status}). {outcome.reason}".strip()
    return Evidence("error", reason, metrics=metrics, fix=gate.fix)
