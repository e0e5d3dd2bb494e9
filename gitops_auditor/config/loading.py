"""Reads the settings. The environment is read here only; what is not understood stops the start."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from gitops_auditor.config.settings import VARIABLES, Settings, variable_of
from gitops_auditor.errors import InvalidSetting

PREFIX = "GITOPS_"


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings; `overrides` (by field name, None ignored) win over everything.

    Raises InvalidSetting naming the variable and what it may be.
    """
    given = dict(os.environ if environ is None else environ)
    values = {**_file_values(given), **given}
    if "NODE_ENV" in values:
        values.setdefault("GITOPS_ENV", values["NODE_ENV"])
    _refuse_unknown(values)
    known: dict[str, Any] = {
        VARIABLES[key]: value for key, value in values.items() if key in VARIABLES
    }
    known.update({key: value for key, value in overrides.items() if value is not None})
    try:
        return Settings.model_validate(known)
    except ValidationError as invalid:
        raise _explain(invalid) from None


def _file_values(environ: Mapping[str, str]) -> dict[str, str]:
    named = environ.get("GITOPS_ENV_FILE")
    if not named:
        return {}
    path = Path(named)
    if not path.is_file():
        raise InvalidSetting(
            f"GITOPS_ENV_FILE names {named}, which is not a file.",
            hint="Create it or unset the variable.",
        )
    return {key: value for key, value in dotenv_values(path).items() if value is not None}


def _refuse_unknown(values: Mapping[str, str]) -> None:
    for name in values:
        if name.startswith(PREFIX) and name not in VARIABLES and name != "GITOPS_ENV_FILE":
            near = difflib.get_close_matches(name, VARIABLES, 1)
            hint = f"Did you mean {near[0]}?" if near else "See `gitops-auditor config show`."
            raise InvalidSetting(f"There is no setting {name}.", hint=hint)


def _explain(invalid: ValidationError) -> InvalidSetting:
    first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0])
    field = Settings.model_fields.get(name)
    variable = variable_of(field) if field else name
    sentence = field.description if field else ""
    return InvalidSetting(
        f"{variable} is not understood: {first['msg']}.",
        hint=f"{sentence}",
        details={"variable": variable},
    )
