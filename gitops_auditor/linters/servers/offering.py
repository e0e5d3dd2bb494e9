"""How a server says what it offers and how that is called; each server has a table of tools."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel

from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.linters.running import Progress
from gitops_auditor.linters.servers.answers import answer, report_text, sarif_text
from gitops_auditor.linters.servers.arguments import Arguments, Files, Judged, Where
from gitops_auditor.linters.servers.roots import Roots, relative_file

Given = TypeVar("Given", bound=Arguments)

_NOISE: Final = frozenset({"title"})
_OUTPUT_NOISE: Final = _NOISE | {"description", "default", "minimum"}
_NAMES_OF_FIELDS: Final = frozenset({"properties", "$defs"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call looks: the folder, the files relative to it, and who is told how far it is."""

    root: Path
    files: tuple[str, ...] | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its structured form, and its text."""

    content: BaseModel
    text: str


@dataclass(frozen=True, slots=True)
class Offer(Generic[Given]):
    """One tool. `call` gets what was validated; it raises GitOpsError for what cannot be done."""

    name: str
    title: str
    description: str
    arguments: type[Given]
    result: type[BaseModel]
    call: Callable[[Place, Given], Awaitable[Told]]
    open_world: bool = False

    def described(self) -> Tool:
        """As clients see it in tools/list."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=_schema(self.arguments, "validation", _NOISE),
            output_schema=_schema(self.result, "serialization", _OUTPUT_NOISE),
            annotations=ToolAnnotations(
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=self.open_world,
            ),
        )

    async def called(self, arguments: dict[str, Any], roots: Roots, progress: Progress) -> Told:
        """The answer. Raises ValidationError for the arguments, and GitOpsError."""
        given = self.arguments.model_validate(arguments)
        return await self.call(_place(given, roots, progress), given)


def judged(report: ScanReport, given: Judged) -> Told:
    """The answer to a call that asks for a report."""
    content = answer(report, given.fail_threshold, given.limit)
    return Told(content, sarif_text(content) if given.format == "sarif" else report_text(content))


def _place(given: Arguments, roots: Roots, progress: Progress) -> Place:
    asked = given.root if isinstance(given, Where) else None
    root = roots.folder(asked)
    files = given.files if isinstance(given, Files) else None
    if files is not None:
        files = tuple(relative_file(root, name, asked) for name in files)
    return Place(root, files, progress)


def _schema(model: type[BaseModel], mode: Any, noise: frozenset[str]) -> dict[str, Any]:
    schema: dict[str, Any] = _plain(model.model_json_schema(mode=mode), noise)
    schema.pop("description", None)
    return schema


def _plain(schema: Any, noise: frozenset[str]) -> Any:
    """Without what only repeats names; parameters that can be left out are not null as well."""
    if isinstance(schema, list):
        return [_plain(one, noise) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in noise}
    if "anyOf" in kept and kept.get("default", "") is None:
        kept = _optional(kept)
    return {
        key: {name: _plain(inner, noise) for name, inner in value.items()}
        if key in _NAMES_OF_FIELDS
        else _plain(value, noise)
        for key, value in kept.items()
    }


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    others = [one for one in schema["anyOf"] if one != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**rest, **others[0]} if len(others) == 1 else {**rest, "anyOf": others}
