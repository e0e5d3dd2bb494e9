"""A job that asks for coverage fails below it, and says by how much."""

from dataclasses import replace

import pytest

from gitops_auditor.pipelines.jobs.script import ScriptJobs
from tests.pipelines.jobs.attempts import Attempts

REPORT = "printf 'SF:a\\nDA:1,1\\nDA:2,1\\nDA:3,1\\nDA:4,0\\nend_of_record\\n' > "


async def test_enough_coverage_is_measured_and_succeeds(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, log = await attempts.run(scripts, {"script": f"{REPORT} lcov.info", "coverage": "75%"})
    assert outcome.failure is None
    assert outcome.metrics["coverage_percent"] == 75.0
    assert "75.00 % of lines (3 of 4, lcov.info)" in log


async def test_too_little_coverage_fails_with_both_figures(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    job = {"script": f"{REPORT} lcov.info", "coverage": "80%"}
    outcome, _ = await attempts.run(scripts, job)
    assert (outcome.failure, outcome.exit_code) == ("failed", 0)
    assert "75.00 %" in outcome.reason
    assert "less than the 80 % asked for" in outcome.reason
    assert outcome.metrics["coverage_percent"] == 75.0


async def test_a_missing_report_fails_and_names_the_places(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, _ = await attempts.run(scripts, {"script": "true", "coverage": "80%"})
    assert outcome.failure == "failed"
    assert "coverage.xml, coverage.json" in outcome.reason
    named = {"threshold": 80, "report": "out/report.xml"}
    outcome, _ = await attempts.run(scripts, {"script": "true", "coverage": named})
    assert "no coverage report at out/report.xml" in outcome.reason


async def test_the_working_directory_is_looked_at_first(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    (attempts.workspace.checkout / "sub").mkdir(mode=0o777)
    (attempts.workspace.checkout / "sub").chmod(0o777)
    (attempts.workspace.checkout / "coverage.xml").write_text("stale", encoding="utf-8")
    job = {"script": f"{REPORT} lcov.info", "coverage": 75, "working_directory": "sub"}
    outcome, log = await attempts.run(scripts, job)
    assert outcome.failure is None
    assert "sub/lcov.info" in log


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("ln -s /etc/passwd coverage.xml", "cannot be read"),
        ("mkfifo coverage.xml", "not a regular file"),
        ("echo nonsense > coverage.xml", "no known format"),
        ("truncate -s 64000001 coverage.xml", "more than the 64000000"),
    ],
)
async def test_a_hostile_report_fails_the_job(
    scripts: ScriptJobs, attempts: Attempts, script: str, sentence: str
) -> None:
    roomy = scripts.settings.model_copy(update={"job_disk_bytes": 2**30})
    scripts = replace(scripts, settings=roomy)
    outcome, _ = await attempts.run(scripts, {"script": script, "coverage": "80%"})
    assert outcome.failure == "failed"
    assert sentence in outcome.reason


async def test_a_failed_script_is_not_measured(scripts: ScriptJobs, attempts: Attempts) -> None:
    outcome, _ = await attempts.run(scripts, {"script": "exit 2", "coverage": "80%"})
    assert outcome.reason == "It ended with exit code 2."
