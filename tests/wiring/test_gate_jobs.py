"""Gate jobs of pipelines; the validator answers as the test wants, gates are tested elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select

from gitops_auditor.errors import NotFound, TimedOut, Unavailable
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.handlers import Attempt, Outcome, Workspace
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.quality.assembly import QualityServices
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.quality.validation import Progress
from gitops_auditor.services import Services
from gitops_auditor.storage.tables import audit_log
from gitops_auditor.wiring.gate_jobs import MOST_FINDINGS, GateJobs
from tests.quality.kept import finding, report, result

PASSED = report(1, result(score=100.0), score=98.6)


@dataclass
class FakeValidator:
    """Answers each type of gates as told; there is none of the types that it was not told of."""

    answers: Mapping[GateType, QualityReport | Exception]
    requests: list[ValidationRequest] = field(default_factory=list)

    async def validate(
        self, request: ValidationRequest, _actor: str, progress: Progress
    ) -> QualityReport:
        self.requests.append(request)
        await progress(0, 1, "Looking")
        answer = self.answers.get(request.gate_type)
        if answer is None:
            raise NotFound(f"No {request.gate_type} gate {request.gate}.", hint="Define it.")
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class FakeQuality:
    """Quality with nothing but a validator."""

    validator: FakeValidator


@dataclass
class KeptLog:
    """The log of one attempt."""

    text: str = ""

    def write(self, data: bytes) -> None:
        self.text += data.decode()

    async def close(self) -> int:
        return len(self.text)


def attempt(gate: str, log: KeptLog) -> Attempt:
    definition = parse_definition(
        f"name: p\nstages:\n  - name: s\n    jobs:\n      - {{name: j, gate: {gate}}}\n"
    )
    arrangement = arrange(definition)
    (job,) = arrangement.jobs.values()
    return Attempt(
        run_id="run1",
        run_number=7,
        pipeline_id="p1",
        repository_id="acme/it",
        number=1,
        job=job,
        stage=arrangement.stages[job.stage],
        definition=definition,
        event=Event(),
        inputs={},
        outputs={},
        workspace=Workspace(Path("checkout"), Path("home"), "c" * 40),
        cookie="c",
        timeout=30,
        log=log,
    )


async def run(services: Services, validator: FakeValidator, gate: str) -> tuple[Outcome, str]:
    log = KeptLog()
    handler = GateJobs(cast("QualityServices", FakeQuality(validator)), services.audit)
    return await handler.run(attempt(gate, log)), log.text


@pytest.mark.parametrize("name", ["pre_deploy", "pre-deploy", "Pre-Deploy"])
async def test_a_type_asks_all_of_its_gates_about_the_commit_of_the_run(
    services: Services, name: str
) -> None:
    validator = FakeValidator({"pre_deploy": PASSED})
    outcome, log = await run(services, validator, name)
    assert outcome == Outcome(metrics={"validation_id": "v01", "score": 98.6, "gates": 1})
    asked = ValidationRequest("acme/it", "pre_deploy", "c" * 40, run_id="run1")
    assert validator.requests == [asked]
    assert log == "Of 1 gate 1 passed.\npassed: Lint\n"


async def test_a_gate_is_looked_for_in_each_type_before_a_merge_first(services: Services) -> None:
    validator = FakeValidator({"post_phase": PASSED})
    outcome, _ = await run(services, validator, "Lint")
    assert outcome.failure is None
    assert [(one.gate_type, one.gate) for one in validator.requests] == [
        ("pre_merge", "Lint"),
        ("pre_commit", "Lint"),
        ("pre_deploy", "Lint"),
        ("post_phase", "Lint"),
    ]


async def test_a_gate_that_there_is_not_is_an_error(services: Services) -> None:
    outcome, log = await run(services, FakeValidator({}), "Lnit")
    assert (outcome.failure, outcome.reason) == ("errored", "No pre_merge gate Lnit.")
    assert "Define it." in log


@pytest.mark.parametrize(
    ("status", "failure"), [("failed", "failed"), ("error", "errored"), ("skipped", "errored")]
)
async def test_what_does_not_pass_fails_the_job(
    services: Services, status: str, failure: str
) -> None:
    told = report(status=status, passed=False, reason="Of 1 gate 1 did not pass.")
    outcome, _ = await run(services, FakeValidator({"pre_merge": told}), "pre_merge")
    assert (outcome.failure, outcome.reason) == (failure, "Of 1 gate 1 did not pass.")
    assert outcome.metrics["validation_id"] == "v01"


async def test_gates_that_are_off_stop_no_run(services: Services) -> None:
    told = report(status="skipped", passed=False, enforcement="off", reason="Nothing was asked.")
    outcome, log = await run(services, FakeValidator({"pre_merge": told}), "pre_merge")
    assert outcome.failure is None
    assert log == "Nothing was asked.\n"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (Unavailable("No room.", hint="Make some."), "errored"),
        (TimedOut("Too long.", hint="Wait."), "timeout"),
    ],
)
async def test_what_cannot_be_asked_says_why(
    services: Services, error: Exception, failure: str
) -> None:
    outcome, log = await run(services, FakeValidator({"pre_merge": error}), "pre_merge")
    assert outcome.failure == failure
    assert outcome.reason in log


async def test_the_log_has_the_places_and_what_to_do(services: Services) -> None:
    found = [finding(column=7), *[finding("low", line=at) for at in range(1, MOST_FINDINGS + 3)]]
    broken = result(status="failed", reason="They are many.", fix="make format", findings=found)
    told = report(1, broken, status="failed", passed=False, notes=["One file is not read."])
    _, log = await run(services, FakeValidator({"pre_merge": told}), "pre_merge")
    lines = log.splitlines()
    assert lines[1:5] == [
        "One file is not read.",
        "failed: Lint - They are many.",
        "a.py:3:7: high: It is so. [ruff E1]",
        "a.py:1: low: It is so. [ruff E1]",
    ]
    assert lines[-2:] == ["and 3 more", "What to do: make format"]


async def test_the_audit_knows_who_asked(services: Services) -> None:
    await run(services, FakeValidator({"pre_merge": PASSED}), "pre_merge")
    async with services.database.read() as connection:
        actors = {row.actor for row in await connection.execute(select(audit_log))}
    assert "pipeline run run1" in actors
