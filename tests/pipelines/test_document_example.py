"""The example of the design document, byte for byte, on a real package with real npm scripts.

The MCP servers that it calls are programs with canned answers: there is no network here.
"""

import json
import shutil
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.services import Services
from tests.factories.git import git
from tests.factories.runs import Project, job_of, run_settings
from tests.fakes import plain_server

EXAMPLE = (Path(__file__).parent / "document_example.yaml").read_text("utf-8")
PACKAGE = {
    "name": "sums",
    "version": "1.0.0",
    "private": True,
    "scripts": {
        "build": "mkdir -p dist node_modules && cp sum.js dist/",
        "test": "node --test --experimental-test-coverage --test-reporter=lcov"
        " --test-reporter-destination=lcov.info",
    },
}
SUM = "exports.sum = (a, b) => a + b;\n"
TEST = """\
const test = require("node:test");
const assert = require("node:assert");
const { sum } = require("./sum.js");
test("adds", () => assert.strictEqual(sum(1, 2), 3));
"""
UNTESTED = "\n".join(f"exports.unused{n} = () => {{\n  return {n};\n}};" for n in range(50))
LINT = {
    "tool": "lint_files",
    "arguments": {"config": "{{ config }}", "severity": "{{ severity }}"},
    "passed": "/passed",
}
RELEASE = {
    "tool": "echo",
    "arguments": {
        "repository": "{{ repository }}",
        "sha": "{{ commit }}",
        "branch": "{{ branch }}",
    },
}
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture
def settings(settings: Settings, runs_in: Path, tmp_path: Path) -> Settings:
    def shown(**more: object) -> object:
        return plain_server(**more).model_dump(mode="json", exclude_unset=True)

    servers = {
        "code-linter": shown(actions={"lint": LINT}, default="lint"),
        "security-scanner": shown(actions={"scan": LINT}, default="scan"),
        "github": shown(actions={"create-release": RELEASE}),
    }
    file = tmp_path / "mcp-servers.yaml"
    file.write_text(json.dumps({"servers": servers}), "utf-8")
    return settings.model_copy(update={**run_settings(runs_in), "mcp_servers": file})


def files(sources: str = SUM) -> dict[str, str | bytes]:
    return {
        "package.json": json.dumps(PACKAGE),
        "sum.js": sources,
        "sum.test.js": TEST,
        ".eslintrc.js": "module.exports = {};\n",
    }


@needs_npm
async def test_the_example_runs_from_end_to_end(project: Project) -> None:
    await project.define(EXAMPLE, files())
    run = await project.run()
    assert run.status == "success", [(job.job, job.status, job.reason) for job in run.jobs]
    assert [stage.name for stage in run.stages] == ["quality-check", "build", "test", "deploy"]
    assert {job.status for job in run.jobs} == {"success"}
    assert "coverage" in " ".join(job_of(run, "test/unit-tests").figures)
    assert run.commit_sha is not None
    assert run.commit_sha in await project.log(run, "deploy/production")


@needs_npm
async def test_on_another_branch_the_deployment_is_skipped_and_the_run_succeeds(
    project: Project,
) -> None:
    await project.define(EXAMPLE, files())
    await git(project.path, "branch", "develop")
    run = await project.run(ref="develop")
    assert run.status == "success"
    assert job_of(run, "deploy/production").status == "skipped"
    assert "branch" in job_of(run, "deploy/production").reason


@needs_npm
async def test_too_little_coverage_fails_the_run_with_the_figure(project: Project) -> None:
    await project.define(EXAMPLE, files(SUM + UNTESTED))
    run = await project.run()
    assert run.status == "failed"
    failed = job_of(run, "test/unit-tests")
    assert "80" in failed.reason
    assert job_of(run, "deploy/production").status == "skipped"


async def test_a_server_that_is_not_configured_is_named_before_anything_runs(
    services: Services,
) -> None:
    source = EXAMPLE.replace("mcp: github", "mcp: gitlab")
    found = await services.pipelines.validator.validate(source, Event(), None, "")
    (problem,) = found.problems
    assert "gitlab" in problem.message
    assert all(name in problem.message for name in ("github", "code-linter", "security-scanner"))
