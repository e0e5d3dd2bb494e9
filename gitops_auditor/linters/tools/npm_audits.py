"""Asks npm about several lock files: a program of its own, from the standard library alone.

npm audits the package of one folder. Arguments: the program, the root, the lock files. Prints a
list with the file, the exit code and both outputs of each.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

WHY = re.compile(r"npm (?:error (?!A complete log)|warn audit )")


def main(arguments: list[str]) -> None:
    """Audit one after the other."""
    program, root, *files = arguments
    json.dump([audited(program, Path(root), file) for file in files], sys.stdout)


def audited(program: str, root: Path, file: str) -> dict[str, object]:
    """What npm says of the package of one lock file."""
    command = [program, "audit", "--json", "--package-lock-only", "--ignore-scripts"]
    ended = subprocess.run(
        command, cwd=(root / file).parent, capture_output=True, text=True, check=False
    )
    return {
        "file": file,
        "exit": ended.returncode,
        "report": ended.stdout,
        "said": " ".join(line for line in ended.stderr.splitlines() if WHY.match(line))[:300],
    }


if __name__ == "__main__":
    main(sys.argv[1:])
