"""How a setting is declared: its variable, its default and a sentence."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _split(value: object) -> object:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def _or_none(value: object) -> object:
    return None if value == "" else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_split)]
OptionalPath = Annotated[Path | None, BeforeValidator(_or_none)]
Rate = Annotated[str, Field(pattern=r"^[1-9]\d*/(second|minute|hour)$")]


def setting(variable: str, default: Any, sentence: str, **constraints: Any) -> Any:
    """A field that is read from a variable; the sentence is what users read of it."""
    return Field(default, alias=variable, description=sentence, **constraints)
