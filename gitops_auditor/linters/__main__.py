"""The commands `code-linter` and `security-scanner`, or `python -m gitops_auditor.linters NAME`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gitops_auditor import __version__
from gitops_auditor.errors import GitOpsError
from gitops_auditor.linters.servers.serving import ServerName, serve

_SAYS: Final[dict[ServerName, str]] = {
    "code-linter": "Lints and checks the format of files, and offers corrections as diffs.",
    "security-scanner": "Scans code for weaknesses and secrets, and dependencies for known"
    " vulnerabilities.",
}
_EPILOG: Final = """\
This is an MCP server: an MCP client starts it and speaks with it over standard
input and output. In a client's configuration:

  {"command": "%(name)s", "args": ["--root", "/path/to/your/code"]}

Tools run in a sandbox, and without network unless they ask for advisories, as
the settings of GitOps Auditor say
(PIPELINE_JOB_USER, PIPELINE_MINIMUM_ISOLATION and others). Logs go to standard
error. Exit status: 0 at the end of input, 2 when it was started wrongly."""


def code_linter() -> None:
    """The command `code-linter`."""
    _run("code-linter", sys.argv[1:])


def security_scanner() -> None:
    """The command `security-scanner`."""
    _run("security-scanner", sys.argv[1:])


def main(arguments: Sequence[str]) -> None:
    """The command `python -m gitops_auditor.linters`."""
    parser = argparse.ArgumentParser(
        prog="python -m gitops_auditor.linters",
        description="The MCP servers of GitOps Auditor. Each has a --help of its own.",
    )
    parser.add_argument("server", choices=list(_SAYS), help="which server to be")
    for name, says in _SAYS.items():
        if arguments[:1] == [name]:
            _run(name, arguments[1:])
            return
        parser.epilog = f"{parser.epilog or ''} {name}: {says}"
    parser.parse_args(arguments[:1] or ["--help"])


def _run(name: ServerName, arguments: Sequence[str]) -> None:
    given = _parser(name).parse_args(arguments)
    try:
        serve(name, _roots(given.root))
    except GitOpsError as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(2)


def _parser(name: ServerName) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=name,
        description=_SAYS[name],
        epilog=_EPILOG.replace("%(name)s", name),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--root",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder that it may look at; can be given more than once (default: the working"
        " folder, unless that is /)",
    )
    parser.add_argument("--version", action="version", version=f"{name} {__version__}")
    return parser


def _roots(given: Sequence[Path] | None) -> list[Path]:
    if given:
        return list(given)
    here = Path.cwd()
    # Programs that are started by a desktop stand in /, which nobody means.
    return [] if here == Path(here.anchor) else [here]


if __name__ == "__main__":
    main(sys.argv[1:])
