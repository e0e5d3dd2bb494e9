"""Runs keep their artifacts on a real file-system server that speaks MCP, and lose them there."""

import json
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from tests.factories.file_servers import Share, file_server
from tests.factories.runs import Project, run_settings

KEEPS = r"""
name: keeps
stages:
  - name: one
    jobs:
      - makes:
          script: "mkdir dist; echo words > dist/notes.txt; printf '\\0\\377' > dist/app.bin"
          artifacts: [dist]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    made.mkdir()
    return made


@pytest.fixture
def settings(settings: Settings, runs_in: Path, folder: Path, tmp_path: Path) -> Settings:
    server = file_server(folder).model_dump(mode="json", include={"command", "env"})
    file = tmp_path / "servers.yaml"
    file.write_text(json.dumps({"servers": {"share": server}}), encoding="utf-8")
    place = {"mcp_servers": file, "artifacts_url": "mcp://share/team/artifacts"}
    return settings.model_copy(update=run_settings(runs_in) | place)


def files_in(folder: Path, pattern: str = "*") -> list[Path]:
    return [path for path in folder.rglob(pattern) if path.is_file()]


async def test_artifacts_of_a_run_are_files_of_the_share_until_the_run_is_forgotten(
    project: Project, folder: Path
) -> None:
    await project.define(KEEPS)
    run = await project.run()
    assert (run.status, [job.reason for job in run.jobs]) == ("success", [""])
    share = Share(folder, project.services.pipelines.connections)
    (notes,) = files_in(folder, "notes.txt")
    assert notes.read_text(encoding="utf-8") == "words\n"
    assert notes.is_relative_to(folder / "team" / "artifacts" / run.id)
    kept = project.services.pipelines.artifacts
    found = {one.path: one for one in await kept.list(run.id)}
    for path, content in (("dist/notes.txt", b"words\n"), ("dist/app.bin", b"\0\xff")):
        assert await kept.read(run.id, found[path].job, path, max_bytes=10) == content
    async with project.acting("cleanup_runs"):
        await project.services.pipelines.retention.cleanup(0, 0, dry_run=False)
    assert share.names("team/artifacts") == []
    assert not any(path.stat().st_size for path in files_in(folder))
