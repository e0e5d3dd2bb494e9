"""Commands run in this process, as a user with a data folder and a few repositories."""

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import anyio
import pytest
import structlog

from gitops_auditor.cli.main import run
from gitops_auditor.config import VARIABLES
from tests.factories.git import commit, make_repository
from tests.factories.runs import run_folder
from tests.factories.terminal import Ended, announced, environment, started

UI = '{\n  "name": "@acme/ui",\n  "version": "2.1.0"\n}\n'
SHOP = """{
  "name": "shop",
  "dependencies": {
    "@acme/ui": "^1.4.0",
    "react": "^18.3.1"
  }
}
"""
ADMIN = """{
  "name": "admin",
  "dependencies": {
    "@acme/ui": "^2.0.0"
  }
}
"""


class Cli(Protocol):
    """Runs one command in this process."""

    def __call__(self, *arguments: str) -> Ended: ...


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Path]:
    """The data folder that commands use; nothing else is set."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GITOPS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "120")
    yield tmp_path / "data"
    # Commands log to the standard error of their test, which ends with it.
    structlog.reset_defaults()
    logging.basicConfig(force=True)


@pytest.fixture
def cli(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        status = run(list(arguments))
        shown = capsys.readouterr()
        return Ended(status, shown.out, shown.err)

    return call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """acme/shop and acme/admin need incompatible versions of what acme/ui provides."""
    folder = tmp_path / "workspace"
    for name, manifest in (("ui", UI), ("shop", SHOP), ("admin", ADMIN)):
        origin = f"https://github.com/acme/{name}.git"
        make(folder / name, {"package.json": manifest}, origin)
    return folder


def make(path: Path, files: Mapping[str, str | bytes], origin: str | None = None) -> None:
    """A repository, for tests that run no event loop of their own."""
    anyio.run(partial(make_repository, path, files, origin=origin))


def change(path: Path, files: Mapping[str, str | bytes]) -> None:
    """One commit more."""
    anyio.run(commit, path, files)


@pytest.fixture
def run_env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of commands that run pipelines."""
    with run_folder() as runs:
        yield environment(
            tmp_path / "data",
            PIPELINE_WORKSPACES=str(runs / "runs"),
            PIPELINE_ALLOW_UNSANDBOXED="true",
            COLUMNS="200",
        )


@pytest.fixture
def executed(run_env: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same beside a server, which carries out what other commands start."""
    with started("serve", "--port", "0", env=run_env) as server:
        announced(server)
        yield run_env
