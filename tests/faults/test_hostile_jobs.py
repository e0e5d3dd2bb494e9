"""Jobs that do their worst end in time, leave nothing behind, and are explained truly."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from tests.faults.hostile import HOSTILE, TIMEOUT_SECONDS, why_not
from tests.faults.machine import GRACE_SECONDS, Machine, open_machine

SLACK_SECONDS = 5
"""More than a job needs to be gone on a busy machine; the exact figure is measured elsewhere."""


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_job_ends_in_time_leaves_nothing_and_is_explained(
    name: str, narrow: Settings
) -> None:
    hostile = HOSTILE[name]
    if reason := why_not(hostile):
        pytest.skip(reason)
    async with open_machine(narrow) as machine:
        ended = await machine.run(hostile.job)
    assert ended.left == []
    assert ended.seconds < TIMEOUT_SECONDS + GRACE_SECONDS + SLACK_SECONDS
    assert ended.run.status == ("failed" if hostile.cause else "success")
    assert (ended.failure.cause if ended.failure else "") == hostile.cause
    if not hostile.cause:  # what failed may be repeated in its folders for a while
        assert narrow.workspaces is not None
        assert list(narrow.workspaces.iterdir()) == []


async def test_links_and_pipes_are_no_artifacts(machine: Machine) -> None:
    for name in ("leaves a FIFO as an artifact", "leaves a link as an artifact"):
        ended = await machine.run(HOSTILE[name].job)
        assert [one.path for one in ended.run.artifacts] == ["kept"]


async def test_the_platform_obeys_no_git_configuration_that_a_job_left(
    machine: Machine, reachable: Path
) -> None:
    trace = reachable / "trace"
    script = f"""
        mkdir -p .git/hooks
        printf '#!/bin/sh\\necho obeyed >> {trace}\\n' > .git/hooks/post-checkout
        cp .git/hooks/post-checkout program
        chmod +x .git/hooks/post-checkout program
        git config --file .git/config core.fsmonitor "$PWD/program"
        git config --file .git/config diff.external "$PWD/program"
        git config --file .git/config core.hooksPath "$PWD/.git/hooks"
        git config --file .git/config filter.it.smudge "$PWD/program"
        echo '* filter=it' > .gitattributes
    """
    later = {
        "script": "echo fine > report",
        "condition": "exists('program')",
        "artifacts": ["**"],
        "cache": "program",
    }
    ended = await machine.run({"script": script}, later)
    assert ended.run.status == "success"
    assert [job.status for job in ended.run.jobs] == ["success", "success"]
    again = await machine.run({"script": "true"})
    assert again.run.status == "success"
    assert not trace.exists()


async def test_a_job_that_succeeds_after_a_hostile_one_finds_the_machine_as_it_was(
    machine: Machine,
) -> None:
    await machine.run(HOSTILE["spins"].job)
    assert (await machine.run({"script": "echo fine"})).run.status == "success"
