"""`gitops-auditor doctor`: what this machine can do, and what to install."""

import importlib.util
import platform
import shutil
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import typer

from gitops_auditor.cli.session import prepare
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError

if TYPE_CHECKING:
    from gitops_auditor.execution.sandbox import Sandbox
    from gitops_auditor.health import ComponentHealth

PROBE_SECONDS = 1


@dataclass(frozen=True)
class Finding:
    """One line of the report. A `problem` is what is wrong, `notes` what could be better."""

    subject: str
    state: str
    problem: str = ""
    notes: tuple[str, ...] = ()


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
        for sentence in (finding.problem, *finding.notes):
            if sentence:
                line(f"    {plain(sentence)}")
    if any(finding.problem for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    return [
        await _git(),
        await _services(settings),
        *await _jobs(settings),
        *await _servers(settings),
    ]


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


async def _jobs(settings: Settings) -> list[Finding]:
    """How the jobs of pipelines run here: found out by running one."""
    from gitops_auditor.execution.sandbox import Sandbox

    async with Sandbox.open(settings) as sandbox:
        try:
            user = sandbox.user
        except GitOpsError as unusable:
            return [Finding("job user", settings.job_user, str(unusable))]
        return [_job_user(settings, user), await _isolation(sandbox), _workspaces(settings, user)]


def _job_user(settings: Settings, user: tuple[int, int] | None) -> Finding:
    return Finding("job user", settings.job_user if user is not None else "the one of the service")


async def _isolation(sandbox: "Sandbox") -> Finding:
    from gitops_auditor.execution.isolation import MEANING

    report = await sandbox.report()
    missing = tuple(
        f"{obstacle.level.name.lower()}: {obstacle.reason} Remedy: {obstacle.remedy}."
        for obstacle in report.obstacles
    )
    try:
        await sandbox.level()
    except GitOpsError as refused:
        return Finding("isolation", MEANING[report.level], refused.message, missing)
    return Finding("isolation", MEANING[report.level], notes=missing)


def _workspaces(settings: Settings, user: tuple[int, int] | None) -> Finding:
    from gitops_auditor.pipelines.workspaces import workspaces_folder

    try:
        folder = workspaces_folder(settings, user)
    except GitOpsError as unusable:
        return Finding("workspaces", str(settings.workspaces or ""), str(unusable))
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free // 2**20
    return Finding("workspaces", f"{folder} ({free} MB free)")


async def _servers(settings: Settings) -> list[Finding]:
    """The MCP servers that jobs may call, each connected to once."""
    from gitops_auditor.services import open_services

    try:
        async with open_services(settings) as services:
            connections = services.pipelines.connections
            names = connections.configured
            await connections.health(probe=True)
            found = [await connections.health(name) for name in names]
    except GitOpsError as broken:
        return [Finding("MCP servers", "not usable", str(broken))]
    return [_server(name, part) for name, part in zip(names, found, strict=True)]


def _server(name: str, found: "ComponentHealth") -> Finding:
    problem = "" if found.status == "healthy" else " ".join(found.reasons)
    return Finding(f"MCP {name}", found.status, problem)


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
