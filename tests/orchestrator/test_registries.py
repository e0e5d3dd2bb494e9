"""Asking npm for a version, at a registry of the test that the repository itself names."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import pytest
from typing_extensions import override

from gitops_auditor.config import Settings
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.identity import LOCAL
from gitops_auditor.orchestrator.registries import Registries, Release
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms
from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces
from gitops_auditor.services import Services
from tests.factories.git import make_repository
from tests.factories.runs import run_settings

LIB = {
    "name": "lib",
    "dist-tags": {"latest": "2.0.0"},
    "versions": {"2.0.0": {"name": "lib", "version": "2.0.0", "dist": {"tarball": "x"}}},
}


class Packages(BaseHTTPRequestHandler):
    """Has one version of `lib`."""

    def do_GET(self) -> None:
        found = self.path == "/lib"
        body = json.dumps(LIB if found else {"error": "not found"}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
def registry() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Packages) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        serving.join()


@pytest.mark.skipif(which("npm") is None, reason="npm is not installed")
async def test_npm_says_which_versions_the_registry_of_the_repository_has(
    services: Services, settings: Settings, registry: str, tmp_path: Path
) -> None:
    files = {"package.json": "{}", ".npmrc": f"registry={registry}\nfetch-retries=0\n"}
    head = await make_repository(tmp_path / "web", files, origin="https://example.org/acme/web.git")
    async with services.audit.operation("test", "register_repository", {}):
        web = await services.repositories.register_path(tmp_path / "web", LOCAL)
    async with Sandbox.open(settings) as sandbox:

        async def opened() -> Sandbox:
            return sandbox

        workspaces = RenderWorkspaces(services.repositories, settings, services.process)
        registries = Registries(ConfinedPrograms(settings, opened), workspaces)
        answers = {
            str(release): await registries.has(release, web.id, head)
            for release in (
                Release("npm", "lib", "2.0.0"),
                Release("npm", "lib", "3.0.0"),
                Release("npm", "other", "1.0.0"),
            )
        }
        assert answers == {"lib 2.0.0": True, "lib 3.0.0": False, "other 1.0.0": False}
        assert await registries.tool_for(Release("npm", "lib", "2.0.0"))
        assert await registries.tool_for(Release("maven", "lib", "2.0.0")) is None
        assert await registries.tool_for(Release("npm", "--lib", "2.0.0")) is None
