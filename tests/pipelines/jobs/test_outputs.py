"""Outputs are what a job wrote to its file, and only what was declared."""

import pytest

from gitops_auditor.errors import InvalidRequest, TooLarge
from gitops_auditor.pipelines.jobs.outputs import MAX_VALUE_BYTES, parse_outputs
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from tests.pipelines.jobs.attempts import Attempts


async def test_declared_outputs_are_handed_on(scripts: ScriptJobs, attempts: Attempts) -> None:
    script = "echo version=1.2 >> $GITOPS_OUTPUT; echo other=x >> $GITOPS_OUTPUT"
    outcome, log = await attempts.run(scripts, {"script": script, "outputs": ["version"]})
    assert outcome.outputs == {"version": "1.2"}
    assert "`outputs` does not name them: other" in log
    assert list(attempts.workspace.home.iterdir()) == []


async def test_a_job_that_declares_none_is_told_of_what_it_writes(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, log = await attempts.run(scripts, "echo version=1 >> $GITOPS_OUTPUT")
    assert (outcome.failure, outcome.outputs) == (None, {})
    assert "`outputs` does not name them: version" in log
    assert list(attempts.workspace.home.iterdir()) == []


async def test_what_cannot_be_read_fails_a_job_that_declares_none(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, _ = await attempts.run(scripts, "mkfifo $GITOPS_OUTPUT")
    assert outcome.failure == "failed"
    assert "not a regular file" in outcome.reason


async def test_a_missing_output_fails_the_job(scripts: ScriptJobs, attempts: Attempts) -> None:
    outcome, _ = await attempts.run(scripts, {"script": "true", "outputs": ["version", "tag"]})
    assert outcome.failure == "failed"
    assert "did not set version, tag" in outcome.reason


async def test_a_failed_script_keeps_its_own_reason(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, _ = await attempts.run(scripts, {"script": "exit 4", "outputs": ["version"]})
    assert outcome.reason == "It ended with exit code 4."


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("rm $GITOPS_OUTPUT; ln -s /etc/passwd $GITOPS_OUTPUT", "cannot be read"),
        ("rm $GITOPS_OUTPUT; mkfifo $GITOPS_OUTPUT", "not a regular file"),
        ("rm $GITOPS_OUTPUT; mkdir $GITOPS_OUTPUT", "not a regular file"),
        ("head -c 3000000 /dev/zero > $GITOPS_OUTPUT", "more than"),
        ("rm $GITOPS_OUTPUT", "did not set version"),
        ("echo no name > $GITOPS_OUTPUT", "Line 1 of the outputs"),
    ],
)
async def test_a_hostile_file_fails_the_job(
    scripts: ScriptJobs, attempts: Attempts, script: str, sentence: str
) -> None:
    outcome, log = await attempts.run(scripts, {"script": script, "outputs": ["version"]})
    assert outcome.failure == "failed"
    assert sentence in outcome.reason
    assert outcome.outputs == {}
    assert "root:" not in log + outcome.reason


async def test_a_home_that_an_earlier_job_took_away_is_said(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    attempts.workspace.home.rmdir()
    outcome, _ = await attempts.run(scripts, "true")
    assert outcome.failure == "errored"
    assert "No file for outputs" in outcome.reason


def test_values_are_lines_or_blocks() -> None:
    content = b"a=1\n\nb=x=y z\r\nnotes<<END\nline 1\n\n a=2\nEND\na=3"
    assert parse_outputs(content) == {"a": "3", "b": "x=y z", "notes": "line 1\n\n a=2"}
    assert parse_outputs(b"") == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"ok=1\nnothing here", "Line 2"),
        (b"9x=1", "Line 1"),
        (b"notes<<END\nopen", "does not end"),
        (b"a=\xff", "UTF-8"),
        (b"a=\0", "null"),
    ],
)
def test_what_sets_nothing_is_refused_with_its_line(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        parse_outputs(content)


def test_a_long_value_is_refused() -> None:
    assert parse_outputs(b"a=" + b"x" * MAX_VALUE_BYTES)["a"]
    with pytest.raises(TooLarge, match="output a"):
        parse_outputs(b"a=" + b"x" * (MAX_VALUE_BYTES + 1))
