"""Lets gitleaks look at given files only: a program of its own, from the standard library alone.

gitleaks scans one path; with two it scans the current folder instead. So the files are copied into
a folder that has nothing else. What it looked at shows in its log at the level `trace`, where it
writes secrets too: the log is read here and goes no further.

Arguments: the program, the root, the folder for the copies, a configuration or nothing, the files.
Prints one object: exit code, report, files scanned, files left out, and what it complains of.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

LEAKS = 9
LARGEST_TEXT = 64 * 2**20
LINE = re.compile(
    r"^\S+ (?:TRC scanning (?P<scanned>path)|(?:DBG|WRN) skipping (?P<skipped>[a-z ]+)(?::[^=]*)?"
    r"(?: [a-z_]+=\S+)*?) path=(?P<path>.+)$"
)
LOGGED = re.compile(r"\b(?:TRC|DBG|INF|WRN)\b")
FAILURE = re.compile(r"\b(?:FTL|ERR)\b(?:\x1b\[[0-9;]*m| )*(.*)")


def main(arguments: list[str]) -> None:
    """Copy, scan, tell."""
    program, root, copies, config, *files = arguments
    for file in files:
        target = Path(copies, file)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy(Path(root, file), target)
    settings = Path(config or Path(root, ".gitleaks.toml"))
    json.dump(scan(program, root, copies, settings if settings.exists() else None), sys.stdout)


def copy(source: Path, target: Path) -> None:
    """Copy a file; gitleaks takes UTF-16 for binary, so text of it becomes UTF-8."""
    with source.open("rb") as file:
        is_wide = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}
    if is_wide and source.stat().st_size <= LARGEST_TEXT:
        target.write_bytes(source.read_bytes().decode("utf-16", "replace").encode())
    else:
        shutil.copyfile(source, target, follow_symlinks=False)


def scan(program: str, root: str, copies: str, config: Path | None) -> dict[str, object]:
    """What gitleaks says of the copies, without what it writes into its log."""
    command = [program, "dir", "--no-banner", "--no-color", "--redact", "--log-level=trace"]
    command += ["--report-format=json", "--report-path=-", f"--exit-code={LEAKS}"]
    command += [f"--gitleaks-ignore-path={root}", *([f"--config={config}"] if config else []), "."]
    ended = subprocess.run(command, cwd=copies, capture_output=True, check=False)
    lines = ended.stderr.decode("utf-8", "replace").splitlines()
    said = [found for line in lines if (found := LINE.match(line))]
    return {
        "exit": ended.returncode,
        "report": ended.stdout.decode("utf-8", "replace"),
        "scanned": [name(found["path"]) for found in said if found["scanned"]],
        "skipped": [[found["skipped"], name(found["path"])] for found in said if found["skipped"]],
        "failures": failures(lines),
        "rules": has_rules(config) if config else True,
    }


def failures(lines: list[str]) -> list[str]:
    """Its complaints; else the end of what a program said that wrote no log at all."""
    found = [match[1] for line in lines if (match := FAILURE.search(line))]
    return found or ([] if any(LOGGED.search(line) for line in lines) else lines[-1:])


def name(written: str) -> str:
    """A path of the log, which is quoted when it has spaces or signs."""
    return str(json.loads(written)) if written.startswith('"') else written


def has_rules(config: Path) -> bool:
    """Whether a configuration has rules, its own or those that it extends."""
    import tomllib  # noqa: PLC0415 - older interpreters lack it, and need it only here

    with config.open("rb") as file:
        settings = tomllib.load(file)
    extend = settings.get("extend", {})
    return bool(settings.get("rules") or extend.get("useDefault") or extend.get("path"))


if __name__ == "__main__":
    main(sys.argv[1:])
