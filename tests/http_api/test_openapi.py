"""The OpenAPI document: valid, complete, the same every time, and true of a real server."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from jsonschema import Draft202012Validator

from gitops_auditor.app import catalog_for
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.http_api.openapi import openapi_document
from gitops_auditor.operations import OperationCatalog

METHODS = {"get", "post", "put", "delete"}


@pytest.fixture
def document() -> dict[str, Any]:
    return openapi_document(catalog_for(load_settings({})))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, described in document["paths"].items():
        for method, operation in described.items():
            assert method in METHODS
            yield path, operation


def parts(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value)


def test_the_same_catalog_gives_the_same_document(document: dict[str, Any]) -> None:
    again = openapi_document(catalog_for(load_settings({})))
    assert json.dumps(document) == json.dumps(again)


def test_every_schema_is_valid(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for node in parts(document["paths"]):
        if "schema" in node:
            Draft202012Validator.check_schema(node["schema"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = {node["$ref"] for node in parts(document) if "$ref" in node}
    assert used <= known


def test_every_operation_is_described_once_under_its_name(
    document: dict[str, Any], catalog: OperationCatalog
) -> None:
    described = [operation["operationId"] for _, operation in operations(document)]
    assert sorted(described) == sorted(found.name for found in catalog.operations)


def test_every_parameter_of_a_path_is_described(document: dict[str, Any]) -> None:
    for path, operation in operations(document):
        in_path = [found["name"] for found in operation["parameters"] if found["in"] == "path"]
        assert all(f"{{{name}}}" in path for name in in_path)
        assert path.count("{") == len(in_path)


async def test_it_is_served_under_both_prefixes(
    http_client: httpx2.AsyncClient, document: dict[str, Any]
) -> None:
    for prefix in ("/api", "/api/v2"):
        assert (await http_client.get(f"{prefix}/openapi.json")).json() == document


class TestAgainstARealServer:
    @pytest.fixture
    def settings(self, settings: Settings, tmp_path: Path) -> Settings:
        # Generated paths must not lead the server through this machine.
        (tmp_path / "workspace").mkdir()
        return settings.model_copy(update={"allowed_roots": (tmp_path / "workspace",)})

    async def test_schemathesis_finds_nothing(self, live_server: str, tmp_path: Path) -> None:
        command = [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
            *("run", f"{live_server}/api/openapi.json"),
            # One worker: on Python 3.11 `ast.parse`, which hypothesis calls, fails between threads.
            *("--suppress-health-check", "filter_too_much", "--workers", "1"),
            *("--max-examples", "10", "--generation-deterministic", "--no-color"),
            *("--request-timeout", "60", "--warnings", "off"),
        ]
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        with anyio.fail_after(110):
            ended = await anyio.run_process(command, check=False, cwd=tmp_path, env=environment)
        assert ended.returncode == 0, (ended.stdout + ended.stderr).decode()
