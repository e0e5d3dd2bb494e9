import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest, JsonValue, NotFound
from gitops_auditor.pipelines import catalog
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.models import Job, PipelineDefinition
from gitops_auditor.pipelines.resolution import Resolution, resolve
from gitops_auditor.pipelines.trigger_models import Event, Push
from tests.factories.git import git, make_repository
from tests.pipelines.runs import Run

NAMES = ["node-ci", "python-ci", "docker-build", "multi-stage"]
PUSH = Event(type="push", branch="main")
PULL_REQUEST = Event(type="pull_request", branch="topic", base_branch="main", action="opened")
TAG = Event(type="push", tag="v1.2.3")
NODE = {"package.json": "{}", "package-lock.json": "{}"}


def jobs(definition: PipelineDefinition) -> list[Job]:
    listed = [job for stage in definition.stages for job in stage.jobs]
    return [*listed, *definition.rollback, *definition.always]


def rendered(template: str, /, **values: JsonValue) -> PipelineDefinition:
    return parse_definition(catalog.render(template, values))


async def resolved(
    path: Path, name: str, files: Mapping[str, str], event: Event, **values: JsonValue
) -> Resolution:
    """What the template comes to in a repository with these files."""
    await make_repository(path, files)
    listed = (await git(path, "ls-files")).splitlines()
    return resolve(rendered(name, **values), event, lambda one: one in listed)


def to_run(found: Resolution) -> list[str]:
    listed = [job for stage in found.stages for job in stage.jobs]
    return [job.id for job in listed if job.decision == "run"]


def test_the_catalogue_has_the_templates_of_the_document_described() -> None:
    assert [one.name for one in catalog.templates()] == NAMES
    for one in catalog.templates():
        assert one.description == parse_definition(one.text).description != ""
        assert one.text == catalog.render(one.name, {})


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_filled_in_to_the_last_place_and_writes_nothing_into_scripts(
    name: str,
) -> None:
    entry = catalog.template(name)
    full: dict[str, JsonValue] = {"name": "N"}
    for one in entry.variables:
        if one.empty:
            full[one.name] = ["3.12"] if one.type == "versions" else "some-value"
    for text in (entry.text, catalog.render(name, full)):
        assert "<<" not in re.sub(r"<<\s*'", "", text)
    scripts = [job.script for job in jobs(rendered(name, **full)) if job.script]
    assert not [one for one in scripts if "some-value" in one]


@pytest.mark.parametrize("name", NAMES)
def test_no_template_needs_a_server_to_be_configured(name: str) -> None:
    assert not [job for job in jobs(rendered(name)) if job.mcp is not None]


@pytest.mark.parametrize(
    ("lock", "installs"),
    [("package-lock.json", "npm"), ("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn")],
)
async def test_the_lock_file_decides_how_a_node_project_is_installed(
    tmp_path: Path, lock: str, installs: str
) -> None:
    found = await resolved(tmp_path, "node-ci", {"package.json": "{}", lock: ""}, PUSH)
    ran = to_run(found)
    assert [one for one in ran if one.startswith("install/")] == [f"install/{installs}"]
    assert ("quality/audit" in ran) == (installs == "npm")


async def test_a_node_project_is_checked_with_what_it_configures(tmp_path: Path) -> None:
    plain = to_run(await resolved(tmp_path / "plain", "node-ci", NODE, PUSH))
    assert plain == ["install/npm", "quality/audit", "test/unit", "build/build"]
    more = {**NODE, "eslint.config.js": "", "tsconfig.json": "{}", ".prettierrc": "{}"}
    found = to_run(await resolved(tmp_path / "more", "node-ci", more, PUSH))
    assert {"quality/lint", "quality/types", "quality/format"} == set(found) - set(plain)


async def test_packages_are_published_for_tags_only(tmp_path: Path) -> None:
    files = {**NODE, "pyproject.toml": ""}
    for name, job in (("node-ci", "npm-registry"), ("python-ci", "package-index")):
        for event, is_published in ((PUSH, False), (PULL_REQUEST, False), (TAG, True)):
            found = await resolved(
                tmp_path / f"{name}-{event.type}-{event.tag}", name, files, event
            )
            assert found.fires
            assert (f"publish/{job}" in to_run(found)) is is_published


@pytest.mark.parametrize(
    ("files", "installs"),
    [
        ({"pyproject.toml": "", "requirements.txt": ""}, "project"),
        ({"requirements.txt": ""}, "requirements"),
        ({"setup.py": ""}, "setup"),
    ],
)
async def test_its_files_decide_how_a_python_project_is_installed(
    tmp_path: Path, files: dict[str, str], installs: str
) -> None:
    ran = to_run(await resolved(tmp_path, "python-ci", files, PUSH))
    assert [one for one in ran if one.startswith("install/")] == [f"install/{installs}"]
    assert ("build/package" in ran) == (installs != "requirements")


def test_versions_become_a_matrix_and_without_any_there_is_none() -> None:
    for name, variable, axis in (
        ("node-ci", "node_versions", "node"),
        ("python-ci", "python_versions", "python"),
    ):
        versions: dict[str, JsonValue] = {variable: ["3.11", 3.12]}
        with_versions = rendered(name, **versions)
        found = next(job for job in jobs(with_versions) if job.name == "versions")
        assert found.matrix is not None
        assert found.matrix.axes == {axis: ("3.11", "3.12")}
        assert not [job for job in jobs(rendered(name)) if job.name == "versions"]


async def test_an_image_is_pushed_only_to_a_registry_that_is_named(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM scratch\n"}
    without = await resolved(tmp_path / "a", "docker-build", files, PUSH)
    assert to_run(without) == ["check/docker", "build/image"]
    for event, is_pushed in ((PUSH, True), (TAG, True), (PULL_REQUEST, False)):
        folder = tmp_path / f"{event.type}-{event.tag}"
        found = await resolved(folder, "docker-build", files, event, registry="ghcr.io/owner")
        assert ("push/registry" in to_run(found)) is is_pushed


async def test_the_second_environment_waits_for_an_approval(tmp_path: Path) -> None:
    files = {"Makefile": "", "scripts/deploy.sh": ""}
    found = await resolved(tmp_path / "push", "multi-stage", files, PUSH)
    assert to_run(found) == [
        "build/make",
        "test/make",
        "staging/deploy",
        "approve/go-live",
        "production/deploy",
    ]
    generation = {job.id: job.generation for stage in found.stages for job in stage.jobs}
    assert generation["staging/deploy"] < generation["approve/go-live"]
    assert generation["approve/go-live"] < generation["production/deploy"]
    asked = await resolved(tmp_path / "request", "multi-stage", files, PULL_REQUEST)
    assert to_run(asked) == ["build/make", "test/make"]


def test_only_a_deployment_that_had_begun_is_rolled_back() -> None:
    text = catalog.render("multi-stage", {"production": "live"})
    early = Run(text, files="Makefile").play({"test/make": "failed"})
    assert early.statuses()["rollback/undo"] == "skipped"
    late = Run(text, files="Makefile .deployed/live").play({"live/deploy": "failed"})
    assert late.statuses()["rollback/undo"] == "success"
    well = Run(text, files="Makefile .deployed/live").play()
    assert (well.status(), well.statuses()["rollback/undo"]) == ("success", "skipped")


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("node-ci", {"threshold": 101}, "number from 0 to 100"),
        ("node-ci", {"threshold": True}, "number from 0 to 100"),
        ("node-ci", {"threshold": "80"}, "number from 0 to 100"),
        ("node-ci", {"branch": "a'b"}, "letters, digits"),
        ("node-ci", {"branch": ""}, "letters, digits"),
        ("node-ci", {"name": "a\nb"}, "one line of text"),
        ("node-ci", {"node_versions": ["20; rm"]}, "empty for none"),
        ("node-ci", {"node_versions": ["1"] * 21}, "at most 20 versions"),
        ("node-ci", {"brunch": "main"}, "Did you mean 'branch'"),
        ("multi-stage", {"deploy_script": "../x.sh"}, "inside the repository"),
        ("multi-stage", {"deploy_script": "/x.sh"}, "inside the repository"),
        ("multi-stage", {"staging": "production"}, "details.problems"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    name: str, values: dict[str, JsonValue], words: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        catalog.render(name, values)
    assert words in str(caught.value)


def test_a_template_that_is_not_there_is_said_so() -> None:
    with pytest.raises(NotFound, match="no template 'go-ci'"):
        catalog.render("go-ci", {})


@given(name=st.text(max_size=30), branch=st.text(max_size=20))
def test_whatever_is_filled_in_stays_what_it_is(name: str, branch: str) -> None:
    try:
        found = rendered("node-ci", name=name, branch=branch)
    except InvalidRequest as error:
        assert "cannot be" in error.message
        return
    assert found.name == name
    push = found.triggers[0]
    assert isinstance(push, Push)
    assert push.branches == (branch,)
    assert found.stages == rendered("node-ci").stages


@given(st.text(alphabet=st.characters(), min_size=1, max_size=30))
def test_any_line_of_text_may_be_the_name(name: str) -> None:
    if name.isprintable():
        assert rendered("python-ci", name=name).name == name


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["README.md"], []),
        (["web/package.json"], []),
        (["package.json", "yarn.lock"], ["node-ci"]),
        (["pyproject.toml", "Dockerfile"], ["python-ci", "docker-build"]),
        (["requirements.txt", "scripts/deploy.sh"], ["python-ci", "multi-stage"]),
        (["k8s/overlays/live/kustomization.yaml"], ["multi-stage"]),
    ],
)
def test_templates_are_suggested_by_the_files_of_a_repository(
    files: list[str], expected: list[str]
) -> None:
    assert [one.name for one in catalog.suggest(files)] == expected


def test_a_suggestion_says_why() -> None:
    found = catalog.suggest(["package.json", "pnpm-lock.yaml"])
    assert found[0].reason == "It has a package.json, and pnpm-lock.yaml says it uses pnpm."


def test_a_new_file_is_previewed_as_one_that_is_made() -> None:
    found = catalog.preview("node-ci", {"name": "Web"}, None)
    assert (found.path, found.action) == (catalog.DEFAULT_PATH, "create")
    assert found.diff.startswith("--- /dev/null\n+++ b/.gitops/pipeline.yaml\n@@ -0,0 +1,")
    assert '+name: "Web"\n' in found.diff


def test_a_file_that_is_as_it_would_be_is_left_alone() -> None:
    found = catalog.preview("node-ci", {}, catalog.render("node-ci", {}))
    assert (found.action, found.diff) == ("unchanged", "")


def test_the_digest_changes_with_whatever_was_shown() -> None:
    shown = [
        catalog.preview("node-ci", {}, None),
        catalog.preview("node-ci", {}, ""),
        catalog.preview("node-ci", {"threshold": 81}, None),
        catalog.preview("node-ci", {}, None, "other.yaml"),
    ]
    assert len({one.digest for one in shown}) == len(shown)
    assert catalog.preview("node-ci", {}, None).digest == shown[0].digest


@pytest.mark.parametrize("path", ["/etc/x.yaml", "../x.yaml", ""])
def test_a_path_outside_of_the_repository_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest):
        catalog.preview("node-ci", {}, None, path)


@pytest.mark.parametrize("existing", ["name: old\nstages: []", "a\rb\x0cc\n\n", "é\u2028x\n"])
async def test_git_applies_the_diff_of_a_preview(tmp_path: Path, existing: str) -> None:
    await make_repository(tmp_path, {"p.yaml": existing})
    found = catalog.preview("docker-build", {}, existing, "p.yaml")
    (tmp_path / "change.diff").write_text(found.diff, encoding="utf-8", newline="")
    await git(tmp_path, "apply", "change.diff")
    assert (tmp_path / "p.yaml").read_bytes().decode() == found.text
