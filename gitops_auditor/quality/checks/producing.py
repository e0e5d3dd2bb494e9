"""A gate's command that writes the file which the gate is about, such as tests with coverage."""

from dataclasses import dataclass

from gitops_auditor.quality.checks.command_line import read_command_line
from gitops_auditor.quality.checks.judging import judge
from gitops_auditor.quality.checks.output import tail
from gitops_auditor.quality.checks.running import CommandLines
from gitops_auditor.quality.evidence import Evidence, Subject
from gitops_auditor.quality.gate import Gate


@dataclass(frozen=True, slots=True)
class Producer:
    """Runs such commands."""

    lines: CommandLines

    async def run(self, gate: Gate, subject: Subject, seconds: float) -> Evidence | None:
        """Run the gate's command; what is wrong with it, None when it did its work."""
        ran = await self.lines.run(gate, subject, seconds)
        judgement = judge(ran, read_command_line(gate.command or ""))
        if judgement.verdict == "passed":
            return None
        reason = f"The gate's command did not succeed. {judgement.reason}"
        metrics = {"exit_code": ran.exit_code, "output_tail": tail(ran.output)}
        return Evidence(judgement.verdict, reason, metrics=metrics, fix=judgement.fix or gate.fix)
