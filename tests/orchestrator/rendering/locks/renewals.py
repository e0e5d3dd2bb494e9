"""Renewals in tests: a repository with lock files, a bump, and programs that stand for tools."""

from collections.abc import Mapping
from pathlib import Path

from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.rendering.locks.models import Renewed
from gitops_auditor.orchestrator.rendering.locks.renewing import LockRenewal
from tests.orchestrator.rendering.places import Places


async def renewed(
    places: Places, edited: Mapping[str, str], name: str = "lib", version: str = "2.0.0"
) -> Renewed:
    """The lock files after a bump that made these manifests of the old ones."""
    revisions = places.services.repositories.revisions
    renewal = LockRenewal(revisions, places.workspaces, places.programs)
    request = places.request(BumpDependency(name=name, version=version))
    files = {path: content.encode() for path, content in edited.items()}
    return await renewal.renew(request, files, [*edited])


def texts(made: Renewed) -> dict[str, str]:
    """What the lock files hold."""
    return {path: (content or b"").decode() for path, content in made.files.items()}


def stand_in(folder: Path, name: str, script: str) -> None:
    """A program of that name in `folder`, in place of a tool that need not be installed."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    program = folder / name
    program.write_text(f"#!/bin/sh\nset -e\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
