"""What a gate is asked about, and what it answers with: the interface of every kind of check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import Finding, ToolReport
from gitops_auditor.quality.gate import Gate, GateType

Verdict = Literal["passed", "failed", "skipped", "error"]
"""What a check says. `skipped`: there was nothing to look at, or to compare with; never a pass."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A commit of a repository, checked out into a folder that is thrown away.

    `commit` is its id, or WORKTREE or STAGED. `root` is its checkout, which checks may write into;
    `home` is a folder for what they leave. Both belong to the user of jobs. `tree` is the id of the
    tree. `files` are the changed files that are looked at, relative to the root, None for the whole
    repository. `base` is the commit that the change is compared with. `worktree` is the user's own
    folder, for a look at reports that are not under version control; it is None unless it is what
    was checked out. `run_id` is the pipeline run that asks, if one does. Of a base `renamed` gives
    the new paths of files that the change renamed, by those that they have here.
    """

    repository_id: str
    gate_type: GateType
    commit: str
    tree: str
    root: Path
    home: Path
    files: tuple[str, ...] | None = None
    base: str | None = None
    worktree: Path | None = None
    run_id: str | None = None
    actor: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The answer. `reason` is a sentence for each verdict but `passed`, which may have one too.

    `findings` are those that are worth showing; those at or above the gate's threshold failed it.
    `tools` are the reports of the tools that looked. `metrics` are figures. `fix` is what to do.
    """

    verdict: Verdict
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    tools: tuple[ToolReport, ...] = ()
    metrics: Mapping[str, JsonValue] = field(default_factory=dict)
    fix: str = ""


class Check(Protocol):
    """Answers gates of one kind."""

    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        """The answer within `seconds`.

        When it is cancelled it ends all that it started. A GitOpsError that it raises counts as the
        verdict `error` with its sentence.
        """

    async def identity(self, gate: Gate) -> str | None:
        """What the answer depends on beside the gate's definition and the files, such as tools.

        None when the answer may be another one the next time: it is not reused then.
        """
