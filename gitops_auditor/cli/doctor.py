"""`gitops-auditor doctor`: what this machine can do, and what to install."""

import importlib.util
import platform
import shutil
import sys
from dataclasses import dataclass

import anyio
import typer

from gitops_auditor.cli.session import prepare
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError


@dataclass(frozen=True)
class Finding:
    """One line of the report: `problem` is empty when all is well."""

    subject: str
    state: str
    problem: str = ""


def command() -> None:
    """Say what this machine can do and what to install; status 1 when something is missing."""
    settings = prepare()
    findings = [
        Finding("Python", platform.python_version()),
        *anyio.run(_examine, settings),
        _postgresql(settings),
        _tls(settings),
    ]
    for finding in findings:
        good = not finding.problem
        mark, colour = ("ok", typer.colors.GREEN) if good else ("!!", typer.colors.RED)
        typer.secho(f"{mark}  {finding.subject:<14} {finding.state}", fg=colour)
        if finding.problem:
            typer.echo(f"    {finding.problem}")
    if any(finding.problem for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    return [await _git(), await _services(settings)]


async def _git() -> Finding:
    from gitops_auditor.repositories.git import Git

    if shutil.which("git") is None:
        return Finding("git", "missing", "Install git 2.35 or newer.")
    try:
        return Finding("git", await Git().version())
    except GitOpsError as broken:
        return Finding("git", "not usable", str(broken))


async def _services(settings: Settings) -> Finding:
    from gitops_auditor.services import open_services

    try:
        async with open_services(settings) as services:
            dialect = services.database.dialect
            registered = len(await services.repositories.all())
    except GitOpsError as broken:
        return Finding("data", str(settings.data_dir), str(broken))
    return Finding("data", f"{settings.data_dir} ({dialect}, {registered} repositories)")


def _postgresql(settings: Settings) -> Finding:
    present = importlib.util.find_spec("psycopg") is not None
    wanted = not settings.database_url.startswith("sqlite")
    if wanted and not present:
        return Finding(
            "PostgreSQL",
            "driver missing",
            f"{sys.executable} -m pip install 'gitops-auditor[postgres]'",
        )
    return Finding("PostgreSQL", "driver present" if present else "not used")


def _tls(settings: Settings) -> Finding:
    if settings.loopback or settings.tls_cert:
        return Finding("TLS", "on" if settings.tls_cert else "not needed on loopback")
    return Finding(
        "TLS",
        f"off, listening on {settings.host}",
        "Set GITOPS_TLS_CERT and GITOPS_TLS_KEY, or put a proxy with TLS in front.",
    )
