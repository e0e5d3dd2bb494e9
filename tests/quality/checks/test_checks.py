"""There is a check for each kind of gate."""

from typing import Any, get_args

from gitops_auditor.config import Settings
from gitops_auditor.quality.checks.by_kind import checks_of
from gitops_auditor.quality.gate_rules import GateKind
from tests.execution.jobs import FixedSandbox
from tests.quality.checks.subjects import Commands


def test_every_kind_of_gate_has_its_check(commands: Commands, settings: Settings) -> None:
    unused: Any = object()
    checks = checks_of(
        settings,
        FixedSandbox(commands.processes),
        linter=unused,
        scanner=unused,
        baselines=unused,
        changed_lines=unused,
        coverage=unused,
        pipelines=unused,
    )
    assert set(checks) == set(get_args(GateKind))
