"""Names that stand beside real refs in the table of refs seen. No ref of git is like them."""

from typing import Final

from gitops_auditor.pipelines.trigger_models import Event

SEEN_MARK: Final = ""
"""Of a repository that was looked at: from now on what is new was pushed."""


def told_mark(event: Event) -> str:
    """Of the commit that a webhook told last of the event's branch or tag."""
    ref = f"refs/tags/{event.tag}" if event.tag else f"refs/heads/{event.branch}"
    return told_mark_of(ref)


def told_mark_of(ref: str) -> str:
    """Of the commit that a webhook told last of a ref, by its full name."""
    return f"webhook:{ref}"
