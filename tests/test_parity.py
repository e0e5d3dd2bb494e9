"""Every operation gives the same over MCP and over REST: results, failures, what is on offer.

Two platforms stand side by side on the same repositories, one called over MCP, one over REST.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, ValidationError

from gitops_auditor.app import catalog_for
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.http_api.arguments import EXPECTED_VERSION
from gitops_auditor.operations import Context, Operation, OperationCatalog
from gitops_auditor.services import Services, open_services
from tests.factories.databases import migrated_database
from tests.factories.git import make_repository
from tests.factories.runs import run_folder, run_settings, runs_carried_out
from tests.factories.transports import Mcp, Outcome, Rest, over_mcp, over_rest
from tests.parity_calls import ABSENT, CHECKS, GATES, PACKAGE, REFUSED, USER, filled_in, sequence

SECRET = "password=hunter2"


class Pair(NamedTuple):
    """The same state twice."""

    mcp: Mcp
    rest: Rest
    catalog: OperationCatalog
    services: tuple[Services, Services]

    @property
    def shared(self) -> list[Operation]:
        """What both offer."""
        return [found for found in self.catalog.operations if found.surface != "rest"]

    async def call(self, operation: Operation, arguments: Mapping[str, Any]) -> Outcome:
        """Call it on both sides, and give what both answered."""
        behind_mcp, behind_rest = self.services
        by_mcp = await self.mcp.call(operation, await filled_in(arguments, behind_mcp))
        by_rest = await self.rest.call(operation, await filled_in(arguments, behind_rest))
        assert by_mcp == by_rest, operation.name
        return by_mcp


@asynccontextmanager
async def side_by_side(
    tmp_path: Path, catalog: OperationCatalog, **changes: Any
) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        runs = stack.enter_context(run_folder())

        async def opened(name: str) -> Any:
            (tmp_path / name).mkdir()
            url = await stack.enter_async_context(migrated_database(tmp_path / name))
            settings = load_settings(
                {}, data_dir=tmp_path / name / "data", database=url, **run_settings(runs)
            )
            services = await stack.enter_async_context(
                open_services(settings.model_copy(update=changes))
            )
            await stack.enter_async_context(runs_carried_out(services))
            return services

        behind = (await opened("mcp"), await opened("rest"))
        mcp = await stack.enter_async_context(over_mcp(catalog, behind[0]))
        rest = await stack.enter_async_context(over_rest(catalog, behind[1]))
        yield Pair(mcp, rest, catalog, behind)


@pytest.fixture
async def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    for name, manifest in (("lib", PACKAGE), ("app", USER)):
        origin = f"https://example.org/acme/{name}.git"
        files = {
            "package.json": manifest,
            ".gitops/pipeline.yaml": CHECKS,
            ".gitops/quality-gates.yaml": GATES,
        }
        await make_repository(folder / name, files, origin=origin)
    return folder


@pytest.fixture
def every() -> OperationCatalog:
    return catalog_for(load_settings({}))


async def test_the_same_calls_have_the_same_results(
    tmp_path: Path, workspace: Path, every: OperationCatalog
) -> None:
    calls = sequence(workspace)
    async with side_by_side(tmp_path, every) as pair:
        assert {name for name, _ in calls} == {found.name for found in pair.shared}
        for name, arguments in calls:
            outcome = await pair.call(every.get(name), arguments)
            failed = outcome.code or outcome.content.get("error")
            assert bool(failed) == (name in REFUSED), (name, outcome)


async def test_a_conflict_and_a_stale_version_are_the_same_failure(
    tmp_path: Path, workspace: Path, every: OperationCatalog
) -> None:
    async with side_by_side(tmp_path, every) as pair:
        register = every.get("register_repository")
        await pair.call(register, {"path": str(workspace / "lib")})
        again = await pair.call(register, {"path": str(workspace / "lib")})
        changes = {"repository_id": "acme/lib", "name": "x", "expected_version": 9}
        stale = await pair.call(every.get("update_repository"), changes)
    assert (again.code, stale.code) == ("conflict", "stale")


def required(operation: Operation) -> dict[str, Any]:
    fields = operation.params.model_fields.items()
    return {name: ABSENT[name] for name, field in fields if field.is_required()}


async def test_an_unknown_parameter_is_the_same_failure_everywhere(
    tmp_path: Path, every: OperationCatalog
) -> None:
    async with side_by_side(tmp_path, every) as pair:
        for operation in pair.shared:
            outcome = await pair.call(operation, {**required(operation), "no_such_thing": "1"})
            assert outcome.code == "invalid_request", operation.name
            assert "no parameter no_such_thing" in outcome.content[0]


async def test_what_is_not_there_is_the_same_failure_everywhere(
    tmp_path: Path, every: OperationCatalog
) -> None:
    async with side_by_side(tmp_path, every) as pair:
        asked = [found for found in pair.shared if required(found) and not found.long]
        codes = {found.name: (await pair.call(found, required(found))).code for found in asked}
    assert {codes.pop("import_repositories"), codes.pop("import_workflow")} == {"invalid_request"}
    assert {codes.pop("validate_pipeline"), codes.pop("create_gate")} == {None}
    assert set(codes.values()) == {"not_found"}, codes


def mistaken(operation: Operation) -> list[dict[str, Any]]:
    """Arguments of which one has a wrong type or is out of range, for each parameter."""
    found = []
    for name, schema in operation.params.model_json_schema().get("properties", {}).items():
        if name == EXPECTED_VERSION:
            # Over REST it is a header, with a form of its own.
            continue
        text = "not it!" * 500
        for value in ([text],) if "array" in json.dumps(schema) else (text, "-1"):
            arguments = {**required(operation), name: value}
            if _refused(operation.params, arguments):
                found.append(arguments)
                break
    return found


def _refused(params: type[BaseModel], arguments: Mapping[str, Any]) -> bool:
    try:
        params.model_validate(arguments)
    except ValidationError:
        return True
    return False


async def test_a_wrong_value_is_the_same_failure_everywhere(
    tmp_path: Path, every: OperationCatalog
) -> None:
    async with side_by_side(tmp_path, every) as pair:
        for operation in pair.shared:
            for arguments in mistaken(operation):
                outcome = await pair.call(operation, arguments)
                assert outcome.code == "invalid_request", (operation.name, arguments)


@pytest.mark.parametrize("value", [True, 1.5, "x", None, [], {}])
async def test_a_body_with_a_wrong_type_is_the_same_failure(
    tmp_path: Path, every: OperationCatalog, value: object
) -> None:
    async with side_by_side(tmp_path, every) as pair:
        for name in ("wait_seconds", "repositories", "worktree"):
            outcome = await pair.call(every.get("scan_dependencies"), {name: value})
            if outcome.code is not None:
                assert outcome.code == "invalid_request"


def broken(catalog: OperationCatalog) -> OperationCatalog:
    """The same operations, each with a bug in it."""

    async def fail(ctx: Context, params: Any) -> BaseModel:
        raise RuntimeError(SECRET)

    return OperationCatalog(
        [
            replace(toolset, operations=[replace(found, run=fail) for found in toolset.operations])
            for toolset in catalog.toolsets
        ],
        catalog.aliases,
    )


async def test_a_fault_of_ours_is_the_same_failure_and_tells_nothing(
    tmp_path: Path, every: OperationCatalog
) -> None:
    async with side_by_side(tmp_path, broken(every)) as pair:
        for operation in pair.shared:
            wait = {"wait_seconds": 20} if operation.long else {}
            outcome = await pair.call(operation, {**required(operation), **wait})
            code = outcome.content["error"]["code"] if operation.long else outcome.code
            assert code == "internal", operation.name
            assert SECRET not in str(outcome)


@pytest.mark.parametrize("changes", [{}, {"read_only": True}, {"enable_phase2_features": False}])
async def test_settings_take_the_same_operations_from_both(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    settings: Settings = load_settings({}, **changes)
    catalog = catalog_for(settings)
    async with side_by_side(tmp_path, catalog, **changes) as pair:
        offered = {found.name for found in pair.catalog.operations}
        only_rest = offered - {found.name for found in pair.shared}
        assert await pair.rest.names() == offered
        assert await pair.mcp.names() == offered - only_rest
        for found in catalog_for(load_settings({})).operations:
            if found.name not in offered and found.surface != "rest":
                outcome = await pair.mcp.call(found, required(found))
                assert outcome.code == "not_found"
