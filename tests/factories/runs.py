"""Real runs of small pipelines, carried out by the process of the test."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from gitops_auditor.app import Platform, carrying_out, catalog_for
from gitops_auditor.services import Services

RUN_SECONDS = 40


def reachable(folder: Path) -> Path:
    """The folder, opened for the user that jobs run as when the tests run as root."""
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o001)
    folder.chmod(0o755)
    return folder


def run_settings(folder: Path) -> dict[str, Any]:
    """Settings under which runs work wherever the tests run; `folder` is the test's own."""
    return {
        "workspaces": reachable(folder) / "runs",
        "allow_unsandboxed": True,
        "grace_seconds": 0.5,
    }


@asynccontextmanager
async def runs_carried_out(services: Services) -> AsyncIterator[None]:
    """Carry out here what is started in the block; at its end what still runs is ended."""
    platform = Platform(services.settings, services, catalog_for(services.settings))
    with anyio.CancelScope() as scope:
        async with carrying_out(platform):
            yield
            scope.cancel()
