"""`gitops-auditor audit`: check and export the record of every write."""

from pathlib import Path

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, with_platform

app = typer.Typer(help="Check and export the record of every write.", no_args_is_help=True)


@app.command()
def verify() -> None:
    """Check that no entry was changed, removed, inserted or moved; status 1 when one was."""

    async def body(platform: Platform) -> bool:
        verdict = await call(platform, "verify_audit")
        for problem in verdict.problems:
            typer.secho(f"row {problem.row}: {problem.message}", fg=typer.colors.RED)
        if verdict.ok:
            typer.echo(
                f"{verdict.rows} rows, unbroken and anchored up to {verdict.anchored_through}."
            )
        return bool(verdict.ok)

    if not with_platform(body):
        raise typer.Exit(1)


@app.command()
def export(
    output: Path | None = typer.Option(
        None, "--output", "-o", help="File to write instead of printing."
    ),
) -> None:
    """Print every write operation as one JSON object a line, oldest first."""

    async def body(platform: Platform) -> list[str]:
        return [record.model_dump_json() async for record in platform.services.audit.export()]

    lines = with_platform(body)
    if output is None:
        for line in lines:
            typer.echo(line)
    else:
        output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        typer.echo(f"{len(lines)} entries written to {output}.")
