"""Explains what a gate said in one answer: the cause, the places, what to do about each."""

from typing import TYPE_CHECKING, Final

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import GateResult, GateStatus, Record

if TYPE_CHECKING:
    from gitops_auditor.quality.answers import Answers

CHARACTERS_A_TOKEN: Final = 4
MOST_COMMANDS: Final = 10


class FixCommand(Record):
    """Something to do, and how many findings it is about."""

    fix: str
    findings: int


class NextCall(Record):
    """An operation that is likely to help."""

    operation: str
    repository_id: str
    gate_type: GateType
    gate: str
    why: str


class GateExplanation(Record):
    """Why a gate said what it said. `findings` are the worst ones that fit the token budget.

    `fixes` are what to do, what helps most first. `broken_tools` could not look, with the reason.
    """

    result_id: str
    gate: str
    status: GateStatus
    required: bool
    cause: str
    counts: dict[Severity, int]
    findings: list[Finding]
    not_shown: int
    fixes: list[FixCommand]
    broken_tools: list[str]
    suggestion: str
    next_call: NextCall


class GateExplainer:
    """Explains answers that are kept."""

    def __init__(self, answers: "Answers") -> None:
        self._answers = answers

    async def explain(self, result_id: str, token_budget: int) -> GateExplanation:
        """Explain an answer in about that many tokens. Raises NotFound."""
        return explain(await self._answers.result(result_id), token_budget)


def explain(result: GateResult, token_budget: int) -> GateExplanation:
    """What a result comes to, with as many findings as fit into the budget."""
    shown = _fitting(result.findings, token_budget * CHARACTERS_A_TOKEN)
    broken = [
        f"{tool.tool}: {tool.reason}" for tool in result.tools if tool.status in ("error", "absent")
    ]
    return GateExplanation(
        result_id=result.id,
        gate=result.gate,
        status=result.status,
        required=result.required,
        cause=result.reason or f"The gate says {result.status}.",
        counts=result.counts,
        findings=shown,
        not_shown=max(sum(result.counts.values()), len(result.findings)) - len(shown),
        fixes=_fixes(result.findings),
        broken_tools=broken,
        suggestion=_suggestion(result),
        next_call=NextCall(
            operation="validate_quality",
            repository_id=result.repository_id,
            gate_type=result.gate_type,
            gate=result.gate,
            why="Ask this gate again once it is corrected.",
        ),
    )


def _fitting(findings: list[Finding], characters: int) -> list[Finding]:
    shown: list[Finding] = []
    for finding in findings:
        characters -= len(finding.model_dump_json(exclude_defaults=True))
        if characters < 0 and shown:
            break
        shown.append(finding)
    return shown


def _fixes(findings: list[Finding]) -> list[FixCommand]:
    counted: dict[str, int] = {}
    for finding in findings:
        if finding.fix:
            counted[finding.fix] = counted.get(finding.fix, 0) + 1
    most = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_COMMANDS]
    return [FixCommand(fix=fix, findings=count) for fix, count in most]


def _suggestion(result: GateResult) -> str:
    if result.fix:
        return result.fix
    if result.status == "error":
        return "Make it able to look: install what is missing, or correct the gate's definition."
    if result.findings:
        first = result.findings[0]
        place = f"{first.file}:{first.line}" if first.line else first.file or "the repository"
        return f"Begin with {first.rule} in {place}."
    return "Nothing is left to do." if result.status == "passed" else "Read the cause."
