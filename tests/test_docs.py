"""The documentation says what the program does: nothing less, and nothing that is not there."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml
from typer.main import get_command

from gitops_auditor.cli.commands import program
from gitops_auditor.config import VARIABLES, load_settings
from gitops_auditor.connections.loading import load_servers
from gitops_auditor.errors import FAMILY
from gitops_auditor.http_api.openapi import openapi_document
from gitops_auditor.pipelines.definition import read_definition
from gitops_auditor.tools import full_catalog
from tests.picture import PICTURE, picture
from tests.picture import UPDATE as REDRAW
from tests.reference.commands import commands
from tests.reference.pages import FOLDER, pages

ROOT = Path(__file__).parents[1]
UPDATE = "python -m tests.reference"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
SHELL = {"", "sh", "bash", "console"}
OTHER_VARIABLES = {"GITOPS_ENV_FILE"}


class Block(NamedTuple):
    """A fenced block of a document."""

    document: Path
    language: str
    text: str


def name_of(block: Block) -> str:
    return f"{block.document.relative_to(ROOT)}: {block.text[:40].strip()}"


def blocks(*languages: str) -> list[Block]:
    fence = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    return [
        Block(document, *found)
        for document in DOCUMENTS
        for found in fence.findall(document.read_text("utf-8"))
        if found[0] in languages
    ]


def shell_lines() -> Iterator[str]:
    """Each command of the shell blocks, continuations joined; and those named in sentences."""
    for block in blocks(*SHELL):
        for line in block.text.replace("\\\n", " ").splitlines():
            yield line.strip().removeprefix("$ ")
    for document in DOCUMENTS:
        yield from re.findall(r"`(gitops-auditor [a-z][^`]*)`", document.read_text("utf-8"))


def words_of(program: str) -> list[list[str]]:
    """The arguments that the documents give a program, without comments."""
    split = (shlex.split(line, comments=True) for line in shell_lines() if program in line)
    return [words[1:] for words in split if words[:1] == [program]]


@pytest.mark.parametrize("name", pages())
def test_a_reference_page_says_what_is_declared(name: str) -> None:
    written = (FOLDER / name).read_text("utf-8") if (FOLDER / name).exists() else ""
    assert written == pages()[name], f"docs/reference/{name} is out of date; run: {UPDATE}"


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("settings.md", [f"| `{variable}` |" for variable in VARIABLES]),
        ("operations.md", [f"### {found.name}\n" for found in full_catalog().operations]),
        ("errors.md", [f"| `{error.code}` |" for error in FAMILY]),
        ("commands.md", [f"## gitops-auditor {words}\n" for words, _ in commands()]),
    ],
)
def test_the_reference_has_an_entry_for_everything(name: str, entries: list[str]) -> None:
    written = (FOLDER / name).read_text("utf-8")
    assert [entry for entry in entries if written.count(entry) != 1] == []


def parse(command: Any, words: list[str]) -> None:
    """Understand the words as a command would, without running it."""
    children = getattr(command, "commands", None)
    if children is None:
        command.make_context(command.name, words)
    elif words and words[0] not in {"--help", "--version", "COMMAND"}:
        parse(children[words[0]], words[1:])


def test_every_command_that_the_documents_show_is_understood() -> None:
    shown = words_of("gitops-auditor")
    assert len(shown) > 5
    for words in shown:
        parse(get_command(program()), words)


def test_a_command_that_is_not_there_is_noticed() -> None:
    with pytest.raises(KeyError):
        parse(get_command(program()), ["scna"])
    with pytest.raises(Exception, match="No such option"):
        parse(get_command(program()), ["scan", "--fast"])


def test_every_target_of_make_that_the_documents_show_is_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown = {word for words in words_of("make") for word in words if "=" not in word}
    assert shown >= {"demo", "test"}
    assert shown <= targets


def test_every_address_that_the_documents_ask_is_served() -> None:
    served = openapi_document(full_catalog())["paths"]
    asked = words_of("curl")
    assert asked
    for words in asked:
        address = next(word for word in words if word.startswith("http"))
        method = "post" if {"--json", "--data", "-d"} & set(words) else "get"
        assert method in served[urlsplit(address).path], address


@pytest.mark.parametrize("block", blocks("json"), ids=name_of)
def test_json_in_the_documents_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("yaml"), ids=name_of)
def test_yaml_in_the_documents_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text)


def test_the_picture_shows_what_the_demo_says() -> None:
    drawn = PICTURE.read_text("utf-8") if PICTURE.exists() else ""
    assert drawn == picture(), f"docs/demo.svg is out of date; run: {REDRAW}"
    assert len(drawn) < 120_000
    assert re.findall(r"https?://[^\"' )]+", drawn) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_links_and_names_only_what_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    links = [urlsplit(link).path for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [link for link in links if link and "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []
    named = set(re.findall(r"\bGITOPS_[A-Z_]*[A-Z]\b", text))
    assert named <= {*VARIABLES, *OTHER_VARIABLES}


@pytest.mark.parametrize(
    "block", [one for one in blocks("yaml") if "stages:" in one.text], ids=name_of
)
def test_every_pipeline_in_the_documents_is_valid(block: Block) -> None:
    assert read_definition(block.text).problems == ()


@pytest.mark.parametrize(
    "block", [one for one in blocks("yaml") if one.text.startswith("servers:")], ids=name_of
)
def test_every_list_of_servers_in_the_documents_is_understood(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "mcp-servers.yaml"
    file.write_text(block.text, encoding="utf-8")
    file.chmod(0o600)
    assert load_servers(load_settings({}, mcp_servers=file))
