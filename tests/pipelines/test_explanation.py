"""Failed runs explained in one answer."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, NotFound
from tests.factories.runs import Project, run_settings

PYTEST = """
name: tests
stages:
  - name: test
    jobs:
      - unit:
          script: python3 -m pytest -q -p no:cacheprovider test_sum.py
          env: {PYTHONPATH: packages}
      - lint: {script: "true"}
"""
NEEDED = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
"""What runs tests is committed beside them: a job does not see where the tests of ours run from."""
TEST_SUM = """\
def total(numbers):
    return sum(numbers) + 1


def test_total():
    assert total([1, 2]) == 3
"""
SLOW = """
name: slow
stages:
  - name: one
    parallel: true
    jobs:
      - hangs: {script: "echo begun; sleep 600", timeout: 1}
      - fails: {script: "sleep 2; exit 4"}
"""


def with_tests(text: str) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {"test_sum.py": text}
    for name in NEEDED:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        for file in package.rglob("*.py"):
            files[f"packages/{file.relative_to(package.parent)}"] = file.read_bytes()
    alias = find_spec("py")
    assert alias is not None
    assert alias.origin is not None
    return {**files, "packages/py.py": Path(alias.origin).read_bytes()}


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def test_a_failing_test_is_explained_with_file_line_and_the_next_call(
    project: Project,
) -> None:
    await project.define(PYTEST, with_tests(TEST_SUM))
    run = await project.run()
    found = await project.services.pipelines.explainer.explain(run.id, None, 1000)
    assert (found.job, found.failure_kind, found.status) == ("test/unit", "failed", "failed")
    assert "test_total" in found.cause or "assert 4 == 3" in found.cause
    assert ("test_sum.py", 6) in [(place.file, place.line) for place in found.locations]
    assert "assert 4 == 3" in found.excerpt
    assert found.next_call.operation == "read_run_log"
    assert found.next_call.job == "test/unit"
    assert found.suggestion


async def test_an_excerpt_keeps_to_its_budget(project: Project) -> None:
    await project.define(PYTEST, with_tests(TEST_SUM))
    run = await project.run()
    found = await project.services.pipelines.explainer.explain(run.id, None, 100)
    assert 0 < len(found.excerpt) <= 100 * 4


async def test_a_time_out_is_explained_as_one_and_the_other_failure_is_named(
    project: Project,
) -> None:
    await project.define(SLOW)
    run = await project.run()
    found = await project.services.pipelines.explainer.explain(run.id, None, 1000)
    assert (found.job, found.failure_kind) == ("one/hangs", "timeout")
    assert found.other_failures == ["one/fails"]
    assert found.next_call.operation == "rerun_pipeline"
    other = await project.services.pipelines.explainer.explain(run.id, "fails", 1000)
    assert "4" in other.cause


async def test_what_did_not_fail_is_not_explained(project: Project) -> None:
    await project.define(PYTEST, with_tests(TEST_SUM.replace(" + 1", "")))
    run = await project.run()
    assert run.status == "success"
    with pytest.raises(Conflict, match="no failed job"):
        await project.services.pipelines.explainer.explain(run.id, None, 1000)
    with pytest.raises(NotFound):
        await project.services.pipelines.explainer.explain(run.id, "absent", 1000)
