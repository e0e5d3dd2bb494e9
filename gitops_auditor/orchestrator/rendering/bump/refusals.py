"""Why a constraint is not raised. Pure."""

from gitops_auditor.orchestrator.failures import WorkFailed


def downgrade(constraint: str, version: str) -> WorkFailed:
    """For a version older than what is asked for already."""
    return WorkFailed(
        f"It asks for {constraint}, and {version} is older.",
        hint="Ask for a newer version, or leave this repository out.",
    )


def needs_object(constraint: str, version: str, what: str) -> WorkFailed:
    """For what is pinned by content, where a version says nothing."""
    return WorkFailed(
        f"It is pinned to {constraint}; of {version} the {what} is not known.",
        hint=f"Ask for the version by its {what}.",
    )


def not_in_form(constraint: str, version: str) -> WorkFailed:
    """For a constraint that cannot be written for a version."""
    return WorkFailed(
        f"{constraint} cannot be written so that it admits {version}.",
        hint="Change it by hand, or with a script, and plan again.",
    )
