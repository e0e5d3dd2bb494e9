"""The checks that answer gates, one for each kind."""

from collections.abc import Mapping

from gitops_auditor.config import Settings
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.quality.checks.benchmark import BenchmarkCheck
from gitops_auditor.quality.checks.commands import CommandCheck
from gitops_auditor.quality.checks.coverage import CoverageCheck
from gitops_auditor.quality.checks.expression_check import ExpressionCheck
from gitops_auditor.quality.checks.pipeline import PipelineCheck
from gitops_auditor.quality.checks.ports import (
    Baselines,
    ChangedLines,
    CoverageSource,
    Linter,
    PipelineRunner,
    Scanner,
)
from gitops_auditor.quality.checks.producing import Producer
from gitops_auditor.quality.checks.running import CommandLines
from gitops_auditor.quality.checks.scans import LintCheck, ScanCheck
from gitops_auditor.quality.evidence import Check
from gitops_auditor.quality.gate_rules import GateKind


def checks_of(
    settings: Settings,
    sandbox: Sandbox,
    *,
    linter: Linter,
    scanner: Scanner,
    baselines: Baselines,
    changed_lines: ChangedLines,
    coverage: CoverageSource,
    pipelines: PipelineRunner,
) -> Mapping[GateKind, Check]:
    """The check of each kind of gate."""
    lines = CommandLines.open(settings, sandbox)
    producer = Producer(lines)
    return {
        "mcp": LintCheck(linter),
        "scan": ScanCheck(scanner),
        "command": CommandCheck(lines),
        "coverage": CoverageCheck(producer, coverage, changed_lines),
        "check": ExpressionCheck(),
        "benchmark": BenchmarkCheck(producer, baselines),
        "pipeline": PipelineCheck(pipelines),
    }
