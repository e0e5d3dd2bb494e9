"""The linters that are there without configuration."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.connections.bundled import CODE_LINTER, SECURITY_SCANNER, bundled_servers
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import Unavailable
from tests.connections.wiring import AMBIENT, _secrets
from tests.factories.owned import owned
from tests.factories.runs import run_settings
from tests.fakes import plain_server
from tests.linters.running import files_in


class Roots:
    """Says which folders are allowed, and remembers that it was asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.asked = 0

    def __call__(self) -> list[Path]:
        self.asked += 1
        return [self._folder]


@pytest.fixture
def settings(runs_in: Path, tmp_path: Path) -> Settings:
    return load_settings({}, data_dir=tmp_path / "data", **run_settings(runs_in))


@pytest.fixture
def roots(runs_in: Path) -> Roots:
    return Roots(runs_in)


@pytest.fixture
async def opened(settings: Settings, roots: Roots) -> AsyncIterator[Connections]:
    bundled = bundled_servers(settings, roots)
    async with owned(Connections({}, _secrets, AMBIENT, bundled).open()) as found:
        yield found


async def test_they_are_offered_beside_the_configured_ones(
    settings: Settings, roots: Roots
) -> None:
    bundled = bundled_servers(settings, roots)
    servers = {"github": plain_server("good")}
    async with Connections(servers, _secrets, AMBIENT, bundled).open() as connections:
        assert connections.names == ("code-linter", "github", "security-scanner")
        assert connections.configured == ("github",)


async def test_nothing_is_made_before_it_is_needed(opened: Connections, roots: Roots) -> None:
    assert opened.names == (CODE_LINTER, SECURITY_SCANNER)
    health = await opened.health(probe=True)
    assert (health.status, health.figures["servers"]) == ("absent", 0)
    assert roots.asked == 0


async def test_a_configured_server_of_the_name_takes_its_place(
    settings: Settings, roots: Roots
) -> None:
    own = {CODE_LINTER: plain_server("good")}
    bundled = bundled_servers(settings, roots)
    async with Connections(own, _secrets, AMBIENT, bundled).open() as connections:
        assert connections.settings(CODE_LINTER) == own[CODE_LINTER]
        assert "echo" in await connections.tools(CODE_LINTER)
    assert roots.asked == 0


async def test_they_may_look_below_the_folder_of_runs_only(
    opened: Connections, runs_in: Path
) -> None:
    files_in(runs_in / "run", {"a.py": "import os\n"})
    called = await opened.call(CODE_LINTER, "lint_files", {"root": str(runs_in / "run")})
    assert isinstance(called.structured, dict)
    assert called.structured["passed"] is False
    refused = await opened.call(CODE_LINTER, "lint_files", {"root": "/usr"})
    assert refused.is_error
    assert "not below a folder that this server may look at" in refused.text
    assert (await opened.health()).figures["servers"] == 1


@pytest.mark.parametrize("server", [CODE_LINTER, SECURITY_SCANNER])
async def test_every_action_names_a_tool_and_arguments_that_it_has(
    opened: Connections, server: str
) -> None:
    tools = await opened.tools(server)
    settings = opened.settings(server)
    assert settings.default in settings.actions
    for action in settings.actions.values():
        properties = tools[action.tool].input_schema["properties"]
        assert isinstance(properties, dict)
        assert action.arguments.keys() <= properties.keys()


def test_the_isolation_of_jobs_is_that_of_the_linters(
    settings: Settings, roots: Roots, runs_in: Path
) -> None:
    folders = (Path("/srv/a"), Path("/srv/b"))
    changed = settings.model_copy(update={"job_user": "daemon", "job_folders": folders})
    made = bundled_servers(changed, roots)[CODE_LINTER]()
    read = load_settings(made.env)
    for name in ("job_user", "job_folders", "minimum_isolation", "allow_unsandboxed", "data_dir"):
        assert getattr(read, name) == getattr(changed, name)
    assert made.command is not None
    assert made.command[0] == sys.executable
    assert made.command[-1] == f"--root={runs_in}"


@pytest.mark.parametrize(
    ("named", "read"), [(None, None), ("advisories", Path("advisories").absolute())]
)
def test_they_know_the_same_advisories_whichever_folder_they_stand_in(
    named: str | None, read: Path | None, settings: Settings, roots: Roots
) -> None:
    database = named and Path(named)
    changed = settings.model_copy(update={"advisory_database": database})
    made = bundled_servers(changed, roots)[SECURITY_SCANNER]()
    assert load_settings(made.env).advisory_database == read


async def test_after_the_end_none_is_started(settings: Settings, roots: Roots) -> None:
    bundled = bundled_servers(settings, roots)
    async with Connections({}, _secrets, AMBIENT, bundled).open() as connections:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        await connections.call(CODE_LINTER, "list_linters", {})
    assert roots.asked == 0


def test_the_platform_starts_without_loading_them() -> None:
    program = (
        "import sys; from gitops_auditor.config import load_settings;"
        "from gitops_auditor.connections.bundled import bundled_servers;"
        "from gitops_auditor.connections.service import Connections;"
        "made = Connections({}, None, {}, bundled_servers(load_settings({}), list));"
        "print(made.names, [name for name in sys.modules if name.startswith('mcp')"
        " or name in ('gitops_auditor.connections.connection', 'gitops_auditor.linters')])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert printed.stdout == "('code-linter', 'security-scanner') []\n"
