"""What to do about a failure where neither the tool nor the gate says it."""

import shlex
from collections.abc import Mapping
from typing import Final

from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.evidence import Evidence
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.gate_rules import GateKind

_COMMANDS: Final[Mapping[str, str]] = {
    "ruff": "ruff rule {rule}",
    "ruff check": "ruff rule {rule}",
    "ruff format": "ruff format {file}",
    "biome": "biome explain {rule}",
    "prettier": "prettier --write {file}",
    "black": "black {file}",
    "isort": "isort {file}",
}
"""Commands that correct a finding, or tell how."""

_OF_GATES: Final[Mapping[GateKind, str]] = {
    "coverage": "Write tests that reach the lines that are named.",
    "benchmark": "Find what made the figures worse; where they are meant to be, record them as"
    " those of a release.",
}


def advised(finding: Finding) -> Finding:
    """The finding with what to do about it; one without a file is about the gate as a whole."""
    if finding.fix or not finding.file:
        return finding
    return finding.model_copy(update={"fix": _of_finding(finding)})


def gate_advice(gate: Gate, evidence: Evidence) -> str:
    """What to do about a gate that failed, empty where its findings say it."""
    if evidence.verdict != "failed":
        return ""
    if gate.check is not None:
        return f"Make it so that {gate.check}."
    run = evidence.metrics.get("run_id")
    if gate.kind == "pipeline" and run:
        return f"Call explain_failure for the run {run}."
    return _OF_GATES.get(gate.kind, "")


def _of_finding(finding: Finding) -> str:
    command = _COMMANDS.get(finding.tool)
    rule = finding.rule.rpartition("/")[2]
    if command is not None and (_is_code(rule) or "{rule}" not in command):
        return f"Run: {command.format(rule=rule, file=shlex.quote(finding.file))}"
    place = f"line {finding.line} of {finding.file}" if finding.line else finding.file
    return f"Correct {place} as the rule {finding.rule} of {finding.tool} asks."


def _is_code(rule: str) -> bool:
    """Whether the tool can be asked for the rule; mistakes of syntax have none."""
    return rule.isalnum()
