"""Asks one gate about a commit: what is known is reused, what breaks is an error."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.linters.lines import line_reader
from gitops_auditor.log import get_logger
from gitops_auditor.quality.evidence import Check, Evidence, Subject, Verdict
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.gate_rules import GateKind
from gitops_auditor.quality.known import Known
from gitops_auditor.quality.novelty import moved, only_new
from gitops_auditor.quality.requests import AskedGate
from gitops_auditor.quality.results import GateResult

_log = get_logger("quality")
LATE_SECONDS = 10.0
"""How long a check may take to notice that its time is over, before it is ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate said. `reused` is the result that the answer was taken from.

    `key` finds the answer again, None when it may be another one the next time. `new` is how many
    findings the base does not have, None when it was not compared.
    """

    asked: AskedGate
    evidence: Evidence
    seconds: float = 0.0
    key: str | None = None
    reused: GateResult | None = None
    new: int | None = None


class Asker:
    """Asks gates with the checks of their kinds."""

    def __init__(self, checks: Mapping[GateKind, Check], known: Known, settings: Settings) -> None:
        self._checks = checks
        self._known = known
        self._settings = settings

    async def ask(
        self, asked: AskedGate, subject: Subject, base: Subject | None, *, reuse: bool
    ) -> Answer:
        """The answer of one gate; a failure of ours is raised, every other one is an `error`."""
        began = time.monotonic()
        if asked.refused is not None:
            metrics = {"refused": asked.refused.code}
            return Answer(asked, Evidence("error", asked.refused.reason, metrics=metrics))
        key = await self._key(asked.gate, asked.stored.digest, subject, base)
        if key is not None and reuse and self._settings.quality_gate_cache_enabled:
            reused = await self._known.result(key)
            if reused is not None:
                return Answer(asked, _evidence_of(reused), 0.0, key, reused, reused.new)
        evidence, new = await self._compared(asked, subject, base)
        kept = key if evidence.verdict in ("passed", "failed") else None
        return Answer(asked, evidence, time.monotonic() - began, kept, None, new)

    async def _compared(
        self, asked: AskedGate, subject: Subject, base: Subject | None
    ) -> tuple[Evidence, int | None]:
        evidence = await self._look(asked.gate, subject)
        if base is None or not asked.gate.new_issues_only or not evidence.findings:
            return evidence, None
        before = await self._of_base(asked, base)
        if before.verdict == "error":
            reason = f"What is new cannot be told: the base could not be looked at. {before.reason}"
            return replace(evidence, verdict="error", reason=reason), None
        known = await anyio.to_thread.run_sync(
            moved, before.findings, base.renamed, line_reader(base.root)
        )
        return only_new(asked.gate, evidence, known)

    async def _of_base(self, asked: AskedGate, base: Subject) -> Evidence:
        key = await self._key(asked.gate, asked.stored.digest, base, None)
        found = await self._known.base_findings(key) if key is not None else None
        if found is not None:
            return Evidence("failed" if found else "passed", findings=tuple(found))
        evidence = await self._look(asked.gate, base)
        if key is not None and evidence.verdict in ("passed", "failed"):
            await self._known.keep_base_findings(key, evidence.findings)
        return evidence

    async def _look(self, gate: Gate, subject: Subject) -> Evidence:
        seconds = self._seconds(gate, subject)
        try:
            with anyio.fail_after(seconds + LATE_SECONDS):
                return await self._checks[gate.kind].look(gate, subject, seconds)
        except TimeoutError:
            return Evidence("error", f"It did not end within {seconds:g} seconds.")
        except GitOpsError as failure:
            return Evidence("error", failure.message, fix=failure.hint)
        except Exception as bug:  # noqa: BLE001 - one gate's fault must not hide what others say
            await _log.aexception("a check broke", gate=gate.name, kind=gate.kind)
            return Evidence(
                "error", f"The check itself broke ({type(bug).__name__}); see the platform's log."
            )

    def _seconds(self, gate: Gate, subject: Subject) -> float:
        if gate.timeout is not None:
            return gate.timeout
        if subject.gate_type == "pre_commit":
            return self._settings.quality_pre_commit_timeout
        return self._settings.pipeline_timeout_seconds

    async def _key(
        self, gate: Gate, digest: str, subject: Subject, base: Subject | None
    ) -> str | None:
        identity = await self._checks[gate.kind].identity(gate)
        if identity is None:
            return None
        files = ("*",) if subject.files is None else tuple(sorted(subject.files))
        compared = base.tree if base is not None and gate.new_issues_only else ""
        # Lengths keep the parts from running together.
        parts = (subject.repository_id, digest, identity, subject.tree, compared, *files)
        hashed = hashlib.sha256()
        for part in parts:
            data = part.encode("utf-8", "surrogateescape")
            hashed.update(b"%d:" % len(data) + data)
        return hashed.hexdigest()


def _evidence_of(reused: GateResult) -> Evidence:
    verdict: Verdict = "passed" if reused.status == "passed" else "failed"
    return Evidence(
        verdict,
        reused.reason,
        tuple(reused.findings),
        tuple(reused.tools),
        reused.metrics,
        reused.fix,
    )
