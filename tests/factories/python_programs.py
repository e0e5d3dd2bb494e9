"""Python's programs for the user of jobs, also where the interpreter of the tests is closed to it.

An interpreter in the home folder of root is one. The same programs then start with the system's own
interpreter, when that is of the same version.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.linters.programs import readable_folders

TOOLS: Final = ("bandit", "detect-secrets", "gitleaks", "mypy", "pip-audit", "yamllint")
_SYSTEM = "/usr/local/bin:/usr/bin:/bin"
_VERSION = "import sys; print(*sys.version_info[:2])"
_SCRIPT = """#!{interpreter} -I
import sys
sys.path[:0] = [{packages!r}]
from importlib.metadata import entry_points
(entry,) = entry_points(group="console_scripts", name={name!r})
sys.exit(entry.load()())
"""


def offer_programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ...]:
    """Let `linters.programs` find TOOLS that can be started; skips where that cannot be.

    They are written into `folder` where the installed ones cannot. Returns what has to be in the
    setting `job_folders`.
    """
    try:
        readable_folders(Path(sys.executable).parent / TOOLS[-1], resolve_job_user())
    except Refused as refused:
        _write(folder, _interpreter(refused))
    else:
        return ()
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ.get("PATH", _SYSTEM)]))
    return (Path(sysconfig.get_path("purelib")),)


def _write(folder: Path, interpreter: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    packages = sysconfig.get_path("purelib")
    for name in TOOLS:
        text = _SCRIPT.format(interpreter=interpreter, packages=packages, name=name)
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)


def _interpreter(refused: Refused) -> str:
    """The system's, when compiled packages of the tests fit to it."""
    found = shutil.which("python3", path=_SYSTEM)
    if found is not None:
        command = [found, "-I", "-c", _VERSION]
        asked = subprocess.run(command, capture_output=True, text=True, check=True)
        if asked.stdout.split() == [str(part) for part in sys.version_info[:2]]:
            return found
    pytest.skip(str(refused))
