"""`gitops-auditor secrets`: the encrypted store that jobs take secrets from."""

import sys

import typer
from pydantic import SecretStr

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import with_platform
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.secret_registry import ScopeKind

app = typer.Typer(help="Secrets that jobs may ask for.", no_args_is_help=True)
REPOSITORY = typer.Option(None, "--repository", "-r", help="For the pipelines of this repository.")
PIPELINE = typer.Option(None, "--pipeline", "-p", help="For this pipeline only.")


@app.command("set")
def set_secret(
    name: str = typer.Argument(help="Name by which jobs ask for it."),
    repository: str = REPOSITORY,
    pipeline: str = PIPELINE,
) -> None:
    """Keep a secret. Its value is read from the terminal without echo, or from standard input."""
    scope = _scope(repository, pipeline)
    value = _value(name)

    async def body(platform: Platform) -> int:
        return (await platform.services.pipelines.secrets.set(*scope, name, value, "local")).version

    line(f"{plain(name)} is kept, version {with_platform(body)}.")


@app.command("list")
def list_secrets() -> None:
    """List the secrets that are kept, without their values."""

    async def body(platform: Platform) -> None:
        for known in await platform.services.pipelines.secrets.list():
            where = f"{known.scope.kind} {known.scope.id}"
            line(f"[bold]{plain(known.name)}[/bold] {plain(where)} version {known.version}")

    with_platform(body)


@app.command("delete")
def delete_secret(
    name: str = typer.Argument(help="Name of the secret."),
    repository: str = REPOSITORY,
    pipeline: str = PIPELINE,
) -> None:
    """Forget a secret."""
    scope = _scope(repository, pipeline)

    async def body(platform: Platform) -> None:
        await platform.services.pipelines.secrets.delete(*scope, name, "local")

    with_platform(body)
    line(f"{plain(name)} is forgotten.")


@app.command("rotate")
def rotate_key() -> None:
    """Encrypt every secret anew under a new key."""

    async def body(platform: Platform) -> int:
        return await platform.services.pipelines.secrets.rotate("local")

    line(f"{with_platform(body)} secrets are encrypted under a new key.")


def _scope(repository: str | None, pipeline: str | None) -> tuple[ScopeKind, str]:
    if (repository is None) == (pipeline is None):
        raise InvalidRequest(
            "A secret is for a repository or for a pipeline.",
            hint="Give one of --repository and --pipeline.",
        )
    return ("repository", repository) if repository is not None else ("pipeline", pipeline or "")


def _value(name: str) -> SecretStr:
    if sys.stdin.isatty():
        return SecretStr(str(typer.prompt(f"Value of {name}", hide_input=True)))
    return SecretStr(sys.stdin.read().removesuffix("\n"))
