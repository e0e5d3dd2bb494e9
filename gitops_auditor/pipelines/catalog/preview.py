"""What applying a template to a repository changes, before anything is written."""

import hashlib
import json
from collections.abc import Mapping
from difflib import unified_diff
from io import StringIO
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from gitops_auditor.errors import InvalidRequest, JsonValue
from gitops_auditor.formats.written import inside_repository
from gitops_auditor.pipelines.catalog.catalog import render

DEFAULT_PATH: Final = ".gitops/pipeline.yaml"


class Preview(BaseModel):
    """A file as it will be, and how that differs from what is there, as a unified diff.

    `digest` stands for the path, the content before and the content after: whoever applies the
    preview makes it again and compares, so that nothing is written that was not shown.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    text: str
    diff: str
    action: Literal["create", "replace", "unchanged"]
    digest: str


def preview(
    name: str,
    values: Mapping[str, JsonValue],
    existing: str | None,
    path: str = DEFAULT_PATH,
) -> Preview:
    """What the template makes of the file at `path`, which now holds `existing`, or is not there.

    Raises NotFound, and InvalidRequest for values or a path that do not fit.
    """
    text = render(name, values)
    if existing is None:
        action: Literal["create", "replace", "unchanged"] = "create"
    else:
        action = "unchanged" if existing == text else "replace"
    return Preview(
        path=_checked(path),
        text=text,
        diff=_diff(path, existing, text),
        action=action,
        digest=_digest(path, existing, text),
    )


def _checked(path: str) -> str:
    try:
        return inside_repository(path)
    except ValueError as error:
        raise InvalidRequest(str(error), hint=f"Leave it out for {DEFAULT_PATH}.") from error


def _diff(path: str, before: str | None, after: str) -> str:
    lines = unified_diff(
        _lines(before or ""),
        _lines(after),
        "/dev/null" if before is None else f"a/{path}",
        f"b/{path}",
    )
    return "".join(
        one if one.endswith("\n") else f"{one}\n\\ No newline at end of file\n" for one in lines
    )


def _lines(text: str) -> list[str]:
    """Cut at line feeds only, as git does."""
    return list(StringIO(text, newline="\n"))


def _digest(path: str, before: str | None, after: str) -> str:
    return hashlib.sha256(json.dumps([path, before, after]).encode()).hexdigest()
