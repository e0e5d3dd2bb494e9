"""What GitHub's runner gives to scripts, where a script uses it."""

import re
from typing import Final, NamedTuple

_USED = re.compile(r"\b(?:GITHUB|RUNNER)_[A-Z_]+\b")
_OURS: Final = {
    "GITHUB_SHA": "$GITOPS_COMMIT",
    "GITHUB_REF_NAME": "${GITOPS_TAG:-$GITOPS_BRANCH}",
    "GITHUB_BASE_REF": "$GITOPS_BASE_BRANCH",
    "GITHUB_RUN_ID": "$GITOPS_RUN_ID",
    "GITHUB_RUN_NUMBER": "$GITOPS_RUN_NUMBER",
    "GITHUB_WORKSPACE": "$(git rev-parse --show-toplevel)",
    "GITHUB_OUTPUT": "$GITOPS_OUTPUT",
    "GITHUB_STEP_SUMMARY": "/dev/null",
    "GITHUB_STATE": "/dev/null",
    "GITHUB_ENV": "$(mktemp)",
    "GITHUB_PATH": "$(mktemp)",
    "GITHUB_ACTIONS": "false",
    "RUNNER_TEMP": "$TMPDIR",
    "RUNNER_OS": "Linux",
}
_AFTER_STEP: Final = {
    "GITHUB_ENV": 'while IFS= read -r line; do export "$line"; done < "$GITHUB_ENV"',
    "GITHUB_PATH": 'while IFS= read -r line; do PATH="$line:$PATH"; done < "$GITHUB_PATH"',
}


class Runner(NamedTuple):
    """Lines that come before all steps and after each, and variables that nothing here has."""

    before: list[str]
    after: list[str]
    missing: list[str]


def runner_for(scripts: str, given: set[str]) -> Runner:
    """What the scripts of a job use; `given` are variables that the job has anyway."""
    used = [one for one in dict.fromkeys(_USED.findall(scripts)) if one not in given]
    return Runner(
        before=[f'export {one}="{_OURS[one]}"' for one in used if one in _OURS],
        after=[_AFTER_STEP[one] for one in used if one in _AFTER_STEP],
        missing=[one for one in used if one not in _OURS],
    )
