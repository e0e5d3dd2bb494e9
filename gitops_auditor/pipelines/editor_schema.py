"""The JSON Schema that an editor checks a definition with, made from the model (draft 2020-12)."""

from copy import deepcopy
from typing import Any, Final

from gitops_auditor.pipelines.dialects import ALIASES
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.template_inputs import TemplateInput

Schema = dict[str, Any]

_TITLE: Final = "GitOps Auditor pipeline"


def editor_schema() -> Schema:
    """Accepts both job dialects, every shorthand and every spelling that the reader accepts."""
    schema: Schema = PipelineDefinition.model_json_schema(mode="validation")
    definitions: Schema = schema["$defs"]
    _add_job_forms(definitions)
    _add_trigger_forms(schema, definitions)
    _add_templates(schema, definitions)
    use = {"$ref": "#/$defs/TemplateUse"}
    for place in (schema["properties"], definitions["Stage"]["properties"]):
        for field in ("jobs", "rollback", "always"):
            if field in place:
                place[field]["items"] = {"anyOf": [use, {"$ref": "#/$defs/AnyJob"}]}
    schema["properties"]["stages"]["items"] = {"anyOf": [use, {"$ref": "#/$defs/Stage"}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": _TITLE,
    }


def _add_job_forms(definitions: Schema) -> None:
    job = definitions["Job"]
    properties = job["properties"]
    properties.update((alias, properties[field]) for alias, field in ALIASES.items())
    named_by_key = deepcopy(job)
    del named_by_key["properties"]["name"]
    named_by_key["required"] = []
    definitions["JobFields"] = named_by_key
    definitions["AnyJob"] = {
        "anyOf": [
            {"$ref": "#/$defs/Job"},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {"$ref": "#/$defs/JobFields"},
            },
        ]
    }


def _add_templates(schema: Schema, definitions: Schema) -> None:
    """Templates and their uses; what a template holds may have inputs where the model has types."""
    definitions["TemplateUse"] = {
        "type": "object",
        "properties": {
            "template": {"type": "string"},
            "file": {"type": "string"},
            "with": {"type": ["object", "null"]},
        },
        "required": ["template"],
        "additionalProperties": False,
    }
    listed = {
        name: {"type": "array", "minItems": 1, "items": {"anyOf": [known, {"type": "object"}]}}
        for name, known in (
            ("jobs", {"$ref": "#/$defs/AnyJob"}),
            ("stages", {"$ref": "#/$defs/Stage"}),
        )
    }
    declared = TemplateInput.model_json_schema(mode="validation")
    inputs = {"anyOf": [declared, {"type": "null"}]}
    definitions["Template"] = {
        "type": "object",
        "properties": {
            "description": {"type": "string"},
            "inputs": {"type": ["object", "null"], "additionalProperties": inputs},
            **listed,
        },
        "oneOf": [{"required": [name]} for name in listed],
        "additionalProperties": False,
    }
    template = {"$ref": "#/$defs/Template"}
    schema["properties"]["templates"] = {"type": "object", "additionalProperties": template}


def _add_trigger_forms(schema: Schema, definitions: Schema) -> None:
    tags: dict[str, str] = schema["properties"]["triggers"]["items"]["discriminator"]["mapping"]
    models = {tag: reference.rpartition("/")[2] for tag, reference in tags.items()}
    for name in models.values():
        definitions[name]["properties"].pop("type")
    settings: Schema = {tag: _settings(tag, name, definitions) for tag, name in models.items()}
    by_key = {
        "type": "object",
        "properties": settings,
        "additionalProperties": False,
        "minProperties": 1,
    }
    names = {"enum": list(models)}
    schema["properties"]["triggers"] = {
        "title": "Triggers",
        "anyOf": [names, by_key, {"type": "array", "items": {"anyOf": [names, by_key]}}],
    }


def _settings(tag: str, name: str, definitions: Schema) -> Schema:
    """A trigger's settings, or nothing, or the shorthand for the field that matters most."""
    own = {"$ref": f"#/$defs/{name}"}
    texts = {"type": "array", "items": {"type": "string"}}
    extra: dict[str, list[Schema]] = {
        "push": [texts, {"type": "string"}],
        "pull_request": [texts, {"type": "string"}],
        "schedule": [{"type": "string"}, {"type": "array", "items": own}],
    }
    nothing = [] if definitions[name].get("required") else [{"type": "null"}]
    return {"anyOf": [own, *nothing, *extra.get(tag, [])]}
