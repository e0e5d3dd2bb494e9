"""Texts made to break out of an argument, a path or a statement never do."""

from itertools import product
from pathlib import Path

import pytest

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import EventLog
from gitops_auditor.identity import LOCAL
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.models import RepositoryChanges
from gitops_auditor.repositories.naming import id_from_name, is_id
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from tests.factories.git import make_repository

COMMAND = "touch was-run"
PAYLOADS = [
    pattern.format(command=COMMAND)
    for pattern in (
        "$({command})",
        "`{command}`",
        "; {command}",
        "| {command}",
        "|| {command}",
        "&& {command}",
        "& {command}",
        "\n{command}\n",
        "\r\n{command}",
        "'; {command}; '",
        '"; {command}; "',
        "${{IFS}}{command}",
        ">{command}",
        "<({command})",
        "--upload-pack={command}",
        "--config=core.sshCommand={command}",
        "-c core.fsmonitor='{command}'",
        "-oProxyCommand={command}",
        "--exec={command}",
        "--output=was-run",
        "ext::sh -c {command}",
        "ext::sh%20-c%20{command}",
        "fd::{command}",
        "'; DROP TABLE repositories; --",
        "' OR '1'='1",
        "%' OR 1=1 --",
        "{{{{7*7}}}}",
        "%s%n%x",
        "..",
        "../../../../etc/passwd",
        "..\\..\\windows",
        "%2e%2e%2f%2e%2e%2fetc",
        "....//....//etc",
        "/etc/passwd",
        "~root/.ssh",
        "file:///etc/passwd",
        "a\x00b",
        "a\x1b]0;x\x07b",
        "\u202egpj.exe",
        "\u2028{command}",
        "\ufeffx",
        "\udcff",
        "con/../..",
        "x" * 5000,
        "/" * 500,
        "",
        " ",
    )
]
POSITIONS = ("{}", "owner/{}", "{}/name", "{}x", "https://github.com/{}/name")


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which a command that ran is seen."""
    folder = tmp_path / "here"
    await make_repository(folder / "kept", {"a": "1"})
    monkeypatch.chdir(folder)
    return folder


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len({form.format(text) for text, form in product(PAYLOADS, POSITIONS)}) >= 200


@pytest.mark.parametrize("form", POSITIONS)
async def test_no_payload_runs_or_leaves_its_place(
    registry: RepositoryRegistry, here: Path, form: str, settings: Settings
) -> None:
    await registry.register_path(here / "kept", LOCAL)
    for payload in PAYLOADS:
        text = form.format(payload)
        for attempt in (
            registry.get(text),
            registry.remove(text),
            registry.refresh(text),
            registry.update(text, RepositoryChanges(name="x")),
            registry.register_path(here / "no" / text.lstrip("/"), LOCAL),
        ):
            with pytest.raises(GitOpsError):
                await attempt
    assert [found.id for found in await registry.all()] == ["kept"]
    assert _names(here) == ["kept"]
    assert not (settings.data_dir / "mirrors").exists()


async def test_no_payload_gets_through_as_a_clone_url(
    here: Path, settings: Settings, database: Database, events: EventLog, audit: Audit
) -> None:
    registry = RepositoryRegistry(database, events, audit, Git(), settings)
    async with audit.operation("test", "test", {}):
        for payload, form in product(PAYLOADS, ("{}", "{}/o/n", "git@{}:o/n", "https://{}/o/n")):
            with pytest.raises(GitOpsError):
                await registry.register_clone_url(form.format(payload), LOCAL)
    assert await registry.all() == []
    assert _names(here) == ["kept"]


async def test_folders_with_such_names_are_registered_under_plain_ids(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    names = [
        payload
        for payload in PAYLOADS
        if payload.strip(" .") and "/" not in payload and payload.isprintable()
    ]
    names = [name for name in names if len(name.encode()) < 200]
    for name in names:
        await make_repository(tmp_path / "w" / name, {"a": name})
    report = await registry.discover(tmp_path / "w", LOCAL)
    assert report.skipped == []
    assert len(report.registered) == len(names)
    assert all(is_id(found) for found in report.registered)
    paths = {Path(repository.path or "").name for repository in await registry.all()}
    assert paths == set(names)


def test_any_payload_gives_a_plain_id() -> None:
    for payload, form in product(PAYLOADS, POSITIONS):
        made = id_from_name(form.format(payload))
        assert is_id(made), made
