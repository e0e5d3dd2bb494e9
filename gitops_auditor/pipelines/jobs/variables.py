"""The variables that a job starts with, beside those that it inherits.

`MATRIX_<AXIS>`, `INPUT_<NAME>` and `OUTPUT_<JOB>_<NAME>` are in capitals, with `_` for each run of
characters that no variable can have; `<JOB>` is the job's id without its stage, so that the output
`version` of `build/image (arch=arm64)` is OUTPUT_IMAGE_ARCH_ARM64_VERSION. Outputs are those of
jobs of earlier stages and of jobs that this one waits for; where two names are equal, a job of
`needs` wins. What the definition sets wins over these, secrets win over that, and the facts of the
run, `GITOPS_...`, over all.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.handlers import Attempt
from gitops_auditor.pipelines.scope import environment

_OTHER: Final = re.compile(r"[^A-Z0-9]+")


def variables(attempt: Attempt, secrets: Mapping[str, str]) -> dict[str, str]:
    """The job's own variables. Raises InvalidRequest for a value that no variable can hold."""
    given = {
        **{f"MATRIX_{_name(axis)}": value for axis, value in attempt.job.matrix.items()},
        **{f"INPUT_{_name(name)}": _text(value) for name, value in attempt.inputs.items()},
        **dict(_outputs(attempt)),
        **environment(attempt.definition, attempt.stage.stage, attempt.job.job),
        **secrets,
        **_facts(attempt),
    }
    for name, value in given.items():
        if "\0" in value:
            raise InvalidRequest(
                f"The variable {name} has a null character.", hint="Remove it from the definition."
            )
    return given


def _facts(attempt: Attempt) -> dict[str, str]:
    event = attempt.event
    return {
        "GITOPS_RUN_ID": attempt.run_id,
        "GITOPS_RUN_NUMBER": str(attempt.run_number),
        "GITOPS_PIPELINE_ID": attempt.pipeline_id,
        "GITOPS_REPOSITORY": attempt.repository_id,
        "GITOPS_BRANCH": event.branch,
        "GITOPS_BASE_BRANCH": event.base_branch,
        "GITOPS_TAG": event.tag,
        "GITOPS_EVENT": event.type,
        "GITOPS_COMMIT": attempt.workspace.commit,
        "GITOPS_JOB_NAME": attempt.job.job.name,
    }


def _outputs(attempt: Attempt) -> Iterator[tuple[str, str]]:
    spec = attempt.job
    before = {
        job
        for job in attempt.outputs
        if job in spec.upstream or job.partition("/")[0] in attempt.stage.before
    }
    for job in sorted(before, key=lambda job: (job in spec.needs, job)):
        for name, value in attempt.outputs[job].items():
            yield f"OUTPUT_{_name(job.partition('/')[2])}_{_name(name)}", value


def _name(text: str) -> str:
    return _OTHER.sub("_", text.upper()).strip("_")


def _text(value: Written) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
