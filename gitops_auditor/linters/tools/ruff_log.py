"""What ruff logs with `--verbose`: the files that it looked at, which its report does not name."""

import re
from typing import Final

from gitops_auditor.linters.rebasing import asked
from gitops_auditor.linters.tool import Ended, Request, UnreadableOutput

CHECKED: Final = (
    re.compile(r"\[[\d-]+\]\[[\d:]+\]\[ruff::diagnostics\]\[DEBUG\] Checking: (.+)"),
    re.compile(
        r"\[[\d-]+\]\[[\d:]+\]\[ruff::commands::check\]\[DEBUG\] Checked (\d+) files? in: .+"
    ),
)
FORMATTED: Final = (
    re.compile(r"\[[\d-]+\]\[[\d:]+\]\[ruff::commands::format\]\[DEBUG\] format_path; path=(.+)"),
    re.compile(
        r"\[[\d-]+\]\[[\d:]+\]\[ruff::commands::format\]\[DEBUG\] Formatted (\d+) files? in .+"
    ),
)

NOTHING: Final = "warning: No Python files found under the given path"


def logged(ended: Ended, request: Request, lines: tuple[re.Pattern[str], ...]) -> tuple[str, ...]:
    """The files of the request that the log names, which has to agree with its own count.

    Raises UnreadableOutput for a log that is not whole, or names other files.
    """
    of_file, of_all = lines
    log = ended.stderr.decode(errors="replace").splitlines()
    paths = [found[1] for line in log if (found := of_file.fullmatch(line))]
    counts = [int(found[1]) for line in log if (found := of_all.fullmatch(line))]
    files = dict.fromkeys(asked(path, request) for path in paths)
    if not paths and not counts and any(line.startswith(NOTHING) for line in log):
        return ()
    if counts != [len(paths)] or len(files) != len(paths):
        raise UnreadableOutput("ruff did not say which files it looked at.")
    return tuple(files)
