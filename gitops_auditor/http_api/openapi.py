"""The OpenAPI 3.1 document, generated from the catalog. Source of its form: OpenAPI 3.1.1."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gitops_auditor import __version__
from gitops_auditor.health import ComponentHealth, HealthReport
from gitops_auditor.http_api.arguments import EXPECTED_VERSION
from gitops_auditor.operations import Operation, OperationCatalog

ERROR = "Error"
_REF = "#/components/schemas/{model}"
_ERROR_REFERENCE = {"$ref": _REF.format(model=ERROR)}
_PROBLEMS: Mapping[str, str] = {
    "400": "The request cannot be read.",
    "401": "A valid bearer token is needed.",
    "403": "The caller's role does not allow this, or a safety rule forbids it.",
    "404": "There is no such thing.",
    "413": "The request is larger than the server accepts.",
    "422": "A parameter is unknown, missing or out of range.",
    "429": "Too many requests; Retry-After says when to try again.",
    "500": "A fault of the server; the log has it under the request id.",
    "503": "Something needed is missing or busy for now.",
    "504": "A bounded wait ended.",
}
_WRITE_PROBLEMS: Mapping[str, str] = {
    "409": "The request contradicts the present state.",
    "412": "The thing changed since it was read.",
    "415": "The body is not application/json.",
}


def openapi_document(catalog: OperationCatalog) -> dict[str, Any]:
    """The whole API as one document; the same catalog always gives the same document."""
    schemas, components = _schemas(catalog)
    paths: dict[str, dict[str, Any]] = {}
    for operation in catalog.operations:
        path = operation.path.replace(":path}", "}")
        paths.setdefault(path, {})[operation.method.lower()] = _describe(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GitOps Auditor",
            "version": __version__,
            "description": "Dependencies between git repositories, found by scanning.",
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": found.name, "description": found.description} for found in catalog.toolsets
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**components, ERROR: _error_schema()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}, {}],
    }


Schemas = Mapping[tuple[object, str], dict[str, Any]]


def _schemas(catalog: OperationCatalog) -> tuple[Schemas, dict[str, Any]]:
    wanted: list[tuple[type[BaseModel], Any]] = []
    for operation in catalog.operations:
        wanted.append((operation.params, "validation"))
        wanted.append((operation.result, "serialization"))
    found, document = models_json_schema(wanted, ref_template=_REF)
    by_model: Schemas = {(model, mode): schema for (model, mode), schema in found.items()}
    return by_model, document.get("$defs", {})


def _describe(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.toolset],
        "summary": operation.title,
        "description": operation.description,
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
        "x-role": str(operation.role),
    }
    if operation.method in {"POST", "PUT"}:
        described["requestBody"] = _body(operation)
    return described


def _fields(operation: Operation) -> dict[str, Any]:
    schema = operation.params.model_json_schema(ref_template=_REF)
    schema.pop("$defs", None)
    properties: dict[str, Any] = schema.get("properties", {})
    return properties


def _required(operation: Operation) -> set[str]:
    return {name for name, field in operation.params.model_fields.items() if field.is_required()}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    fields, required = _fields(operation), _required(operation)
    in_path = operation.path_parameters
    listed = [_parameter(name, "path", fields[name], required=True) for name in in_path]
    if operation.method in {"GET", "DELETE"}:
        rest = [name for name in fields if name not in in_path and name != EXPECTED_VERSION]
        listed += [
            _parameter(name, "query", fields[name], required=name in required) for name in rest
        ]
    if EXPECTED_VERSION in fields:
        listed.append(_if_match())
    return listed


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    plain = {key: value for key, value in schema.items() if key not in {"description", "title"}}
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": schema.get("description", ""),
        "schema": plain,
    }


def _if_match() -> dict[str, Any]:
    return {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "ETag of the version that the change is based on.",
        "schema": {"type": "string", "pattern": r'^(\*|"[1-9][0-9]{0,8}")$'},
    }


def _body(operation: Operation) -> dict[str, Any]:
    outside = {*operation.path_parameters, EXPECTED_VERSION}
    fields = {
        name: {key: value for key, value in schema.items() if key != "title"}
        for name, schema in _fields(operation).items()
        if name not in outside
    }
    required = sorted(_required(operation) - outside)
    schema = {"type": "object", "properties": fields, "additionalProperties": False}
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    result = schemas[operation.result, "serialization"]
    problems = {**_PROBLEMS, **({} if operation.effect == "read" else _WRITE_PROBLEMS)}
    if operation.method == "POST":
        problems["415"] = _WRITE_PROBLEMS["415"]
    described = {
        **_successes(operation, result),
        **{status: _problem(text) for status, text in problems.items()},
    }
    if issubclass(operation.result, ComponentHealth | HealthReport):
        # A part that does not work is an answer like any other, with the status that monitors read.
        described["503"] = _content(_PROBLEMS["503"], {"anyOf": [result, _ERROR_REFERENCE]})
    return described


def _successes(operation: Operation, result: dict[str, Any]) -> dict[str, Any]:
    if operation.long:
        return {
            "200": _content("Finished while the call waited.", result),
            "202": _content("Started; Location is where to follow it.", result),
        }
    done = {str(operation.status): _content("Done.", result)}
    version = operation.result.model_fields.get("version")
    if operation.method == "GET" and version is not None and version.annotation is int:
        done["304"] = {"description": "The caller has this version already."}
    return done


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    return _content(description, _ERROR_REFERENCE)


def _error_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "What went wrong, and what to do next.",
        "required": ["error", "code", "details", "request_id"],
        "properties": {
            "error": {"type": "string", "description": "A sentence for people."},
            "code": {"type": "string", "description": "Stable, for programs."},
            "details": {"type": "object", "description": "Particulars that belong to the code."},
            "request_id": {"type": "string", "description": "Finds the request in the log."},
        },
    }
