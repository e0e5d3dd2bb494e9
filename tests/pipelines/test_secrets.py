"""Secrets come from where their reference says, and what cannot be had is named and not shown."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.secret_store import SecretScope
from gitops_auditor.pipelines.secrets import PipelineSecrets, open_secrets, secret_store

AMBIENT = {"OFFERED": "from the environment", "KEPT": "treasure-chest", "PATH": "/usr/bin:/bin"}
PIPELINE = SecretScope(kind="pipeline", id="p1")
REPOSITORY = SecretScope(kind="repository", id="r1")


def configured(tmp_path: Path, command: Sequence[str] = ("sh", "-c", "echo for $0")) -> Settings:
    return load_settings(
        {},
        data_dir=tmp_path / "data",
        secret_variables=("OFFERED", "TINY"),
        secret_folder=tmp_path / "files",
        secret_command=tuple(command),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "files").mkdir()
    return configured(tmp_path)


@pytest.fixture
def secrets(settings: Settings) -> PipelineSecrets:
    return open_secrets(settings, AMBIENT)


async def value(secrets: PipelineSecrets, reference: str) -> str:
    found = await secrets.values({"V": reference}, pipeline_id="p1", repository_id="r1")
    return found["V"]


def write_private(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o400)


async def test_a_reference_names_its_provider(
    secrets: PipelineSecrets, settings: Settings, tmp_path: Path
) -> None:
    write_private(tmp_path / "files" / "token", b"from a file\n")
    await secret_store(settings).set(PIPELINE, "TOKEN", SecretStr("from the store"))
    assert await value(secrets, "env:OFFERED") == "from the environment"
    assert await value(secrets, "file:token") == "from a file"
    assert await value(secrets, "command:name") == "for name"
    assert await value(secrets, "store:TOKEN") == "from the store"


async def test_a_bare_name_is_looked_for_in_the_store_first(
    secrets: PipelineSecrets, settings: Settings
) -> None:
    assert await value(secrets, "OFFERED") == "from the environment"
    await secret_store(settings).set(REPOSITORY, "OFFERED", SecretStr("of the repository"))
    assert await value(secrets, "OFFERED") == "of the repository"
    await secret_store(settings).set(PIPELINE, "OFFERED", SecretStr("of the pipeline"))
    assert await value(secrets, "OFFERED") == "of the pipeline"


@pytest.mark.parametrize("reference", ["KEPT", "env:KEPT", "store:OFFERED", "vault:x", "env:", ""])
async def test_what_is_not_offered_is_named(secrets: PipelineSecrets, reference: str) -> None:
    with pytest.raises(Unavailable, match=f"The secret {reference} cannot be had") as refused:
        await value(secrets, reference)
    assert "treasure" not in str(refused.value)


async def test_a_store_that_does_not_decrypt_is_no_reason_to_look_elsewhere(
    secrets: PipelineSecrets, settings: Settings
) -> None:
    await secret_store(settings).set(PIPELINE, "OFFERED", SecretStr("of the pipeline"))
    (settings.data_dir / "secrets" / "secrets.key").unlink()
    with pytest.raises(Unavailable, match="key of the secrets"):
        await value(secrets, "OFFERED")


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"abc", "too few"), (b"\xff\xfe12", "UTF-8"), (b"12\x0034", "null")]
)
async def test_what_no_variable_can_hold_or_no_log_can_mask_is_refused(
    secrets: PipelineSecrets, tmp_path: Path, content: bytes, sentence: str
) -> None:
    write_private(tmp_path / "files" / "token", content)
    with pytest.raises(Unavailable, match=sentence) as refused:
        await value(secrets, "file:token")
    assert refused.value.__suppress_context__


async def test_a_command_that_fails_shows_nothing_of_its_output(
    tmp_path: Path, settings: Settings
) -> None:
    del settings
    failing = configured(tmp_path, ("sh", "-c", "echo half a secret; exit 3"))
    with pytest.raises(Unavailable, match="exit code 3") as refused:
        await value(open_secrets(failing, AMBIENT), "command:name")
    assert "half" not in str(refused.value)


async def test_providers_that_are_not_configured_are_not_offered(tmp_path: Path) -> None:
    plain = load_settings({}, data_dir=tmp_path / "data")
    for reference in ("file:token", "command:name"):
        with pytest.raises(Unavailable, match="Write one of env, store"):
            await value(open_secrets(plain, AMBIENT), reference)
