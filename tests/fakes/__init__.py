"""MCP servers with canned answers, each a program of its own, and how to start them."""

import sys
from pathlib import Path

from gitops_auditor.connections.configuration import ServerSettings

FOLDER = Path(__file__).parent


def plain_server(*arguments: str, **settings: object) -> ServerSettings:
    """The server of `plain.py` with its mode and arguments."""
    return _server("plain.py", arguments, settings)


def sdk_server(**settings: object) -> ServerSettings:
    """The server of `everyday.py`, which is made with the SDK and speaks both eras."""
    return _server("everyday.py", (), settings)


def foreign_server(kind: str, *how: str, **settings: object) -> ServerSettings:
    """The server of `foreign.py` of that kind, broken in these ways."""
    return _server("foreign.py", (kind, *how), settings)


def _server(name: str, arguments: tuple[str, ...], settings: dict[str, object]) -> ServerSettings:
    command = [sys.executable, "-I", str(FOLDER / name), *arguments]
    return ServerSettings.model_validate({"command": command, **settings})
