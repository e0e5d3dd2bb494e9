from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import load_settings
from gitops_auditor.errors import Unauthenticated
from gitops_auditor.identity import Principal
from gitops_auditor.services import open_services
from tests.cli.conftest import Cli


def authenticated(token: str) -> Principal:
    async def ask() -> Principal:
        async with open_services(load_settings()) as services:
            return await services.access.authenticate(token)

    return anyio.run(ask)


def test_create_prints_a_token_that_works_with_its_role(cli: Cli) -> None:
    ended = cli("token", "create", "--name", "ci", "--role", "operator")
    token = ended.out.strip()
    assert ended.status == 0
    assert "cannot be shown again" in ended.err
    principal = authenticated(token)
    assert (principal.name, principal.role) == ("ci", "operator")


def test_the_token_itself_is_kept_nowhere(cli: Cli, data_dir: Path, tmp_path: Path) -> None:
    token = cli("token", "create", "--name", "ci").out.strip()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert token.encode() not in kept
    assert token.removeprefix("goa_").encode() not in kept


def test_list_shows_whose_they_are_and_no_secret(cli: Cli) -> None:
    token = cli("token", "create", "--name", "ci", "--role", "admin", "--days", "1").out.strip()
    shown = cli("token", "list").out
    assert shown.split()[1:] == ["admin", "valid", "ci"]
    assert token not in shown


def test_a_revoked_token_is_listed_as_such_and_not_accepted(cli: Cli) -> None:
    token = cli("token", "create", "--name", "ci").out.strip()
    identity = cli("token", "list").out.split()[0]
    assert cli("token", "revoke", identity).out == "Revoked the token of ci.\n"
    assert cli("token", "list").out.split()[2] == "revoked"
    with pytest.raises(Unauthenticated):
        authenticated(token)


def test_revoking_an_unknown_token_says_so(cli: Cli) -> None:
    ended = cli("token", "revoke", "nothing")
    assert ended.status == 1
    assert "nothing" in ended.err


def test_tokens_are_audited_without_the_secret(cli: Cli) -> None:
    token = cli("token", "create", "--name", "ci").out.strip()
    entries = cli("audit", "export").out
    assert '"operation":"create_token"' in entries
    assert token not in entries


def test_a_role_that_is_none_is_wrong_usage(cli: Cli) -> None:
    ended = cli("token", "create", "--name", "ci", "--role", "root")
    assert ended.status == 2
    assert "viewer" in ended.err
