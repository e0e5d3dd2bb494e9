"""How a run is left that is not over: for the next process to go on with, or at once."""

from typing import Final

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.course import Course
from gitops_auditor.pipelines.engine.record import Fenced, Impossible

HAND_OVER_SECONDS: Final = 10.0
"""How long jobs that must not be repeated may go on when the process is told to stop."""

_log = get_logger("pipelines")


async def hand_over(course: Course) -> None:
    """End the attempts of a run so that another process repeats them, and let go of the run.

    Takes at most HAND_OVER_SECONDS and twice what an attempt has to end. When the journal cannot
    be written, the next process finds out by itself that this one is gone.
    """
    if course.is_over:
        return
    try:
        await _end_attempts(course)
        for name, one in course.draft.state.jobs.items():
            if one.status == "running" and name not in course.draft.memory.asked:
                course.draft.hand_over(name)
        if course.draft.state.is_final:
            await course.finish()
        else:
            await course.release()
    except (Fenced, Impossible, Unavailable) as error:
        _log.warning("a run was not handed over", reason=error.message)
        await stop(course)


async def _end_attempts(course: Course) -> None:
    jobs = course.draft.arrangement.jobs
    started = course.now()
    for name, running in course.crew.running.items():
        if jobs[name].job.is_repeatable:
            course.crew.end(running, "handed over", started)
    while course.crew.running:
        left = started + HAND_OVER_SECONDS - course.now()
        if left <= 0:
            course.crew.end_all("handed over", course.now())
        await course.wait_for_crew(left if left > 0 else HAND_OVER_SECONDS)
        course.take_in()
        course.check_crew()


async def stop(course: Course) -> None:
    """End the attempts of a run that is not ours any more; nothing is written."""
    course.crew.end_all("cancelled", course.now())
    while course.crew.running:
        await course.wait_for_crew(HAND_OVER_SECONDS)
        course.forget_ended()
        course.check_crew()
