"""`gitops-auditor gates baselines`: the figures of releases that benchmark gates compare with."""

from pathlib import Path

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.here import repository_in
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import line, plain, read_file
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pages import Page
from gitops_auditor.quality.checks.benchmark_metrics import MetricsError, read_metrics
from gitops_auditor.quality.records import Baseline

app = typer.Typer(help="Figures of releases to compare with.", no_args_is_help=True)
FOLDER = typer.Option(
    Path(), "--repository", "-C", help="Folder of the repository.", resolve_path=True
)


@app.command("list")
def list_baselines(repository: Path = FOLDER) -> None:
    """List the releases with figures."""

    async def body(platform: Platform) -> Page[Baseline]:
        page: Page[Baseline] = await call(
            platform, "list_baselines", repository_id=await repository_in(platform, repository)
        )
        return page

    for one in with_platform(body).items:
        figures = ", ".join(f"{name} {value}" for name, value in one.metrics.items())
        line(f"[bold]{plain(one.name)}[/bold] {one.commit[:10]} {plain(figures)}")


@app.command("record")
def record(
    name: str = typer.Argument(help="The release, such as v1.2.0."),
    metrics: Path = typer.Argument(help="File with its figures."),
    ref: str = typer.Option(None, help="What was measured; else the tag of that name."),
    repository: Path = FOLDER,
) -> None:
    """Record the figures of a release from a file such as a benchmark tool writes."""
    figures = _figures(metrics)

    async def body(platform: Platform) -> Baseline:
        made: Baseline = await call(
            platform,
            "record_baseline",
            repository_id=await repository_in(platform, repository),
            name=name,
            ref=ref,
            metrics=figures,
        )
        return made

    made = with_platform(body)
    many = "1 figure" if len(made.metrics) == 1 else f"{len(made.metrics)} figures"
    line(f"Recorded: {many} of {plain(made.name)}, measured at {made.commit[:10]}.")


def _figures(file: Path) -> dict[str, float]:
    try:
        read = read_metrics(read_file(file).encode())
    except MetricsError as wrong:
        raise InvalidRequest(
            f"{file} holds no figures: {wrong}",
            hint="Give JSON: figures by name, or what pytest-benchmark or hyperfine write.",
        ) from None
    return {name: figure.value for name, figure in read.items()}


@app.command("remove")
def remove(name: str = typer.Argument(help="The release."), repository: Path = FOLDER) -> None:
    """Forget the figures of a release."""

    async def body(platform: Platform) -> None:
        repository_id = await repository_in(platform, repository)
        await call(platform, "delete_baseline", repository_id=repository_id, name=name)

    with_platform(body)
    line(f"The figures of {plain(name)} are gone.")
