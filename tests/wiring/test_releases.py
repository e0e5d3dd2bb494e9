"""The last stage of the design document's example, published on a small GitHub."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.services import Services
from gitops_auditor.storage.tables import audit_log
from tests.factories.git import git
from tests.factories.owned import owned
from tests.factories.runs import job_of
from tests.wiring.github import OnGitHub, on_github

PIPELINE = """\
name: Release
triggers:
  - manual:
      inputs:
        version: {type: string}
  - push
stages:
  - name: deploy
    condition: branch == 'main'
    jobs:
      - production:
          mcp: github
          action: create-release
          outputs: url
      - told:
          needs: production
          script: echo "see $OUTPUT_PRODUCTION_URL"
"""


@pytest.fixture
async def there(settings: Settings, tmp_path: Path, runs_in: Path) -> AsyncIterator[OnGitHub]:
    async with owned(on_github(settings, tmp_path, runs_in)) as opened:
        yield opened


async def test_the_release_is_made_once_however_often_the_job_runs(there: OnGitHub) -> None:
    await there.project.define(PIPELINE)
    commit = await there.push()
    there.fake.lose("POST", "/releases")
    first = await there.project.run(ref="main", inputs={"version": "v1"})
    again = await there.project.run(ref="main", inputs={"version": "v1"})
    assert [run.status for run in (first, again)] == ["success", "success"], first
    assert there.hosted.releases["v1"]["target_commitish"] == commit
    assert there.fake.asked("POST", "/releases") == 1
    assert "see https://github.com/acme/tool/releases/tag/v1" in await there.project.log(
        again, "deploy/told"
    )
    async with there.services.database.read() as connection:
        rows = await connection.execute(
            select(audit_log.c.operation).where(audit_log.c.operation == "create_release")
        )
    assert len(rows.all()) == 4


async def test_a_tag_of_another_commit_fails_the_job_for_good(there: OnGitHub) -> None:
    await there.project.define(PIPELINE)
    await git(there.project.path, "tag", "v1")
    await there.push()
    await there.project.define(PIPELINE + "# more\n")
    await there.push()
    run = await there.project.run(ref="main", inputs={"version": "v1"})
    failed = job_of(run, "deploy/production")
    assert (failed.status, failed.failure_kind) == ("failed", "failed")
    assert "The tag v1 of acme/tool names" in failed.reason
    assert there.hosted.releases == {}


async def test_a_dry_run_prints_the_request_that_it_would_send(
    settings: Settings, tmp_path: Path, runs_in: Path
) -> None:
    mode = {"pipeline_engine_mode": "dry-run"}
    async with on_github(settings, tmp_path, runs_in, **mode) as there:
        await there.project.define(PIPELINE)
        commit = await there.push()
        run = await there.project.run(ref="main", inputs={"version": "v1"})
        log = await there.project.log(run, "deploy/production")
    assert f"POST {there.fake.base}/repos/acme/tool/releases {{" in log
    assert '"tag_name": "v1"' in log
    assert f'"target_commitish": "{commit}"' in log
    assert there.fake.requests == []


async def test_a_repository_that_is_elsewhere_has_no_releases(
    settings: Settings, tmp_path: Path, runs_in: Path
) -> None:
    elsewhere = {"github_url": "https://github.com"}
    async with on_github(settings, tmp_path, runs_in, **elsewhere) as there:
        await there.project.define(PIPELINE)
        run = await there.project.run(ref="main", inputs={"version": "v1"})
    failed = job_of(run, "deploy/production")
    assert (failed.failure_kind, "is on no GitHub" in failed.reason) == ("failed", True)


async def test_a_definition_may_ask_for_a_release_where_there_is_a_token(
    there: OnGitHub,
) -> None:
    validator = there.services.pipelines.validator
    said = await validator.validate(PIPELINE, Event(type="push", branch="main"), None, "HEAD")
    assert said.valid


async def test_without_a_token_the_server_is_unknown_before_anything_runs(
    services: Services,
) -> None:
    validator = services.pipelines.validator
    said = await validator.validate(PIPELINE, Event(type="push", branch="main"), None, "HEAD")
    assert [one.message[:24] for one in said.problems] == ["No MCP server `github` i"]
