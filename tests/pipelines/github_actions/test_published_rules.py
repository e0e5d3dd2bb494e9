"""Generated workflows are what GitHub's published schema allows, and what zizmor finds safe."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.github_actions import ExportOptions, export_workflow
from gitops_auditor.pipelines.models import PipelineDefinition
from tests.pipelines.github_actions.definitions import definitions

SAMPLES = Path(__file__).parent.parent
ZIZMOR = shutil.which("zizmor", path=str(Path(sys.executable).parent)) or shutil.which("zizmor")
PACKAGE = find_spec("check_jsonschema")
NO_SCHEMA = "check-jsonschema, which carries the schema of workflows, is not installed"
SHAPES: list[Literal["native", "managed"]] = ["native", "managed"]


def schema() -> Any:
    folder = Path(PACKAGE.origin).parent if PACKAGE and PACKAGE.origin else Path()
    path = folder / "builtin_schemas" / "vendor" / "github-workflows.json"
    return json.loads(path.read_text(encoding="utf-8"))


def workflow(sample: str, shape: Literal["native", "managed"]) -> str:
    found = parse_definition((SAMPLES / sample).read_text(encoding="utf-8"))
    return export_workflow(found, ExportOptions(shape=shape)).text


@pytest.mark.skipif(PACKAGE is None, reason=NO_SCHEMA)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sample", ["document_example.yaml", "everything.yaml"])
def test_a_generated_workflow_follows_the_published_schema(
    sample: str, shape: Literal["native", "managed"]
) -> None:
    Draft7Validator(schema()).validate(yaml.safe_load(workflow(sample, shape)))


@pytest.mark.skipif(PACKAGE is None, reason=NO_SCHEMA)
def test_whatever_a_definition_says_follows_the_published_schema() -> None:
    validator = Draft7Validator(schema())

    @given(definitions())
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def follows(definition: PipelineDefinition) -> None:
        text = export_workflow(definition, ExportOptions()).text
        validator.validate(yaml.safe_load(text))

    follows()


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not installed")
def test_zizmor_finds_nothing_in_generated_workflows(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for sample in ("document_example.yaml", "everything.yaml"):
        for shape in SHAPES:
            file = folder / f"{shape}-{sample.removesuffix('.yaml')}.yml"
            file.write_text(workflow(sample, shape), encoding="utf-8")
    found = subprocess.run(
        [str(ZIZMOR), "--offline", "--format", "json", str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert json.loads(found.stdout) == [], found.stderr
