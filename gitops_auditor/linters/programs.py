"""Finds the programs of tools: beside the platform's own interpreter first, then on the PATH."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gitops_auditor.errors import Refused
from gitops_auditor.execution.job_user import require_reachable
from gitops_auditor.linters.tool import Program

User = tuple[int, int] | None

_SYSTEM: Final = tuple(map(Path, ("/usr", "/opt", "/bin", "/sbin", "/lib", "/lib64")))
"""Folders that every sandbox shows."""
_LONGEST_FIRST_LINE: Final = 512


class Unreachable(Refused):
    """There is a program, but the user of jobs cannot reach it."""


def find(names: Sequence[str], user: User, first: Iterable[Path] = ()) -> Program | None:
    """The first program of those names that the user of jobs can start; it blocks.

    `first` are folders to look into before the platform's own. Raises Unreachable when there are
    programs of these names, but all of them out of that user's reach.
    """
    refusal: Refused | None = None
    for folder in (*first, *search_folders()):
        for name in names:
            found = shutil.which(name, path=str(folder))
            if found is None:
                continue
            try:
                readable_folders(Path(found), user)
            except Refused as refused:
                refusal = refusal or refused
                continue
            return Program(Path(found), identity(Path(found)))
    if refusal is not None:
        raise Unreachable(
            refusal.message,
            hint="Install the platform and its tools where that user reaches them, such as /opt,"
            " or run the platform as another user than root.",
        )
    return None


def search_folders() -> list[Path]:
    """Where programs are looked for, in this order."""
    inherited = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [
        Path(sys.executable).parent,
        *(Path(one) for one in inherited if Path(one).is_absolute()),
    ]


def identity(path: Path) -> str:
    """What changes whenever the program does: its path, size and time; of npm's also its version.

    npm gives all files of all versions the same time.
    """
    real = path.resolve()
    status = real.stat()
    described = f"{real}:{status.st_size}:{status.st_mtime_ns}"
    package = _npm_package(real)
    if package is None:
        return described
    status = package.stat()
    return f"{described}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def readable_folders(path: Path, user: User) -> tuple[str, ...]:
    """The folders that a sandbox has to show beside the system's own, so that it can be started.

    Raises Refused when the user of jobs cannot reach one of them.
    """
    found: dict[Path, None] = {}
    for program in _with_interpreters(path):
        for each in (program, program.resolve()):
            if not _is_of_system(each):
                folder = _home_of(each)
                require_reachable(folder / "program", user)
                found[folder] = None
    return tuple(map(str, found))


def _with_interpreters(path: Path) -> list[Path]:
    """The program, and what its first line says that it is run by (execve(2))."""
    programs = [path]
    with path.open("rb") as file:
        line = file.readline(_LONGEST_FIRST_LINE)
    if not line.startswith(b"#!"):
        return programs
    words = shlex.split(line[2:].decode(errors="replace"))
    if not words:
        return programs
    programs.append(Path(words[0]))
    if Path(words[0]).name == "env":
        interpreter = shutil.which(words[-1])
        programs += [Path(interpreter)] if interpreter else []
    return programs


def _home_of(program: Path) -> Path:
    """The folder with all that belongs to a program, and little else."""
    modules = [parent for parent in program.parents if parent.name == "node_modules"]
    if modules:
        return modules[-1]
    prefix = program.parent.parent
    is_prefix = program.parent.name == "bin" and (
        (prefix / "pyvenv.cfg").exists() or any((prefix / "lib").glob("python3*"))
    )
    return prefix if is_prefix else program.parent


def _is_of_system(program: Path) -> bool:
    return any(program.is_relative_to(folder) for folder in _SYSTEM)


def _npm_package(program: Path) -> Path | None:
    if "node_modules" not in program.parts:
        return None
    manifests = (parent / "package.json" for parent in program.parents)
    return next((one for one in manifests if one.is_file()), None)
