"""`gitops-auditor token`: who may call over the network."""

from datetime import UTC, datetime, timedelta

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import with_platform
from gitops_auditor.cli.terminal import visible
from gitops_auditor.identity import LOCAL, Role

app = typer.Typer(help="Bearer tokens for callers over the network.", no_args_is_help=True)


@app.command()
def create(
    name: str = typer.Option(..., help="Whose token it is; the audit shows it."),
    role: Role = typer.Option(Role.VIEWER, help="What the token may do."),
    days: int = typer.Option(None, min=1, help="Days until it expires; without it, never."),
) -> None:
    """Create a token and print it, once: only its hash is kept."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None

    async def body(platform: Platform) -> str:
        services, asked = platform.services, {"name": name, "role": role.value}
        async with services.audit.operation(LOCAL.name, "create_token", asked):
            text, _ = await services.access.create_token(name, role, expires_at)
            return text

    typer.echo(with_platform(body))
    typer.echo("Keep it now: it cannot be shown again.", err=True)


@app.command("list")
def list_tokens() -> None:
    """List the tokens, without their secrets."""

    async def body(platform: Platform) -> list[str]:
        return [
            f"{token.id}  {token.role.value:<10}  {_state(token.revoked_at, token.expires_at):<8}"
            f"  {visible(token.name)}"
            for token in await platform.services.access.list_tokens()
        ]

    for line in with_platform(body):
        typer.echo(line)


@app.command()
def revoke(token_id: str = typer.Argument(help="Id from `token list`.")) -> None:
    """End a token's validity."""

    async def body(platform: Platform) -> str:
        services = platform.services
        async with services.audit.operation(LOCAL.name, "revoke_token", {"id": token_id}):
            return (await services.access.revoke_token(token_id)).name

    typer.echo(f"Revoked the token of {with_platform(body)}.")


def _state(revoked_at: datetime | None, expires_at: datetime | None) -> str:
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at and expires_at <= datetime.now(UTC) else "valid"
