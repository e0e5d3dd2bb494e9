"""The servers as their users have them: programs that a client starts."""

import os
import subprocess
from pathlib import Path
from typing import Literal

import pytest
from mcp.shared.exceptions import MCPError

from gitops_auditor import __version__
from gitops_auditor.formats.sarif import read_sarif
from tests.factories.git import make_empty_repository
from tests.factories.programs import run_program
from tests.linters.running import files_in
from tests.linters.servers.client import COMMAND, ENVIRONMENT, REPOSITORY, running

SECONDS = 60


@pytest.fixture
def root(runs_in: Path) -> Path:
    folder = runs_in / "root"
    folder.mkdir()
    files_in(folder, {"a.py": "import os\n", "b.py": "x = 1\n", "run.sh": "#!/bin/sh\necho $1\n"})
    return folder


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_client_lists_and_calls_the_tools(
    root: Path, era: Literal["auto", "legacy"]
) -> None:
    async with running("code-linter", root, era=era) as server:
        names = [tool.name for tool in (await server.client.list_tools()).tools]
        assert names == ["lint_files", "check_format", "fix_files", "list_linters"]
        said = await server.call("lint_files", tools=["ruff"])
    assert not said.is_error
    assert said.content["passed"] is False
    assert said.content["tools"][0]["findings"][0]["rule"] == "F401"
    assert "a.py:1:8: medium: `os` imported but unused [ruff F401]" in said.text


async def test_the_threshold_decides(root: Path) -> None:
    async with running("code-linter", root) as server:
        strict = await server.call("lint_files", tools="ruff", fail_threshold="warning")
        mild = await server.call("lint_files", tools="ruff", fail_threshold="error")
    assert (strict.content["passed"], mild.content["passed"]) == (False, True)
    assert strict.content["tools"][0]["counts"] == mild.content["tools"][0]["counts"]


async def test_files_are_named_relative_or_whole(root: Path) -> None:
    async with running("code-linter", root) as server:
        said = await server.call("lint_files", root=str(root), files=["b.py", f"{root}/run.sh"])
    found = {one["tool"]: one["status"] for one in said.content["tools"]}
    assert (found["ruff"], found["shellcheck"]) == ("passed", "failed")
    assert said.content["files"] == 2


async def test_the_text_can_be_sarif(root: Path) -> None:
    async with running("code-linter", root) as server:
        said = await server.call("lint_files", tools=["ruff"], format="sarif")
    (run,) = read_sarif(said.text.encode(), root=root)
    assert [one.rule for one in run.results] == ["F401"]


async def test_corrections_come_as_a_diff(root: Path) -> None:
    async with running("code-linter", root) as server:
        said = await server.call("fix_files", files=["a.py", "b.py"])
    assert said.content["files"] == ["a.py"]
    assert "-import os" in said.content["diff"]
    assert (root / "a.py").read_text("utf-8") == "import os\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"root": "/etc"}, "not below a folder that this server may look at"),
        ({"root": "relative"}, "absolute path"),
        ({"files": ["/etc/passwd"]}, "is not a file below"),
        ({"files": ["../x"]}, "is not a file below"),
        ({"tools": ["unknown"]}, "There is no tool 'unknown'"),
        ({"fail_threshold": "blocker"}, "`fail_threshold` is not understood"),
        ({"fille": []}, "`fille` is not understood"),
        ({"config": "../../etc/passwd"}, "configuration cannot be used"),
    ],
)
async def test_what_cannot_be_done_is_an_error_in_a_sentence(
    root: Path, arguments: dict[str, object], sentence: str
) -> None:
    async with running("code-linter", root) as server:
        said = await server.call("lint_files", **arguments)
        assert said.is_error
        assert sentence in said.text
        assert not (await server.call("lint_files", files=["b.py"], tools="ruff")).is_error


async def test_an_unknown_tool_is_an_error_of_the_protocol(root: Path) -> None:
    async with running("code-linter", root) as server:
        with pytest.raises(MCPError, match="there are: lint_files"):
            await server.call("lint_everything")


async def test_the_working_folder_is_what_it_may_look_at(root: Path) -> None:
    async with running("code-linter", folder=root) as server:
        said = await server.call("lint_files", tools=["ruff"])
        assert said.content["files"] == 3
        assert (await server.call("lint_files", root=str(root.parent))).is_error


async def test_nothing_may_be_looked_at_from_the_top_of_the_system() -> None:
    async with running("code-linter", folder=Path("/")) as server:
        said = await server.call("lint_files", root="/usr")
    assert said.is_error
    assert "It may look at: nothing" in said.text


async def test_ignored_files_are_left_out_and_can_be_named(root: Path) -> None:
    await make_empty_repository(root)
    files_in(root, {".gitignore": "b.py\n"})
    async with running("code-linter", root) as server:
        files = (await server.call("lint_files", tools=["ruff"])).content["tools"][0]["files"]
        named = await server.call("lint_files", tools=["ruff"], files=["b.py"])
    assert files == 1
    assert named.content["passed"] is True


async def test_the_scanner_offers_its_tools(root: Path) -> None:
    async with running("security-scanner", root) as server:
        names = [tool.name for tool in (await server.client.list_tools()).tools]
        assert names == ["scan_files", "scan_secrets", "scan_dependencies", "list_scanners"]
        static = await server.call("scan_files", files=["a.py"])
        nothing = await server.call("scan_dependencies")
        listed = await server.call("list_scanners")
    assert not static.is_error
    assert nothing.content["passed"] is False
    assert nothing.text.startswith("Skipped: there is nothing for any tool in 3 files.")
    assert len(listed.content["tools"]) == len(listed.text.splitlines())


@pytest.mark.parametrize("name", ["code-linter", "security-scanner"])
async def test_help_says_how_a_client_starts_it(name: str) -> None:
    ended = await run_program(
        [*COMMAND, name, "--help"], environment=ENVIRONMENT, folder=REPOSITORY
    )
    assert ended.status == 0
    assert "--root DIR" in ended.output
    assert f'"command": "{name}"' in ended.output


@pytest.mark.parametrize("name", ["code-linter", "security-scanner"])
async def test_the_version_is_told(name: str) -> None:
    ended = await run_program(
        [*COMMAND, name, "--version"], environment=ENVIRONMENT, folder=REPOSITORY
    )
    assert ended == (0, f"{name} {__version__}\n")


@pytest.mark.parametrize("arguments", [["linter"], ["code-linter", "--rot", "/"]])
async def test_a_wrong_start_is_refused(arguments: list[str]) -> None:
    ended = await run_program([*COMMAND, *arguments], environment=ENVIRONMENT, folder=REPOSITORY)
    assert ended.status == 2
    assert "usage:" in ended.output


async def test_a_wrong_setting_is_named() -> None:
    environment = {**ENVIRONMENT, "PIPELINE_MINIMUM_ISOLATION": "perfect"}
    ended = await run_program([*COMMAND, "code-linter"], environment=environment, folder=REPOSITORY)
    assert ended.status == 2
    assert "PIPELINE_MINIMUM_ISOLATION" in ended.output


def test_help_loads_no_protocol() -> None:
    program = (
        "import sys; import gitops_auditor.linters.__main__;"
        "print([name for name in ('mcp', 'anyio', 'pydantic', 'yaml') if name in sys.modules])"
    )
    printed = subprocess.run(
        [COMMAND[0], "-c", program], cwd=REPOSITORY, capture_output=True, check=True, text=True
    )
    assert printed.stdout == "[]\n"


@pytest.mark.parametrize("stop", ["end of input", "SIGTERM"])
def test_it_ends_when_nobody_needs_it(stop: str, root: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "code-linter", f"--root={root}"],
        cwd=REPOSITORY,
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(
            b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
            b'"capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\n'
        )
        process.stdin.flush()
        assert b"code-linter" in process.stdout.readline()
        if stop == "SIGTERM":
            process.terminate()
        else:
            process.stdin.close()
        process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()
