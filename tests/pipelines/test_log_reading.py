"""Logs read in parts, which never cut a character in two."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.pipelines.log_reading import LogText
from gitops_auditor.pipelines.records import Run
from tests.factories.runs import Project, run_settings

TEXT = "aä€😀" * 50
JOBS = f"""
name: texts
stages:
  - name: one
    parallel: true
    jobs:
      - says: {{script: "printf '%s' '{TEXT}'"}}
      - fails: {{script: "echo try && exit 1", retries: {{limit: 1, on: [failed], delay: 0}}}}
      - other: {{script: "printf 'a\\\\377b\\\\360'"}}
  - name: two
    jobs:
      - never: {{script: "true"}}
"""
ENDLESS = """
name: endless
stages: [{name: one, jobs: [{name: sleeps, script: sleep 600}]}]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
async def run(project: Project) -> Run:
    await project.define(JOBS)
    return await project.run()


async def read(
    project: Project,
    run: Run,
    job: str | None,
    offset: int | None,
    limit: int,
    attempt: int | None = None,
) -> LogText:
    return await project.services.pipelines.log_reader.read(run.id, job, attempt, offset, limit)


@pytest.mark.parametrize("limit", [4, 5, 7, 16, 10_000])
async def test_pieces_of_any_size_make_the_whole_text(
    project: Project, run: Run, limit: int
) -> None:
    whole, offset = "", 0
    while True:
        piece = await read(project, run, "one/says", offset, limit)
        assert piece.offset == offset
        assert len(piece.text.encode()) == piece.next_offset - offset <= limit
        whole, offset = whole + piece.text, piece.next_offset
        if piece.complete:
            break
    assert whole.endswith(TEXT)
    assert offset == piece.size == len(whole.encode())


@pytest.mark.parametrize("limit", range(4, 15))
async def test_the_end_of_a_log_begins_with_a_whole_character(
    project: Project, run: Run, limit: int
) -> None:
    piece = await read(project, run, "one/says", None, limit)
    assert TEXT.endswith(piece.text)
    assert limit - 4 < len(piece.text.encode()) <= limit
    assert piece.complete
    assert piece.offset == piece.size - len(piece.text.encode())


async def test_bytes_that_are_no_text_are_replaced_and_end_the_log_all_the_same(
    project: Project, run: Run
) -> None:
    piece = await read(project, run, "one/other", 0, 10_000)
    assert piece.text.endswith("a\ufffdb\ufffd")
    assert piece.complete


async def test_without_a_job_it_is_that_of_the_one_that_failed(project: Project, run: Run) -> None:
    piece = await read(project, run, None, None, 1000)
    assert (piece.job, piece.attempt) == ("one/fails", 2)
    assert "try" in piece.text


async def test_an_earlier_attempt_can_be_read(project: Project, run: Run) -> None:
    first = await read(project, run, "fails", 0, 1000, attempt=1)
    assert (first.attempt, first.complete) == (1, True)
    assert "try" in first.text


@pytest.mark.parametrize(
    ("job", "attempt"), [("absent", None), ("fails", 3), ("two/never", None), ("two/never", 1)]
)
async def test_what_has_no_log_is_not_found(
    project: Project, run: Run, job: str, attempt: int | None
) -> None:
    with pytest.raises(NotFound):
        await read(project, run, job, None, 1000, attempt)


async def test_past_the_end_there_is_nothing(project: Project, run: Run) -> None:
    size = (await read(project, run, "one/says", 0, 4)).size
    piece = await read(project, run, "one/says", size + 100, 1000)
    assert (piece.text, piece.complete) == ("", True)


async def test_the_log_of_a_running_job_is_not_complete(project: Project) -> None:
    await project.define(
        "name: endless\nstages: [{name: one, jobs: [{name: s, script: sleep 600}]}]"
    )
    started = await project.start()
    running = await project.until(started.id, lambda one: bool(one.jobs[0].attempt))
    piece = await read(project, running, None, None, 1000)
    assert not piece.complete
    await project.cancel(started.id)
