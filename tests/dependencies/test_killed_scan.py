import json
import signal
import sys
from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import Settings
from tests.dependencies.conftest import Workspace
from tests.factories.git import commit

ROOT = Path(__file__).parents[2]


async def scan_and_die(settings: Settings, number: int, moment: str) -> int:
    """Scan in another process that kills itself at a commit; its status."""
    module = "tests.dependencies.killed_scan"
    arguments = [settings.database_url, str(settings.data_dir), str(number), moment]
    with anyio.fail_after(60):
        ended = await anyio.run_process(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, check=False
        )
    return ended.returncode


def app(version: str) -> str:
    return json.dumps({"name": "app", "dependencies": {"lib": version, f"only-{version}": "*"}})


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_scan_killed_at_any_commit_loses_nothing_and_the_next_one_completes(
    workspace: Workspace, settings: Settings, moment: str
) -> None:
    await workspace.add("lib", {"package.json": '{"name": "lib"}'}, "https://github.com/a/lib")
    await workspace.add("app", {"package.json": app("1")}, "https://github.com/a/app")
    await workspace.scan()
    number, version = 0, 1
    while True:
        number += 1
        old = await workspace.links()
        version += 1
        await commit(workspace.folder / "app", {"package.json": app(str(version))})
        status = await scan_and_die(settings, number, moment)
        new = [
            ("a/app", "a/lib", "lib", str(version)),
            ("a/app", None, f"only-{version}", "*"),
        ]
        assert sorted(await workspace.links(), key=str) in (
            sorted(old, key=str),
            sorted(new, key=str),
        )
        await workspace.scan()
        assert sorted(await workspace.links(), key=str) == sorted(new, key=str)
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert number > 2, "a scan has an intent, a change and an outcome to commit"
