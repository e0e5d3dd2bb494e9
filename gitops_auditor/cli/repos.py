"""`gitops-auditor repos`: the registry of repositories."""

from pathlib import Path

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.scan import discover, show_skipped
from gitops_auditor.cli.session import call, call_long, with_platform
from gitops_auditor.cli.terminal import line, plain, print_json

app = typer.Typer(help="The registry of repositories.", no_args_is_help=True)


@app.command("list")
def list_repositories(
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    limit: int = typer.Option(50, min=1, max=200, help="Most repositories to show."),
    cursor: str = typer.Option(None, help="Where the previous page ended."),
) -> None:
    """List the registered repositories."""

    async def body(platform: Platform) -> None:
        page = await call(platform, "list_repositories", limit=limit, cursor=cursor)
        if as_json:
            print_json(page)
            return
        for repository in page.items:
            line(f"{plain(repository.id):<40} {plain(repository.path or repository.clone_url)}")
        if page.next_cursor:
            typer.echo(f"More: --cursor {page.next_cursor}")

    with_platform(body)


@app.command("add")
def add(
    source: str = typer.Argument(help="Path of a repository, or a URL to clone it from."),
    name: str = typer.Option(None, help="Name to show."),
) -> None:
    """Register one repository by its path or its URL."""
    folder = Path(source).absolute() if Path(source).is_dir() else None

    async def body(platform: Platform) -> str:
        if folder is not None:
            registered = await call(platform, "register_repository", path=str(folder), name=name)
        else:
            registered = await call_long(
                platform, "clone_repository", "Cloning", clone_url=source, name=name
            )
        return str(registered.id)

    typer.echo(f"Registered {with_platform(body)}.")


@app.command("discover")
def discover_command(
    workspace: Path = typer.Argument(help="Folder with repositories.", resolve_path=True),
) -> None:
    """Register every repository under a folder."""

    async def body(platform: Platform) -> None:
        found = await discover(platform, workspace)
        typer.echo(
            f"{len(found.registered)} registered, {len(found.updated)} updated,"
            f" {len(found.unchanged)} unchanged, {len(found.skipped)} skipped."
        )
        show_skipped(found)

    with_platform(body)


@app.command("remove")
def remove(repository_id: str = typer.Argument(help="Id from `repos list`.")) -> None:
    """Take a repository out of the registry; its files stay."""

    async def body(platform: Platform) -> str:
        return str((await call(platform, "remove_repository", repository_id=repository_id)).id)

    typer.echo(f"Removed {with_platform(body)} from the registry.")
