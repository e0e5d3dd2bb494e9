"""Templates applied to repositories: looked at first, then as one commit on one branch."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Stale
from gitops_auditor.identity import LOCAL
from gitops_auditor.pipelines.catalog import templates
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.templating import TemplateApplication
from tests.factories.git import commit, git, make_repository, write_files
from tests.factories.runs import DEFINITION, Project, run_settings


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def preview(project: Project, template: str = "python-ci") -> TemplateApplication:
    templating = project.services.pipelines.templating
    return await templating.preview(template, project.repository_id, DEFINITION, {})


async def apply(
    project: Project,
    template: str = "python-ci",
    path: str = DEFINITION,
    digest: str | None = None,
    repository_id: str | None = None,
) -> TemplateApplication:
    async with project.acting("apply_pipeline_template"):
        templating = project.services.pipelines.templating
        target = repository_id or project.repository_id
        return await templating.apply(template, target, path, {}, None, digest)


async def state(path: Path) -> tuple[str, str, bytes]:
    """Branches, what git says of the working tree, and the index."""
    branches = await git(path, "for-each-ref")
    status = await git(path, "status", "--porcelain=v2", "--branch")
    return branches, status, (path / ".git/index").read_bytes()


async def test_a_preview_shows_the_diff_and_writes_nothing(project: Project) -> None:
    before = await state(project.path)
    shown = await preview(project)
    assert (shown.action, shown.applied, shown.branch) == ("create", False, None)
    assert f"+++ b/{DEFINITION}" in shown.diff
    assert await state(project.path) == before


@pytest.mark.parametrize("template", [one.name for one in templates()])
async def test_every_template_becomes_a_definition_on_one_branch(
    project: Project, template: str
) -> None:
    write_files(project.path, {"dirty.txt": "x"})
    branches, status, index = await state(project.path)
    shown = await preview(project, template)
    applied = await apply(project, template, digest=shown.digest)
    assert applied.branch == f"gitops/{template}"
    text = await git(project.path, "cat-file", "blob", f"{applied.branch}:{DEFINITION}")
    assert parse_definition(text, servers=["github", "code-linter", "security-scanner"]).stages
    now_branches, now_status, now_index = await state(project.path)
    assert (now_status, now_index) == (status, index)
    more = set(now_branches.splitlines()) - set(branches.splitlines())
    assert [one.split("\t")[1] for one in more] == [f"refs/heads/gitops/{template}"]


async def test_what_changed_since_it_was_shown_is_not_written(project: Project) -> None:
    shown = await preview(project)
    await commit(project.path, {DEFINITION: "name: mine\n"})
    before = await state(project.path)
    with pytest.raises(Stale):
        await apply(project, digest=shown.digest)
    assert await state(project.path) == before


async def test_what_is_there_already_is_left_alone(project: Project) -> None:
    applied = await apply(project)
    await git(project.path, "merge", "--quiet", "--ff-only", str(applied.branch))
    again = await apply(project)
    assert (again.action, again.applied, again.diff) == ("unchanged", False, "")


async def test_applying_twice_is_a_conflict(project: Project) -> None:
    await apply(project)
    with pytest.raises(Conflict, match="gitops/python-ci"):
        await apply(project)


@pytest.mark.parametrize("path", ["../x.yaml", "/etc/x.yaml", ".git/config", "x.yaml"])
async def test_a_path_where_no_definition_is_looked_for_is_refused(
    project: Project, path: str
) -> None:
    before = await state(project.path)
    with pytest.raises(InvalidRequest):
        await apply(project, path=path)
    assert await state(project.path) == before


async def test_templates_that_suit_the_files_are_suggested(
    project: Project, tmp_path: Path
) -> None:
    await commit(project.path, {"pyproject.toml": "[project]\nname = 'x'\n"})
    suited = await project.services.pipelines.templating.suited(project.repository_id)
    assert next(iter(suited)) == "python-ci"
    assert "node-ci" not in suited
    await make_repository(tmp_path / "node", {"package.json": "{}"})
    async with project.acting("register_repository"):
        node = await project.services.repositories.register_path(tmp_path / "node", LOCAL)
    assert next(iter(await project.services.pipelines.templating.suited(node.id))) == "node-ci"


async def test_what_is_not_there_is_not_found(project: Project) -> None:
    with pytest.raises(NotFound):
        await apply(project, "no-such-template")
    with pytest.raises(NotFound):
        await apply(project, repository_id="acme/absent")
