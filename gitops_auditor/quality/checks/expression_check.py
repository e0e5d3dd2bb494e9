"""Gates of the kind `check`: conditions on the files of the checkout."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio.to_thread
from typing_extensions import override

from gitops_auditor.errors import GitOpsError
from gitops_auditor.execution.collecting import read_left
from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.checks.file_selection import entries_below
from gitops_auditor.quality.evidence import Check, Evidence, Subject, Verdict
from gitops_auditor.quality.file_conditions import Answer, evaluate, holds
from gitops_auditor.quality.gate import Gate

LARGEST_FILE: Final = 4 * 2**20
"""Larger ones are not read; whether a condition holds for them is not known."""
_IDENTITY: Final = "conditions-1"


@dataclass(frozen=True, slots=True)
class ExpressionCheck(Check):
    """Reads files of the checkout, and follows no links."""

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        deadline = time.monotonic() + seconds
        return await anyio.to_thread.run_sync(_look, gate, subject.root, deadline)

    @override
    async def identity(self, gate: Gate) -> str | None:
        return _IDENTITY


def _look(gate: Gate, root: Path, deadline: float) -> Evidence:
    answers = evaluate(
        gate.conditions,
        list(entries_below(root)),
        _reader(root),
        lambda: time.monotonic() > deadline,
    )
    held = holds(answers)
    verdict: Verdict = "error" if held is None else "passed" if held else "failed"
    worth = [answer for answer in answers if answer.holds is not True] or answers
    return Evidence(
        verdict,
        " ".join(answer.reason for answer in worth),
        tuple(_finding(answer) for answer in answers if answer.holds is False),
        metrics={"conditions": len(answers), "held": sum(one.holds is True for one in answers)},
        fix=gate.fix,
    )


def _reader(root: Path) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return read_left(root, path, max_bytes=LARGEST_FILE)
        except GitOpsError:
            return None

    return read


def _finding(answer: Answer) -> Finding:
    return Finding(
        tool="check",
        rule=answer.condition.requirement,
        severity="medium",
        message=answer.reason,
        file=answer.path,
        line=answer.line,
    )
