"""Secrets from where operators keep them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TimedOut, Unavailable
from gitops_auditor.execution.secret_providers import (
    CommandSecrets,
    EnvironmentSecrets,
    FileSecrets,
    StoredSecrets,
    resolve,
)
from gitops_auditor.execution.secret_store import SecretScope, SecretStore

PIPELINE = SecretScope(kind="pipeline", id="p1")
REPOSITORY = SecretScope(kind="repository", id="acme/one")
SCOPES = (PIPELINE, REPOSITORY)
VARIABLES = {"PATH": "/usr/bin:/bin"}


async def test_only_named_variables_are_offered() -> None:
    provider = EnvironmentSecrets({"A": "treasure", "B": "jewels"}, allowed=["A"])
    assert (await provider.get("A", SCOPES)).get_secret_value() == "treasure"
    with pytest.raises(NotFound):
        await provider.get("B", SCOPES)


async def test_a_private_file_gives_its_text_without_the_line_break(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("treasure\n", encoding="utf-8")
    (tmp_path / "token").chmod(0o400)
    assert (await FileSecrets(tmp_path).get("token", SCOPES)).get_secret_value() == "treasure"


@pytest.mark.parametrize("name", ["../token", "", ".hidden", "open", "link"])
async def test_a_file_elsewhere_or_open_to_others_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "open").write_text("treasure", encoding="utf-8")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(Refused):
        await FileSecrets(tmp_path).get(name, SCOPES)


async def test_a_command_is_asked_by_name() -> None:
    provider = CommandSecrets(["sh", "-c", 'echo "value of $1"', "sh"], VARIABLES)
    assert (await provider.get("TOKEN", SCOPES)).get_secret_value() == "value of TOKEN"


async def test_a_failing_command_does_not_repeat_what_it_printed() -> None:
    provider = CommandSecrets(["sh", "-c", "echo treasure; exit 3", "sh"], VARIABLES)
    with pytest.raises(Unavailable, match="exit code 3") as failed:
        await provider.get("TOKEN", SCOPES)
    assert "treasure" not in str(failed.value)


async def test_a_command_that_hangs_is_given_up() -> None:
    provider = CommandSecrets(["sh", "-c", "exec sleep 60", "sh"], VARIABLES, seconds=0.2)
    with pytest.raises(TimedOut):
        await provider.get("TOKEN", SCOPES)


async def test_a_name_cannot_become_an_option() -> None:
    with pytest.raises(Refused):
        await CommandSecrets(["echo"], VARIABLES).get("--help", SCOPES)


async def test_a_missing_command_is_named() -> None:
    with pytest.raises(Unavailable, match="no-such-command"):
        await CommandSecrets(["no-such-command"], VARIABLES).get("TOKEN", SCOPES)


async def test_a_pipelines_own_secret_wins_over_its_repositorys(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    await store.set(REPOSITORY, "TOKEN", SecretStr("treasure"))
    provider = StoredSecrets(store)
    assert (await provider.get("TOKEN", SCOPES)).get_secret_value() == "treasure"
    await store.set(PIPELINE, "TOKEN", SecretStr("jewels"))
    assert (await provider.get("TOKEN", SCOPES)).get_secret_value() == "jewels"
    with pytest.raises(NotFound):
        await provider.get("OTHER", SCOPES)


async def test_references_become_the_variables_of_a_job() -> None:
    providers = {"env": EnvironmentSecrets({"A": "treasure"}, allowed=["A"])}
    values = await resolve(providers, {"TOKEN": "env:A"}, SCOPES)
    assert values["TOKEN"].get_secret_value() == "treasure"


@pytest.mark.parametrize("reference", ["vault:A", "env:", "A"])
async def test_a_reference_to_no_provider_names_those_there_are(reference: str) -> None:
    with pytest.raises(InvalidRequest, match="no reference") as refused:
        await resolve({"env": EnvironmentSecrets({}, [])}, {"TOKEN": reference}, SCOPES)
    assert "env" in refused.value.hint
