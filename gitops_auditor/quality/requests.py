"""What somebody wants validated, and what it comes to before any gate is asked."""

from dataclasses import dataclass, field
from pathlib import Path

from gitops_auditor.quality.gate import Gate, GateType
from gitops_auditor.quality.records import GateDetails
from gitops_auditor.quality.refusal import Refusal


@dataclass(frozen=True, slots=True)
class ValidationRequest:
    """A commit and the gates to ask about it.

    `ref` is a branch, tag, commit, WORKTREE or STAGED; empty for the default branch. `gate` is the
    name of a single gate. `base` is a ref that the change is compared with. `files` are the changed
    files, relative to the repository; with `changed_only` they are found out instead. `reuse` lets
    answers to the same question be reused. `index` is another index than the usual to read STAGED
    from: git names one to a hook while it commits what is not staged.
    """

    repository_id: str
    gate_type: GateType
    ref: str = ""
    gate: str | None = None
    base: str | None = None
    files: tuple[str, ...] | None = None
    changed_only: bool = False
    reuse: bool = True
    run_id: str | None = None
    index: Path | None = None


@dataclass(frozen=True, slots=True)
class AskedGate:
    """A gate that is asked. One that may not be trusted is not: `refused` says why."""

    stored: GateDetails
    gate: Gate
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The gates of a commit. `problems` are mistakes in its files: nothing passes with one."""

    gates: list[AskedGate] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
