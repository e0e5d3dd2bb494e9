"""Repositories whose quality gates are asked, with the tools that are installed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.audit import AuditRecord
from gitops_auditor.identity import LOCAL
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.gate_files import DEFAULT_PATH
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.quality.results import GateResult, QualityReport
from gitops_auditor.services import Services
from tests.factories.git import commit, make_repository
from tests.factories.python_programs import offer_programs
from tests.factories.runs import run_settings

ACTOR = "test"


def gate_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings under which tools run wherever the tests run; `folder` is that of `run_folder`."""
    programs = folder / "programs"
    packages = offer_programs(programs, monkeypatch)
    folders = (programs, *packages) if packages else ()
    return {**run_settings(folder), "job_folders": folders}


def written(gate_type: GateType, *gates: Mapping[str, Any]) -> str:
    """A file with these gates."""
    return json.dumps({"quality_gates": {gate_type: gates}})


@dataclass(frozen=True)
class GatedProject:
    """A registered repository, and the questions to its gates."""

    services: Services
    path: Path
    repository_id: str

    async def state(
        self, gates: str | Mapping[str, Any], files: Mapping[str, str | bytes] | None = None
    ) -> str:
        """Commit the gates that are asked, or a single one before merging; returns the commit."""
        text = gates if isinstance(gates, str) else written("pre_merge", gates)
        return await commit(self.path, {DEFAULT_PATH: text, **(files or {})})

    async def validate(
        self, ref: str = "main", gate_type: GateType = "pre_merge", **request: Any
    ) -> QualityReport:
        """Ask the gates."""
        asked = ValidationRequest(self.repository_id, gate_type, ref, **request)
        async with self.services.audit.operation(ACTOR, "validate_quality", {}):
            return await self.services.quality.validator.validate(asked, ACTOR, untold)

    async def only(self, ref: str = "main", **request: Any) -> GateResult:
        """Ask the gates, of which there is one, and give what that says."""
        (result,) = (await self.validate(ref, **request)).gates
        return result


async def open_gated(
    services: Services, path: Path, files: Mapping[str, str | bytes]
) -> GatedProject:
    """A repository at `path` whose first commit holds these files, registered."""
    await make_repository(path, files, origin="https://example.org/acme/tool.git")
    async with services.audit.operation(ACTOR, "register_repository", {}):
        repository = await services.repositories.register_path(path, LOCAL)
    return GatedProject(services, path, repository.id)


async def recorded(services: Services, operation: str) -> AuditRecord:
    """The newest entry of the audit about an operation."""
    entries = await services.audit.page(0, 1_000)
    return [one for one in entries if one.operation == operation][-1]


def named(report: QualityReport, gate: str) -> GateResult:
    """What one gate of a report said."""
    return next(one for one in report.gates if one.gate == gate)


async def untold(_done: float, _total: float | None, _message: str) -> None:
    """Nobody follows."""
