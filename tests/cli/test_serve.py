"""`serve` and `demo`: commands that run until they are stopped."""

import signal
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client

from tests.cli.conftest import Cli
from tests.factories.terminal import SECONDS, announced, ended, environment, started

STOP_SECONDS = 5


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "data", GITOPS_PORT="0")


def get(address: str) -> dict[str, object]:
    answer: dict[str, object] = httpx2.get(address, timeout=SECONDS).json()
    return answer


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_addresses_answers_there_and_ends_in_time(
    env: dict[str, str], sent: signal.Signals
) -> None:
    with started("serve", env=env) as server:
        addresses = announced(server)
        assert list(addresses) == ["MCP", "REST", "OpenAPI", "WebSocket"]
        assert addresses["WebSocket"].startswith("ws://127.0.0.1:")
        assert get(f"{addresses['REST']}/health/phase2")["status"] == "healthy"
        assert get(addresses["OpenAPI"])["openapi"]
        server.send_signal(sent)
        _, err = server.communicate(timeout=STOP_SECONDS)
    assert server.returncode == 0
    assert "Traceback" not in err


def test_serve_answers_mcp_at_the_address_it_prints(env: dict[str, str]) -> None:
    async def tools(address: str) -> set[str]:
        async with Client(address) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    with started("serve", "--read-only", env=env) as server:
        names = anyio.run(tools, announced(server)["MCP"])
    assert "get_dependency_graph" in names
    assert "scan_dependencies" not in names


def test_serve_on_an_address_in_use_says_so(env: dict[str, str]) -> None:
    with started("serve", env=env) as server:
        port = announced(server)["REST"].split(":")[2].split("/")[0]
        other = ended("serve", "--port", port, env=env)
    assert other.status == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in other.err
    assert "Traceback" not in other.err


def test_the_demo_explains_its_workspace_and_serves_it(tmp_path: Path) -> None:
    env = environment(tmp_path / "data")
    folder = tmp_path / "demo"
    with started("demo", "--folder", str(folder), "--port", "0", env=env) as demo:
        graph = get(f"{announced(demo)['REST']}/dependencies/graph")
        demo.send_signal(signal.SIGINT)
        _, err = demo.communicate(timeout=STOP_SECONDS)
    assert (demo.returncode, err) == (0, "")
    assert isinstance(graph["nodes"], list)
    assert len(graph["nodes"]) == 13
    assert not (tmp_path / "data").exists()


def test_the_demo_shows_graph_conflicts_runs_gates_and_plans(cli: Cli, tmp_path: Path) -> None:
    ended = cli("demo", "--once", "--folder", str(tmp_path / "demo"))
    assert (ended.status, ended.err) == (0, "")
    in_order = [
        "13 git repositories in ",
        "13 repositories, 52 dependencies, 22 of them on one another (52 added",
        "Dependencies, in update order",
        "Version conflicts: 6 incompatible",
        "fix northwind/shop-web/package.json:7  ^1.4.0 -> ^2.1.0",
        "Impact of a major change of northwind/ui-kit 3.0.0",
        "Update order: northwind/ui-kit -> northwind/admin-web, northwind/shop-web",
        "failed Billing run",
        "✓ pre_merge passed for northwind/contracts",
        "billing/totals.py:4  medium",
        "✗ pre_merge failed for northwind/billing",
        "2. pending northwind/admin-web, northwind/shop-web (medium risk)",
        '-    "typescript": "~5.6.0"\n  +    "typescript": "~5.9.3"\n',
        "done phase 2: Bring the change into next of northwind/shop-web",
        "Bump typescript to 5.9.3: completed",
        "done phase 3: Bring the change into next of northwind/billing",
        "undone phase 3: Bring the change into next of northwind/billing\n",
        "undone phase 2: Bring the change into next of northwind/orders-api\n",
        "undone phase 1: Bring the change into next of northwind/events\n",
        "Bump pydantic to 2.12.0: held\n",
    ]
    places = [ended.out.index(text) for text in in_order]
    assert places == sorted(places)


def test_the_demo_runs_again_on_what_it_made(cli: Cli, tmp_path: Path) -> None:
    folder = str(tmp_path / "demo")
    first = cli("demo", "--once", "--folder", folder)
    second = cli("demo", "--once", "--folder", folder)
    assert (first.status, second.status) == (0, 0)
    assert "(0 added, 0 updated, 0 removed)" in second.out
    assert _explained(first.out) == _explained(second.out)


def _explained(out: str) -> list[str]:
    """What the demo says of its repositories, without its runs, which are new each time."""
    return out.partition("Two of their pipelines")[0].splitlines()[2:]


def test_the_demo_does_not_touch_the_database_of_the_settings(cli: Cli, tmp_path: Path) -> None:
    cli("demo", "--once", "--folder", str(tmp_path / "demo"))
    assert cli("repos", "list").out == ""


def test_the_demo_without_git_says_what_is_missing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = cli("demo", "--once", "--folder", str(tmp_path / "demo"))
    assert ended.status == 1
    assert ended.err == "error: git is not installed.\n  Install git and try again.\n"
