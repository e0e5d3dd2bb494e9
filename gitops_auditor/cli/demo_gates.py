"""The part of the demo that asks quality gates: those of one repository pass, and one fails."""

from typing import Final

from gitops_auditor.app import Platform
from gitops_auditor.cli.gates_showing import show_report
from gitops_auditor.cli.session import call, call_long
from gitops_auditor.cli.terminal import line

REPOSITORIES: Final = ("northwind/contracts", "northwind/billing")


async def ask_all(platform: Platform) -> None:
    """Ask the gates of each repository and show what they say."""
    for repository_id in REPOSITORIES:
        verdict = await call_long(
            platform, "validate_quality", "Asking gates", repository_id=repository_id
        )
        report = await call(platform, "get_validation", validation_id=verdict.id)
        show_report(report)
        line()
