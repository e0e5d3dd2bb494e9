"""Caches come back to the next run of the same job, repository and dependencies."""

import shutil
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.handlers import Outcome
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.pipelines.trigger_models import Event
from tests.pipelines.jobs.attempts import Attempts

INSTALL = "if [ -e deps/one ]; then echo reused; else mkdir -p deps; echo 1 > deps/one; fi"
CACHED = {"script": INSTALL, "cache": "deps"}


def lock(attempts: Attempts, content: str) -> None:
    (attempts.workspace.checkout / "package-lock.json").write_text(content, encoding="utf-8")


def start_anew(attempts: Attempts) -> None:
    """Empty the checkout, as the next run finds it."""
    for path in (*attempts.workspace.checkout.iterdir(), *attempts.workspace.home.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def hit(outcome: Outcome) -> object:
    used = outcome.metrics["cache"]
    assert isinstance(used, dict)
    return used["hit"]


async def test_a_cache_is_kept_and_put_back(scripts: ScriptJobs, attempts: Attempts) -> None:
    lock(attempts, "{}")
    first, log = await attempts.run(scripts, CACHED)
    assert hit(first) is False
    assert "Cache miss" in log
    start_anew(attempts)
    lock(attempts, "{}")
    second, log = await attempts.run(scripts, CACHED)
    assert hit(second) is True
    assert "reused" in log


async def test_another_lock_file_misses(scripts: ScriptJobs, attempts: Attempts) -> None:
    lock(attempts, "{}")
    await attempts.run(scripts, CACHED)
    start_anew(attempts)
    lock(attempts, '{"more": 1}')
    outcome, log = await attempts.run(scripts, CACHED)
    assert hit(outcome) is False
    assert "reused" not in log


async def test_without_lock_files_a_commit_begins_with_the_newest(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    await attempts.run(scripts, CACHED)
    start_anew(attempts)
    attempts.move_to("decade")
    outcome, log = await attempts.run(scripts, CACHED)
    assert hit(outcome) is False
    assert "reused" in log


async def test_a_key_of_ones_own_is_used(scripts: ScriptJobs, attempts: Attempts) -> None:
    lock(attempts, "{}")
    key = "npm-{{ branch }}-{{ matrix.v }}-{{ checksum 'package-lock.json' }}"
    job = {**CACHED, "cache": {"key": key, "paths": "deps"}, "matrix": {"v": ["1"]}}
    outcome, _ = await attempts.run(scripts, job)
    used = outcome.metrics["cache"]
    assert isinstance(used, dict)
    assert str(used["key"]).startswith("npm-main-1-44136fa355b3678a")


async def test_a_failed_job_keeps_nothing(scripts: ScriptJobs, attempts: Attempts) -> None:
    job = {**CACHED, "script": f"{INSTALL}; exit 1"}
    await attempts.run(scripts, job)
    start_anew(attempts)
    outcome, log = await attempts.run(scripts, job)
    assert hit(outcome) is False
    assert "reused" not in log


async def test_a_strangers_pull_request_reads_and_does_not_write(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    stranger = Event(type="pull_request", branch="stranger:main", base_branch="main")
    lock(attempts, "{}")
    outcome, log = await attempts.run(scripts, CACHED, event=stranger)
    assert "Nothing is cached for pull requests" in log
    await attempts.run(scripts, CACHED)
    start_anew(attempts)
    lock(attempts, "{}")
    outcome, log = await attempts.run(scripts, CACHED, event=stranger)
    assert hit(outcome) is True
    assert "reused" in log


async def test_folders_of_the_home_are_cached(scripts: ScriptJobs, attempts: Attempts) -> None:
    script = "if [ -e ~/.npm/x ]; then echo reused; else mkdir ~/.npm; touch ~/.npm/x; fi"
    job = {"script": script, "cache": ["~/.npm"]}
    await attempts.run(scripts, job)
    start_anew(attempts)
    _, log = await attempts.run(scripts, job)
    assert "reused" in log


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("ln -s /etc deps", "There is nothing at"),
        ("mkdir x; ln -s /etc x/y", "A link is on the way to x/y"),
        ("mkdir deps; mkfifo deps/pipe", "Cached deps"),
        ("true", "There is nothing at"),
        ("mkdir deps; head -c 3000000 /dev/zero > deps/x", "more than 2097152 bytes"),
    ],
)
async def test_what_cannot_be_cached_is_noted_and_fails_nothing(
    scripts: ScriptJobs, attempts: Attempts, settings: Settings, script: str, sentence: str
) -> None:
    paths = ["x/y/passwd"] if "x/y" in script else ["deps"]
    outcome, log = await attempts.run(scripts, {"script": script, "cache": paths})
    assert outcome.failure is None
    assert sentence in log
    objects = settings.data_dir / "cache" / "objects"
    assert not any(b"root:" in kept.read_bytes() for kept in files_in(objects))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.exists() else []


async def test_a_changed_archive_is_not_put_back(
    scripts: ScriptJobs, attempts: Attempts, settings: Settings
) -> None:
    lock(attempts, "{}")
    await attempts.run(scripts, CACHED)
    (archive,) = files_in(settings.data_dir / "cache" / "objects")
    archive.write_bytes(b"hostile")
    start_anew(attempts)
    lock(attempts, "{}")
    outcome, log = await attempts.run(scripts, CACHED)
    assert outcome.failure is None
    assert "No cache: The cached archive" in log
    assert "reused" not in log


async def test_a_key_that_names_a_missing_file_is_noted(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    cache = {"key": "{{ checksum 'gone' }}", "paths": "deps"}
    outcome, log = await attempts.run(scripts, {**CACHED, "cache": cache})
    assert outcome.failure is None
    assert "No cache: The job left no gone" in log
