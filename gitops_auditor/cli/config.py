"""`gitops-auditor config`: the effective settings."""

import json

import typer
from pydantic import SecretStr

from gitops_auditor.config import Settings, load_settings, variable_of

app = typer.Typer(help="The effective settings.", no_args_is_help=True)
MASK = "********"


@app.callback()
def group() -> None:
    """The effective settings."""


@app.command()
def show(
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Show every setting, its value and what it means. Secrets are masked."""
    settings = load_settings()
    if as_json:
        values = {name: shown for name, (shown, _) in effective(settings).items()}
        typer.echo(json.dumps(values, indent=2))
        return
    for name, (value, sentence) in effective(settings).items():
        typer.secho(f"{name}={value}", bold=True)
        typer.echo(f"    {sentence}")


def effective(settings: Settings) -> dict[str, tuple[str, str]]:
    """Variable to shown value and sentence, in the order of the settings table."""
    return {
        variable_of(field): (_shown(getattr(settings, name)), field.description or "")
        for name, field in Settings.model_fields.items()
    }


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
