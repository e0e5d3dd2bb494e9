"""Where definitions come from."""

import pytest

from gitops_auditor.errors import NotFound, TooLarge
from gitops_auditor.pipelines.definition import InvalidDefinition
from gitops_auditor.pipelines.sources import MAX_BYTES, Definitions, defines_a_pipeline
from gitops_auditor.repositories.models import Repository
from gitops_auditor.services import Services
from tests.factories.git import commit
from tests.factories.runs import Project

PLAIN = "name: plain\nstages: [{name: one, jobs: [{name: job, script: make}]}]\n"
CALLS = "name: calls\nstages: [{name: one, jobs: [{name: job, mcp: linter}]}]\n"
USES = "name: uses\nstages: [{template: checks, file: ci/shared.yaml}]\n"
SHARED = """
templates:
  checks:
    stages:
      - name: one
        jobs: [{name: job, script: make old}]
"""


@pytest.fixture
def definitions(services: Services) -> Definitions:
    return Definitions(services.pipelines.revisions, lambda: ["linter"])


async def repository_of(project: Project) -> Repository:
    return await project.services.repositories.get(project.repository_id)


async def test_files_that_define_pipelines_are_found_in_order(
    project: Project, definitions: Definitions
) -> None:
    sha = await commit(
        project.path,
        {
            ".gitops/pipeline.yaml": PLAIN,
            ".gitops/pipelines/b.yml": PLAIN,
            ".gitops/pipelines/a.yaml": PLAIN,
            ".gitops/pipelines/notes.md": "x",
            ".gitops/pipelines/deep/c.yaml": PLAIN,
            ".gitops/other.yaml": PLAIN,
            "pipeline.yaml": PLAIN,
        },
    )
    found = await definitions.files(await repository_of(project), sha)
    assert found == [".gitops/pipeline.yaml", ".gitops/pipelines/a.yaml", ".gitops/pipelines/b.yml"]
    assert all(defines_a_pipeline(path) for path in found)
    others = (".gitops/pipelines/deep/c.yaml", "pipeline.yaml", ".gitops/pipelines/notes.md", "")
    assert not any(defines_a_pipeline(path) for path in others)


async def test_a_repository_without_such_files_has_none(
    project: Project, definitions: Definitions
) -> None:
    sha = await commit(project.path, {"README.md": "x"})
    assert await definitions.files(await repository_of(project), sha) == []


async def test_a_definition_is_read_as_a_commit_has_it(
    project: Project, definitions: Definitions
) -> None:
    old = await commit(project.path, {".gitops/pipeline.yaml": PLAIN})
    await commit(project.path, {".gitops/pipeline.yaml": PLAIN.replace("plain", "new")})
    read = await definitions.at(await repository_of(project), old, ".gitops/pipeline.yaml")
    assert (read.definition.name, read.commit) == ("plain", old)
    with pytest.raises(NotFound, match=r"absent\.yaml"):
        await definitions.at(await repository_of(project), old, ".gitops/pipelines/absent.yaml")


async def test_templates_of_the_commit_are_part_of_the_text(
    project: Project, definitions: Definitions
) -> None:
    pipeline = ".gitops/pipeline.yaml"
    old = await commit(project.path, {pipeline: USES, "ci/shared.yaml": SHARED})
    await commit(project.path, {"ci/shared.yaml": SHARED.replace("make old", "make new")})
    read = await definitions.at(await repository_of(project), old, pipeline)
    assert read.definition.stages[0].jobs[0].script == "make old"
    assert "make old" in read.source
    assert definitions.parsed(read.source, None) == read.definition


def test_jobs_call_configured_servers_only(definitions: Definitions) -> None:
    assert definitions.given(CALLS).definition.name == "calls"
    with pytest.raises(InvalidDefinition, match="other"):
        definitions.given(CALLS.replace("linter", "other"))


def test_what_was_accepted_stays_readable_when_its_server_is_gone(
    services: Services, definitions: Definitions
) -> None:
    bare = Definitions(services.pipelines.revisions, list)
    assert bare.parsed(definitions.given(CALLS).source, None).name == "calls"


def test_a_definition_that_is_too_large_is_refused(definitions: Definitions) -> None:
    with pytest.raises(TooLarge, match="bytes"):
        definitions.given(PLAIN + "#" * MAX_BYTES)
