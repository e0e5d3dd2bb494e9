"""`gitops-auditor audit`: check and export the record of every write."""

from pathlib import Path

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, call_long, with_platform
from gitops_auditor.cli.terminal import line, plain, write_file
from gitops_auditor.orchestrator.records import ReplayReport

app = typer.Typer(help="Check and export the record of every write.", no_args_is_help=True)


@app.command()
def verify() -> None:
    """Check that no entry was changed, removed, inserted or moved; status 1 when one was."""

    async def body(platform: Platform) -> bool:
        verdict = await call(platform, "verify_audit")
        for problem in verdict.problems:
            line(f"[red]row {problem.row}: {plain(problem.message)}")
        if verdict.ok:
            typer.echo(
                f"{verdict.rows} rows, unbroken and anchored up to {verdict.anchored_through}."
            )
        return bool(verdict.ok)

    if not with_platform(body):
        raise typer.Exit(1)


@app.command()
def replay(plan_id: str = typer.Argument(help="Id of a plan.")) -> None:
    """Render a past plan again, and prove that it comes to what was recorded; else status 1."""

    async def body(platform: Platform) -> ReplayReport:
        found: ReplayReport = await call_long(platform, "replay_plan", "Replaying", plan_id=plan_id)
        return found

    report = with_platform(body)
    for difference in report.differences:
        line(f"[red]{plain(difference)}")
    if not report.ok:
        raise typer.Exit(1)
    typer.echo(f"The plan comes to the same again in {report.repositories} repositories.")


@app.command()
def export(
    output: Path | None = typer.Option(
        None, "--output", "-o", help="File to write instead of printing."
    ),
) -> None:
    """Print every write operation as one JSON object a line, oldest first."""

    async def body(platform: Platform) -> list[str]:
        return [record.model_dump_json() async for record in platform.services.audit.export()]

    entries = with_platform(body)
    if output is None:
        for entry in entries:
            typer.echo(entry)
    else:
        write_file(output, "".join(f"{entry}\n" for entry in entries))
        typer.echo(f"{len(entries)} entries written to {output}.")
