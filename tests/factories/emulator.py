"""The npm packages that stand for GitHub: an emulator of its REST API, and its MCP server.

The server knows only api.github.com, so node is told to load a line that sends it elsewhere.
"""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import yaml

from gitops_auditor.connections.configuration import ServerSettings
from tests.factories.npm_tools import npm_tool
from tests.fakes.github_rest import TOKEN

OWNER = "octo"
_SEED = {
    "tokens": {TOKEN: {"login": OWNER, "scopes": ["repo", "user", "admin:repo_hook"]}},
    "github": {
        "users": [{"login": OWNER, "email": "octo@example.org"}, {"login": "ada"}],
        "repos": [{"owner": OWNER, "name": "app", "auto_init": True}],
    },
}


def github_server(url: str) -> ServerSettings:
    """`@modelcontextprotocol/server-github`, which then calls the REST API at `url`."""
    command, environment = npm_tool("mcp-server-github")
    line = (
        "const real=globalThis.fetch;globalThis.fetch=(to,how)=>"
        f"real(String(to).replace('https://api.github.com','{url}'),how)"
    )
    return ServerSettings.model_validate(
        {
            "command": [command],
            "env": {
                "PATH": environment["PATH"],
                "GITHUB_PERSONAL_ACCESS_TOKEN": TOKEN,
                "NODE_OPTIONS": f"--import=data:text/javascript,{quote(line, safe='')}",
            },
        }
    )


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """The address of an emulated GitHub with the repository octo/app, for the length of the block.

    It makes up the ids of commits, and has neither commit statuses nor dispatches of workflows.
    """
    command, environment = npm_tool("emulate")
    seed = folder / "emulate.yaml"
    seed.write_text(yaml.safe_dump(_SEED), encoding="utf-8")
    port = _free_port()
    arguments = ["start", "--service", "github", "--port", str(port), "--seed", str(seed)]
    process = subprocess.Popen(
        [command, *arguments],
        env={**environment, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        encoding="utf-8",
    )
    try:
        _wait_for(process, f":{port}")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _wait_for(process: "subprocess.Popen[str]", word: str) -> None:
    """Until a line has the word; pytest's own time limit bounds it."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if word in line:
            break
    else:
        raise RuntimeError(f"the emulator ended: {''.join(said)[-2000:]}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
