"""Starts a program in a folder with copies of given files: from the standard library alone.

Arguments: the root, the folder, how many files, the files relative to the root, the command.
"""

import os
import shutil
import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Copy, go there, and become the program."""
    root, folder, count, *rest = arguments
    files, command = rest[: int(count)], rest[int(count) :]
    for file in files:
        target = Path(folder, file)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(root, file), target, follow_symlinks=False)
    os.chdir(folder)
    os.execv(command[0], command)  # noqa: S606 - there is no shell to want here


if __name__ == "__main__":
    main(sys.argv[1:])
