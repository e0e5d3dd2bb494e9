"""JSON Schemas as short as clients need them: they are paid for in every conversation.

Left out are titles, the patterns and largest sizes of arguments, which are checked all the same,
the nullness and null defaults of optional parameters, definitions that are used once or are shorter
repeated than named, and of results bounds, which members are always there and how moments are
written (RFC 3339, section 5.6). What remains accepts all that the model accepts, except
an explicit null for a parameter that can simply be left out.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_REFERENCE = "#/$defs/"
_NOT_SCHEMAS = frozenset({"default", "const", "enum", "examples", "required"})
_MAPS_OF_SCHEMAS = frozenset({"properties", "$defs", "patternProperties"})
_INPUT_NOISE = frozenset({"title", "discriminator", "pattern", "maxLength", "maxItems"})
_OUTPUT_NOISE = _INPUT_NOISE | {
    *("default", "description", "minLength", "required", "format", "minimum", "maximum"),
    "propertyNames",
}


def input_schema(params: type[BaseModel]) -> Schema:
    """The schema of a tool's arguments."""
    schema = _without(params.model_json_schema(), _INPUT_NOISE)
    schema.pop("description", None)
    schema = _omit_nulls(_inline(schema))
    return {"type": "object", "properties": {}, **schema}


def output_schema(result: type[BaseModel]) -> Schema:
    """The schema of a tool's structured content; its descriptions are in the documentation."""
    schema = _without(result.model_json_schema(mode="serialization"), _OUTPUT_NOISE)
    merged: Schema = _drop_types_of_enums(_merge_nulls(_inline(schema)))
    return merged


def _map_schemas(schema: Any, change: Any) -> Any:
    """The schema with `change` applied to each schema directly inside it."""
    if isinstance(schema, list):
        return [change(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: {name: change(inner) for name, inner in value.items()}
        if key in _MAPS_OF_SCHEMAS
        else value
        if key in _NOT_SCHEMAS
        else change(value)
        for key, value in schema.items()
    }


def _without(schema: Any, keywords: frozenset[str]) -> Any:
    kept = (
        {key: value for key, value in schema.items() if key not in keywords}
        if isinstance(schema, Mapping)
        else schema
    )
    return _map_schemas(kept, lambda inner: _without(inner, keywords))


def _inline(schema: Schema) -> Schema:
    """Put definitions where they are used when that is shorter; recursive ones stay."""
    definitions: dict[str, Any] = schema.get("$defs", {})
    text = json.dumps(schema)
    inlined = {
        name: definition
        for name, definition in definitions.items()
        if not _reaches(name, definition, definitions)
        and _is_shorter_repeated(name, definition, _uses(name, text))
    }
    expanded: Schema = _expand(schema, inlined)
    kept = {key: value for key, value in expanded.get("$defs", {}).items() if key not in inlined}
    expanded.pop("$defs", None)
    return {**expanded, "$defs": kept} if kept else expanded


def _is_shorter_repeated(name: str, definition: Schema, uses: int) -> bool:
    length, reference = len(json.dumps(definition)), len(f'{{"$ref": "{_REFERENCE}{name}"}}')
    return uses * length <= length + len(name) + uses * reference


def _uses(name: str, text: str) -> int:
    return text.count(f'"{_REFERENCE}{name}"')


def _reaches(name: str, schema: Any, definitions: Mapping[str, Any]) -> bool:
    """Whether following references from `schema` leads back to `name`."""
    seen: set[str] = set()
    waiting = [schema]
    while waiting:
        text = json.dumps(waiting.pop())
        found = {other for other in definitions if _uses(other, text)} - seen
        if name in found:
            return True
        seen |= found
        waiting.extend(definitions[other] for other in found)
    return False


def _expand(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, Mapping) and isinstance(reference := schema.get("$ref"), str):
        name = reference.removeprefix(_REFERENCE)
        if name in definitions:
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            return _expand({**definitions[name], **beside}, definitions)
    return _map_schemas(schema, lambda inner: _expand(inner, definitions))


def _omit_nulls(schema: Any) -> Any:
    """Optional parameters are left out, not null: `X | None = None` is just an optional X."""
    if isinstance(schema, Mapping) and "default" in schema and schema["default"] is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
        others = [part for part in schema.get("anyOf", []) if part != {"type": "null"}]
        if len(others) == 1:
            schema = others[0] | {key: value for key, value in schema.items() if key != "anyOf"}
    return _map_schemas(schema, _omit_nulls)


def _merge_nulls(schema: Any) -> Any:
    """`anyOf` of plain types, or of one and null, as a list (JSON Schema 2020-12, 6.1.1)."""
    if isinstance(schema, Mapping) and all(map(_is_plain, schema.get("anyOf", [{}]))):
        beside = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**beside, "type": [part["type"] for part in schema["anyOf"]]}
    if isinstance(schema, Mapping) and len(parts := schema.get("anyOf", [])) == 2:
        others = [part for part in parts if part != {"type": "null"}]
        if len(others) == 1 and isinstance(others[0].get("type"), str):
            beside = {key: value for key, value in schema.items() if key != "anyOf"}
            schema = {**beside, **_nullable(others[0])}
    return _map_schemas(schema, _merge_nulls)


def _drop_types_of_enums(schema: Any) -> Any:
    """The values of an enumeration have their types already."""
    if isinstance(schema, Mapping) and "enum" in schema:
        schema = {key: value for key, value in schema.items() if key != "type"}
    return _map_schemas(schema, _drop_types_of_enums)


def _is_plain(schema: Mapping[str, Any]) -> bool:
    return set(schema) == {"type"} and isinstance(schema["type"], str)


def _nullable(schema: Mapping[str, Any]) -> Schema:
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    if "const" in schema:
        del nullable["const"]
        nullable["enum"] = [schema["const"], None]
    return nullable
