"""Schemas as tools list them: short, and accepting what the models accept."""

from datetime import datetime
from typing import Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from gitops_auditor.operations import NoParams, Params
from gitops_auditor.server.schemas import input_schema, output_schema


class Inner(BaseModel):
    """An inner model with a long enough description that repeating it is worth a definition."""

    title: str
    state: Literal["open", "closed"]
    note: str | None = None
    at: datetime | None = None


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Outer(BaseModel):
    first: Inner
    second: Inner
    maybe: Inner | None = None
    kind: Literal["a"] | None = None
    tree: Node
    counts: dict[str, int]


class Arguments(Params):
    """Some arguments."""

    needed: str = Field(description="A needed one.")
    optional: str | None = Field(None, description="An optional one.", max_length=5)
    choice: Literal["x", "y"] = Field("x", description="A choice.")
    ids: list[str] | None = Field(None, description="Several.")


def test_arguments_keep_their_rules_and_lose_titles_and_nulls() -> None:
    assert input_schema(Arguments) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["needed"],
        "properties": {
            "needed": {"type": "string", "description": "A needed one."},
            "optional": {"type": "string", "description": "An optional one."},
            "choice": {
                "type": "string",
                "enum": ["x", "y"],
                "default": "x",
                "description": "A choice.",
            },
            "ids": {"type": "array", "items": {"type": "string"}, "description": "Several."},
        },
    }


def test_no_arguments_are_an_empty_closed_object() -> None:
    assert input_schema(NoParams) == {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }


def test_results_validate_against_the_shortened_schema() -> None:
    inner = Inner(title="t", state="open")
    result = Outer(
        first=inner,
        second=inner,
        tree=Node(name="root", children=[Node(name="leaf")]),
        counts={"a": 1},
    )
    schema = output_schema(Outer)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(result.model_dump(mode="json"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": {"title": 1}},
        {"kind": "b"},
        {"maybe": {"title": "t", "state": "ajar"}},
        {"tree": {"name": "n", "children": [{"name": 1}]}},
        {"counts": {"a": "1"}},
    ],
)
def test_the_shortened_schema_still_refuses_wrong_results(wrong: dict[str, Any]) -> None:
    inner = {"title": "t", "state": "open"}
    right = {"first": inner, "second": inner, "tree": {"name": "n"}, "counts": {}}
    validator = jsonschema.Draft202012Validator(output_schema(Outer))
    validator.validate(right)
    assert not validator.is_valid(right | wrong)


def test_a_property_named_title_is_kept_and_keywords_of_that_name_are_not() -> None:
    schema = output_schema(Inner)
    assert schema["properties"]["title"] == {"type": "string"}
    assert "title" not in schema
    assert "description" not in schema


def test_recursive_models_stay_definitions() -> None:
    schema = output_schema(Outer)
    assert set(schema["$defs"]) == {"Node", "Inner"}
