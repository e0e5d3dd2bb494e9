"""Prettier: it says which files are not formatted, and of the others only that there are none.

Which files it looked at shows in its debug lines alone; those that a file of ignore patterns names,
and those in node_modules, it leaves out without a word.
"""

import re
from pathlib import Path
from typing import Final

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.rebasing import given
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
    config_for,
)
from gitops_auditor.linters.tools import javascript
from gitops_auditor.linters.tools.outputs import left_out, listed, require_exit

ENDINGS: Final = javascript.SCRIPTS | {
    *(".json", ".jsonc", ".json5", ".css", ".scss", ".less", ".html", ".vue"),
    *(".md", ".mdx", ".yaml", ".yml", ".graphql", ".gql", ".hbs"),
}

_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml"})
_IGNORES = (".prettierignore", ".gitignore")
_LOOKED = re.compile(r"^\[debug\] resolve config from '(.+)'$", re.MULTILINE)
_WARNED = re.compile(r"^\[warn\] (.+)$", re.MULTILINE)
_ERROR = re.compile(r"^\[error\] (.+)$", re.MULTILINE)
_TOTAL = re.compile(r"^Code style issues (?:were )?found in (?:the above file|(\d+) files)[.!]")
_CLEAN = "All matched files use Prettier code style!"


class Prettier:
    """Runs for repositories that configure it, and where it is asked for by its name."""

    name: Final = "prettier"
    purpose: Final[Purpose] = "format"
    languages: Final = (
        "JavaScript",
        "TypeScript",
        "JSON",
        "CSS",
        "HTML",
        "Markdown",
        "YAML",
        "GraphQL",
    )
    programs: Final = ("prettier",)
    install: Final = "install it with: npm install --global prettier"

    def takes(self, file: str) -> bool:
        """Files that Prettier has a parser for without plugins."""
        name = file.rpartition("/")[2]
        return name not in _LOCKS and "." + name.rpartition(".")[2] in ENDINGS

    def is_wanted(self, request: Request) -> bool:
        """Whether the repository configures it."""
        return javascript.uses_prettier(request.root)

    def folders(self, request: Request) -> tuple[Path, ...]:
        """The repository's own version formats as its people see it."""
        return javascript.own_programs(request.root)

    def command(self, program: Program, request: Request) -> Invocation:
        """Check without writing."""
        argv = (str(program.path), "--check", "--no-color", "--log-level=debug")
        return Invocation((*argv, *_config(request), *given(request)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a file that is not formatted."""
        log = ended.stderr.decode("utf-8", "replace")
        if broken := _ERROR.findall(log):
            raise UnreadableOutput(
                f"prettier could not look at all files: {broken[0]}. What it is not for can be"
                " named in .prettierignore."
            )
        require_exit(ended, (0, 1), "prettier")
        ignored = left_out(request, _LOOKED.findall(log))
        if ignored and not _may_ignore(request, ignored):
            raise UnreadableOutput(f"prettier did not look at {listed(ignored)}.")
        findings = [_finding(file) for file in _unformatted(ended, log, request)]
        return Reading(findings, files=len(request.files) - len(ignored), ignored=len(ignored))

    def fix(self, program: Program, request: Request) -> Invocation:
        """Write the files as they should be."""
        argv = (str(program.path), "--write", "--no-color", "--log-level=warn")
        return Invocation((*argv, *_config(request), *given(request)), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """A file that it cannot read is an error of it."""
        require_exit(ended, (0,), "prettier")


def _config(request: Request) -> tuple[str, ...]:
    config = config_for(request, "*prettier*")
    return (f"--config={config}",) if config else ()


def _may_ignore(request: Request, ignored: list[str]) -> bool:
    if any((request.root / name).is_file() for name in _IGNORES):
        return True
    return all("node_modules" in file.split("/") for file in ignored)


def _unformatted(ended: Ended, log: str, request: Request) -> list[str]:
    """The files that it warns of; raises UnreadableOutput unless its last line counts the same."""
    warned = [line.removeprefix("./") for line in _WARNED.findall(log)]
    files = [line for line in warned if line in request.files]
    is_clean = _CLEAN in ended.stdout.decode("utf-8", "replace")
    totals = [found for line in warned if (found := _TOTAL.match(line))]
    counted = int(totals[-1][1] or 1) if totals else 0
    if counted != len(files) or is_clean is bool(files) or ended.exit_code != int(bool(files)):
        raise UnreadableOutput(
            f"prettier warns of {len(files)} files, counts {counted},"
            f" and ended with exit code {ended.exit_code}."
        )
    return files


def _finding(file: str) -> Finding:
    return Finding(
        tool="prettier",
        rule="unformatted",
        severity="low",
        message="The file is not formatted as Prettier does it.",
        file=file,
        fix=f"npx prettier --write {file}",
    )


PRETTIER: Final = Prettier()
