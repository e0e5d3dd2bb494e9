"""The secrets of pipelines: kept, used by jobs, and shown nowhere."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from tests.factories.runs import ACTOR, Project, run_settings

VALUE = "s3cret-Treasure/+?"
USES = """
name: uses
stages:
  - name: one
    jobs:
      - prints:
          secrets: [TOKEN]
          script: |
            echo "got $TOKEN"
            echo "out=$TOKEN" >> "$GITOPS_OUTPUT"
            echo "$TOKEN" | base64
            exit 3
          outputs: [out]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def keep(project: Project, name: str = "TOKEN", value: str = VALUE) -> int:
    secrets = project.services.pipelines.secrets
    kept = await secrets.set("repository", project.repository_id, name, SecretStr(value), ACTOR)
    return kept.version


async def test_a_secret_is_kept_listed_without_its_value_replaced_and_forgotten(
    project: Project,
) -> None:
    secrets = project.services.pipelines.secrets
    assert await keep(project) == 1
    assert await keep(project, value="another-Treasure") == 2
    (known,) = await secrets.list()
    assert (known.name, known.scope.id) == ("TOKEN", project.repository_id)
    assert "Treasure" not in known.model_dump_json()
    assert await secrets.rotate(ACTOR) == 1
    await secrets.delete("repository", project.repository_id, "TOKEN", ACTOR)
    assert await secrets.list() == []
    with pytest.raises(NotFound):
        await secrets.delete("repository", project.repository_id, "TOKEN", ACTOR)


async def test_every_change_is_in_the_audit_and_no_value_is(project: Project) -> None:
    secrets = project.services.pipelines.secrets
    await keep(project)
    await secrets.rotate(ACTOR)
    await secrets.delete("repository", project.repository_id, "TOKEN", ACTOR)
    entries = [entry async for entry in project.services.audit.export()]
    names = [entry.operation for entry in entries if "secret" in entry.operation]
    assert set(names) == {"set_secret", "rotate_secret_key", "delete_secret"}
    assert VALUE not in "".join(entry.model_dump_json() for entry in entries)


async def test_a_secret_that_a_job_prints_appears_nowhere(project: Project) -> None:
    await project.define(USES)
    await keep(project)
    run = await project.run()
    assert run.status == "failed"
    pipelines = project.services.pipelines
    log = await project.log(run, "one/prints")
    assert "got ***" in log
    explained = await pipelines.explainer.explain(run.id, None, 1000)
    entries = [entry async for entry in project.services.audit.export()]
    shown = [
        run.model_dump_json(),
        explained.model_dump_json(),
        log,
        json.dumps([entry.model_dump(mode="json") for entry in entries]),
    ]
    assert not [text for text in shown if VALUE in text]
    data = project.services.settings.data_dir
    held = [path for path in data.parent.rglob("*") if path.is_file() and is_in(path)]
    assert held == []


def is_in(path: Path) -> bool:
    """Whether the value is anywhere in a file: the database, its journal, logs, the store."""
    return VALUE.encode() in path.read_bytes()
