"""Reads the file of MCP servers; every mistake has its line and column, and stops the start."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from gitops_auditor.config import Settings
from gitops_auditor.connections.configuration import Action, ServerName, ServerSettings
from gitops_auditor.errors import InvalidSetting, JsonValue
from gitops_auditor.execution.owned_files import ChangeableFile, UnfitFile, read_owned
from gitops_auditor.formats.model_findings import plain
from gitops_auditor.formats.nodes import Document, MalformedDocument, Node, child

FILE_NAME: Final = "mcp-servers.yaml"
MAX_BYTES: Final = 2**20
_MAX_PROBLEMS: Final = 20


class _File(BaseModel, defer_build=True):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    servers: dict[ServerName, ServerSettings] = Field(default_factory=dict)


def load_servers(settings: Settings) -> dict[str, ServerSettings]:
    """The configured servers by name; empty when there is no file in the data folder.

    Raises InvalidSetting when the file cannot be read, when others than its owner may change it,
    and when something in it is not understood.
    """
    path = settings.mcp_servers or settings.data_dir / FILE_NAME
    try:
        text = _read(path)
    except FileNotFoundError:
        if settings.mcp_servers is None:
            return {}
        raise InvalidSetting(
            f"GITOPS_MCP_SERVERS names {path}, and there is no such file.",
            hint="Create it, or unset the variable.",
        ) from None
    return {name: _settled(one, path) for name, one in _parsed(text, path).servers.items()}


def _read(path: Path) -> str:
    try:
        return read_owned(path, MAX_BYTES).decode()
    except FileNotFoundError:
        raise
    except OSError as refused:
        raise _unreadable(path, refused.strerror or "not readable") from None
    except UnfitFile as unfit:
        raise _unreadable(path, str(unfit)) from None
    except ChangeableFile as remedy:
        raise InvalidSetting(
            f"Others can change {path}, and what it names is run as this user.",
            hint=f"Run: {remedy}",
        ) from None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8 text") from None


def _unreadable(path: Path, reason: str) -> InvalidSetting:
    return InvalidSetting(
        f"The MCP servers in {path} cannot be read: {reason}.",
        hint="GITOPS_MCP_SERVERS names a YAML file that this user can read.",
    )


def _parsed(text: str, path: Path) -> _File:
    try:
        document = _document(text)
        problems = [f"{one.line}:{one.column}: {one.message}" for one in document.findings]
        if not problems:
            return _File.model_validate(plain(document.root))
    except MalformedDocument as malformed:
        problems = [f"{malformed.line}:{malformed.column}: {malformed.message}"]
    except ValidationError as invalid:
        problems = list(_problems(invalid, document.root))
    listed: list[JsonValue] = list(problems[:_MAX_PROBLEMS])
    raise InvalidSetting(
        f"{path}:{problems[0]}",
        hint="Correct the file that configures the MCP servers.",
        details={"problems": listed},
    )


def _document(text: str) -> Document:
    # Most installations have no such file, and do without the YAML library at their start.
    from gitops_auditor.formats.yaml_positions import parse_yaml  # noqa: PLC0415 - see above

    documents = parse_yaml(text)
    if len(documents) != 1 or not isinstance(documents[0].root.value, dict):
        raise MalformedDocument("The file is one mapping with `servers`.", 1, 1)
    return documents[0]


def _problems(invalid: ValidationError, root: Node) -> Iterator[str]:
    # What was given is never repeated: it may be a token that somebody wrote into the file.
    for details in invalid.errors(include_url=False, include_input=False):
        node = _nearest(root, details["loc"])
        yield f"{node.line}:{node.column}: {_sentence(details)}"


def _nearest(root: Node, location: tuple[str | int, ...]) -> Node:
    """The node at the place, or the last one on the way that the file has."""
    node = root
    for step in location:
        below = child(node, step)
        if below is None:
            break
        node = below
    return node


def _sentence(details: ErrorDetails) -> str:
    named = [str(step) for step in details["loc"] if step != "[key]"]
    subject = named[-1] if named else "servers"
    if details["type"] == "extra_forbidden":
        return _unknown(subject, _known_at(details["loc"]))
    if details["type"] == "missing":
        return f"`{subject}` is missing; add it."
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    return f"`{subject}` is not understood: {details['msg']}."


def _known_at(location: tuple[str | int, ...]) -> list[str]:
    if len(location) == 1:
        return list(_File.model_fields)
    model = Action if "actions" in location[2:-1] else ServerSettings
    return list(model.model_fields)


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}."
    return f"Unknown field `{name}`; {hint}"


def _settled(server: ServerSettings, path: Path) -> ServerSettings:
    """The same with paths relative to the folder of the file."""
    folder = path.resolve().parent
    changes = {
        name: folder / value.expanduser()
        for name, value in (("cwd", server.cwd), ("ca", server.ca))
        if value is not None
    }
    return server.model_copy(update=changes)
