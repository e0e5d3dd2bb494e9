"""Validations as a quarter brings them: a rise, a bad week, quiet weekends, a gap."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gitops_auditor.formats.findings import SEVERITIES, Finding, Severity, counted
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.results import GateResult, GateStatus, Override, QualityReport
from gitops_auditor.quality.summaries import summarise
from gitops_auditor.quality.trend_models import FindingCount, ResultRow, ValidationRow
from gitops_auditor.quality.trends import trends

UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
ODD_NAMES = (
    "#set page[*bold*] $x$ <b>&amp; `code` @someone #12",
    "back\\slash \\| pipe | and \\n",
    "שלום עולם",
    "مرحبا 日本語 😀",
    "a café with naïve ☃ and Ωmega",
    '"><script>alert(1)</script>]]>',
    "x" * 200,
    "https://example.org/a_b_c ![image](x) [link](y)",
    "-- <!-- comment --> %s {0} {{x}} ::error::",
)
_NAMES = (
    "shop", "billing", "search", "identity", "warehouse", "mailer", "gateway", "frontend",
    "catalogue", "payments", "reports", "assets", "scheduler", "audit", "docs",
)  # fmt: skip
_GATES = ("Code linting", "Format check", "Test coverage", "Security scan", "Documentation")
_RULES: tuple[tuple[str, str, Severity], ...] = (
    ("ruff", "F401", "low"),
    ("bandit", "B602", "high"),
    ("eslint", "no-unused-vars", "medium"),
    ("shellcheck", "SC2086", "medium"),
    ("gitleaks", "generic-api-key", "critical"),
    ("hadolint", "DL3008", "low"),
)


def repository_names(count: int) -> list[str]:
    """Ids of repositories, all different."""
    return [f"acme/{_NAMES[at % len(_NAMES)]}{at // len(_NAMES) or ''}" for at in range(count)]


def history(
    repositories: int = 30, days: int = 90, until: datetime = UNTIL
) -> tuple[list[ValidationRow], list[ResultRow]]:
    """Validations and their results on the `days` days before `until`, the same each time."""
    found: list[ValidationRow] = []
    rows: list[ResultRow] = []
    for number, name in enumerate(repository_names(repositories)):
        for moment in _moments(number, days, until):
            validation = _validation(name, number, moment, days, until)
            found.append(validation)
            rows += _results(validation, number)
    return found, rows


def _moments(number: int, days: int, until: datetime) -> Iterator[datetime]:
    for day in range(days):
        start = until - timedelta(days=days - day)
        left = days - day
        away = 46 <= left < 51 or (number == 4 and left > 40)
        if away or (start.weekday() >= 5 and (number + day) % 7):
            continue
        for turn in range(1 + (number * 7 + day * 3) % 3):
            yield start + timedelta(hours=8 + 4 * turn, minutes=number)


def _validation(
    name: str, number: int, moment: datetime, days: int, until: datetime
) -> ValidationRow:
    age = (until - moment).days
    bad = 18 <= age <= 24
    luck = (number * 31 + age * 17 + moment.hour) % 23
    status: GateStatus = "passed"
    if luck < (9 if bad else 2):
        status = "failed"
    elif luck < (11 if bad else 4):
        status = "warning"
    elif luck == 12 and number % 5 == 0:
        status = "error"
    elif luck == 20:
        status = "skipped"
    wave = 4 * math.sin(age / 6 + number)
    level = 72 + 20 * (1 - age / days) - (number % 6) * 3 + wave - (14 if bad else 0)
    return ValidationRow(
        id=f"{name}@{moment.isoformat()}",
        repository_id=name,
        status=status,
        score=None if status in {"skipped", "error"} else max(0.0, min(100.0, level)),
        duration_seconds=3.0 + number % 4 + (age % 9) / 3,
        executed_at=moment,
    )


def _results(validation: ValidationRow, number: int) -> Iterator[ResultRow]:
    age = (UNTIL - validation.executed_at).days
    phase: GateType = "pre_merge" if number % 2 else "pre_commit"
    for at, gate in enumerate(_GATES):
        worst = at == number % len(_GATES)
        counts: dict[Severity, int] = {
            severity: max(0, (rank * 2 + age // 12 - at) // (2 if worst else 5))
            for rank, severity in enumerate(SEVERITIES)
        }
        yield ResultRow(
            validation_id=validation.id,
            repository_id=validation.repository_id,
            gate_id=f"gate-{at}",
            gate=gate,
            gate_type=phase,
            status=validation.status if worst else "passed",
            duration_seconds=validation.duration_seconds * (at + 1) / 5,
            executed_at=validation.executed_at,
            counts={severity: count for severity, count in counts.items() if count},
            overridden=worst and validation.status == "failed" and age % 11 == 0,
        )


def finding_counts() -> list[FindingCount]:
    """Rules that were broken, more than a list of ten has room for."""
    return [
        FindingCount(tool, f"{rule}{turn or ''}", severity, (at + 3) * 17 - turn)
        for turn in range(2)
        for at, (tool, rule, severity) in enumerate(_RULES)
    ]


def report_data(repositories: int = 30, days: int = 90) -> ReportData:
    """A report of the second half of the history, with trends of all repositories."""
    found, rows = history(repositories, days * 2)
    since = UNTIL - timedelta(days=days)
    last = (UNTIL - timedelta(seconds=1)).date()
    return ReportData(
        title="Quality of the acme workspace",
        generated_at=UNTIL + timedelta(hours=6, microseconds=123_456),
        summary=summarise(found, rows, finding_counts(), since, UNTIL),
        trends=trends(found, rows, last, days, by_repository=True),
        reports=[quality_report()],
    )


def findings(name: str = "src/shop/basket.py") -> list[Finding]:
    """One finding of each severity; the last is not about a file."""
    return [
        Finding(
            tool="gitleaks", rule="generic-api-key", severity="critical", file=name, line=12,
            column=5, message="A key for an interface is in the source.",
            fix="Withdraw the key, then read it from the environment.", fingerprint="a" * 32,
        ),
        Finding(
            tool="bandit", rule="B602", severity="high", file=name, line=40,
            message="A shell is started with text that comes from outside.",
            fix="Pass a list of arguments and no shell.", fingerprint="b" * 32,
        ),
        Finding(
            tool="eslint", rule="no-unused-vars", severity="medium", file="web/app.js", line=3,
            column=7, message="'total' is assigned a value but never used.", fingerprint="c" * 32,
        ),
        Finding(
            tool="pip-audit", rule="PYSEC-2024-1", severity="low",
            message="A dependency has a known weakness.", fingerprint="d" * 32,
        ),
    ]  # fmt: skip


def gate_result(
    name: str, status: GateStatus, *, reason: str = "", fix: str = "", required: bool = True,
    found: list[Finding] | None = None, override: Override | None = None,
) -> GateResult:  # fmt: skip
    """The answer of one gate."""
    return GateResult(
        id=f"result-{name}"[:60],
        validation_id="validation-1",
        repository_id="acme/shop",
        gate_id=f"gate-{name}"[:60],
        gate=name,
        gate_type="pre_merge",
        kind="scan" if found else "command",
        status=status,
        required=required,
        reason=reason,
        fix=fix,
        score=None if status in {"error", "skipped"} else 100.0 if status == "passed" else 41.5,
        counts=counted(found or ()),
        findings=found or [],
        duration_seconds=1.25,
        commit="0123456789abcdef0123456789abcdef01234567",
        tree="89abcdef0123456789abcdef0123456789abcdef",
        digest="d" * 64,
        override=override,
        executed_at=UNTIL,
    )


def quality_report(
    gates: list[GateResult] | None = None, repository: str = "acme/shop"
) -> QualityReport:
    """A validation that failed, with a result of each kind unless others are given."""
    override = Override(
        id="override-1", repository_id="acme/shop", gate_id="gate-Licences", tree="89abcdef",
        reason="The licence was agreed on by letter.", created_by="dana", created_at=UNTIL,
    )  # fmt: skip
    known = gates or [
        gate_result("Code linting", "passed"),
        gate_result(
            "Security scan", "failed", reason="4 findings, 3 of them at or above medium.",
            fix="Run: code-linter fix", found=findings(),
        ),
        gate_result(
            "Integration tests", "error", reason="The tests took longer than 300 seconds.",
            fix="Make them faster, or raise the gate's timeout.",
        ),
        gate_result("Format check", "warning", reason="2 files differ.", required=False),
        gate_result("Licences", "failed", reason="A licence is not known.", override=override),
        gate_result("Containers", "skipped", reason="There is no Dockerfile."),
    ]  # fmt: skip
    return QualityReport(
        id="validation-1", repository_id=repository, gate_type="pre_merge", ref="feature/basket",
        commit="0123456789abcdef0123456789abcdef01234567",
        tree="89abcdef0123456789abcdef0123456789abcdef", enforcement="strict", status="error",
        passed=False, reason="Integration tests could not look; Security scan failed.", score=41.5,
        gates=[one.model_copy(update={"repository_id": repository}) for one in known],
        files=["src/shop/basket.py", "web/app.js"], executed_at=UNTIL,
        duration_seconds=6.2, notes=["Only the changed files were looked at."],
    )  # fmt: skip
