"""Finds which fields are known at a place of a definition, for the error that names the nearest."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

Models = set[type[BaseModel]]


def field_names(root: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The fields of the model that `location` leads to; the place is one that pydantic reports."""
    models: Models = {root}
    for step in location:
        tagged = {one for one in models if _is_tagged(one, step)}
        below = {found for one in models for found in _below(one, step)}
        models = tagged or below or models
    return list(
        dict.fromkeys(name for one in models for name in one.model_fields if name != "type")
    )


def _is_tagged(model: type[BaseModel], step: str | int) -> bool:
    """Whether the step picks this member of a union, which pydantic puts into the place."""
    field = model.model_fields.get("type")
    return field is not None and step == field.default


def _below(model: type[BaseModel], step: str | int) -> Iterator[type[BaseModel]]:
    if isinstance(step, str) and step in model.model_fields:
        yield from _models_in(model.model_fields[step].annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
