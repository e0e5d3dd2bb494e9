"""Rules of the house that no linter has: file lengths, and words that must not stand anywhere."""

import re
import subprocess
import sys
from pathlib import Path

LONGEST_FILE = 400
SOURCES = {".py", ".ts", ".tsx"}
GENERATED = ("storage/migrations/versions/",)
FORBIDDEN = {
    "a literal address of somebody's network": re.compile(r"\b192\.168\.1\.58\b"),
    "an unfinished place": re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b"),
    "a registry's address": re.compile(r"https?://(registry\.npmjs|pypi|files\.pythonhosted)"),
}
OWN_RULES = {"tests/house.py"}


def tracked_files() -> list[Path]:
    """Every file that git tracks, from the root of the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True)
    return [Path(name) for name in listed.stdout.split("\0") if name]


def problems_of(path: Path) -> list[str]:
    """What is wrong with one file, a sentence each."""
    if path.suffix not in SOURCES or not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    found = []
    lines = text.count("\n")
    if lines > LONGEST_FILE and not any(part in path.as_posix() for part in GENERATED):
        found.append(f"{path} has {lines} lines; {LONGEST_FILE} is the most. Split it by concept.")
    if path.as_posix() not in OWN_RULES:
        found += [f"{path} holds {what}." for what, rule in FORBIDDEN.items() if rule.search(text)]
    return found


def main() -> int:
    """Print every problem; the exit status says whether there was one."""
    problems = [problem for path in tracked_files() for problem in problems_of(path)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
