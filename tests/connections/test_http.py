from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.connections.link import Era
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import GitOpsError, InvalidSetting, Unavailable
from tests.connections.wiring import AMBIENT, connected
from tests.fakes.https import https_server, write_authority

TOKEN = AMBIENT["TOKEN"]


def server_at(url: str, **settings: object) -> ServerSettings:
    return ServerSettings.model_validate({"url": url, "token": "env:TOKEN", **settings})


@pytest.mark.parametrize("stateless", [True, False])
async def test_a_server_behind_tls_and_a_token_answers(tmp_path: Path, *, stateless: bool) -> None:
    async with (
        https_server(tmp_path, TOKEN, stateless=stateless) as url,
        connected(linter=server_at(url, ca=str(tmp_path / "ca.pem"))) as connections,
    ):
        result = await connections.call("linter", "lint", {"files": ["bad.py"]})
        assert (await connections.call("linter", "add", {"a": 1, "b": 2})).text == "3"
    assert result.structured == {"passed": False, "findings": ["bad.py: low by none"]}


async def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _ = write_authority(tmp_path / "other")
    async with (
        https_server(tmp_path, TOKEN, stateless=True) as url,
        connected(linter=server_at(url, ca=str(other))) as connections,
    ):
        with pytest.raises(Unavailable, match=r"(?i)certificate"):
            await connections.call("linter", "add", {"a": 1, "b": 2})


async def test_a_token_that_is_refused_is_told_and_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with (
        https_server(tmp_path, "another", stateless=True) as url,
        connected(linter=server_at(url, ca=str(tmp_path / "ca.pem"))) as connections,
    ):
        with pytest.raises(Unavailable, match="HTTP status 401: it wants a token") as raised:
            await connections.call("linter", "add", {"a": 1, "b": 2})
    assert TOKEN not in str(raised.value)
    assert TOKEN not in capfd.readouterr().err


async def test_a_server_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    async with https_server(tmp_path, TOKEN, stateless=True) as url:
        pass
    async with connected(linter=server_at(url, ca=str(tmp_path / "ca.pem"))) as connections:
        with pytest.raises(Unavailable, match="cannot be used"):
            await connections.call("linter", "add", {"a": 1, "b": 2})


@pytest.mark.parametrize("stateless", [True, False])
async def test_a_server_that_was_started_anew_is_called_again(
    tmp_path: Path, *, stateless: bool
) -> None:
    async with https_server(tmp_path, TOKEN, stateless=stateless) as url:
        settings = server_at(url, ca=str(tmp_path / "ca.pem"))
        port = int(url.rpartition(":")[2].partition("/")[0])
    async with connected(linter=settings) as connections:
        async with https_server(tmp_path, TOKEN, stateless=stateless, port=port):
            await connections.call("linter", "add", {"a": 1, "b": 2})
        with pytest.raises(GitOpsError):
            await connections.call("linter", "add", {"a": 1, "b": 2})
        async with https_server(tmp_path, TOKEN, stateless=stateless, port=port):
            assert (await connections.call("linter", "add", {"a": 1, "b": 2})).text == "3"


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_session_that_a_server_forgot_is_begun_anew(tmp_path: Path, era: Era) -> None:
    async with https_server(tmp_path, TOKEN, stateless=False) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
    settings = server_at(url, ca=str(tmp_path / "ca.pem"))
    async with connected(linter=settings) as connections:
        connections._connections["linter"]._era = era
        for _ in range(2):
            async with https_server(tmp_path, TOKEN, stateless=False, port=port):
                assert (await connections.call("linter", "add", {"a": 1, "b": 2})).text == "3"


async def test_a_file_that_holds_no_authority_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing", encoding="utf-8")
    settings = server_at("https://127.0.0.1:1/", ca=str(tmp_path / "ca.pem"))
    async with connected(linter=settings) as connections:
        with pytest.raises(Unavailable, match="holds no certificate authority"):
            await connections.call("linter", "add", {})


async def test_a_secret_that_fits_no_header_is_refused_and_not_shown() -> None:
    settings = server_at("https://127.0.0.1:1/")

    async def secrets(_references: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": "two\nlines"}

    async with Connections({"linter": settings}, secrets, AMBIENT).open() as connections:
        with pytest.raises(InvalidSetting, match="cannot be sent in a header") as raised:
            await connections.call("linter", "add", {})
    assert "lines" not in raised.value.message
