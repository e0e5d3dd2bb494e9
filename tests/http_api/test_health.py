"""The health addresses of the document."""

import httpx2
import pytest

from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.health import ComponentHealth


@pytest.mark.parametrize(
    "path", ["health/phase2", "dependencies/health", "pipelines/health", "quality/health"]
)
async def test_what_works_answers_200(http_client: httpx2.AsyncClient, path: str) -> None:
    response = await http_client.get(f"/api/{path}")
    assert (response.status_code, response.json()["status"]) == (200, "healthy")


@pytest.mark.parametrize("path", ["health/phase2", "dependencies/health"])
async def test_what_does_not_work_answers_503_with_the_reasons(
    http_client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def degraded(_: DependencyService) -> ComponentHealth:
        return ComponentHealth(name="dependencies", status="degraded", reasons=["never scanned"])

    monkeypatch.setattr(DependencyService, "health", degraded)
    response = await http_client.get(f"/api/{path}")
    assert (response.status_code, response.json()["status"]) == (503, "degraded")
    assert "never scanned" in response.text


async def test_liveness_needs_nothing_but_the_process(http_client: httpx2.AsyncClient) -> None:
    response = await http_client.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (200, "alive")
