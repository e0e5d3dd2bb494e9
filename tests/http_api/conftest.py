"""What tests of the REST adapter share: registered repositories, tokens, assertions on errors."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from gitops_auditor.identity import Role
from gitops_auditor.services import Services
from tests.factories.git import make_repository

TokenMaker = Callable[[Role], Awaitable[str]]


@pytest.fixture
async def repository(http_client: httpx2.AsyncClient, tmp_path: Path) -> str:
    """The id of a registered repository with an owner in its name."""
    path = tmp_path / "checkout"
    await make_repository(path, {"README.md": "x"}, origin="https://example.org/acme/tool.git")
    response = await http_client.post("/api/repositories", json={"path": str(path)})
    assert response.status_code == 201, response.text
    return "acme/tool"


@pytest.fixture
def make_token(services: Services) -> TokenMaker:
    async def make(role: Role) -> str:
        audit = services.audit.operation("test", "create_token", {})
        async with audit:
            text, _ = await services.access.create_token(f"a {role}", role)
        return text

    return make
