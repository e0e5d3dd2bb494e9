"""commands.md: the command line."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from gitops_auditor.cli.commands import program
from gitops_auditor.cli.main import PROGRAM
from tests.reference.markdown import code, page, table

INTRODUCTION = """\
`gitops-auditor COMMAND --help` says the same. Commands read and write the data folder
(`GITOPS_DATA_DIR`) and can run while a server does."""
STATUSES = (
    ("0", "It worked. Also when the reader of the output left early, for example `| head`."),
    ("1", "It failed for a reason that standard error tells, with what to do next."),
    ("2", "Wrong usage: an unknown option or a missing argument."),
    ("3", "A bug of this program; a report was written to the file that is named."),
    ("130", "It was interrupted."),
)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its words after the program's name."""
    yield from _below(get_command(program()), "")


def commands_page() -> str:
    """The page."""
    statuses = "## Exit statuses\n\n" + table(("status", "meaning"), STATUSES)
    return page("Commands", INTRODUCTION, *(_entry(*found) for found in commands()), statuses)


def _below(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from _below(child, f"{words} {name}".strip())


def _entry(words: str, command: Any) -> str:
    rows = [
        (_names(parameter), _default(parameter), parameter.help or "")
        for parameter in command.params
        if not getattr(parameter, "hidden", False)
    ]
    options = table(("", "default", "meaning"), rows) if rows else ""
    parts = [f"## {PROGRAM} {words}", (command.help or "").strip(), options]
    return "\n\n".join(part for part in parts if part)


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(parameter.name.upper()) + (" (required)" if parameter.required else "")
    names = ", ".join(map(code, [*parameter.opts, *parameter.secondary_opts]))
    return names + (" (required)" if parameter.required else "")


def _default(parameter: Any) -> str:
    default = parameter.default
    if default in (None, False, [], ()) or callable(default):
        return ""
    if default is True:
        return "on"
    return code(str(getattr(default, "value", default)))
