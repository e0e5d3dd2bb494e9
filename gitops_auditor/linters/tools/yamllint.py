"""yamllint, one line a finding: it names neither clean files nor those that it ignores.

It looks at files in the order of its arguments and stops at the first that it cannot read, such as
one that is not UTF-8, with the exit code of findings. The last argument is therefore a file that
does not exist: only who came to the end complains of that one, and of nothing else.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Final

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters import severities
from gitops_auditor.linters.rebasing import asked, given
from gitops_auditor.linters.severities import severity_of
from gitops_auditor.linters.tool import (
    Ended,
    Explained,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
    config_for,
)
from gitops_auditor.linters.tools import machine_made
from gitops_auditor.linters.tools.outputs import require_exit

_LINE: Final = re.compile(r"(.+?):(\d+):(\d+): \[(?:error|warning)\] (.+?)(?: \(([a-z-]+)\))?")
_MISSING: Final = 255
_OWN: Final = (".yamllint", ".yamllint.yaml", ".yamllint.yml")
_END: Final = "the-end"
_RELAXED: Final = ("--config-data=relaxed",)
_LOCK: Final = "pnpm-lock.yaml"
_TEMPLATES: Final = "templates"
_CHART: Final = "Chart.yaml"


class Yamllint:
    """Lints YAML, by the repository's configuration, else by yamllint's relaxed one."""

    name = "yamllint"
    purpose: Purpose = "lint"
    languages = ("YAML",)
    programs = ("yamllint",)
    install = "install it with: pip install yamllint"

    def takes(self, file: str) -> bool:
        """By the end of the name; files that pnpm writes are nobody's to correct."""
        return file.endswith((".yaml", ".yml")) and file.rpartition("/")[2] != _LOCK

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - it has rules of its own
        """Always."""
        return True

    def selected(self, request: Request) -> tuple[str, ...]:
        """What people wrote, but no templates of Helm charts: no YAML before they are rendered."""
        written = machine_made.written_by_people(request.root, request.files)
        return tuple(file for file in written if not _is_template(request.root, file))

    def may_leave_out(self, request: Request) -> bool:
        """With a configuration of the repository."""
        return _config(request) != _RELAXED

    def survey(self, program: Program, request: Request) -> Invocation:
        """The files that its configuration does not ignore."""
        argv = (str(program.path), *_config(request), "--list-files", "--", *given(request))
        return Invocation(argv)

    def surveyed(self, ended: Ended, request: Request) -> tuple[str, ...]:
        """One a line."""
        require_exit(ended, (0,), self.name)
        return tuple(asked(line, request) for line in _lines(ended.stdout))

    def command(self, program: Program, request: Request) -> Invocation:
        """With a file after the last that does not exist."""
        argv = (str(program.path), *_config(request), "--format=parsable", "--", *given(request))
        return Invocation((*argv, str(request.scratch / _END)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when it came to the end."""
        findings = [_finding(line, request) for line in _lines(ended.stdout)]
        end = f"[Errno 2] No such file or directory: {str(request.scratch / _END)!r}"
        if ended.exit_code != _MISSING or ended.stderr.decode(errors="replace").strip() != end:
            raise _broken(request)
        return Reading(findings, len(request.files))


def _is_template(root: Path, file: str) -> bool:
    folders = PurePosixPath(file).parts[:-1]
    places = [at for at, name in enumerate(folders) if name == _TEMPLATES]
    return any((root / Path(*folders[:at]) / _CHART).is_file() for at in places)


def _broken(request: Request) -> UnreadableOutput:
    """Why it did not come to the end, as far as the files themselves tell."""
    for file in request.files:
        try:
            (request.root / file).read_bytes().decode()
        except OSError:
            continue
        except UnicodeDecodeError as error:
            return Explained(
                f"yamllint cannot read {file}, whose byte {error.start} is not UTF-8: write it in"
                " UTF-8, or name it under `ignore` in .yamllint."
            )
    return UnreadableOutput("yamllint did not come to the end of the files.")


def _config(request: Request) -> tuple[str, ...]:
    named = config_for(request, "*yamllint*")
    if named:
        return (f"--config-file={named}",)
    has_own = any((request.root / name).is_file() for name in _OWN)
    return () if has_own else _RELAXED


def _lines(output: bytes) -> list[str]:
    try:
        return [line for line in output.decode().split("\n") if line]
    except UnicodeDecodeError:
        raise UnreadableOutput("It did not print text.") from None


def _finding(line: str, request: Request) -> Finding:
    found = _LINE.fullmatch(line)
    if found is None:
        raise UnreadableOutput(f"It printed a line that is no finding: {line[:80]}")
    rule = found[5] or "syntax"
    return Finding(
        tool="yamllint",
        rule=rule,
        severity=severity_of(rule, severities.YAMLLINT),
        message=found[4],
        file=asked(found[1], request),
        line=max(1, int(found[2])),
        column=max(1, int(found[3])),
    )


YAMLLINT: Final = Yamllint()
