"""What the platform itself says of an attempt, when that is the cause and not the log."""

import re
from typing import Final

from gitops_auditor.pipelines.failures.models import FailureCause

_OF_THE_JOB: Final = re.compile(r"(?:It ended with exit code \d+|It was ended by SIG\w+)\.")
_KINDS: Final[tuple[tuple[str, FailureCause, str], ...]] = (
    (
        "ran longer|exceeded its timeout|timed out",
        "timeout",
        "See what it did last, and give it more time with `timeout` if it needs that.",
    ),
    ("of memory", "memory", "Use less memory, or raise the memory that a job may use."),
    (
        "into its folders|into one file|no space|disk",
        "disk",
        "Write less, or raise what a run may write.",
    ),
    (
        "coverage",
        "coverage",
        "Add tests for what is not covered, lower the threshold, or write the report first.",
    ),
    ("did not set|outputs", "outputs", "Write what `outputs` names, or name less."),
    (
        "processor time|processes at once|of output",
        "limit",
        "Find out why it does so much, or raise the limit.",
    ),
)


def is_of_the_platform(reason: str) -> bool:
    """Whether the reason says more than how the job's process ended."""
    return bool(reason.strip()) and _OF_THE_JOB.fullmatch(reason.strip()) is None


def classify(reason: str) -> tuple[FailureCause, str]:
    """What kind of cause the reason is, and what can be done."""
    for pattern, kind, suggestion in _KINDS:
        if re.search(pattern, reason, re.IGNORECASE):
            return kind, suggestion
    return "unknown", "Read the end of the log."
