"""The variables that the platform gives to scripts, as expressions of GitHub."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from gitops_auditor.pipelines.github_actions.expressions import BRANCH, EVENT, TAG
from gitops_auditor.pipelines.github_actions.job_graph import PlacedJob
from gitops_auditor.pipelines.github_actions.job_steps import OUTPUT_FILE
from gitops_auditor.pipelines.github_actions.names import quoted
from gitops_auditor.pipelines.github_actions.trigger_export import Report
from gitops_auditor.pipelines.trigger_models import Input

_USED = re.compile(r"\b(?:MATRIX|INPUT|OUTPUT|GITOPS)_[A-Z0-9_]+\b")
_OTHER = re.compile(r"[^A-Z0-9]+")
_FACTS: Final = {
    "GITOPS_RUN_ID": "github.run_id",
    "GITOPS_RUN_NUMBER": "github.run_number",
    "GITOPS_REPOSITORY": "github.repository",
    "GITOPS_BRANCH": BRANCH,
    "GITOPS_BASE_BRANCH": "github.base_ref",
    "GITOPS_TAG": TAG,
    "GITOPS_EVENT": EVENT,
    "GITOPS_COMMIT": "github.sha",
}


def runtime_variables(
    placed: PlacedJob, jobs: Mapping[str, PlacedJob], inputs: Mapping[str, Input], report: Report
) -> dict[str, str]:
    """Those that the job's script names. What GitHub has nothing for is reported."""
    job = placed.job
    known = {**_FACTS, "GITOPS_JOB_NAME": quoted(job.name)}
    known |= {f"MATRIX_{_upper(name)}": f"matrix.{name}" for name in _axes(placed)}
    known |= {f"INPUT_{_upper(name)}": f"inputs.{name}" for name in inputs}
    for name in placed.waits:
        before = jobs[name].job
        for output in before.outputs:
            variable = f"OUTPUT_{_upper(before.name)}_{_upper(output)}"
            known[variable] = f"needs.{name}.outputs.{output}"
    used = dict.fromkeys(_USED.findall(job.script or ""))
    for name in used:
        if name not in known and name not in job.env and name != OUTPUT_FILE:
            report(f"{placed.path}.script", f"GitHub has nothing to set {name} from")
    return {name: known[name] for name in used if name in known and name not in job.env}


def _axes(placed: PlacedJob) -> Iterable[str]:
    matrix = placed.job.matrix
    if matrix is None:
        return ()
    return dict.fromkeys([*matrix.axes, *(name for one in matrix.include for name in one)])


def _upper(name: str) -> str:
    return _OTHER.sub("_", name.upper()).strip("_")
