"""Asks quality gates about what a plan made of a repository."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gitops_auditor.audit import Audit
from gitops_auditor.orchestrator.gate_definitions import GateDefinitions, StatedGates
from gitops_auditor.orchestrator.records import GateEvidence, Phase, Plan
from gitops_auditor.quality.assembly import QualityServices
from gitops_auditor.quality.gate import GATE_TYPES, GateType
from gitops_auditor.quality.records import GateDetails
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry

DEFAULT_TYPES: Final[tuple[GateType, ...]] = ("post_phase", "pre_merge")
"""Asked, as far as a repository states any, when a plan names no gates."""


class GateQuestion(NamedTuple):
    """Gates to be asked about a commit, in which findings count that the base does not have.

    `quality_gates` are types or names of gates; none means the types of DEFAULT_TYPES.
    """

    repository_id: str
    commit: str
    base: str
    quality_gates: Sequence[str] = ()
    plan_id: str = ""


class _Wanted(NamedTuple):
    gate_type: GateType
    gate: str | None = None


@dataclass(frozen=True)
class _Known:
    """Repositories by id, the gates of the platform, and what was read of commits."""

    repositories: Mapping[str, Repository]
    platform: Sequence[GateDetails]
    stated: dict[tuple[str, str], StatedGates] = field(default_factory=dict)


class PhaseGates:
    """One validation for each type, or for each gate that is named."""

    def __init__(
        self,
        quality: QualityServices,
        repositories: RepositoryRegistry,
        audit: Audit,
        known: "_Known | None" = None,
    ) -> None:
        """`known` is what `for_all` looked up."""
        self._quality = quality
        self._repositories = repositories
        self._audit = audit
        self._known = known
        self._definitions = GateDefinitions(quality.gates, repositories.revisions)

    async def for_all(self, repositories: Sequence[Repository]) -> "PhaseGates":
        """The same for these repositories, with the platform's gates as they are now: they are not
        looked up again for each.
        """
        known = _Known({one.id: one for one in repositories}, await self._definitions.given())
        return PhaseGates(self._quality, self._repositories, self._audit, known)

    async def ask(
        self,
        plan: Plan,
        phase: Phase,
        repository_id: str,
        commit: str,
        quality_gates: Sequence[str] | None,
        actor: str,
    ) -> list[GateEvidence]:
        """Ask about a repository of a phase; None as `quality_gates` means those of the phase.

        Raises as `ask_about`.
        """
        wanted = phase.quality_gates if quality_gates is None else quality_gates
        base = plan.rendering(repository_id).base_commit
        question = GateQuestion(repository_id, commit, base, tuple(wanted), plan.id)
        return await self.ask_about(question, actor)

    async def ask_about(self, question: GateQuestion, actor: str) -> list[GateEvidence]:
        """What the gates say; never empty.

        A gate that is named and not stated did not pass. A repository that states nothing is
        `skipped`, and so are gates that had nothing to look at: that fails no phase. Raises
        NotFound for the repository and the commit; whatever else goes wrong is evidence.
        """
        stated = await self._stated(question.repository_id, question.commit)
        evidence = [_unknown(question, name) for name in _unknown_names(question, stated)]
        evidence += [await self._asked(question, one, actor) for one in _wanted(question, stated)]
        return evidence or [_nothing(question)]

    async def digest(self, repository_id: str, commit: str) -> str:
        """A digest over the definitions of all gates that could be asked about a commit.

        No tool is started. Raises NotFound, Unavailable.
        """
        return (await self._stated(repository_id, commit)).digest

    async def _stated(self, repository_id: str, commit: str) -> StatedGates:
        known = self._known
        if known is None or repository_id not in known.repositories:
            repository = await self._repositories.get(repository_id)
            return await self._definitions.of(repository, commit, await self._definitions.given())
        stated = known.stated.get((repository_id, commit))
        if stated is None:
            repository = known.repositories[repository_id]
            stated = await self._definitions.of(repository, commit, known.platform)
            known.stated[repository_id, commit] = stated
        return stated

    async def _asked(self, question: GateQuestion, one: _Wanted, actor: str) -> GateEvidence:
        request = ValidationRequest(
            question.repository_id,
            one.gate_type,
            question.commit,
            one.gate,
            base=question.base if question.base != question.commit else None,
        )
        facts = {
            "plan_id": question.plan_id,
            "repository_id": question.repository_id,
            "gate_type": one.gate_type,
            "gate": one.gate,
        }
        async with self._audit.operation(actor, "validate_quality", facts):
            report = await self._quality.validator.validate(request, actor, _untold)
        return _evidence(one, report)


async def _untold(_done: float, _total: float | None, _message: str) -> None:
    """The evidence tells at the end."""


def _wanted(question: GateQuestion, stated: StatedGates) -> Iterator[_Wanted]:
    names = {(one.gate_type, one.name) for one in stated.gates}
    types = {gate_type for gate_type, _ in names}
    whole = _types(question)
    for gate_type in whole:
        # What cannot be read is asked all the same: the validation says what is wrong.
        if gate_type in types or stated.problem:
            yield _Wanted(gate_type)
    for name in question.quality_gates:
        for gate_type in GATE_TYPES:
            if (gate_type, name) in names and gate_type not in whole:
                yield _Wanted(gate_type, name)


def _types(question: GateQuestion) -> tuple[GateType, ...]:
    """The types of which all gates are asked."""
    if not question.quality_gates:
        return DEFAULT_TYPES
    found = [_as_type(one) for one in question.quality_gates]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _as_type(text: str) -> GateType | None:
    name = text.lower().replace("-", "_")
    return next((one for one in GATE_TYPES if one == name), None)


def _unknown_names(question: GateQuestion, stated: StatedGates) -> Iterator[str]:
    names = {one.name for one in stated.gates}
    for text in question.quality_gates:
        if _as_type(text) is None and text not in names:
            yield text


def _evidence(one: _Wanted, report: QualityReport) -> GateEvidence:
    return GateEvidence(
        repository_id=report.repository_id,
        gate_type=one.gate_type,
        gate=one.gate,
        commit=report.commit,
        validation_id=report.id,
        status=report.status,
        passed=report.passed or report.status == "skipped",
        reason=report.reason,
    )


def _unknown(question: GateQuestion, name: str) -> GateEvidence:
    return GateEvidence(
        repository_id=question.repository_id,
        gate_type="",
        gate=name,
        commit=question.commit,
        validation_id="",
        status="error",
        passed=False,
        reason=f"{question.repository_id} states no gate {name}; define it, or leave it out.",
    )


def _nothing(question: GateQuestion) -> GateEvidence:
    types = _types(question)
    return GateEvidence(
        repository_id=question.repository_id,
        gate_type=types[0],
        commit=question.commit,
        validation_id="",
        status="skipped",
        passed=True,
        reason=f"{question.repository_id} states no gate of the type {' or '.join(types)}.",
    )
