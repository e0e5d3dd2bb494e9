"""Rules that every tool keeps, whoever declares it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mcp_types import Tool

from gitops_auditor.operations import Operation
from gitops_auditor.resources import FORMS
from gitops_auditor.resources.prompts import PROMPTS, Prompt
from gitops_auditor.server.tools import describe
from gitops_auditor.tools import full_catalog

MOST_DEFAULT_TOOLS = 24
MOST_BYTES_WITHOUT_OUTPUT = 24_000
MOST_BYTES = 40_000
LONGEST_DESCRIPTION = 400
VERBS = frozenset(
    {
        *("analyze", "apply", "cancel", "check", "clone", "create", "decide", "delete"),
        *("discover", "enforce", "execute", "explain", "export", "find", "generate", "get"),
        *("import", "list", "load", "override", "read", "record", "refresh", "register"),
        *("remove", "replay", "rerun", "resolve", "resume", "revoke", "rollback", "run", "save"),
        *("scan", "simulate", "sync", "update", "validate", "verify"),
    }
)
OPEN_BY_NATURE = frozenset(
    {"details", "parameters", "before", "after", "error", "arguments", "data"}
)
"""Particulars of an error, records of the audit, arguments of other servers' tools and what a
plan's ledger has of effects.

They differ by what they belong to.
"""

CATALOG = full_catalog()
OFFERED = CATALOG.for_mcp(toolsets=["all"]).operations
DEFAULT = CATALOG.for_mcp().operations

every_tool = pytest.mark.parametrize("operation", OFFERED, ids=lambda found: found.name)


def wire(tool: Tool) -> dict[str, Any]:
    return tool.model_dump(mode="json", by_alias=True, exclude_none=True)


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and every schema inside it."""
    if isinstance(schema, list):
        for item in schema:
            yield from schemas_in(item)
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("properties", "$defs"):
        for name, inner in schema.get(key, {}).items():
            if name not in OPEN_BY_NATURE or inner.get("properties"):
                yield from schemas_in(inner)
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems"):
        yield from schemas_in(schema.get(key))


def is_untyped(schema: dict[str, Any]) -> bool:
    if not set(schema) & {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"}:
        return True
    is_object = schema.get("type") == "object" or "object" in schema.get("type", [])
    return is_object and not schema.get("properties") and not schema.get("additionalProperties")


def test_names_are_unique_also_among_older_names() -> None:
    names = [found.name for toolset in CATALOG.toolsets for found in toolset.operations]
    assert len(names) == len(set(names))
    assert not set(CATALOG.aliases) & set(names)
    assert set(CATALOG.aliases.values()) <= set(names)


@every_tool
def test_a_name_is_a_verb_and_what_it_acts_on(operation: Operation) -> None:
    verb, _, noun = operation.name.partition("_")
    assert verb in VERBS, f"{verb} is not among the verbs in use; add it only if none fits"
    assert noun
    assert operation.name.islower()


@every_tool
def test_title_description_and_hints_are_given(operation: Operation) -> None:
    tool = describe(operation)
    assert tool.title
    assert tool.description
    assert len(tool.description) <= LONGEST_DESCRIPTION
    assert tool.annotations is not None
    hints = tool.annotations.model_dump(exclude={"title"})
    assert None not in hints.values()
    assert hints["read_only_hint"] == (operation.effect == "read")
    assert hints["destructive_hint"] == (operation.effect == "destroy")


@every_tool
def test_arguments_are_a_closed_object_whose_members_are_described(operation: Operation) -> None:
    schema = describe(operation).input_schema
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert not {"anyOf", "oneOf", "allOf"} & set(schema)
    members = schema["properties"].items()
    assert not [name for name, found in members if not found.get("description")]


@every_tool
def test_the_result_is_an_object_of_known_shape(operation: Operation) -> None:
    schema = describe(operation).output_schema
    assert schema is not None
    assert schema["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf"} & set(schema)
    untyped = [found for found in schemas_in(schema) if is_untyped(found)]
    assert not untyped, "an agent cannot know what is in there"


def test_the_default_selection_is_small_enough_for_one_conversation() -> None:
    tools = [wire(describe(found)) for found in DEFAULT]
    assert len(tools) <= MOST_DEFAULT_TOOLS
    without_output = [
        {key: value for key, value in tool.items() if key != "outputSchema"} for tool in tools
    ]
    assert size(without_output) <= MOST_BYTES_WITHOUT_OUTPUT
    assert size(tools) <= MOST_BYTES


def size(tools: list[dict[str, Any]]) -> int:
    return len(json.dumps({"tools": tools}, separators=(",", ":")).encode())


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_a_prompt_rests_on_the_default_selection_and_at_most_one_toolset_more(
    prompt: Prompt,
) -> None:
    needed = set(prompt.operations)
    selections = [["default"], *(["default", found.name] for found in CATALOG.toolsets)]
    offered = (CATALOG.for_mcp(toolsets=chosen).operations for chosen in selections)
    assert any(needed <= {found.name for found in operations} for operations in offered)


def test_most_prompts_rest_on_the_default_selection_alone() -> None:
    names = {found.name for found in DEFAULT}
    assert {prompt.name for prompt in PROMPTS if not names.issuperset(prompt.operations)} == {
        "plan_dependency_update",
        "resolve_conflicts",
        "add_pipeline",
    }


def test_every_resource_rests_on_an_operation_that_reads() -> None:
    reads = {found.name for found in OFFERED if found.effect == "read"}
    assert {form.operation for form in FORMS} <= reads


def test_variables_of_resources_are_parameters_of_their_operations() -> None:
    for form in FORMS:
        parameters = CATALOG.get(form.operation).params.model_fields
        required = {name for name, field in parameters.items() if field.is_required()}
        assert required <= set(form.uri.variables) <= set(parameters)
