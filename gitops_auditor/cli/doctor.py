"""`gitops-auditor doctor`: what this machine can do, and what to install."""

import importlib.util
import platform
import shutil
import socket
from dataclasses import dataclass

import anyio
import typer

from gitops_auditor.cli.session import prepare
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError

PROBE_SECONDS = 1


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
        _ssh(settings),
        _address(settings),
        _postgresql(),
        _tls(settings),
    ]
    for finding in findings:
        good = not finding.problem
        mark = "[green]ok" if good else "[red]!!"
        line(f"{mark}[/]  {finding.subject:<12} {plain(finding.state)}")
        if finding.problem:
            line(f"    {plain(finding.problem)}")
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
    free = shutil.disk_usage(settings.data_dir).free // 2**20
    return Finding(
        "data", f"{settings.data_dir} ({dialect}, {registered} repositories, {free} MB free)"
    )


def _ssh(settings: Settings) -> Finding:
    if "ssh" not in settings.clone_protocols:
        return Finding("ssh", "not allowed for cloning")
    present = shutil.which("ssh") is not None
    return Finding("ssh", "present" if present else "not installed: clone URLs must be https")


def _address(settings: Settings) -> Finding:
    address = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.settimeout(PROBE_SECONDS)
            taken = probe.connect_ex((settings.host, settings.port)) == 0
    except OSError as unknown:
        return Finding(
            "address", address, f"{unknown.strerror}. Set GITOPS_HOST to one of this host."
        )
    return Finding("address", f"{address} in use" if taken else f"{address} free")


def _postgresql() -> Finding:
    present = importlib.util.find_spec("psycopg") is not None
    return Finding("PostgreSQL", "driver present" if present else "driver not installed")


def _tls(settings: Settings) -> Finding:
    if settings.loopback or settings.tls_cert:
        return Finding("TLS", "on" if settings.tls_cert else "not needed on loopback")
    return Finding(
        "TLS",
        f"off, listening on {settings.host}",
        "Set GITOPS_TLS_CERT and GITOPS_TLS_KEY, or put a proxy with TLS in front.",
    )
