"""The part of the demo that runs pipelines: one succeeds, and the failure of one is explained."""

from typing import Final

from gitops_auditor.app import Platform, carrying_out
from gitops_auditor.cli.following import RunFollower
from gitops_auditor.cli.run import show_end
from gitops_auditor.cli.session import call
from gitops_auditor.cli.terminal import line, plain, points
from gitops_auditor.execution.isolation import MEANING
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.execution.supervision.orders import Isolation

REPOSITORIES: Final = ("northwind/contracts", "northwind/billing")


async def run_all(platform: Platform) -> None:
    """Run the pipeline of each repository and show how it ended."""
    await _say_isolation(platform)
    for repository_id in REPOSITORIES:
        await call(platform, "sync_pipelines", repository_id=repository_id)
        listed = await call(platform, "list_pipelines", repository_id=repository_id)
        async with carrying_out(platform):
            started = await call(platform, "run_pipeline", pipeline_id=listed.items[0].id)
            run = await RunFollower(platform, started.id).follow()
        await show_end(platform, run)
        line()


async def _say_isolation(platform: Platform) -> None:
    settings = platform.services.settings
    async with Sandbox.open(settings) as sandbox:
        report = await sandbox.report()
    line(f"Jobs run with {plain(MEANING[report.level])}.")
    if report.level < Isolation[settings.minimum_isolation.upper()]:
        line("[yellow]That is below what is required by default; the demo runs all the same.")
        points(f"{one.reason} Remedy: {one.remedy}." for one in report.obstacles)
